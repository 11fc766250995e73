//! Writing objects: from a stream, or put together from another object.

use std::io::Read;

use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStoreExt, PutPayload};

use super::folder::{Folder, Staged};
use super::{Documents, DocumentsError, FINGERPRINT, ObjectKey, Source, path};
use crate::domain::algorithm::{Digest, Hasher};
use crate::domain::block_states::{BlockHasher, BlockStates};

/// Bytes held in memory of an object that is being read.
pub(super) const PART: u64 = 1024 * 1024;

/// An object that was stored.
#[derive(Debug)]
pub struct Stored {
    /// Its length in bytes.
    pub size: u64,
    /// The computation of its SHA-256, which has taken in all of it.
    pub sha256: Hasher,
    /// By what its blocks are known again when they are read one by one.
    pub blocks: BlockStates,
}

/// What an object is, all of it taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// Its length in bytes.
    pub size: u64,
    /// SHA-256 over the whole of it.
    pub sha256: Digest,
}

impl Documents {
    /// Stores what the reader gives, digests it by SHA-256 and passes it by further hashers on its way. Of more than `limit`
    /// bytes nothing is kept, and no more than one byte beyond the limit is read.
    pub fn put(
        &self,
        key: &ObjectKey,
        reader: &mut dyn Read,
        limit: u64,
        hashers: &mut [Hasher],
    ) -> Result<Stored, DocumentsError> {
        let mut upload = Upload::begin(self, key)?;
        let mut blocks = BlockHasher::default();
        loop {
            let room = limit.saturating_sub(upload.size);
            let mut part = Vec::new();
            let count = reader
                .take(room.saturating_add(1).min(PART))
                .read_to_end(&mut part)
                .map_err(DocumentsError::Incoming)?;
            if count == 0 {
                break;
            }
            if u64::try_from(count).map_or(true, |count| count > room) {
                return Err(DocumentsError::TooLarge { limit });
            }
            blocks.update(&part);
            for hasher in hashers.iter_mut() {
                hasher.update(&part);
            }
            upload.add(part)?;
        }
        let size = upload.size;
        upload.complete()?;
        let (sha256, blocks) = blocks.finish();
        Ok(Stored {
            size,
            sha256,
            blocks,
        })
    }

    /// Stores `prefix`, then a copy of `from`, then `suffix`. When `from` is not what it has to be, nothing is kept.
    pub fn assemble(
        &self,
        from: Option<Source<'_>>,
        prefix: &[u8],
        suffix: &[u8],
        to: &ObjectKey,
    ) -> Result<Measured, DocumentsError> {
        let mut upload = Upload::begin(self, to)?;
        let whole = self.put_together(from, prefix, suffix, &mut |part| upload.add(part))?;
        upload.complete()?;
        Ok(whole)
    }

    /// Makes objects durable that another process may have written without having done so. Tells of each whether it is.
    pub fn flush<'a>(
        &self,
        keys: impl IntoIterator<Item = &'a ObjectKey>,
    ) -> Vec<Result<(), DocumentsError>> {
        self.flush_by(keys, Folder::flush_each)
    }

    /// The same for those of a batch.
    pub(super) fn flush_together<'a>(
        &self,
        keys: impl IntoIterator<Item = &'a ObjectKey>,
    ) -> Vec<Result<(), DocumentsError>> {
        self.flush_by(keys, Folder::flush_together)
    }

    /// In a bucket all are durable already.
    fn flush_by<'a>(
        &self,
        keys: impl IntoIterator<Item = &'a ObjectKey>,
        flush: impl Fn(&Folder, &[Path]) -> Vec<Result<(), DocumentsError>>,
    ) -> Vec<Result<(), DocumentsError>> {
        let paths: Vec<_> = keys.into_iter().map(path).collect();
        let Some(folder) = &self.folder else {
            return paths.into_iter().map(|_| Ok(())).collect();
        };
        let mut flushed = flush(folder, &paths);
        for one in &mut flushed {
            // What is not there was deleted, or its store is away.
            if let Err(DocumentsError::Missing) = one
                && let Err(error) = self.check_there()
            {
                *one = Err(error);
            }
        }
        flushed
    }

    /// What [`assemble`](Self::assemble) would store of the same. Nothing is stored.
    pub fn would_assemble(
        &self,
        from: Option<Source<'_>>,
        prefix: &[u8],
        suffix: &[u8],
    ) -> Result<Measured, DocumentsError> {
        self.put_together(from, prefix, suffix, &mut |_| Ok(()))
    }

    fn put_together(
        &self,
        from: Option<Source<'_>>,
        prefix: &[u8],
        suffix: &[u8],
        add: &mut dyn FnMut(Vec<u8>) -> Result<(), DocumentsError>,
    ) -> Result<Measured, DocumentsError> {
        let mut whole = Hasher::new(FINGERPRINT);
        let mut add = |part: Vec<u8>| {
            whole.update(&part);
            add(part)
        };
        add(prefix.to_vec())?;
        if let Some(from) = from {
            for part in self.chunks(from)?.ok_or(DocumentsError::Missing)? {
                add(part?.into())?;
            }
        }
        add(suffix.to_vec())?;
        Ok(Measured {
            size: whole.length(),
            sha256: whole.finish(),
        })
    }
}

