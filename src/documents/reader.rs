//! Reading objects: anywhere, with a small memory of what was read, or from beginning to end.

use std::collections::VecDeque;
use std::io::{self, Read, Seek, SeekFrom};

use bytes::Bytes;
use object_store::ObjectStoreExt;
use object_store::path::Path;

use super::upload::{Measured, PART};
use super::{Documents, DocumentsError, FINGERPRINT, ObjectKey, path};
use crate::domain::algorithm::{Digest, Hasher};

/// Bytes fetched at once when reading anywhere.
const BLOCK: u64 = 128 * 1024;
/// The same as a length in memory.
const BLOCK_LEN: usize = 128 * 1024;
/// Blocks remembered: 2 MiB in all.
const REMEMBERED: usize = 16;

/// An object's bytes, from anywhere. Holds at most 2 MiB of them.
pub struct ObjectReader {
    object: Object,
    position: u64,
    /// Numbers and contents of the blocks read last, the latest in front.
    blocks: VecDeque<(u64, Bytes)>,
    /// What each block is compared with when it is read.
    seen: Option<Seen>,
}

/// What an object was when it was read from beginning to end.
struct Seen {
    /// States of its digest: before each block, in order.
    midstates: Vec<Vec<u8>>,
    /// Its whole digest.
    sha256: Digest,
}

/// An object, and what it has to be.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Where it is.
    pub key: &'a ObjectKey,
    /// Its length in bytes.
    pub size: u64,
    /// SHA-256 over the whole of it.
    pub sha256: &'a Digest,
}

/// An object's bytes from beginning to end, in pieces of at most 1 MiB.
///
/// The last piece comes only when the whole is what it has to be; in its place comes [`DocumentsError::Changed`]. So
/// whoever passes the pieces on as they come never passes on all of another object.
pub struct Chunks {
    object: Object,
    position: u64,
    expected: Digest,
    /// `None` once the last piece was judged.
    hasher: Option<Hasher>,
}

struct Object {
    documents: Documents,
    path: Path,
    size: u64,
}

impl Documents {
    /// Opens an object for reading anywhere in it; `None` when it is not there and the store is.
    pub fn open(&self, key: &ObjectKey) -> Result<Option<ObjectReader>, DocumentsError> {
        Ok(self.object(key)?.map(|object| ObjectReader {
            object,
            position: 0,
            blocks: VecDeque::with_capacity(REMEMBERED),
            seen: None,
        }))
    }

    /// The same for an object that must be what it was: read once from beginning to end, and refused as
    /// [`DocumentsError::Changed`] when it has another length or SHA-256. Every block that is read afterwards is
    /// compared with what was digested, so that an object which is exchanged meanwhile is noticed before a byte of it
    /// is given away. The memory for that is 40 bytes for each 128 KiB.
    pub fn open_unchanged(
        &self,
        source: Source<'_>,
    ) -> Result<Option<ObjectReader>, DocumentsError> {
        let Some(mut reader) = self.open(source.key)? else {
            return Ok(None);
        };
        if reader.size() != source.size {
            return Err(DocumentsError::Changed);
        }
        let mut whole = Hasher::new(FINGERPRINT);
        let mut midstates = Vec::new();
        while whole.length() < source.size {
            // As many blocks as a part holds, at once.
            let part = reader.object.fetch(whole.length(), PART)?;
            for block in part.chunks(BLOCK_LEN) {
                midstates.push(whole.midstate());
                whole.update(block);
            }
        }
        if whole.finish() != *source.sha256 {
            return Err(DocumentsError::Changed);
        }
        reader.seen = Some(Seen {
            midstates,
            sha256: source.sha256.clone(),
        });
        Ok(Some(reader))
    }

    /// Opens an object for reading it from beginning to end; `None` when it is not there. One of another length is
    /// [`DocumentsError::Changed`] at once.
    pub fn chunks(&self, source: Source<'_>) -> Result<Option<Chunks>, DocumentsError> {
        let Some(object) = self.object(source.key)? else {
            return Ok(None);
        };
        if object.size != source.size {
            return Err(DocumentsError::Changed);
        }
        Ok(Some(Chunks {
            object,
            position: 0,
            expected: source.sha256.clone(),
            hasher: Some(Hasher::new(FINGERPRINT)),
        }))
    }

    /// Reads an object of which nothing is known yet to its end; `None` when it is not there.
    pub fn measure(&self, key: &ObjectKey) -> Result<Option<Measured>, DocumentsError> {
        let Some(object) = self.object(key)? else {
            return Ok(None);
        };
        let mut hasher = Hasher::new(FINGERPRINT);
        while hasher.length() < object.size {
            hasher.update(&object.fetch(hasher.length(), PART)?);
        }
        Ok(Some(Measured {
            size: object.size,
            sha256: hasher.finish(),
        }))
    }

