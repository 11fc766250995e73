//! Reading secrets from files that only their owner can read.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use zeroize::Zeroizing;

use crate::domain::secret::SecretText;

/// More than any PIN, key or token needs; keeps a wrong path from being read to its end.
const LIMIT: u64 = 64 * 1024;

/// Why a secret's file cannot be used. Completes "PATH: ".
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    /// It is not there or cannot be opened.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// Every account of the machine can read it.
    #[error(
        "anybody on this machine can read it (mode {mode:04o}); run chmod 600 on it, and change the secret if others use the machine"
    )]
    Public {
        /// Its permission bits.
        mode: u32,
    },
    /// Nothing in it.
    #[error("it is empty")]
    Empty,
    /// It is longer than any secret.
    #[error("it is longer than {LIMIT} bytes; is it the right file?")]
    TooLong,
    /// It is no text.
    #[error("it is not UTF-8 text")]
    NotText,
}

/// The secret in a file, without the line end that editors leave, and a warning when a group can read it.
pub fn read(path: &Path) -> Result<(SecretText, Option<String>), SecretFileError> {
    let file = File::open(path)?;
    let mode = file.metadata()?.permissions().mode() & 0o777;
    if mode & 0o007 != 0 {
        return Err(SecretFileError::Public { mode });
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(LIMIT + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LIMIT) {
        return Err(SecretFileError::TooLong);
    }
    let text = std::str::from_utf8(&bytes)
        .ok()
        .ok_or(SecretFileError::NotText)?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(SecretFileError::Empty);
    }
    let warning = (mode & 0o070 != 0)
        .then(|| format!("its group can read it (mode {mode:04o}); chmod 600 is safer"));
    Ok((SecretText::new(text.to_owned()), warning))
}

/// The permission bits of a file that must be private; `None` when they are as they should be.
pub fn too_open(path: &Path) -> io::Result<Option<u32>> {
    let mode = fs::metadata(path)?.permissions().mode() & 0o777;
    Ok((mode & 0o077 != 0).then_some(mode))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(content: &[u8], mode: u32) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), content).unwrap();
        fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).unwrap();
        file
    }

    #[test]
    fn the_line_end_of_an_editor_is_no_part_of_a_secret() {
        let (secret, warning) = read(file(b"1234 \n", 0o600).path()).unwrap();
        assert_eq!(secret.expose(), "1234 ");
        assert_eq!(warning, None);
    }

    #[test]
    fn a_secret_that_everybody_can_read_is_refused() {
        let error = read(file(b"1234", 0o604).path()).unwrap_err();
        assert!(matches!(error, SecretFileError::Public { mode: 0o604 }));
    }

    #[test]
    fn a_secret_that_the_group_can_read_is_warned_about() {
        let (_, warning) = read(file(b"1234", 0o640).path()).unwrap();
        assert!(warning.unwrap().contains("0640"));
    }

    #[test]
    fn an_empty_an_endless_and_a_binary_file_are_told_apart() {
        let read = |content: &[u8]| read(file(content, 0o600).path()).unwrap_err();
        assert!(matches!(read(b"\n"), SecretFileError::Empty));
        assert!(matches!(
            read("a".repeat(70_000).as_bytes()),
            SecretFileError::TooLong
        ));
        assert!(matches!(read(&[0xff, 0xfe]), SecretFileError::NotText));
    }
}
