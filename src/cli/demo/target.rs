//! Where a signed file goes: never over a file that was to be signed, and only whole.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::clock::Ambient;
use crate::domain::algorithm::{DigestAlgorithm, Hasher};

/// Bytes copied at once.
const PIECE: usize = 64 << 10;

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readers {
    /// Whoever the umask allows.
    All,
    /// Its owner.
    Owner,
}

/// The one of `originals` that a file written to `target` would take the place of, whatever it is called there.
pub(super) fn original_at<'a>(target: &Path, originals: &'a [PathBuf]) -> Option<&'a Path> {
    let there = fs::metadata(target).ok()?;
    let same = |original: &&PathBuf| {
        fs::metadata(original)
            .is_ok_and(|known| (known.dev(), known.ino()) == (there.dev(), there.ino()))
    };
    originals.iter().find(same).map(PathBuf::as_path)
}

/// Writes a file beside its place, compares its SHA-256 (hexadecimal) with what was told, and moves it there.
pub(super) fn write(
    target: &Path,
    content: &mut dyn Read,
    sha256: &str,
    readers: Readers,
) -> anyhow::Result<()> {
    // A name that no file of anybody's has.
    let number = hex::encode(Ambient::system().random::<8>());
    let part = target.with_file_name(format!(".rubrica-{number}.part"));
    let outcome = write_part(&part, content, sha256, readers)
        .and_then(|()| Ok(fs::rename(&part, target)?))
        .with_context(|| format!("{} cannot be written", target.display()));
    if outcome.is_err() {
        // What is left of an attempt is of no use; that it stays is no further failure.
        let _ = fs::remove_file(&part);
    }
    outcome
}

/// Copies all of it, and gives its SHA-256 (hexadecimal).
pub(super) fn copy(content: &mut dyn Read, file: &mut dyn Write) -> io::Result<String> {
    let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
    let mut piece = vec![0; PIECE];
    loop {
        let length = content.read(&mut piece)?;
        if length == 0 {
            return Ok(hasher.finish().to_hex());
        }
        let bytes = piece.get(..length).unwrap_or_default();
        hasher.update(bytes);
        file.write_all(bytes)?;
    }
}

fn write_part(
    part: &Path,
    content: &mut dyn Read,
    sha256: &str,
    readers: Readers,
) -> anyhow::Result<()> {
    let mode = match readers {
        Readers::All => 0o666,
        Readers::Owner => 0o600,
    };
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(part)?;
    let found = copy(content, &mut file)?;
    file.sync_all()?;
    if found != sha256 {
        bail!("its SHA-256 is {found}, and the server told {sha256}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::algorithm::Digest;

    #[test]
    fn an_original_is_known_by_any_name() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a.pdf"), b"original").unwrap();
        fs::hard_link(at("a.pdf"), at("linked.pdf")).unwrap();
        std::os::unix::fs::symlink(at("a.pdf"), at("pointed.pdf")).unwrap();
        fs::write(at("b.pdf"), b"original").unwrap();
        let originals = [at("a.pdf")];
        for name in ["a.pdf", "linked.pdf", "pointed.pdf", "../a.pdf"] {
            let target = match name.strip_prefix("../") {
                Some(name) => at("a.pdf").parent().unwrap().join(".").join(name),
                None => at(name),
            };
            assert_eq!(
                original_at(&target, &originals),
                Some(originals[0].as_path())
            );
        }
        assert_eq!(original_at(&at("b.pdf"), &originals), None);
        assert_eq!(original_at(&at("absent.pdf"), &originals), None);
    }

    #[test]
    fn a_file_that_is_not_what_was_told_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.pdf");
        fs::write(&target, b"from before").unwrap();
        let sha256 = Digest::of(DigestAlgorithm::Sha256, b"signed").to_hex();
        let cut = write(&target, &mut b"sign".as_slice(), &sha256, Readers::All);
        assert!(format!("{:#}", cut.unwrap_err()).contains("SHA-256"));
        assert_eq!(fs::read(&target).unwrap(), b"from before");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        write(&target, &mut b"signed".as_slice(), &sha256, Readers::All).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"signed");
    }
}
