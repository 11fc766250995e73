//! Ends what a stopped process left in the middle of signing.
//!
//! A SAD counts once, so nothing is signed again. While none was spent by the claim that stopped, nothing can have been
//! signed: the request goes back to the citizen. Otherwise a file that was stored is found under its known key. Whoever
//! can write to the document store can put another one there, so it counts only when it is, byte for byte, what signing
//! makes of the document and a value that verifies; what does not fit is deleted. What was not stored is failed. Running
//! this twice, or on two nodes at once, does no harm.

use time::OffsetDateTime;

use super::super::{Service, ServiceError};
use super::prepared::{Stopped, unreadable};
use super::storing::{followed, included, not_stored, source};
use super::{Failure, Fate, Hold, Work, chain_of, end_of, outcome_of, signed_key, step};
use crate::ades::CertificateChain;
use crate::documents::{DocumentsError, Measured};
use crate::domain::algorithm::{DigestAlgorithm, Hasher};
use crate::domain::object_key::ObjectKey;
use crate::domain::request::{
    Document, DocumentReason, DocumentState, Kept, RequestReason, SignatureRequest, SignedDocument,
};
use crate::journal::{Entry, Event, Outcome};
use crate::store;
use crate::store::requests::Transition;

/// Told of a document in whose place something else lay.
const NOT_ITS_SIGNATURE: &str =
    "What lay in the place of the signed document was not its signature; it was deleted.";

impl Service {
    /// Ends requests whose process gave no sign of life until its lease ran out, and gives how many there were. One
    /// that cannot be ended now keeps no other from its turn; it is tried again when this lease has run out.
    pub fn recover(&self) -> Result<usize, ServiceError> {
        let now = self.inner.ambient.now();
        let abandoned = self
            .inner
            .store
            .read(|connection| store::requests::abandoned(connection, now))?;
        let mut ended = 0;
        for request in abandoned {
            match self.take_over(&request) {
                Ok(Transition::Done) => ended += 1,
                Ok(Transition::Missed) => {}
                Err(error) => {
                    tracing::error!(request = %request.id, %error, "a request left in the middle of signing cannot be ended");
                }
            }
        }
        Ok(ended)
    }

    fn take_over(&self, request: &SignatureRequest) -> Result<Transition, ServiceError> {
        let Some(lapsed) = &request.lease else {
            return Ok(Transition::Missed);
        };
        let lease = self.lease(self.inner.ambient.now());
        let taken = self
            .inner
            .store
            .write(|connection| store::requests::take_over(connection, request, &lease))?;
        if taken == Transition::Missed {
            return Ok(taken);
        }
        let hold = Hold::keep(self, request.id, lease.holder);
        step("taken over");
        // Read after the lease was taken: from then on nobody else spends a SAD for this request.
        let (spent, documents) = self.inner.store.read(|connection| {
            let spent = store::sads::any_by(connection, lapsed.claim)?;
            let documents = store::documents::of_request(connection, request.id)?;
            Ok::<_, ServiceError>((spent, documents))
        })?;
        if spent {
            self.end_abandoned(request, &hold, documents)
        } else {
            self.return_unsigned(request, &hold)
        }
    }

    /// The stop came before the HSM was asked for anything.
    fn return_unsigned(
        &self,
        request: &SignatureRequest,
        hold: &Hold,
    ) -> Result<Transition, ServiceError> {
        let entry = self
            .found(request)?
            .outcome(Outcome::Failed {
                code: RequestReason::Interrupted.as_str().to_owned(),
            })
            .detail("found after a stop: no SAD was spent and nothing was signed; the request waits for approval again");
        self.inner.journal.append(&[entry])?;
        step("told");
        let released = self.give_back(hold, Some(RequestReason::ApprovalInterrupted))?;
        tracing::warn!(request = %request.id, "a request left before anything was signed waits for approval again");
        Ok(released)
    }

    fn end_abandoned(
        &self,
        request: &SignatureRequest,
        hold: &Hold,
        documents: Vec<Document>,
    ) -> Result<Transition, ServiceError> {
        let chain = self.chain_of_request(request)?;
        let mut work = Vec::with_capacity(documents.len());
        let (mut found, mut to_delete) = (Vec::new(), Vec::new());
        for document in documents {
            let fate = match self.fate_before(&document, request, chain.as_ref())? {
                Found::Fate(fate) => fate,
                Found::Signed(signed, key) => {
                    found.push((work.len(), key));
                    Fate::Signed(signed)
                }
                Found::Strange(key) => {
                    to_delete.push(key);
                    Fate::Failed(Failure {
                        reason: DocumentReason::Interrupted,
                        detail: Some(NOT_ITS_SIGNATURE.to_owned()),
                    })
                }
            };
            work.push(Work { document, fate });
        }
        step("found");
        self.make_durable(found, &mut work, &mut to_delete)?;
        let (state, reason) = end_of(&work);
        let reason = reason.map(|_| RequestReason::Interrupted);
        let entry = self
            .found(request)?
            .outcome(outcome_of(&work))
            .documents(work.iter().map(Work::entry).collect())
            .detail("found after a stop");
        let ended = self.end(hold, &work, state, reason, entry)?;
        if ended == Transition::Missed {
            return Ok(ended);
        }
        step("recovered");
        for key in &to_delete {
            // Should this fail: no row knows the object, so it goes with what else was left behind.
            if let Err(error) = self.inner.documents.delete(key) {
                tracing::error!(%key, %error, "a file that does not count as a signed document cannot be deleted");
            }
        }
        tracing::warn!(request = %request.id, %state, "a request left in the middle of signing was ended");
        Ok(ended)
    }