    fn object(&self, key: &ObjectKey) -> Result<Option<Object>, DocumentsError> {
        let path = path(key);
        match self.runtime.wait(self.store()?.head(&path)) {
            Ok(meta) => Ok(Some(Object {
                documents: self.clone(),
                path,
                size: meta.size,
            })),
            Err(object_store::Error::NotFound { .. }) => self.check_there().map(|()| None),
            Err(error) => Err(DocumentsError::from_store(error)),
        }
    }
}

impl ObjectReader {
    /// The object's length in bytes.
    pub fn size(&self) -> u64 {
        self.object.size
    }

    fn block(&mut self, number: u64) -> Result<Bytes, DocumentsError> {
        let known = self.blocks.iter().position(|(known, _)| *known == number);
        let entry = if let Some(entry) = known.and_then(|index| self.blocks.remove(index)) {
            entry
        } else {
            let block = self.object.fetch(number.saturating_mul(BLOCK), BLOCK)?;
            if let Some(seen) = &self.seen {
                seen.check(number, &block)?;
            }
            (number, block)
        };
        let bytes = entry.1.clone();
        self.blocks.push_front(entry);
        self.blocks.truncate(REMEMBERED);
        Ok(bytes)
    }
}

impl Seen {
    /// Whether a block leads from the state before it to the state behind it, which no other block does: the
    /// compression function of SHA-256 resists collisions as the whole does.
    fn check(&self, number: u64, block: &[u8]) -> Result<(), DocumentsError> {
        let index = usize::try_from(number).ok();
        let before = index.and_then(|index| self.midstates.get(index));
        let mut digest = before
            .and_then(|state| Hasher::resume(FINGERPRINT, state).ok())
            .ok_or(DocumentsError::Changed)?;
        digest.update(block);
        let behind = index.and_then(|index| self.midstates.get(index.saturating_add(1)));
        let same = match behind {
            Some(state) => digest.midstate() == *state,
            None => digest.finish() == self.sha256,
        };
        if same {
            Ok(())
        } else {
            Err(DocumentsError::Changed)
        }
    }
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.object.size || buffer.is_empty() {
            return Ok(0);
        }
        let block = self
            .block(self.position / BLOCK)
            .map_err(io::Error::other)?;
        let from = usize::try_from(self.position % BLOCK).map_err(io::Error::other)?;
        let rest = block.get(from..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        for (to, byte) in buffer.iter_mut().zip(rest) {
            *to = *byte;
        }
        self.position = self
            .position
            .saturating_add(u64::try_from(count).map_err(io::Error::other)?);
        Ok(count)
    }
}

impl Seek for ObjectReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.object.size.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, "before the object's beginning")
        })?;
        Ok(self.position)
    }
}

impl Chunks {
    /// The object's length in bytes.
    pub fn size(&self) -> u64 {
        self.object.size
    }
}

impl Iterator for Chunks {
    type Item = Result<Bytes, DocumentsError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.position >= self.object.size {
            return None;
        }
        let chunk = self.object.fetch(self.position, PART);
        let chunk = chunk.and_then(|chunk| self.judge(chunk));
        if chunk.is_err() {
            // Nothing more after a failure.
            self.position = u64::MAX;
        }
        Some(chunk)
    }
}

impl Chunks {
    /// Takes a piece in. The last one is given back only when the whole is what it has to be.
    fn judge(&mut self, chunk: Bytes) -> Result<Bytes, DocumentsError> {
        let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        self.position = self.position.saturating_add(length);
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&chunk);
        }
        if self.position < self.object.size {
            return Ok(chunk);
        }
        let found = self.hasher.take().map(Hasher::finish);
        if found.as_ref() == Some(&self.expected) {
            Ok(chunk)
        } else {
            Err(DocumentsError::Changed)
        }
    }
}

impl Object {
    /// The bytes from a position on, as many as there are up to `length`; never none before the end.
    fn fetch(&self, from: u64, length: u64) -> Result<Bytes, DocumentsError> {
        let until = from.saturating_add(length).min(self.size);
        let fetched = self
            .documents
            .runtime
            .wait(self.documents.store()?.get_range(&self.path, from..until));
        let bytes = fetched.map_err(DocumentsError::from_store)?;
        let whole = u64::try_from(bytes.len()) == Ok(until.saturating_sub(from));
        if whole {
            Ok(bytes)
        } else {
            Err(DocumentsError::Changed)
        }
    }
}
