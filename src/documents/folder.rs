//! Reading from a folder on the calling thread.
//!
//! `object_store` hands every call on a folder to another thread, and opens the file anew for each range. While a citizen
//! waits, that costs more than the reading. Writing stays with the library: it waits for the disk anyway.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use bytes::Bytes;
use object_store::path::Path;

use super::DocumentsError;

/// Where files lie. Only this program writes there.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// The folder itself.
    pub(super) fn path(&self) -> &std::path::Path {
        &self.0
    }

    /// Whether a file is there.
    pub(super) fn has(&self, path: &Path) -> Result<bool, DocumentsError> {
        match self.place(path).metadata() {
            Ok(metadata) => Ok(metadata.is_file()),
            Err(error) if is_absence(&error) => Ok(false),
            Err(error) => Err(failed(error)),
        }
    }

    /// A file and its length; `None` when it is not there. It can be read to its end also when it is deleted meanwhile.
    pub(super) fn open(&self, path: &Path) -> Result<Option<(File, u64)>, DocumentsError> {
        let opened = File::open(self.place(path)).and_then(|file| {
            let metadata = file.metadata()?;
            Ok(metadata.is_file().then_some((file, metadata.len())))
        });
        match opened {
            Ok(found) => Ok(found),
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// Where a file lies, if it is there.
    pub(super) fn place(&self, path: &Path) -> PathBuf {
        self.0.join(path.as_ref())
    }
}

/// That many bytes from a position on. A file that has become shorter is [`DocumentsError::Changed`].
pub(super) fn read(file: &File, from: u64, length: u64) -> Result<Bytes, DocumentsError> {
    let length = usize::try_from(length).map_err(|error| failed(io::Error::other(error)))?;
    let mut bytes = vec![0; length];
    match file.read_exact_at(&mut bytes, from) {
        Ok(()) => Ok(bytes.into()),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(DocumentsError::Changed),
        Err(error) => Err(failed(error)),
    }
}

/// A folder above it may be missing too.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn failed(error: io::Error) -> DocumentsError {
    DocumentsError::from_store(object_store::Error::Generic {
        store: "folder",
        source: error.into(),
    })
}
