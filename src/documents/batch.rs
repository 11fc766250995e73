//! Objects that are needed at the same time.

use std::io::Read;
use std::mem;

use super::{Documents, DocumentsError, Measured, ObjectKey, Source, Stored};
use crate::domain::algorithm::Hasher;

/// From so many files on they are made durable together. A single signature does not wait for what others have written.
const MANY: usize = 4;
/// Most files that wait to be made durable, and most bytes in them: others may have to wait until all of that is on the
/// disk.
const MOST_FILES: usize = 64;
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Objects that are written one after the other. Of a few each is durable when it is written; many are when they are
/// [flushed](Self::flush). In a bucket each is at once.
pub struct Batch {
    documents: Documents,
    unflushed: Vec<ObjectKey>,
    bytes: u64,
}

impl Batch {
    /// Of so many objects.
    pub(super) fn new(documents: &Documents, count: usize) -> Self {
        let mut documents = documents.clone();
        documents.is_flushed_later = count >= MANY && documents.folder.is_some();
        Self {
            documents,
            unflushed: Vec::new(),
            bytes: 0,
        }
    }

    /// As [`Documents::put`].
    pub fn put(
        &mut self,
        key: &ObjectKey,
        reader: &mut dyn Read,
        limit: u64,
        hashers: &mut [Hasher],
    ) -> Result<Stored, DocumentsError> {
        let stored = self.documents.put(key, reader, limit, hashers)?;
        self.note(key, stored.size);
        Ok(stored)
    }

    /// As [`Documents::assemble`].
    pub fn assemble(
        &mut self,
        from: Option<Source<'_>>,
        prefix: &[u8],
        suffix: &[u8],
        to: &ObjectKey,
    ) -> Result<Measured, DocumentsError> {
        let whole = self.documents.assemble(from, prefix, suffix, to)?;
        self.note(to, whole.size);
        Ok(whole)
    }

    fn note(&mut self, key: &ObjectKey, size: u64) {
        if self.documents.is_flushed_later {
            self.unflushed.push(*key);
            self.bytes = self.bytes.saturating_add(size);
        }
    }

    /// Whether so much was written that it is time to make it durable.
    pub fn is_full(&self) -> bool {
        self.unflushed.len() >= MOST_FILES || self.bytes >= MOST_BYTES
    }

    /// Makes all durable that was written. Gives those that could not be made so.
    pub fn flush(&mut self) -> Vec<(ObjectKey, DocumentsError)> {
        self.bytes = 0;
        let keys = mem::take(&mut self.unflushed);
        let flushed = self.documents.flush_together(&keys);
        keys.into_iter()
            .zip(flushed)
            .filter_map(|(key, flushed)| Some((key, flushed.err()?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::documents::Settings;

    fn in_a_folder() -> (Documents, TempDir) {
        let place = tempfile::tempdir().unwrap();
        let settings = Settings::Folder(place.path().join("documents"));
        Documents::set_up(&settings).unwrap();
        (Documents::new(&settings).unwrap(), place)
    }

    #[test]
    fn a_few_files_are_durable_at_once_and_many_are_flushed_before_they_are_too_many() {
        let (documents, _place) = in_a_folder();
        let put = |batch: &mut Batch, number: u8, bytes: &[u8]| {
            let key = ObjectKey::from_random([number; 16]);
            batch.put(&key, &mut &*bytes, u64::MAX, &mut []).unwrap();
        };
        let mut few = documents.batch(MANY - 1);
        let mut many = documents.batch(MANY);
        for number in 0..64 {
            assert!(!many.is_full());
            put(&mut few, number, b"a");
            put(&mut many, number + 64, b"a");
            assert!(few.unflushed.is_empty());
            assert_eq!(many.unflushed.len(), usize::from(number) + 1);
        }
        assert!(many.is_full());
        assert!(many.flush().is_empty());
        assert!(!many.is_full() && many.unflushed.is_empty());
        many.bytes = MOST_BYTES - 1;
        put(&mut many, 128, b"a");
        assert!(many.is_full());
    }

    #[test]
    fn what_could_not_be_made_durable_is_told() {
        let (documents, _place) = in_a_folder();
        let mut batch = documents.batch(MANY);
        let keys = [1, 2, 3].map(|number| ObjectKey::from_random([number; 16]));
        for key in &keys {
            batch.put(key, &mut &b"a"[..], 1, &mut []).unwrap();
        }
        documents.delete(&keys[1]).unwrap();
        let failed = batch.flush();
        assert!(
            matches!(failed.as_slice(), [(key, DocumentsError::Missing)] if *key == keys[1]),
            "{failed:?}"
        );
        assert!(batch.flush().is_empty());
    }
}
