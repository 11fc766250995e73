//! Reading objects: anywhere, with a small memory of what was read, or from beginning to end.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use bytes::Bytes;
use object_store::ObjectStoreExt;
use object_store::path::Path;

use super::upload::{Measured, PART};
use super::{Documents, DocumentsError, FINGERPRINT, ObjectKey, folder, path};
use crate::domain::algorithm::{Digest, Hasher};
use crate::domain::block_states::BlockStates;

/// Bytes remembered: 2 MiB, or two blocks where these are longer.
const REMEMBERED: u64 = 2 * 1024 * 1024;

/// An object's bytes, from anywhere. Holds at most 2 MiB of them, or two blocks.
pub struct ObjectReader {
    object: Object,
    position: u64,
    /// Numbers and contents of the blocks read last, the latest in front.
    remembered: VecDeque<(u64, Bytes)>,
    /// How long a block is, and what it is compared with when it is read.
    blocks: BlockStates,
    /// The digest of the whole; `None` when nothing is known of the object yet.
    sha256: Option<Digest>,
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
/// whoever passes the pieces on as they come never passes on all of another object. Several objects can be read as one, of
/// which no piece reaches from one into the next.
pub struct Chunks {
    /// What is not read yet, in order.
    objects: VecDeque<Object>,
    /// Where the first of them is to be read from.
    position: u64,
    size: u64,
    expected: Digest,
    /// `None` once the last piece was judged.
    hasher: Option<Hasher>,
}

struct Object {
    place: Place,
    size: u64,
}

/// Where an object's bytes are.
enum Place {
    File(File),
    Elsewhere { documents: Documents, path: Path },
}

impl Documents {
    /// Opens an object for reading anywhere in it; `None` when it is not there and the store is.
    pub fn open(&self, key: &ObjectKey) -> Result<Option<ObjectReader>, DocumentsError> {
        Ok(self
            .object(key)?
            .map(|object| ObjectReader::new(object, BlockStates::none(), None)))
    }

    /// The same for an object that must be what it was: one of another length is refused as [`DocumentsError::Changed`], and so
    /// is every block that is not the one digested when the object came, before a byte of it is given away.
    pub fn open_known(
        &self,
        source: Source<'_>,
        blocks: BlockStates,
    ) -> Result<Option<ObjectReader>, DocumentsError> {
        let Some(object) = self.object(source.key)? else {
            return Ok(None);
        };
        if object.size != source.size {
            return Err(DocumentsError::Changed);
        }
        let sha256 = Some(source.sha256.clone());
        Ok(Some(ObjectReader::new(object, blocks, sha256)))
    }

    /// Opens an object for reading it from beginning to end; `None` when it is not there. One of another length is
    /// [`DocumentsError::Changed`] at once.
    pub fn chunks(&self, source: Source<'_>) -> Result<Option<Chunks>, DocumentsError> {
        self.joined(&[*source.key], source.size, source.sha256)
    }

