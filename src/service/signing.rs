//! Signs what a citizen approved: prepare, bind, intent, activate, assemble, store, mark, outcome.
//!
//! The order of the steps is what makes a stop between any two of them safe; [`crate::manual::design`] says what
//! each leaves behind. Each step is told to tracing under the target [`STEPS`], for people who follow a request and
//! for the tests that kill the process there.

use time::{Duration, OffsetDateTime};

use super::document_fault::failure_of;
use super::{Service, ServiceError};
use crate::activation::{ActivationError, Sad, SadLedger, SadLedgerError, Spending};
use crate::ades::{Assembled, CertificateChain, Original};
use crate::documents::{DocumentsError, Source};
use crate::domain::algorithm::{DigestAlgorithm, Hasher};
use crate::domain::app::App;
use crate::domain::credential::Credential;
use crate::domain::id::{CredentialId, RequestId, SadId};
use crate::domain::key::{SignatureValue, ToSign};
use crate::domain::object_key::ObjectKey;
use crate::domain::request::{
    Document, DocumentReason, Lease, RequestReason, RequestState, SignatureRequest, SignedDocument,
};
use crate::domain::secret::CitizenSecret;
use crate::journal::{self, DocumentEntry, DocumentResult, Entry, Event, FactorUsed, Outcome};
use crate::store::requests::Transition;
use crate::store::{self, Store, StoreError};

mod prepared;
mod recovery;

pub use recovery::Abandoned;

use prepared::Ready;

/// The target of the steps' events.
pub const STEPS: &str = "rubrica::signing";

/// For how long a node holds a request it signs. A node that is gone for longer has lost it.
const LEASE: Duration = Duration::minutes(10);
/// From how much of the lease being left on it is renewed.
const RENEWAL: Duration = Duration::minutes(5);
/// A SAD is used at once; what takes longer than this is not the act the citizen confirmed.
const SAD_LIFE: Duration = Duration::minutes(2);

/// What a citizen confirmed with both factors.
pub(super) struct Approved {
    /// The request, claimed by this node.
    pub(super) request: SignatureRequest,
    /// When it was claimed: the time written in the signatures.
    pub(super) at: OffsetDateTime,
    /// Its documents in order.
    pub(super) documents: Vec<Document>,
    /// Who asked.
    pub(super) app: App,
    /// What it is signed with.
    pub(super) credential: Credential,
    /// What only the two factors reveal.
    pub(super) secret: CitizenSecret,
}

/// One document on its way, with what has become of it so far.
struct Work {
    document: Document,
    fate: Fate,
}

enum Fate {
    Ready(Ready),
    Signed(SignedDocument),
    Failed(Failure),
}

/// Why one document is not signed; the others go on.
pub(super) struct Failure {
    pub(super) reason: DocumentReason,
    pub(super) detail: Option<String>,
}

impl Failure {
    fn new(reason: DocumentReason) -> Self {
        Self {
            reason,
            detail: None,
        }
    }

    fn of(reason: DocumentReason, error: &dyn std::error::Error) -> Self {
        Self {
            reason,
            detail: Some(error.to_string()),
        }
    }
}

impl Service {
    /// Claims a pending request for this node. `Missed` when somebody was first or its time is over.
    pub(super) fn claim(
        &self,
        request: &mut SignatureRequest,
        credential: CredentialId,
        now: OffsetDateTime,
    ) -> Result<Transition, ServiceError> {
        let lease = self.lease(now);
        let claimed = self.inner.store.write(|connection| {
            store::requests::claim(connection, request.id, credential, &lease, now)
        })?;
        if claimed == Transition::Done {
            request.state = RequestState::Signing;
            request.credential = Some(credential);
            request.lease = Some(lease);
            step("claimed");
        }
        Ok(claimed)
    }

