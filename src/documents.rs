//! Document bytes, as streams in an object store: a folder of this machine, or a bucket that all nodes share.
//!
//! An object is written once, whole or not at all, under a random [`ObjectKey`] that tells nothing of it; it is
//! read in pieces and deleted. It is durable when it is written, but for those of a [`Batch`], which are when that is
//! flushed; of one that was not, a power cut may leave a part. No document is ever held whole in memory. Who may see a
//! document, and for how long it is kept, is decided above.
//!
//! All functions are synchronous and must not be called from asynchronous code: the object store's own runtime
//! is in here, so that nobody notices which store it is. A folder is read and written by the calling thread.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use futures_util::{StreamExt, stream};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::domain::algorithm::DigestAlgorithm;

mod batch;
mod flush;
mod folder;
mod place;
mod reader;
mod runtime;
mod sweep;
mod upload;

pub use crate::domain::object_key::ObjectKey;
pub use batch::Batch;
pub use place::{AccessKey, Bucket, Settings};
pub use reader::{Chunks, ObjectReader, Source};
pub use upload::{Measured, Stored};

use folder::Folder;
use runtime::Private;

/// What can go wrong with document bytes.
#[derive(Debug, thiserror::Error)]
pub enum DocumentsError {
    /// The folder cannot be used.
    #[error("the folder for documents, {}, cannot be used", path.display())]
    Folder {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// More bytes came than may be stored. Nothing of them was kept.
    #[error("larger than {limit} bytes")]
    TooLarge {
        /// The most that may be stored.
        limit: u64,
    },
    /// Whoever sends the bytes failed half-way. Nothing of them was kept.
    #[error("the incoming document could not be read to its end")]
    Incoming(#[source] io::Error),
    /// The store is not there, or another one is in its place, such as the empty folder of a disk that is not mounted.
    #[error(
        "the document store is not there: {MARK}, which its set-up left in it, is missing; if it is a disk of its own, see \
         whether that is mounted; a new store is set up by `rubrica database migrate`"
    )]
    Away,
    /// There is no object under that key.
    #[error("the stored document is not there")]
    Missing,
    /// The object's bytes are not those that were digested when it came. Nothing was made of it.
    #[error("the stored document is not what it was: its SHA-256 differs")]
    Changed,
    /// The disk, or the share of it this program may use, is full. Nothing was kept.
    #[error("there is no room to store documents")]
    Full(#[source] object_store::Error),
    /// The object store failed in another way.
    #[error("the document store failed")]
    Store(#[source] object_store::Error),
    /// The store's threads could not be started.
    #[error("the document store could not be started")]
    Runtime(#[source] io::Error),
}

/// The store of document bytes. Clones share it.
#[derive(Clone)]
pub struct Documents {
    settings: Arc<Settings>,
    /// Opened when it is there for the first time: a server starts before its store is mounted or set up.
    store: Arc<OnceLock<Arc<dyn ObjectStore>>>,
    runtime: Arc<Private>,
    /// Where files lie, when it is a folder.
    folder: Option<Arc<Folder>>,
    /// Bytes written at once.
    part: usize,
    /// What is written by this one waits for a flush to be durable.
    is_flushed_later: bool,
}

/// What the set-up leaves in a store. A store that is away looks like one from which everything was deleted; by this the
/// two are told apart.
const MARK: &str = "rubrica-documents";

impl Documents {
    /// Makes the folder when it is missing, and leaves the mark by which a store is known again. A bucket must be there.
    pub fn set_up(settings: &Settings) -> Result<(), DocumentsError> {
        settings.make_folder()?;
        let documents = Self::new(settings)?;
        if documents.is_there()? {
            return Ok(());
        }
        let mark = Path::from(MARK);
        let words = "Rubrica keeps documents here, and takes the store for lost without this.\n";
        if let Some(folder) = &documents.folder {
            return folder.write(&mark, words.as_bytes());
        }
        let put = documents
            .runtime
            .wait(documents.store()?.put(&mark, words.into()));
        put.map(drop).map_err(DocumentsError::from_store)
    }

    /// Opens a store that was set up, or will be. A bucket is not asked for anything yet.
    pub fn new(settings: &Settings) -> Result<Self, DocumentsError> {
        let documents = Self {
            settings: Arc::new(settings.clone()),
            store: Arc::default(),
            runtime: Arc::new(Private::start().map_err(DocumentsError::Runtime)?),
            folder: settings
                .folder()
                .map(|folder| Arc::new(Folder::new(folder.to_owned()))),
            part: settings.part(),
            is_flushed_later: false,
        };
        match documents.store() {
            Ok(_) | Err(DocumentsError::Away) => Ok(documents),
            Err(error) => Err(error),
        }
    }

    /// For writing so many objects that are needed at the same time.
    pub fn batch(&self, count: usize) -> Batch {
        Batch::new(self, count)
    }

    fn store(&self) -> Result<&dyn ObjectStore, DocumentsError> {
        if let Some(store) = self.store.get() {
            return Ok(&**store);
        }
        let opened = self.settings.open()?;
        Ok(&**self.store.get_or_init(|| opened))
    }

    /// Whether the store is there: the one that was set up, and not what is in its place.
    pub fn is_there(&self) -> Result<bool, DocumentsError> {
        let mark = Path::from(MARK);
        if let Some(folder) = &self.folder {
            return folder.has(&mark);
        }
        let store = match self.store() {
            Err(DocumentsError::Away) => return Ok(false),
            opened => opened?,
        };
        match self.runtime.wait(store.head(&mark)) {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(DocumentsError::from_store(error)),
        }
    }

    /// Fails with [`DocumentsError::Away`] unless it is.
    pub fn check_there(&self) -> Result<(), DocumentsError> {
        if self.is_there()? {
            Ok(())
        } else {
            Err(DocumentsError::Away)
        }
    }

    /// Stores an object, reads it and deletes it, as the server will do with others.
    pub fn try_out(&self, key: &ObjectKey) -> Result<(), DocumentsError> {
        self.check_there()?;
        self.put(key, &mut &b"a trial"[..], u64::MAX, &mut [])?;
        let read = self.measure(key);
        self.delete(key)?;
        read?.map(|_| ()).ok_or(DocumentsError::Missing)
    }

    /// Deletes an object. One that is not there is deleted already.
    pub fn delete(&self, key: &ObjectKey) -> Result<(), DocumentsError> {
        match self.runtime.wait(self.store()?.delete(&path(key))) {
            Ok(()) => Ok(()),
            Err(object_store::Error::NotFound { .. }) => self.check_there(),
            Err(error) => Err(DocumentsError::from_store(error)),
        }
    }

    /// Deletes objects, several at a time. Those that are not there are deleted already.
    pub fn delete_all(
        &self,
        keys: impl IntoIterator<Item = ObjectKey>,
    ) -> Result<(), DocumentsError> {
        let paths: Vec<_> = keys.into_iter().map(|key| Ok(path(&key))).collect();
        let deleted = self.store()?.delete_stream(stream::iter(paths).boxed());
        let outcomes: Vec<_> = self.runtime.wait(deleted.collect());
        let mut missing = false;
        for outcome in outcomes {
            match outcome {
                Ok(_) => {}
                Err(object_store::Error::NotFound { .. }) => missing = true,
                Err(error) => return Err(DocumentsError::from_store(error)),
            }
        }
        if missing { self.check_there() } else { Ok(()) }
    }
}

impl DocumentsError {
    fn from_store(error: object_store::Error) -> Self {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        let mut full = false;
        let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
        while let Some(current) = cause {
            full |= current.downcast_ref::<io::Error>().is_some_and(|error| {
                matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
            });
            cause = current.source();
        }
        match error {
            object_store::Error::NotFound { .. } => Self::Missing,
            error if full => Self::Full(error),
            error => Self::Store(error),
        }
    }
}

/// The digest that tells whether an object is what it was.
const FINGERPRINT: DigestAlgorithm = DigestAlgorithm::Sha256;

/// Objects lie in 256 folders by the first byte of their keys.
fn path(key: &ObjectKey) -> Path {
    let name = key.to_string();
    let shard: String = name.chars().take(2).collect();
    Path::from_iter([shard, name])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_a_store_that_fails_in_another_way() {
        use io::ErrorKind::{FileTooLarge, PermissionDenied, QuotaExceeded, StorageFull};
        let failed = |kind: io::ErrorKind| {
            let source = io::Error::from(kind).into();
            DocumentsError::from_store(object_store::Error::Generic {
                store: "folder",
                source,
            })
        };
        for kind in [StorageFull, QuotaExceeded, FileTooLarge] {
            let told = failed(kind);
            assert!(matches!(told, DocumentsError::Full(_)), "{kind}: {told}");
        }
        let told = failed(PermissionDenied);
        assert!(matches!(told, DocumentsError::Store(_)), "{told}");
    }
}
