//! What apps do with signature requests: make, see, cancel, fetch. Making one is in [`Draft`].
//!
//! Every function looks whether the request is the app's own; another app's request is answered as if there
//! were none.

use std::time::Duration;

use time::OffsetDateTime;
use url::Url;

use super::journaled;
use super::{Service, ServiceError};
use crate::auth::{Authorized, op};
use crate::documents::DocumentsError;
use crate::domain::algorithm::{Digest, DigestAlgorithm, Padding};
use crate::domain::document::{Format, Packaging};
use crate::domain::fingerprint::Fingerprint;
use crate::domain::id::{AppId, DocumentId, RequestId};
use crate::domain::language::Language;
use crate::domain::object_key::{InvalidObjectKey, ObjectKey};
use crate::domain::request::{
    CadesOptions, Document, DocumentReason, DocumentState, Idempotency, Kept, PadesOptions,
    RequestReason, RequestState, SignatureRequest, SignedDocument,
};
use crate::domain::secret::SecretText;
use crate::journal::{Entry, Event};
use crate::store::requests::{self, Transition};
use crate::store::{AnyConnection, StoreError, credentials, documents};

mod draft;
mod inspection;
mod validation;

pub use draft::{Created, Draft, Novelty};

/// What an app asks for, before it is checked.
#[derive(Debug, Clone)]
pub struct NewRequest {
    /// DNI or NIE of who is to sign.
    pub signer: SecretText,
    /// What the app calls the request, shown to the signer.
    pub title: Option<String>,
    /// The language of pages and SMS; the signer's own when not given.
    pub language: Option<Language>,
    /// How long it can be approved; the configured time when not given.
    pub lifetime: Option<Duration>,
    /// Where the signer's browser goes at the end.
    pub return_url: Option<String>,
    /// The documents, whose bytes follow in the same order.
    pub documents: Vec<NewDocument>,
    /// How to tell a repetition from a second request.
    pub idempotency: Option<Idempotency>,
}

/// What an app asks for with one document, before it is checked.
#[derive(Debug, Clone, Default)]
pub struct NewDocument {
    /// File name.
    pub name: String,
    /// What the app calls it, shown to the signer.
    pub title: Option<String>,
    /// Media type; told by the name when not given.
    pub media_type: Option<String>,
    /// Signature format; told by the media type when not given.
    pub format: Option<Format>,
    /// Where a CAdES signature keeps the document.
    pub packaging: Option<Packaging>,
    /// Digest that is signed; the usual one for the signer's key when not given.
    pub digest: Option<DigestAlgorithm>,
    /// Padding; the usual one for the signer's key when not given.
    pub padding: Option<Padding>,
    /// Choices for PAdES.
    pub pades: Option<PadesOptions>,
    /// Choices for CAdES.
    pub cades: Option<CadesOptions>,
}

/// A request as its app may see it.
#[derive(Debug, Clone)]
pub struct RequestView {
    /// The request. One that nobody approved in time is [`RequestState::Expired`] here from that moment on.
    pub request: SignatureRequest,
    /// Its documents in their order.
    pub documents: Vec<Document>,
    /// What the SMS and the page show.
    pub fingerprint: Fingerprint,
    /// Where the signer approves it.
    pub approval_url: Url,
    /// The signer's certificate and its chain in DER, once something is signed.
    pub chain: Vec<Vec<u8>>,
}

/// One signed document, on its way to its app.
pub struct SignedContent {
    /// File name.
    pub name: String,
    /// Media type.
    pub media_type: &'static str,
    /// Length in bytes.
    pub size: u64,
    /// SHA-256 over it.
    pub sha256: Digest,
    /// Its bytes, when they were wanted. The last of them come only when all are what was signed.
    pub chunks: Option<SignedChunks>,
}

pub use crate::documents::Chunks as SignedChunks;

/// What is wanted of a signed document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// To know what there is.
    Description,
    /// To have it.
    Bytes,
}

impl Service {
    /// One of the app's requests.
    pub fn request(
        &self,
        authorized: &Authorized<op::ReadRequest>,
        id: RequestId,
    ) -> Result<RequestView, ServiceError> {
        self.inner
            .store
            .read(|connection| self.view(connection, authorized.app(), id))
    }

    /// The app's requests, the newest first: those made before `before`, at most `most`.
    pub fn requests(
        &self,
        authorized: &Authorized<op::ReadRequest>,
        before: Option<RequestId>,
        most: u32,
    ) -> Result<Vec<SignatureRequest>, ServiceError> {
        let Some(app) = authorized.app() else {
            return Ok(Vec::new());
        };
        let now = self.inner.ambient.now();
        let found = self
            .inner
            .store
            .read(|connection| requests::list(connection, app, before, i64::from(most)))?;
        Ok::<_, ServiceError>(
            found
                .into_iter()
                .map(|request| seen(request, now))
                .collect(),
        )
    }

    /// Takes a request back. One that is cancelled already stays so; one that is being signed or has ended
    /// otherwise cannot be.
    pub fn cancel_request(
        &self,
        authorized: &Authorized<op::CancelRequest>,
        id: RequestId,
    ) -> Result<RequestView, ServiceError> {
        let before = self
            .inner
            .store
            .read(|connection| self.view(connection, authorized.app(), id))?;
        match before.request.state {
            RequestState::Cancelled => return Ok(before),
            RequestState::Pending => {}
            state @ (RequestState::Signing
            | RequestState::Completed
            | RequestState::Refused
            | RequestState::Expired
            | RequestState::Failed) => return Err(ServiceError::RequestState { state }),
        }
        let entry = journaled::by_app(Event::RequestCancelled, authorized.actor(), &before.request);
        let transition = self.end_pending(
            id,
            RequestState::Cancelled,
            RequestReason::CancelledByApp,
            entry,
        )?;
        let after = self
            .inner
            .store
            .read(|connection| self.view(connection, authorized.app(), id))?;
        match transition {
            Transition::Done => Ok(after),
            Transition::Missed if after.request.state == RequestState::Cancelled => Ok(after),
            Transition::Missed => Err(ServiceError::RequestState {
                state: after.request.state,
            }),
        }
    }