    /// Signs every document that can be signed and ends the request.
    ///
    /// When the HSM is away before anything was signed, the request is given back and can be approved again; the
    /// SAD is spent all the same.
    pub(super) fn sign(&self, approved: Approved) -> Result<RequestState, ServiceError> {
        let chain = chain_of(&approved.credential)?;
        let Approved {
            request,
            at,
            documents,
            app,
            credential,
            secret,
        } = approved;
        let mut lease = request.lease.clone();
        let mut work = Vec::with_capacity(documents.len());
        for document in documents {
            let fate = match self.make_ready(&document, &chain, at) {
                Ok(ready) => Fate::Ready(ready),
                Err(prepared::Stopped::Document(failure)) => Fate::Failed(failure),
                Err(prepared::Stopped::Service(error)) => {
                    self.give_back(request.id)?;
                    return Err(error);
                }
            };
            work.push(Work { document, fate });
        }
        step("prepared");
        let about = |event| {
            Entry::new(event)
                .by(journal::Actor::Signer { id: request.signer })
                .request(request.id)
                .app(app.id, app.name.as_str())
                .signer(request.signer)
                .credential(
                    credential.id,
                    credential.public_key.algorithm(),
                    serial(&credential),
                )
                .factors(&[FactorUsed::Password, FactorUsed::SmsCode])
                .browser(self.browser.as_ref())
        };
        let mut used = None;
        let to_sign: Vec<ToSign> = work.iter().filter_map(Work::to_sign).collect();
        if !to_sign.is_empty() {
            let id: SadId = self.inner.ambient.id();
            used = Some(id);
            let sad = Sad::bind(
                id,
                request.signer,
                &credential,
                &to_sign,
                secret,
                at + SAD_LIFE,
            );
            let intent = about(Event::SignatureIntent)
                .sad(id)
                .outcome(Outcome::Intended)
                .documents(intended(&work));
            if let Err(error) = self.inner.journal.append(&[intent]) {
                self.give_back(request.id)?;
                return Err(error.into());
            }
            step("intent");
            let ledger = Ledger {
                store: &self.inner.store,
                request: request.id,
            };
            let activated = self
                .inner
                .activation
                .activate(sad, &credential, &to_sign, &ledger);
            let values = match activated.and_then(unless_all_lost) {
                Ok(values) => values,
                Err(error) => {
                    let refused = Outcome::Failed {
                        code: "hsm".to_owned(),
                    };
                    let outcome = about(Event::SignatureOutcome)
                        .sad(id)
                        .outcome(refused)
                        .detail(&error.to_string());
                    self.inner.journal.append(&[outcome])?;
                    self.give_back(request.id)?;
                    return Err(error.into());
                }
            };
            step("signed");
            self.assemble(&mut work, values, request.id, &mut lease)?;
        }
        self.mark(&work)?;
        step("marked");
        let (state, reason) = end_of(&work);
        let mut outcome = about(Event::SignatureOutcome)
            .outcome(outcome_of(&work))
            .documents(work.iter().map(Work::entry).collect());
        outcome.sad = used;
        self.inner.journal.append(&[outcome])?;
        step("outcome");
        self.finish(request.id, RequestState::Signing, state, reason)?;
        step("finished");
        count(&work, self.inner.ambient.now() - at);
        Ok(state)
    }
}

impl Service {
    /// Embeds each value, verified, and stores the signed file.
    fn assemble(
        &self,
        work: &mut [Work],
        values: Vec<Result<SignatureValue, ActivationError>>,
        request: RequestId,
        lease: &mut Option<Lease>,
    ) -> Result<(), ServiceError> {
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
            self.renew(request, lease)?;
        }
        Ok(())
    }

    fn store_signed(&self, document: &Document, assembled: &Assembled, at: OffsetDateTime) -> Fate {
        let key = signed_key(document);
        let original = match (assembled.original, &document.object_key) {
            (Original::Omitted, _) => None,
            (Original::Included, Some(key)) => Some(key),
            (Original::Included, None) => {
                return Fate::Failed(Failure::new(DocumentReason::DocumentMissing));
            }
        };
        let source = match original.map(|key| key.parse::<ObjectKey>()).transpose() {
            Ok(key) => key,
            Err(error) => {
                return Fate::Failed(Failure::of(DocumentReason::DocumentMissing, &error));
            }
        };
        let from = source.as_ref().map(|key| Source {
            key,
            sha256: &document.sha256,
        });
        match self
            .inner
            .documents
            .assemble(from, &assembled.prefix, &assembled.suffix, &key)
        {
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

    /// Says in one transaction what became of every document.
    fn mark(&self, work: &[Work]) -> Result<(), ServiceError> {
        Ok(self.inner.store.write(|connection| {
            for work in work {
                match &work.fate {
                    Fate::Signed(signed) => {
                        store::documents::mark_signed(connection, work.document.id, signed)?;
                    }
                    Fate::Failed(failure) => store::documents::mark_failed(
                        connection,
                        work.document.id,
                        failure.reason,
                        failure.detail.as_deref(),
                    )?,
                    Fate::Ready(_) => {}
                }
            }
            Ok::<_, StoreError>(())
        })?)
    }

    pub(super) fn finish(
        &self,
        request: RequestId,
        from: RequestState,
        to: RequestState,
        reason: Option<RequestReason>,
    ) -> Result<Transition, ServiceError> {
        let now = self.inner.ambient.now();
        Ok(self.inner.store.write(|connection| {
            store::requests::finish(connection, request, from, to, reason, now)
        })?)
    }

    /// Nothing was signed: the citizen may approve again.
    fn give_back(&self, request: RequestId) -> Result<(), ServiceError> {
        self.inner
            .store
            .write(|connection| store::requests::release(connection, request))?;
        step("given back");
        Ok(())
    }

    fn renew(&self, request: RequestId, held: &mut Option<Lease>) -> Result<(), ServiceError> {
        let now = self.inner.ambient.now();
        if held
            .as_ref()
            .is_none_or(|lease| lease.until - now > RENEWAL)
        {
            return Ok(());
        }
        let lease = self.lease(now);
        self.inner
            .store
            .write(|connection| store::requests::extend_lease(connection, request, &lease))?;
        *held = Some(lease);
        Ok(())
    }

    fn lease(&self, now: OffsetDateTime) -> Lease {
        Lease {
            node: self.inner.node.to_string(),
            until: now + LEASE,
        }
    }
}

impl Work {
    fn to_sign(&self) -> Option<ToSign> {
        match &self.fate {
            Fate::Ready(ready) => Some(ready.to_sign()),
            Fate::Signed(_) | Fate::Failed(_) => None,
        }
    }

    fn entry(&self) -> DocumentEntry {
        let to_sign = self.to_sign();
        DocumentEntry {
            id: self.document.id,
            sha256: self.document.sha256.clone(),
            size: self.document.size,
            format: self.document.options.format(),
            packaging: self.document.options.packaging(),
            scheme: to_sign.as_ref().map(|to_sign| to_sign.scheme),
            dtbs_r: to_sign.map(|to_sign| to_sign.dtbs_r.0),
            result: match &self.fate {
                Fate::Ready(_) => None,
                Fate::Signed(signed) => Some(DocumentResult::Signed {
                    sha256: signed.sha256.clone(),
                    size: signed.size,
                }),
                Fate::Failed(failure) => Some(DocumentResult::Failed {
                    reason: failure.reason,
                    detail: failure.detail.clone(),
                }),
            },
        }
    }
}

/// Writes each spent SAD into the database.
struct Ledger<'a> {
    store: &'a Store,
    request: RequestId,
}

