//! What the HSM gave becomes files: each value is verified, embedded and stored.

use time::OffsetDateTime;

use super::super::document_fault::failure_of;
use super::lease::Hold;
use super::work::reason_of;
use super::{Failure, Fate, Halt, Service, Work, step};
use crate::activation::ActivationError;
use crate::ades::{Assembled, Original};
use crate::documents::{DocumentsError, Source};
use crate::domain::algorithm::{DigestAlgorithm, Hasher};
use crate::domain::key::SignatureValue;
use crate::domain::object_key::{InvalidObjectKey, ObjectKey};
use crate::domain::request::{Document, DocumentReason, SignedDocument};

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

/// A document as it has to be.
pub(super) fn source<'a>(document: &'a Document, key: &'a ObjectKey) -> Source<'a> {
    Source {
        key,
        size: document.size,
        sha256: &document.sha256,
    }
}

impl Service {
    /// Embeds each value, verified, and stores the signed file.
    pub(super) fn assemble(
        &self,
        hold: &Hold,
        work: &mut [Work],
        values: Vec<Result<SignatureValue, ActivationError>>,
    ) -> Result<(), Halt> {
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
                    let at = ready.signing_time;
                    match ready.assemble(value) {
                        Ok(assembled) => self.store_signed(&work.document, &assembled, at),
                        Err(error) => Fate::Failed(failure_of(&error)),
                    }
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
        Ok(())
    }

    fn store_signed(&self, document: &Document, assembled: &Assembled, at: OffsetDateTime) -> Fate {
        let key = signed_key(document);
        let included = match included(document, assembled) {
            Ok(included) => included,
            Err(failure) => return Fate::Failed(failure),
        };
        match self.inner.documents.assemble(
            included.as_ref().map(|key| source(document, key)),
            &assembled.prefix,
            &assembled.suffix,
            &key,
        ) {
            Ok(stored) => Fate::Signed(SignedDocument {
                object_key: Some(key.to_string()),
                size: stored.size,
                sha256: stored.sha256,
                signed_at: at,
            }),
            Err(error) => {
                tracing::error!(document = %document.id, error = %error, "a signed document was not stored");
                Fate::Failed(Failure::new(match error {
                    DocumentsError::Missing => DocumentReason::DocumentMissing,
                    DocumentsError::Changed => DocumentReason::DocumentChanged,
                    _ => DocumentReason::NotStored,
                }))
            }
        }
    }
}