    /// The same for what several objects are when one is put behind the other; `None` when one of them is not there.
    pub fn joined(
        &self,
        keys: &[ObjectKey],
        size: u64,
        sha256: &Digest,
    ) -> Result<Option<Chunks>, DocumentsError> {
        let mut objects = VecDeque::new();
        for key in keys {
            let Some(object) = self.object(key)? else {
                return Ok(None);
            };
            objects.push_back(object);
        }
        let found = objects.iter().map(|object| object.size);
        if found.fold(0, u64::saturating_add) != size {
            return Err(DocumentsError::Changed);
        }
        objects.retain(|object| object.size > 0);
        Ok(Some(Chunks {
            objects,
            position: 0,
            size,
            expected: sha256.clone(),
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
        if let Some(folder) = &self.folder {
            return match folder.open(&path)? {
                Some((file, size)) => Ok(Some(Object {
                    place: Place::File(file),
                    size,
                })),
                None => self.check_there().map(|()| None),
            };
        }
        match self.runtime.wait(self.store()?.head(&path)) {
            Ok(meta) => Ok(Some(Object {
                place: Place::Elsewhere {
                    documents: self.clone(),
                    path,
                },
                size: meta.size,
            })),
            Err(object_store::Error::NotFound { .. }) => self.check_there().map(|()| None),
            Err(error) => Err(DocumentsError::from_store(error)),
        }
    }
}

impl ObjectReader {
    fn new(object: Object, blocks: BlockStates, sha256: Option<Digest>) -> Self {
        Self {
            object,
            position: 0,
            remembered: VecDeque::new(),
            blocks,
            sha256,
        }
    }

    /// The object's length in bytes.
    pub fn size(&self) -> u64 {
        self.object.size
    }

    /// Reads every block once. Of a short object they are remembered.
    pub fn check_all(&mut self) -> Result<(), DocumentsError> {
        let size = self.object.size;
        // An object without a byte has one block too.
        let count = size.div_ceil(self.blocks.block()).max(1);
        (0..count).try_for_each(|number| self.block(number).map(drop))
    }

    /// The computation of the SHA-256 of the whole, of which no more is read than the last block.
    pub fn sha256(&mut self) -> Result<Hasher, DocumentsError> {
        let mut hasher = self
            .blocks
            .before_last()
            .ok()
            .ok_or(DocumentsError::Changed)?;
        while hasher.length() < self.object.size {
            let block = self.block(hasher.length() / self.blocks.block())?;
            hasher.update(&block);
        }
        Ok(hasher)
    }

    fn block(&mut self, number: u64) -> Result<Bytes, DocumentsError> {
        let known = self
            .remembered
            .iter()
            .position(|(known, _)| *known == number);
        let entry = if let Some(entry) = known.and_then(|index| self.remembered.remove(index)) {
            entry
        } else {
            let length = self.blocks.block();
            let block = self.object.fetch(number.saturating_mul(length), length)?;
            if let Some(sha256) = &self.sha256 {
                let same = self.blocks.check(number, &block, sha256);
                same.ok().ok_or(DocumentsError::Changed)?;
            }
            (number, block)
        };
        let bytes = entry.1.clone();
        self.remembered.push_front(entry);
        let most = usize::try_from(REMEMBERED / self.blocks.block()).unwrap_or(usize::MAX);
        self.remembered.truncate(most.max(2));
        Ok(bytes)
    }
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.object.size || buffer.is_empty() {
            return Ok(0);
        }
        let length = self.blocks.block();
        let block = self
            .block(self.position / length)
            .map_err(io::Error::other)?;
        let from = usize::try_from(self.position % length).map_err(io::Error::other)?;
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
    /// The length of all in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }
}

impl Iterator for Chunks {
    type Item = Result<Bytes, DocumentsError>;

    fn next(&mut self) -> Option<Self::Item> {
        let object = self.objects.front()?;
        let chunk = object.fetch(self.position, PART);
        let chunk = chunk.and_then(|chunk| self.judge(chunk));
        if chunk.is_err() {
            // Nothing more after a failure.
            self.objects.clear();
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
        if self
            .objects
            .front()
            .is_some_and(|object| self.position >= object.size)
        {
            self.objects.pop_front();
            self.position = 0;
        }
        if !self.objects.is_empty() {
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
        if until <= from {
            return Ok(Bytes::new());
        }
        let (documents, path) = match &self.place {
            Place::File(file) => return folder::read(file, from, until.saturating_sub(from)),
            Place::Elsewhere { documents, path } => (documents, path),
        };
        let fetched = documents
            .runtime
            .wait(documents.store()?.get_range(path, from..until));
        let bytes = fetched.map_err(DocumentsError::from_store)?;
        let whole = u64::try_from(bytes.len()) == Ok(until.saturating_sub(from));
        if whole {
            Ok(bytes)
        } else {
            Err(DocumentsError::Changed)
        }
    }
}
