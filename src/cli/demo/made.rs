//! What demos wrote into their folder: the folder may be anybody's, so a demo writes over nothing else.
//!
//! A list in the server's folder has a line for each file that a demo wrote: its name and the SHA-256 of its content. A
//! file that is not as the list says belongs to somebody, who put it there or changed it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::json;

use super::target::{self, Readers};
use crate::domain::algorithm::{Digest, DigestAlgorithm};

/// The list, in the server's folder.
const LIST: &str = "made-by-demo";

/// What demos wrote into one folder.
pub(super) struct Made {
    out: PathBuf,
    list: PathBuf,
}

/// The folder is one demo's alone, until dropped.
pub(super) struct Lock {
    _list: File,
}

impl Made {
    /// By demos whose signed files go to `out` and whose server's data are in `server`; both folders may be missing
    /// yet. A folder for the server that has files and no list is somebody else's.
    pub(super) fn find(out: &Path, server: &Path) -> anyhow::Result<Self> {
        let list = server.join(LIST);
        let mine = match fs::read_dir(server) {
            Ok(mut entries) => list.is_file() || entries.next().is_none(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => true,
            Err(error) => {
                return Err(error).with_context(|| {
                    format!(
                        "{} cannot be used; choose another folder with --out",
                        server.display()
                    )
                });
            }
        };
        if !mine {
            bail!(
                "{} is there, and no demo made it; move it away, or choose another folder with --out",
                server.display()
            );
        }
        Ok(Self {
            out: out.to_owned(),
            list,
        })
    }

    /// Keeps other demos away from the folder for as long as the lock lives, and not longer than the process: two would
    /// write over each other's certificates and read each other's messages.
    pub(super) fn lock(&self) -> anyhow::Result<Lock> {
        let list = self.open_list();
        let list = list.with_context(|| format!("{} cannot be written", self.list.display()))?;
        match list.try_lock() {
            Ok(()) => Ok(Lock { _list: list }),
            Err(TryLockError::WouldBlock) => bail!(
                "another demo runs in {}; end it first, or choose another folder with --out",
                self.out.display()
            ),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("{} cannot be locked", self.list.display()))
            }
        }
    }

    /// Refuses a file, named as from the folder, that is there and no demo made.
    pub(super) fn check(&self, name: &str) -> anyhow::Result<()> {
        if self.is_foreign(name)? {
            bail!(
                "the demo would write over {}, which no demo made, or somebody changed since; move it away, or choose \
                 another folder with --out",
                self.out.join(name).display()
            );
        }
        Ok(())
    }

    /// Whether something is there that is not as a demo wrote it.
    pub(super) fn is_foreign(&self, name: &str) -> anyhow::Result<bool> {
        let path = self.out.join(name);
        let looked = || -> io::Result<bool> {
            match fs::symlink_metadata(&path) {
                Ok(metadata) if metadata.is_file() => {}
                Ok(_) => return Ok(true),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
                Err(error) => return Err(error),
            }
            let sha256 = target::copy(&mut File::open(&path)?, &mut io::sink())?;
            Ok(!self.knows(&line(name, &sha256))?)
        };
        looked().with_context(|| format!("{} cannot be looked at", path.display()))
    }

    /// Writes a file.
    pub(super) fn write(&self, name: &str, content: &[u8], readers: Readers) -> anyhow::Result<()> {
        let sha256 = Digest::of(DigestAlgorithm::Sha256, content).to_hex();
        self.write_from(name, &mut &*content, &sha256, readers)
    }

    /// The same from a stream, of which the SHA-256 (hexadecimal) was told.
    pub(super) fn write_from(
        &self,
        name: &str,
        content: &mut dyn Read,
        sha256: &str,
        readers: Readers,
    ) -> anyhow::Result<()> {
        self.check(name)?;
        // Noted first: a demo that is stopped in between leaves no file that the next one takes for somebody's.
        self.note(&line(name, sha256))
            .with_context(|| format!("{} cannot be written", self.list.display()))?;
        target::write(&self.out.join(name), content, sha256, readers)
    }

    fn knows(&self, line: &str) -> io::Result<bool> {
        match fs::read_to_string(&self.list) {
            Ok(list) => Ok(list.lines().any(|known| known == line)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn note(&self, line: &str) -> io::Result<()> {
        if self.knows(line)? {
            return Ok(());
        }
        self.open_list()?.write_all(format!("{line}\n").as_bytes())
    }

    fn open_list(&self) -> io::Result<File> {
        OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&self.list)
    }
}

/// In JSON, because a file's name may hold anything.
fn line(name: &str, sha256: &str) -> String {
    json!([name, sha256]).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use tempfile::TempDir;

    fn folder() -> (TempDir, Made) {
        let folder = tempfile::tempdir().unwrap();
        let server = folder.path().join("server");
        fs::create_dir(&server).unwrap();
        let made = Made::find(folder.path(), &server).unwrap();
        (folder, made)
    }

    #[test]
    fn what_a_demo_made_is_written_over_and_nothing_else() {
        let (folder, made) = folder();
        let path = folder.path().join("ca.pem");
        for content in [b"one".as_slice(), b"two", b"one"] {
            made.write("ca.pem", content, Readers::All).unwrap();
            assert_eq!(fs::read(&path).unwrap(), content);
        }
        fs::write(&path, b"somebody's").unwrap();
        let told = made.write("ca.pem", b"two", Readers::All).unwrap_err();
        assert!(told.to_string().contains("--out"), "{told}");
        assert_eq!(fs::read(&path).unwrap(), b"somebody's");
        // What a demo wrote under another name is no leave for this one.
        fs::write(folder.path().join("chain.pem"), b"one").unwrap();
        assert!(made.check("chain.pem").is_err());
    }

    #[test]
    fn neither_links_nor_folders_are_taken_for_a_demos_file() {
        let (folder, made) = folder();
        made.write("ca.pem", b"one", Readers::All).unwrap();
        let at = |name| folder.path().join(name);
        fs::rename(at("ca.pem"), at("kept")).unwrap();
        symlink(at("kept"), at("ca.pem")).unwrap();
        assert!(made.check("ca.pem").is_err());
        symlink(at("missing"), at("chain.pem")).unwrap();
        assert!(made.check("chain.pem").is_err());
        assert!(made.check("server").is_err());
        assert!(made.check("absent").is_ok());
    }

    #[test]
    fn a_folder_is_one_demos_at_a_time() {
        let (folder, made) = folder();
        let lock = made.lock().unwrap();
        let other = Made::find(folder.path(), &folder.path().join("server")).unwrap();
        let told = other.lock().err().unwrap().to_string();
        assert!(
            told.contains("another demo") && told.contains("--out"),
            "{told}"
        );
        drop(lock);
        other.lock().unwrap();
    }

    #[test]
    fn a_file_in_the_place_of_the_folder_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("README.md");
        fs::write(&file, b"text").unwrap();
        let told = Made::find(&file, &file.join("server")).err().unwrap();
        assert!(format!("{told:#}").contains("Not a directory"), "{told:#}");
    }

    #[test]
    fn a_folder_with_files_and_no_list_is_somebodys() {
        let folder = tempfile::tempdir().unwrap();
        let server = folder.path().join("server");
        assert!(Made::find(folder.path(), &server).is_ok());
        fs::create_dir(&server).unwrap();
        assert!(Made::find(folder.path(), &server).is_ok());
        fs::write(server.join("rubrica.toml"), b"mine").unwrap();
        assert!(Made::find(folder.path(), &server).is_err());
        fs::write(server.join(LIST), b"").unwrap();
        assert!(Made::find(folder.path(), &server).is_ok());
    }
}
