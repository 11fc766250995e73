//! Folders the server writes to.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{Finding, told};

/// Whether files can be made in a folder, and who else can look into it. One that is missing can be made when the
/// nearest folder above it that is there can be written to.
pub(super) fn examine(about: &str, folder: &Path) -> Finding {
    // What a bare file name lies in.
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let shown = folder.display();
    match fs::metadata(folder) {
        Ok(metadata) if !metadata.is_dir() => Finding::wrong(
            about,
            format!("{shown} is not a folder"),
            "name a folder, or move the file away",
        ),
        Ok(metadata) => match try_out(folder) {
            Err(error) => unwritable(about, folder, &error),
            Ok(()) if metadata.permissions().mode() & 0o007 != 0 => Finding::warning(
                about,
                format!("anybody on this machine can look into {shown}"),
                format!("chmod 700 {shown}"),
            ),
            Ok(()) => Finding::fine(about, format!("{shown} can be written to")),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let above = folder.ancestors().skip(1).find(|above| above.is_dir());
            // A relative path begins where the process was started.
            match try_out(above.unwrap_or(Path::new("."))) {
                Ok(()) => Finding::fine(about, format!("{shown} will be made")),
                Err(error) => unwritable(about, folder, &error),
            }
        }
        Err(error) => unwritable(about, folder, &error),
    }
}

fn unwritable(about: &str, folder: &Path, error: &io::Error) -> Finding {
    Finding::wrong(
        about,
        format!("{} cannot be written to: {}", folder.display(), told(error)),
        "give the account that runs the server the right to write there (chown), or name another folder; \
         also see whether the disk is full or mounted read-only",
    )
}

fn try_out(folder: &Path) -> io::Result<()> {
    let trial = folder.join(format!(".rubrica-doctor-{}", std::process::id()));
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&trial)?;
    fs::remove_file(&trial)
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn a_file_in_place_of_a_folder_is_wrong() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(examine("x", file.path()).verdict, Verdict::Wrong);
        assert_eq!(
            examine("x", &file.path().join("below")).verdict,
            Verdict::Wrong
        );
    }

    #[test]
    fn the_present_folder_is_one_too() {
        let finding = examine("x", Path::new(""));
        assert_ne!(finding.verdict, Verdict::Wrong);
        assert!(!finding.words.contains("made"), "{}", finding.words);
    }

    #[test]
    fn a_folder_open_to_all_is_warned_about_and_nothing_is_left_in_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(examine("x", folder.path()).verdict, Verdict::Warning);
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        assert_eq!(examine("x", folder.path()).verdict, Verdict::Fine);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(
            examine("x", &folder.path().join("a/b")).verdict,
            Verdict::Fine
        );
    }
}
