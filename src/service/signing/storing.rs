//! What the HSM gave becomes files: each value is verified, embedded and stored.

use std::error::Error;

use time::OffsetDateTime;

use super::super::document_fault::failure_of;
use super::lease::Hold;
use super::work::reason_of;
use super::{Failure, Fate, Halt, Service, Work, step};
use crate::activation::ActivationError;
use crate::ades::{Assembled, Original};
use crate::documents::{DocumentsError, Measured, Source};
use crate::domain::algorithm::{DigestAlgorithm, Hasher};
use crate::domain::key::SignatureValue;
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

impl Service {
    /// Embeds each value, verified, and stores the signed file. Gives the first failure of the store that may pass.
    pub(super) fn assemble(
        &self,
        hold: &Hold,
        work: &mut [Work],
        values: Vec<Result<SignatureValue, ActivationError>>,
    ) -> Result<Option<DocumentsError>, Halt> {
        let mut not_stored = None;
        let mut not_reached = 0_u32;
        let mut values = values.into_iter();
        for work in work.iter_mut() {
            let fate = std::mem::replace(
                &mut work.fate,
                Fate::Failed(Failure::new(DocumentReason::InternalError)),
            );
            let Fate::Ready(ready) = fate else {
                work.fate = fate;
                continue;
            };
            work.fate = match values.next() {
                Some(Ok(value)) => {
                    let (at, original) = (ready.signing_time, ready.original.clone());
                    let stored = ready.assemble(value).map(|assembled| {
                        self.store_signed(&work.document, &assembled, original, at)
                    });
                    match stored {
                        Ok(Ok(fate)) => fate,
                        Ok(Err(error)) => {
                            not_stored.get_or_insert(error);
                            Fate::Failed(Failure::new(DocumentReason::NotStored))
                        }
                        Err(error) => Fate::Failed(failure_of(&error)),
                    }
                }
                // One line tells of all of them.
                Some(Err(error @ ActivationError::Hsm(HsmError::NotReached(_)))) => {
                    not_reached += 1;
                    Fate::Failed(Failure::new(reason_of(&error)))
                }
                Some(Err(error)) => {
                    tracing::error!(document = %work.document.id, error = %error, "the HSM did not sign a document");
                    Fate::Failed(Failure::new(reason_of(&error)))
                }
                None => Fate::Failed(Failure::new(DocumentReason::InternalError)),
            };
            step("stored");
            hold.check()?;
        }
        if not_reached > 0 {
            tracing::error!(request = %hold.request(), documents = not_reached, "the HSM was lost before it signed these");
        }
        Ok(not_stored)
    }

    fn store_signed(
        &self,
        document: &Document,
        assembled: &Assembled,
        original: Option<Hasher>,
        at: OffsetDateTime,
    ) -> Result<Fate, DocumentsError> {
        let key = signed_key(document);
        if let Some(original) = original {
            let stored = self.store_tail(&assembled.suffix, original, &key);
            return fate_of_stored(document, stored, Kept::Tail, at);
        }
        let included = match included(document, assembled) {
            Ok(included) => included,
            Err(failure) => return Ok(Fate::Failed(failure)),
        };
        let stored = self.inner.documents.assemble(
            included.as_ref().map(|key| source(document, key)),
            &assembled.prefix,
            &assembled.suffix,
            &key,
        );
        fate_of_stored(document, stored, Kept::Whole, at)
    }

    /// Stores what follows the original, and tells what both are together.
    fn store_tail(
        &self,
        tail: &[u8],
        original: Hasher,
        key: &ObjectKey,
    ) -> Result<Measured, DocumentsError> {
        let limit = u64::MAX;
        self.inner.documents.put(key, &mut &*tail, limit, &mut [])?;
        Ok(followed(original, tail))
    }
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
            let cause = error.source().map(ToString::to_string);
            tracing::error!(document = %document.id, %error, cause, "a signed document was not stored");
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