    /// Opens the signed form of one of the app's documents. The journal notes when its bytes are fetched.
    pub fn signed_document(
        &self,
        authorized: &Authorized<op::FetchDocument>,
        request: RequestId,
        document: DocumentId,
        wanted: Wanted,
    ) -> Result<SignedContent, ServiceError> {
        let view = self
            .inner
            .store
            .read(|connection| self.view(connection, authorized.app(), request))?;
        let document = view
            .documents
            .iter()
            .find(|found| found.id == document)
            .ok_or(ServiceError::DocumentNotFound)?;
        let signed = signed_form(document, view.request.state)?;
        let key = signed.object_key.as_deref();
        let key = object_key(key.ok_or(ServiceError::DocumentDeleted)?)?;
        let keys = match signed.kept {
            Kept::Whole => vec![key],
            Kept::Tail => {
                let original = document.object_key.as_deref();
                let original = object_key(original.ok_or(ServiceError::DocumentDeleted)?)?;
                vec![original, key]
            }
        };
        let chunks = self
            .inner
            .documents
            .joined(&keys, signed.size, &signed.sha256)?;
        let chunks = chunks.ok_or_else(|| self.gone(&view.request))?;
        if wanted == Wanted::Bytes {
            let event = Event::DocumentFetched;
            let entry = journaled::by_app(event, authorized.actor(), &view.request)
                .documents(vec![journaled::document(document)]);
            self.inner.journal.append(&[entry])?;
        }
        Ok(SignedContent {
            name: document.signed_name(),
            media_type: document.signed_media_type(),
            size: signed.size,
            sha256: signed.sha256.clone(),
            chunks: (wanted == Wanted::Bytes).then_some(chunks),
        })
    }

    /// What it means that the store is there and a document is not: it is being deleted, or was lost.
    pub(super) fn gone(&self, request: &SignatureRequest) -> ServiceError {
        if request.delete_at <= self.inner.ambient.now() {
            ServiceError::DocumentDeleted
        } else {
            ServiceError::Documents(DocumentsError::Missing)
        }
    }

    /// Ends a request that nobody signs, and puts it on record: both or neither.
    pub(super) fn end_pending(
        &self,
        id: RequestId,
        to: RequestState,
        reason: RequestReason,
        entry: Entry,
    ) -> Result<Transition, ServiceError> {
        let now = self.inner.ambient.now();
        self.inner.journal.recording(|connection| {
            let from = RequestState::Pending;
            let ended = requests::finish(connection, id, from, to, Some(reason), now)?;
            let entries = match ended {
                Transition::Done => vec![entry],
                Transition::Missed => Vec::new(),
            };
            Ok((ended, entries))
        })
    }

    /// Where the signer of a request approves it.
    pub(super) fn approval_url(&self, request: RequestId) -> Url {
        let mut url = self.inner.settings.citizen_url.clone();
        let text = self.inner.link_key.text_for(request);
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/r/{text}"));
        url
    }

    fn view(
        &self,
        connection: &mut AnyConnection,
        app: Option<AppId>,
        id: RequestId,
    ) -> Result<RequestView, ServiceError> {
        let request = requests::find(connection, id)?
            .filter(|request| Some(request.app) == app)
            .ok_or(ServiceError::RequestNotFound)?;
        let documents = documents::of_request(connection, id)?;
        let credential = match request.credential {
            Some(credential) if documents.iter().any(|document| document.signed.is_some()) => {
                credentials::find(connection, credential)?
            }
            _ => None,
        };
        let chain = credential
            .and_then(|credential| credential.certification)
            .map(|certification| certification.chain)
            .unwrap_or_default();
        let request = seen(request, self.inner.ambient.now());
        Ok(RequestView {
            fingerprint: Fingerprint::of(id, &documents),
            approval_url: self.approval_url(id),
            documents: documents
                .into_iter()
                .map(|document| document.seen_in(request.state))
                .collect(),
            request,
            chain,
        })
    }
}

/// A request as it is at that time: expired from its last moment on, not only once that was noted.
fn seen(mut request: SignatureRequest, now: OffsetDateTime) -> SignatureRequest {
    if request.state == RequestState::Pending && request.expires_at <= now {
        request.state = RequestState::Expired;
        request.reason = Some(RequestReason::LifetimeOver);
    }
    request
}

/// The name of a stored object, as a row has it.
fn object_key(text: &str) -> Result<ObjectKey, ServiceError> {
    text.parse().map_err(|error: InvalidObjectKey| {
        ServiceError::Store(StoreError::Corrupt {
            what: "an object key",
            source: Box::new(error),
        })
    })
}

fn signed_form(
    document: &Document,
    request: RequestState,
) -> Result<&SignedDocument, ServiceError> {
    match (&document.signed, document.state) {
        (Some(signed), DocumentState::Signed) => Ok(signed),
        (_, DocumentState::Failed) => Err(ServiceError::DocumentFailed {
            reason: document.reason.unwrap_or(DocumentReason::InternalError),
        }),
        _ if request.is_final() => Err(ServiceError::RequestState { state: request }),
        _ => Err(ServiceError::DocumentNotSigned),
    }
}