impl SadLedger for Ledger<'_> {
    fn spend(&self, spending: Spending) -> Result<(), SadLedgerError> {
        let Spending {
            sad,
            credential,
            at,
        } = spending;
        let spent = self
            .store
            .write(|connection| store::sads::spend(connection, sad, self.request, credential, at));
        step("spent");
        match spent {
            Ok(()) => Ok(()),
            Err(StoreError::Conflict { .. }) => Err(SadLedgerError::AlreadySpent),
            Err(error) => Err(SadLedgerError::Unavailable(Box::new(error))),
        }
    }
}

/// Where a document's signed form is, or will be: known beforehand, so that a file stored just before a crash is
/// found again. The document's own key is random, so this one cannot be guessed either.
pub(super) fn signed_key(document: &Document) -> ObjectKey {
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

fn chain_of(credential: &Credential) -> Result<CertificateChain, ServiceError> {
    let certificates = credential
        .certification
        .as_ref()
        .map(|certification| certification.chain.clone())
        .unwrap_or_default();
    CertificateChain::from_der(certificates).map_err(ServiceError::Certificates)
}

/// The documents that the HSM will sign.
fn intended(work: &[Work]) -> Vec<DocumentEntry> {
    let ready = work.iter().filter(|work| work.to_sign().is_some());
    ready.map(Work::entry).collect()
}

/// The serial number of a credential's certificate.
fn serial(credential: &Credential) -> Option<&str> {
    credential
        .certification
        .as_ref()
        .map(|certification| certification.serial.as_str())
}

/// What a missing value means for its document.
fn reason_of(error: &ActivationError) -> DocumentReason {
    match error {
        ActivationError::BadSignature(_) => DocumentReason::SignatureNotVerified,
        error if error.is_temporary() => DocumentReason::HsmUnavailable,
        _ => DocumentReason::HsmRefused,
    }
}

/// When the HSM was lost before it gave a single value, that is the failure of the whole.
fn unless_all_lost(
    values: Vec<Result<SignatureValue, ActivationError>>,
) -> Result<Vec<Result<SignatureValue, ActivationError>>, ActivationError> {
    let lost = |value: &Result<_, ActivationError>| {
        value.as_ref().is_err_and(ActivationError::is_temporary)
    };
    if !values.iter().all(lost) {
        return Ok(values);
    }
    match values.into_iter().next() {
        Some(Err(error)) => Err(error),
        Some(Ok(_)) | None => Ok(Vec::new()),
    }
}

fn outcome_of(work: &[Work]) -> Outcome {
    match end_of(work) {
        (RequestState::Completed, None) => Outcome::Done,
        (_, reason) => Outcome::Failed {
            code: reason.map_or_else(String::new, |reason| reason.as_str().to_owned()),
        },
    }
}

fn count(work: &[Work], took: time::Duration) {
    metrics::histogram!("rubrica_signing_seconds").record(took.as_seconds_f64());
    for Work { document, fate } in work {
        let outcome = match fate {
            Fate::Signed(_) => "signed",
            Fate::Ready(_) | Fate::Failed(_) => "failed",
        };
        let format = document.options.format().as_str();
        metrics::counter!("rubrica_signatures_total", "format" => format, "outcome" => outcome)
            .increment(1);
    }
}

fn end_of(work: &[Work]) -> (RequestState, Option<RequestReason>) {
    let signed = work
        .iter()
        .filter(|work| matches!(work.fate, Fate::Signed(_)))
        .count();
    if signed == 0 {
        (RequestState::Failed, Some(RequestReason::NoDocumentSigned))
    } else if signed < work.len() {
        (
            RequestState::Completed,
            Some(RequestReason::SomeDocumentsFailed),
        )
    } else {
        (RequestState::Completed, None)
    }
}

fn step(name: &'static str) {
    tracing::debug!(target: STEPS, step = name);
}
