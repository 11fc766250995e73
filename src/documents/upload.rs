//! Writing objects: from a stream, or put together from another object.

use std::io::Read;

use object_store::{MultipartUpload, ObjectStoreExt, PutPayload};

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
    /// Parts of it are written.
    Parts(Box<dyn MultipartUpload>),
    /// The whole is written, or nothing was.
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
        let (runtime, store) = (&self.documents.runtime, self.documents.store()?);
        if let Stage::Short = self.stage {
            let begun = runtime.wait(store.put_multipart(&path(self.key)));
            self.stage = Stage::Parts(begun.map_err(not_taken)?);
        }
        if let Stage::Parts(parts) = &mut self.stage {
            let written = runtime.wait(parts.put_part(PutPayload::from(bytes)));
            written.map_err(not_taken)?;
        }
        Ok(())
    }

    fn complete(mut self) -> Result<(), DocumentsError> {
        let (runtime, store) = (&self.documents.runtime, self.documents.store()?);
        let rest = std::mem::take(&mut self.rest);
        match &mut self.stage {
            Stage::Short => {
                let path = path(self.key);
                let put = runtime.wait(store.put(&path, PutPayload::from(rest)));
                put.map_err(not_taken)?;
            }
            Stage::Parts(parts) => {
                let last = runtime.wait(parts.put_part(PutPayload::from(rest)));
                last.map_err(not_taken)?;
                let completed = runtime.wait(parts.complete());
                completed.map_err(not_taken)?;
            }
            Stage::Ended => {}
        }
        self.stage = Stage::Ended;
        Ok(())
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
    fn drop(&mut self) {
        let aborted = match &mut self.stage {
            Stage::Ended => return,
            Stage::Short => Err(()),
            // After a failed completion the store knows no more of its file, so it is looked for below.
            Stage::Parts(parts) => self.documents.runtime.wait(parts.abort()).or(Err(())),
        };
        if let (Err(()), Err(error)) = (aborted, self.documents.remove_staged(self.key)) {
            tracing::warn!(%error, key = %self.key, "a half-written object could not be removed");
        }
    }
}
