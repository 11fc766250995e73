//! Writing objects: from a stream, or put together from another object.

use std::io::Read;

use object_store::{MultipartUpload, ObjectStoreExt, PutPayload};

use super::{Documents, DocumentsError, FINGERPRINT, ObjectKey, Source, path};
use crate::domain::algorithm::{Digest, Hasher};

/// Bytes held in memory of an object that is being written.
pub(super) const PART: u64 = 1024 * 1024;

/// An object that was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// Its length in bytes.
    pub size: u64,
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
    /// Stores what the reader gives, and passes it by the hashers on its way. Of more than `limit` bytes nothing is
    /// kept, and no more than one byte beyond the limit is read.
    pub fn put(
        &self,
        key: &ObjectKey,
        reader: &mut dyn Read,
        limit: u64,
        hashers: &mut [Hasher],
    ) -> Result<Stored, DocumentsError> {
        let mut upload = Upload::begin(self, key)?;
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
            for hasher in hashers.iter_mut() {
                hasher.update(&part);
            }
            upload.add(part)?;
        }
        let size = upload.size;
        upload.complete()?;
        Ok(Stored { size })
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
    inner: Box<dyn MultipartUpload>,
    size: u64,
    stage: Stage,
}

#[derive(PartialEq, Eq)]
enum Stage {
    Open,
    Completed,
}

impl<'a> Upload<'a> {
    fn begin(documents: &'a Documents, key: &'a ObjectKey) -> Result<Self, DocumentsError> {
        let inner = documents
            .runtime
            .wait(documents.store.put_multipart(&path(key)))
            .map_err(DocumentsError::from_store)?;
        Ok(Self {
            documents,
            key,
            inner,
            size: 0,
            stage: Stage::Open,
        })
    }

    fn add(&mut self, part: Vec<u8>) -> Result<(), DocumentsError> {
        if part.is_empty() {
            return Ok(());
        }
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        self.size = self.size.saturating_add(length);
        let written = self.inner.put_part(PutPayload::from(part));
        self.documents
            .runtime
            .wait(written)
            .map_err(DocumentsError::from_store)
    }

    fn complete(mut self) -> Result<(), DocumentsError> {
        self.documents
            .runtime
            .wait(self.inner.complete())
            .map_err(DocumentsError::from_store)?;
        self.stage = Stage::Completed;
        Ok(())
    }
}

impl Drop for Upload<'_> {
    fn drop(&mut self) {
        if self.stage == Stage::Completed {
            return;
        }
        // After a failed completion the store knows no more of its file, so it is looked for below.
        let aborted = self.documents.runtime.wait(self.inner.abort());
        if let (Err(_), Err(error)) = (aborted, self.documents.remove_staged(self.key)) {
            tracing::warn!(%error, key = %self.key, "a half-written object could not be removed");
        }
    }
}