/// An object on its way. Unless it is completed, nothing of it stays.
struct Upload<'a> {
    documents: &'a Documents,
    key: &'a ObjectKey,
    size: u64,
    /// What is not written yet, less than a part.
    rest: Vec<u8>,
    stage: Stage,
}

enum Stage {
    /// All of it is in the rest: what is short is written at once.
    Short,
    /// Parts of it are in a bucket.
    Parts(Box<dyn MultipartUpload>),
    /// Parts of it are in a file.
    File(Staged),
    /// Nothing of it is left to this.
    Ended,
}

impl<'a> Upload<'a> {
    /// A folder that is missing would be made by the first object. A bucket that is not there takes none.
    fn begin(documents: &'a Documents, key: &'a ObjectKey) -> Result<Self, DocumentsError> {
        if documents.folder.is_some() {
            documents.check_there()?;
        }
        Ok(Self {
            documents,
            key,
            size: 0,
            rest: Vec::new(),
            stage: Stage::Short,
        })
    }

    fn add(&mut self, bytes: Vec<u8>) -> Result<(), DocumentsError> {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.size = self.size.saturating_add(length);
        if self.rest.is_empty() {
            self.rest = bytes;
        } else {
            self.rest.extend_from_slice(&bytes);
        }
        let part = self.documents.part;
        // All parts but the last have one length, which some services ask for. The last part is never empty.
        while self.rest.len() > part {
            let rest = self.rest.split_off(part);
            let full = std::mem::replace(&mut self.rest, rest);
            self.put_part(full)?;
        }
        Ok(())
    }

    fn put_part(&mut self, bytes: Vec<u8>) -> Result<(), DocumentsError> {
        if let Stage::Short = self.stage {
            self.stage = self.open()?;
        }
        match &mut self.stage {
            Stage::File(staged) => staged.write(&bytes),
            Stage::Parts(parts) => {
                let written = parts.put_part(PutPayload::from(bytes));
                self.documents.runtime.wait(written).map_err(not_taken)
            }
            Stage::Short | Stage::Ended => Ok(()),
        }
    }

    fn open(&self) -> Result<Stage, DocumentsError> {
        let path = path(self.key);
        if let Some(folder) = &self.documents.folder {
            let staged = folder.stage(&path, self.documents.is_flushed_later)?;
            return Ok(Stage::File(staged));
        }
        let begun = self.documents.store()?.put_multipart(&path);
        let begun = self.documents.runtime.wait(begun).map_err(not_taken)?;
        Ok(Stage::Parts(begun))
    }

    fn complete(mut self) -> Result<(), DocumentsError> {
        let rest = std::mem::take(&mut self.rest);
        if let (Stage::Short, None) = (&self.stage, &self.documents.folder) {
            let path = path(self.key);
            let put = self.documents.store()?.put(&path, PutPayload::from(rest));
            return self
                .documents
                .runtime
                .wait(put)
                .map(drop)
                .map_err(not_taken);
        }
        self.put_part(rest)?;
        match std::mem::replace(&mut self.stage, Stage::Ended) {
            Stage::File(staged) => staged.name(),
            Stage::Parts(mut parts) => {
                let completed = self.documents.runtime.wait(parts.complete());
                let completed = completed.map(drop).map_err(not_taken);
                if completed.is_err() {
                    self.stage = Stage::Parts(parts);
                }
                completed
            }
            Stage::Short | Stage::Ended => Ok(()),
        }
    }
}

/// Whoever writes and is told that something is not there misses the store, not an object.
fn not_taken(error: object_store::Error) -> DocumentsError {
    match DocumentsError::from_store(error) {
        DocumentsError::Missing => DocumentsError::Away,
        other => other,
    }
}

impl Drop for Upload<'_> {
    /// What a folder has of it removes itself.
    fn drop(&mut self) {
        if let Stage::Parts(parts) = &mut self.stage
            && let Err(error) = self.documents.runtime.wait(parts.abort())
        {
            tracing::warn!(%error, key = %self.key, "a half-written object could not be removed");
        }
    }
}