    /// The process may have stopped before the files it had written were durable. One that cannot be made so does not count:
    /// a second try might not tell.
    fn make_durable(
        &self,
        found: Vec<(usize, ObjectKey)>,
        work: &mut [Work],
        to_delete: &mut Vec<ObjectKey>,
    ) -> Result<(), ServiceError> {
        let flushed = self.inner.documents.flush(found.iter().map(|(_, key)| key));
        for ((place, key), flushed) in found.into_iter().zip(flushed) {
            let (Err(error), Some(work)) = (flushed, work.get_mut(place)) else {
                continue;
            };
            if let DocumentsError::Away = error {
                return Err(error.into());
            }
            not_stored(&work.document, &error);
            work.fate = Fate::Failed(Failure::new(DocumentReason::NotStored));
            to_delete.push(key);
        }
        Ok(())
    }

    fn found(&self, request: &SignatureRequest) -> Result<Entry, ServiceError> {
        let entry = self.about(request, Event::SignatureOutcome)?;
        Ok(Entry {
            credential: request.credential,
            ..entry
        })
    }

    /// What the request's signatures were made with; `None` when that can no longer be told.
    fn chain_of_request(
        &self,
        request: &SignatureRequest,
    ) -> Result<Option<CertificateChain>, ServiceError> {
        let Some(credential) = request.credential else {
            return Ok(None);
        };
        let credential = self
            .inner
            .store
            .read(|connection| store::credentials::find(connection, credential))?;
        Ok(credential.and_then(|credential| chain_of(&credential).ok()))
    }

    /// What became of one document before the stop.
    fn fate_before(
        &self,
        document: &Document,
        request: &SignatureRequest,
        chain: Option<&CertificateChain>,
    ) -> Result<Found, ServiceError> {
        match (document.state, &document.signed) {
            (DocumentState::Signed, Some(signed)) => {
                return Ok(Found::Fate(Fate::Signed(signed.clone())));
            }
            (DocumentState::Failed, _) => {
                let reason = document.reason.unwrap_or(DocumentReason::Interrupted);
                return Ok(Found::Fate(Fate::Failed(Failure {
                    reason,
                    detail: document.detail.clone(),
                })));
            }
            (DocumentState::Signed | DocumentState::Waiting | DocumentState::NotSigned, _) => {}
        }
        let key = signed_key(document);
        let Some(lies) = self.inner.documents.measure(&key)? else {
            let failure = Failure::new(DocumentReason::Interrupted);
            return Ok(Found::Fate(Fate::Failed(failure)));
        };
        let recognised = match (chain, request.approved_at) {
            (Some(chain), Some(at)) => self.recognised_file(document, chain, at, &key)?,
            _ => None,
        };
        match recognised {
            Some(Recognised { object, signed }) if object == lies => Ok(Found::Signed(signed, key)),
            _ => {
                let (size, sha256) = (lies.size, lies.sha256.to_hex());
                tracing::error!(request = %document.request, document = %document.id, %key, size, sha256, "in the place of a signed document lies something else");
                Ok(Found::Strange(key))
            }
        }
    }

    /// What the signed form of a document is when it holds the value that this file holds; `None` when it holds none
    /// that verifies.
    fn recognised_file(
        &self,
        document: &Document,
        chain: &CertificateChain,
        at: OffsetDateTime,
        key: &ObjectKey,
    ) -> Result<Option<Recognised>, ServiceError> {
        let ready = match self.make_ready(document, chain, at) {
            Ok(ready) => ready,
            Err(stopped) => return nothing(stopped),
        };
        let Some(mut file) = self.inner.documents.open(key)? else {
            return Ok(None);
        };
        let value = match ready.value_in(&mut file) {
            Ok(Some(value)) => value,
            Ok(None) => return Ok(None),
            Err(error) => return nothing(unreadable(error)),
        };
        let original = ready.original.clone();
        let Ok(assembled) = ready.assemble(value) else {
            return Ok(None);
        };
        let signed = |kept, whole: Measured| SignedDocument {
            object_key: Some(key.to_string()),
            kept,
            size: whole.size,
            sha256: whole.sha256,
            signed_at: at,
        };
        if let Some(original) = original {
            let nothing = Hasher::new(DigestAlgorithm::Sha256);
            return Ok(Some(Recognised {
                object: followed(nothing, &assembled.suffix),
                signed: signed(Kept::Tail, followed(original, &assembled.suffix)),
            }));
        }
        let Ok(included) = included(document, &assembled) else {
            return Ok(None);
        };
        let from = included.as_ref().map(|key| source(document, key));
        match self
            .inner
            .documents
            .would_assemble(from, &assembled.prefix, &assembled.suffix)
        {
            Ok(whole) => Ok(Some(Recognised {
                object: whole.clone(),
                signed: signed(Kept::Whole, whole),
            })),
            Err(DocumentsError::Missing | DocumentsError::Changed) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// What there is of a document.
enum Found {
    /// What became of it.
    Fate(Fate),
    /// Its signed form lies under its key, and may not be durable.
    Signed(SignedDocument, ObjectKey),
    /// Under its key lies what is not its signature.
    Strange(ObjectKey),
}

/// What signing makes of a document and a value.
struct Recognised {
    /// What must lie under its key.
    object: Measured,
    signed: SignedDocument,
}

/// What stands in the document's own way says that no file is its signature; what stands in the service's way says
/// nothing.
fn nothing(stopped: Stopped) -> Result<Option<Recognised>, ServiceError> {
    match stopped {
        Stopped::Document(_) => Ok(None),
        Stopped::Service(error) => Err(error),
    }
}
