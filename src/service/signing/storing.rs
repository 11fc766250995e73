//! What the HSM gave becomes files: each value, verified, is embedded and stored, and many are made durable together.

use std::error::Error;

use time::OffsetDateTime;

use super::super::document_fault::failure_of;
use super::lease::Hold;
use super::work::reason_of;
use super::{Failure, Fate, Halt, Service, Work, step};
use crate::activation::ActivationError;
use crate::ades::{Assembled, Original};
use crate::documents::{Batch, DocumentsError, Measured, Source};
use crate::domain::algorithm::{DigestAlgorithm, Hasher};
use crate::domain::key::VerifiedValue;
use crate::domain::object_key::{InvalidObjectKey, ObjectKey};
use crate::domain::request::{Document, DocumentReason, Kept, SignedDocument};
use crate::hsm::HsmError;

/// Where a document's signed form is, or will be: known beforehand, so that a file stored just before a crash is
/// found again. The document's own key is random, so this one cannot be guessed either.
pub(in crate::service) fn signed_key(document: &Document) -> ObjectKey {
    let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
    hasher.update(b"rubrica signed document 1");
    hasher.update(document.id.as_bytes());
    hasher.update(
        document
            .object_key
            .as_deref()
            .unwrap_or_default()
            .as_bytes(),
    );
    let digest = hasher.finish();
    ObjectKey::from_random(digest.bytes().first_chunk().copied().unwrap_or_default())
}

/// Where the document is that goes into its signed form, when it does.
pub(super) fn included(
    document: &Document,
    assembled: &Assembled,
) -> Result<Option<ObjectKey>, Failure> {
    let missing = || Failure::new(DocumentReason::DocumentMissing);
    match assembled.original {
        Original::Omitted => Ok(None),
        Original::Included => {
            let key = document.object_key.as_deref().ok_or_else(missing)?;
            let key = key.parse().map_err(|error: InvalidObjectKey| {
                Failure::of(DocumentReason::DocumentMissing, &error)
            })?;
            Ok(Some(key))
        }
    }
}

/// What an original is with its tail behind it.
pub(super) fn followed(mut original: Hasher, tail: &[u8]) -> Measured {
    original.update(tail);
    Measured {
        size: original.length(),
        sha256: original.finish(),
    }
}

/// A document as it has to be.
pub(super) fn source<'a>(document: &'a Document, key: &'a ObjectKey) -> Source<'a> {
    Source {
        key,
        size: document.size,
        sha256: &document.sha256,
    }
}

/// The documents whose values come, in whichever order.
pub(super) struct Storing<'a> {
    service: &'a Service,
    hold: &'a Hold,
    work: &'a mut [Work],
    /// Which of them each value is for.
    places: Vec<usize>,
    /// Those that have no value, and why.
    without: Vec<(usize, ActivationError)>,
    has_begun: bool,
    files: Batch,
    /// The first failure of the store that may pass.
    not_stored: Option<DocumentsError>,
    halt: Option<Halt>,
}

impl<'a> Storing<'a> {
    /// For those that are ready.
    pub(super) fn new(service: &'a Service, hold: &'a Hold, work: &'a mut [Work]) -> Self {
        let ready = work.iter().enumerate();
        let ready = ready.filter(|(_, work)| work.to_sign().is_some());
        let places: Vec<_> = ready.map(|(place, _)| place).collect();
        Self {
            service,
            hold,
            files: service.inner.documents.batch(places.len()),
            places,
            work,
            without: Vec::new(),
            has_begun: false,
            not_stored: None,
            halt: None,
        }
    }

    /// Embeds a value and stores the signed file.
    pub(super) fn take(&mut self, place: usize, value: Result<VerifiedValue, ActivationError>) {
        let value = match value {
            Ok(value) => value,
            Err(error) => return self.without.push((place, error)),
        };
        self.begin();
        // Whoever has the request now says what becomes of the others.
        if self.halt.is_some() {
            return;
        }
        let Some(work) = self
            .places
            .get(place)
            .and_then(|place| self.work.get_mut(*place))
        else {
            return;
        };
        let fate = std::mem::replace(
            &mut work.fate,
            Fate::Failed(Failure::new(DocumentReason::InternalError)),
        );
        let Fate::Ready(ready) = fate else {
            work.fate = fate;
            return;
        };
        let (at, original) = (ready.signing_time, ready.original.clone());
        let stored = ready.assemble(value).map(|assembled| {
            store_signed(&mut self.files, &work.document, &assembled, original, at)
        });
        work.fate = match stored {
            Ok(Ok(fate)) => fate,
            Ok(Err(error)) => {
                self.not_stored.get_or_insert(error);
                Fate::Failed(Failure::new(DocumentReason::NotStored))
            }
            Err(error) => Fate::Failed(failure_of(&error)),
        };
        step("stored");
        self.halt = self.hold.check().err();
        // The HSM goes on meanwhile.
        if self.files.is_full() && self.halt.is_none() {
            self.flush();
        }
    }

