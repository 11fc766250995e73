//! Document bytes: whole or not at all, in little memory, and nowhere but in their folder or bucket.

use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rubrica::documents::{Documents, DocumentsError, ObjectKey, Settings};
use rubrica::domain::algorithm::{Digest, DigestAlgorithm};
use tempfile::TempDir;

mod bucket;
mod limits;
mod reading;
mod writing;

/// A store in a folder of its own.
struct Place {
    documents: Documents,
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            documents: open(folder.path()),
            folder,
        }
    }

    /// Stores bytes under a key made from a number.
    fn store(&self, number: u8, bytes: &[u8]) -> ObjectKey {
        let key = key(number);
        let stored = self
            .documents
            .put(&key, &mut &*bytes, u64::MAX, &mut [])
            .unwrap();
        assert_eq!(stored.size, u64::try_from(bytes.len()).unwrap());
        key
    }

    /// Every file there is, finished or not, but for the store's mark.
    fn files(&self) -> Vec<PathBuf> {
        let mut files = files(self.folder.path());
        files.retain(|path| !path.ends_with("rubrica-documents"));
        files
    }
}

fn open(folder: &Path) -> Documents {
    let settings = Settings::Folder(folder.to_owned());
    Documents::set_up(&settings).unwrap();
    Documents::new(&settings).unwrap()
}

fn key(number: u8) -> ObjectKey {
    ObjectKey::from_random([number; 16])
}

fn sha256(bytes: &[u8]) -> Digest {
    Digest::of(DigestAlgorithm::Sha256, bytes)
}

/// All of an object.
fn content(documents: &Documents, key: &ObjectKey) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut reader = documents.open(key).unwrap()?;
    reader.read_to_end(&mut bytes).unwrap();
    Some(bytes)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// Bytes that differ everywhere, without holding them: as many as asked for, then `end`.
struct Generated {
    position: u64,
    until: u64,
    end: fn() -> io::Result<usize>,
}

impl Generated {
    fn whole(length: u64) -> Self {
        Self {
            position: 0,
            until: length,
            end: || Ok(0),
        }
    }
}

impl Read for Generated {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.until {
            return (self.end)();
        }
        let rest = usize::try_from(self.until - self.position).unwrap_or(usize::MAX);
        let count = rest.min(buffer.len());
        for (to, position) in buffer.iter_mut().take(count).zip(self.position..) {
            *to = generated(position);
        }
        self.position += u64::try_from(count).unwrap();
        Ok(count)
    }
}

fn generated(position: u64) -> u8 {
    let [.., low] = (position.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56).to_be_bytes();
    low
}

#[test]
fn the_folder_is_made_for_its_owner_alone() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("data/documents");
    let documents = open(&folder);
    let mode = std::fs::metadata(&folder).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    // A second process on the same folder.
    documents
        .put(&key(1), &mut &b"yes"[..], 3, &mut [])
        .unwrap();
    assert_eq!(content(&open(&folder), &key(1)).unwrap(), b"yes");
}

#[test]
fn an_unusable_folder_is_refused_in_words() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let told = Documents::new(&Settings::Folder(file.path().to_owned()))
        .err()
        .unwrap();
    assert_eq!(
        told.to_string(),
        format!(
            "the folder for documents, {}, cannot be used",
            file.path().display()
        )
    );
}

#[test]
fn the_store_may_be_dropped_by_asynchronous_code() {
    let place = Place::new();
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    runtime.block_on(async move { drop(place) });
}