    /// Makes durable what is written. What cannot be made so is not stored.
    fn flush(&mut self) {
        for (key, error) in self.files.flush() {
            let is_its = |work: &&mut Work| signed_key(&work.document) == key;
            let Some(work) = self.work.iter_mut().find(is_its) else {
                continue;
            };
            not_stored(&work.document, &error);
            work.fate = Fate::Failed(Failure::new(DocumentReason::NotStored));
            self.not_stored.get_or_insert(error);
            // Whoever has taken the request over meanwhile may count the file.
            if self.hold.check().is_err() {
                continue;
            }
            // Should this fail: no row knows the file, so it goes with what else was left behind.
            if let Err(error) = self.service.inner.documents.delete(&key) {
                tracing::warn!(%error, %key, "a file that could not be flushed stays behind");
            }
        }
    }

    /// When the HSM gave not a single value and what kept it may pass, that is the failure of the whole: the citizen may
    /// approve again. Values that were made are kept, whatever became of the others: nobody should have to approve twice
    /// what is signed.
    pub(super) fn finish(&mut self) -> Result<(), ActivationError> {
        if !self.has_begun
            && let Some(place) = self
                .without
                .iter()
                .position(|(_, error)| error.is_temporary())
        {
            return Err(self.without.swap_remove(place).1);
        }
        self.begin();
        let mut not_reached = 0_u32;
        for (place, error) in self.without.drain(..) {
            let work = self.places.get(place);
            let Some(work) = work.and_then(|place| self.work.get_mut(*place)) else {
                continue;
            };
            work.fate = Fate::Failed(Failure::new(reason_of(&error)));
            // One line tells of all of them.
            if let ActivationError::Hsm(HsmError::NotReached(_)) = error {
                not_reached += 1;
            } else {
                tracing::error!(request = %self.hold.request(), document = %work.document.id, %error, "the HSM did not sign a document");
            }
            step("stored");
        }
        if not_reached > 0 {
            tracing::error!(request = %self.hold.request(), documents = not_reached, "the HSM was lost before it signed these");
        }
        Ok(())
    }

    /// The first failure of the store that may pass, unless somebody else has the request. What is stored is durable.
    pub(super) fn outcome(mut self) -> Result<Option<DocumentsError>, Halt> {
        self.hold.check()?;
        self.flush();
        step("flushed");
        self.hold.check()?;
        match self.halt {
            Some(halt) => Err(halt),
            None => Ok(self.not_stored),
        }
    }

    fn begin(&mut self) {
        if !self.has_begun {
            self.has_begun = true;
            step("signed");
        }
    }
}

/// Writes a signed file.
fn store_signed(
    files: &mut Batch,
    document: &Document,
    assembled: &Assembled,
    original: Option<Hasher>,
    at: OffsetDateTime,
) -> Result<Fate, DocumentsError> {
    let key = signed_key(document);
    if let Some(original) = original {
        let stored = store_tail(files, &assembled.suffix, original, &key);
        return fate_of_stored(document, stored, Kept::Tail, at);
    }
    let included = match included(document, assembled) {
        Ok(included) => included,
        Err(failure) => return Ok(Fate::Failed(failure)),
    };
    let stored = files.assemble(
        included.as_ref().map(|key| source(document, key)),
        &assembled.prefix,
        &assembled.suffix,
        &key,
    );
    fate_of_stored(document, stored, Kept::Whole, at)
}

/// Stores what follows the original, and tells what both are together.
fn store_tail(
    files: &mut Batch,
    tail: &[u8],
    original: Hasher,
    key: &ObjectKey,
) -> Result<Measured, DocumentsError> {
    files.put(key, &mut &*tail, u64::MAX, &mut [])?;
    Ok(followed(original, tail))
}

/// What has become of a document that was, or was not, stored in its signed form.
fn fate_of_stored(
    document: &Document,
    stored: Result<Measured, DocumentsError>,
    kept: Kept,
    at: OffsetDateTime,
) -> Result<Fate, DocumentsError> {
    match stored {
        Ok(stored) => Ok(Fate::Signed(SignedDocument {
            object_key: Some(signed_key(document).to_string()),
            kept,
            size: stored.size,
            sha256: stored.sha256,
            signed_at: at,
        })),
        Err(error) => {
            not_stored(document, &error);
            match error {
                DocumentsError::Missing => {
                    Ok(Fate::Failed(Failure::new(DocumentReason::DocumentMissing)))
                }
                DocumentsError::Changed => {
                    Ok(Fate::Failed(Failure::new(DocumentReason::DocumentChanged)))
                }
                error => Err(error),
            }
        }
    }
}

/// Tells the log of a signed form that is not on the disk.
pub(super) fn not_stored(document: &Document, error: &DocumentsError) {
    let cause = error.source().map(ToString::to_string);
    tracing::error!(request = %document.request, document = %document.id, %error, cause, "a signed document was not stored");
}
