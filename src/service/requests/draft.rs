//! Making a request: checked first, then its documents one by one, stored and digested on their way in.

use std::io::Read;

use time::OffsetDateTime;

use super::validation::{self, DocumentPlan, Plan};
use super::{NewRequest, RequestView};
use crate::auth::{Authorized, op};
use crate::documents::{Batch, DocumentsError};
use crate::domain::algorithm::{Digest, DigestAlgorithm, Hasher, KeyAlgorithm, SignatureScheme};
use crate::domain::app::App;
use crate::domain::block_states::BlockStates;
use crate::domain::credential::Credential;
use crate::domain::fingerprint::Fingerprint;
use crate::domain::id::RequestId;
use crate::domain::language::Language;
use crate::domain::object_key::ObjectKey;
use crate::domain::request::{
    Document, DocumentOptions, DocumentState, Idempotency, RequestState, SignatureRequest,
};
use crate::domain::signer::Signer;
use crate::journal::{Entry, Event, Outcome};
use crate::service::eligibility::signer_and_credential;
use crate::service::journaled::{self, actor};
use crate::service::signing::step;
use crate::service::{FieldError, RefusedDocument, Service, ServiceError};
use crate::store::{StoreError, apps, documents, requests};

/// Most documents whose rows are made in the transaction of the entry, for which all others of this node wait.
const RECORDED_TOGETHER: usize = 100;

/// Bytes read at once of a document that is only compared.
const PIECE: usize = 64 * 1024;

/// A request on its way in. [`add`](Self::add) takes its documents in their order, [`finish`](Self::finish) makes
/// the request. What was received is deleted when the draft is dropped before.
pub struct Draft {
    service: Service,
    authorized: Authorized<op::CreateRequest>,
    app: App,
    state: State,
}

enum State {
    Receiving(Box<Receiving>),
    /// The same key came before: what comes now is compared with what came then.
    Comparing(Box<Earlier>),
}

struct Receiving {
    signer: Signer,
    language: Language,
    title: Option<String>,
    idempotency: Option<Idempotency>,
    key: KeyAlgorithm,
    plan: Plan,
    options: Vec<DocumentOptions>,
    uploads: Uploads,
    /// Those that cannot be signed. All are looked at, so that an app learns of all of them at once.
    refused: Vec<RefusedDocument>,
}

struct Earlier {
    request: SignatureRequest,
    documents: Vec<Document>,
    compared: usize,
}

/// Documents whose bytes are written and belong to no request yet. Deletes them when dropped.
struct Uploads {
    service: Service,
    done: Vec<Received>,
    files: Batch,
}

struct Received {
    key: ObjectKey,
    size: u64,
    sha256: Digest,
    digest: Digest,
    midstate: Vec<u8>,
    blocks: BlockStates,
}

/// A request that is there now.
#[derive(Debug)]
pub struct Created {
    /// As it was when it was made, also when that was earlier.
    pub view: RequestView,
    /// Whether this call made it.
    pub novelty: Novelty,
}

/// Whether a call made a request or found the one it made before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Novelty {
    /// Made by this call.
    New,
    /// Made by an earlier call with the same idempotency key.
    Repeated,
}

impl Service {
    /// Checks what an app asks for: its values, then whether the signer can sign. No byte of a document is needed
    /// for that. With an idempotency key that was used before, only whether all is as it was then.
    pub fn draft_request(
        &self,
        authorized: Authorized<op::CreateRequest>,
        new: NewRequest,
    ) -> Result<Draft, ServiceError> {
        let app = self
            .inner
            .store
            .read::<_, StoreError>(|connection| match authorized.app() {
                Some(id) => apps::find(connection, id),
                None => Ok(None),
            })?
            .ok_or(ServiceError::NotAuthenticated)?;
        let state = match &new.idempotency {
            Some(given) => self
                .earlier(&app, given)?
                .map(|earlier| State::Comparing(Box::new(earlier))),
            None => None,
        };
        let state = match state {
            Some(comparing) => comparing,
            None => State::Receiving(Box::new(self.receiving(&app, new)?)),
        };
        Ok(Draft {
            service: self.clone(),
            authorized,
            app,
            state,
        })
    }

    fn receiving(&self, app: &App, new: NewRequest) -> Result<Receiving, ServiceError> {
        let plan = validation::check(&new, app, &self.inner.settings)?;
        let now = self.inner.ambient.now();
        let (signer, credential) = self
            .inner
            .store
            .read(|connection| signer_and_credential(connection, &plan.signer, now))?;
        let files = self.inner.documents.batch(plan.documents.len());
        Ok(Receiving {
            key: credential.public_key.algorithm(),
            options: options(&plan, &credential)?,
            language: new.language.unwrap_or(signer.language),
            signer,
            title: new.title,
            idempotency: new.idempotency,
            plan,
            uploads: Uploads {
                service: self.clone(),
                done: Vec::new(),
                files,
            },
            refused: Vec::new(),
        })
    }

    /// What the app made with the same key, when it asked for the same then.
    fn earlier(&self, app: &App, given: &Idempotency) -> Result<Option<Earlier>, ServiceError> {
        self.inner.store.read(|connection| {
            let Some(request) = requests::find_by_idempotency_key(connection, app.id, &given.key)?
            else {
                return Ok(None);
            };
            let then = request.idempotency.as_ref();
            if then.is_none_or(|then| then.metadata_sha256 != given.metadata_sha256) {
                return Err(ServiceError::IdempotencyKeyReused);
            }
            Ok(Some(Earlier {
                documents: documents::of_request(connection, request.id)?,
                request,
                compared: 0,
            }))
        })
    }
}

impl Draft {
    /// Takes the bytes of the next document and looks whether they can be signed; if not, [`finish`](Self::finish) says
    /// so.
    pub fn add(&mut self, content: &mut dyn Read) -> Result<(), ServiceError> {
        match &mut self.state {
            State::Receiving(receiving) => receiving.receive(&self.service, content),
            State::Comparing(earlier) => earlier.compare(content),
        }
    }

    /// Makes the request, or repeats the answer of then when it was made before.
    pub fn finish(self) -> Result<Created, ServiceError> {
        match self.state {
            State::Receiving(receiving) => {
                receiving.finish(&self.service, &self.authorized, &self.app)
            }
            State::Comparing(earlier) => earlier.finish(&self.service),
        }
    }
}

impl Receiving {
    fn receive(&mut self, service: &Service, content: &mut dyn Read) -> Result<(), ServiceError> {
        let index = self.uploads.done.len();
        let position = u32::try_from(index).unwrap_or(u32::MAX);
        let Some(options) = self.options.get(index) else {
            return Err(surplus(self.options.len()));
        };
        let key = ObjectKey::from_random(service.inner.ambient.random());
        let limit = service.inner.settings.document_bytes;
        // SHA-256 is computed in any case.
        let mut another =
            (options.digest != DigestAlgorithm::Sha256).then(|| Hasher::new(options.digest));
        let stored = self
            .uploads
            .files
            .put(&key, content, limit, another.as_mut_slice())
            .map_err(|error| match error {
                DocumentsError::TooLarge { limit } => {
                    ServiceError::DocumentTooLarge { position, limit }
                }
                DocumentsError::Incoming(source) => ServiceError::Upload(source),
                other => other.into(),
            })?;
        let signed = another.unwrap_or_else(|| stored.sha256.clone());
        self.uploads.done.push(Received {
            key,
            size: stored.size,
            sha256: stored.sha256.finish(),
            midstate: signed.midstate(),
            digest: signed.finish(),
            blocks: stored.blocks,
        });
        if self.uploads.files.is_full() {
            self.uploads.flush()?;
        }
        let refused = service.inspect(position, &key, &options.signature, self.scheme(options))?;
        self.refused.extend(refused);
        Ok(())
    }

    /// How the document will be signed, should nothing change until then.
    fn scheme(&self, options: &DocumentOptions) -> SignatureScheme {
        SignatureScheme {
            padding: options.padding.unwrap_or(self.key.default_scheme().padding),
            digest: options.digest,
        }
    }

    fn finish(
        mut self,
        service: &Service,
        authorized: &Authorized<op::CreateRequest>,
        app: &App,
    ) -> Result<Created, ServiceError> {
        if !self.refused.is_empty() {
            return Err(ServiceError::DocumentsRefused(self.refused));
        }
        let missing = self.uploads.done.len();
        if missing < self.plan.documents.len() {
            return Err(lacking(missing));
        }
        // Before a row names them.
        self.uploads.flush()?;
        let now = service.inner.ambient.now();
        let request = self.request(service, app, now);
        let documents: Vec<_> = (0_u32..)
            .zip(self.plan.documents.iter().zip(&self.options))
            .zip(&self.uploads.done)
            .map(|((position, (plan, options)), received)| {
                received.document(service, &request, position, plan, options)
            })
            .collect();
        let entry = Entry::new(Event::RequestCreated)
            .by(actor(authorized.actor()))
            .request(request.id)
            .app(app.id, app.name.as_str())
            .signer(request.signer)
            .documents(documents.iter().map(journaled::document).collect());
        step("uploaded");
        let insert = |connection: &mut _| {
            requests::insert(connection, &request)?;
            documents
                .iter()
                .try_for_each(|document| documents::insert(connection, document))
        };
        let inserted: Result<(), ServiceError> = if documents.len() > RECORDED_TOGETHER {
            service.inner.journal.append(std::slice::from_ref(&entry))?;
            step("recorded");
            let inserted = service.inner.store.write::<_, StoreError>(insert);
            inserted.map_err(ServiceError::from)
        } else {
            service.inner.journal.recording(|connection| {
                insert(connection)?;
                Ok(((), vec![entry.clone()]))
            })
        };
        if let Err(error) = inserted {
            let code = match &error {
                ServiceError::Journal(_) => return Err(error),
                ServiceError::DatabaseAway(_) => {
                    // Nobody can say whether the commit counts. If it does, the request needs its bytes; if not, the
                    // sweep finds that no row names them.
                    self.uploads.done.clear();
                    return Err(error);
                }
                ServiceError::Store(StoreError::Conflict { .. }) if self.idempotency.is_some() => {
                    "idempotency_key_reused"
                }
                // What the app is told of these.
                _ => "internal_error",
            };
            service
                .inner
                .journal
                .append(&[entry.outcome(Outcome::Failed {
                    code: code.to_owned(),
                })])?;
            return self.overtaken(service, app, error);
        }
        self.uploads.done.clear();
        Ok(Created {
            view: made(service, request, documents),
            novelty: Novelty::New,
        })
    }

    /// Another call with the same key was faster by a moment: its request counts, when it is the same.
    fn overtaken(
        &self,
        service: &Service,
        app: &App,
        error: ServiceError,
    ) -> Result<Created, ServiceError> {
        let (ServiceError::Store(StoreError::Conflict { .. }), Some(given)) =
            (&error, &self.idempotency)
        else {
            return Err(error);
        };
        let Some(earlier) = service.earlier(app, given)? else {
            return Err(error);
        };
        let same = earlier.documents.len() == self.uploads.done.len()
            && earlier
                .documents
                .iter()
                .zip(&self.uploads.done)
                .all(|(then, now)| then.sha256 == now.sha256);
        if same {
            Ok(earlier.repeated(service))
        } else {
            Err(ServiceError::IdempotencyKeyReused)
        }
    }

    fn request(&self, service: &Service, app: &App, now: OffsetDateTime) -> SignatureRequest {
        let expires_at = now + self.plan.lifetime;
        SignatureRequest {
            id: service.inner.ambient.id::<RequestId>(),
            app: app.id,
            signer: self.signer.id,
            state: RequestState::Pending,
            reason: None,
            title: self.title.clone(),
            language: self.language,
            return_url: self.plan.return_url.clone(),
            idempotency: self.idempotency.clone(),
            created_at: now,
            expires_at,
            approved_at: None,
            finished_at: None,
            delete_at: expires_at + service.inner.settings.retention,
            credential: None,
            lease: None,
        }
    }
}

impl Received {
    fn document(
        &self,
        service: &Service,
        request: &SignatureRequest,
        position: u32,
        plan: &DocumentPlan,
        options: &DocumentOptions,
    ) -> Document {
        let mut document = Document {
            id: service.inner.ambient.id(),
            request: request.id,
            position,
            state: DocumentState::Waiting,
            reason: None,
            detail: None,
            name: plan.name.clone(),
            title: plan.title.clone(),
            media_type: plan.media_type.clone(),
            options: options.clone(),
            size: self.size,
            sha256: self.sha256.clone(),
            digest: self.digest.clone(),
            digest_midstate: self.midstate.clone(),
            block_states: self.blocks.clone(),
            acceptance_mac: Vec::new(),
            object_key: Some(self.key.to_string()),
            signed: None,
        };
        document.acceptance_mac = service.acceptance.mark(&document);
        document
    }
}

impl Earlier {
    fn compare(&mut self, content: &mut dyn Read) -> Result<(), ServiceError> {
        let then = self
            .documents
            .get(self.compared)
            .ok_or(ServiceError::IdempotencyKeyReused)?;
        let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
        let mut piece = vec![0; PIECE];
        loop {
            let length = content.read(&mut piece).map_err(ServiceError::Upload)?;
            if length == 0 {
                break;
            }
            hasher.update(piece.get(..length).unwrap_or_default());
            if hasher.length() > then.size {
                return Err(ServiceError::IdempotencyKeyReused);
            }
        }
        if hasher.finish() != then.sha256 {
            return Err(ServiceError::IdempotencyKeyReused);
        }
        self.compared += 1;
        Ok(())
    }

    fn finish(self, service: &Service) -> Result<Created, ServiceError> {
        if self.compared < self.documents.len() {
            return Err(ServiceError::IdempotencyKeyReused);
        }
        Ok(self.repeated(service))
    }

    fn repeated(self, service: &Service) -> Created {
        Created {
            view: made(service, self.request, self.documents),
            novelty: Novelty::Repeated,
        }
    }
}

impl Uploads {
    /// Makes all of them durable.
    fn flush(&mut self) -> Result<(), DocumentsError> {
        match self.files.flush().pop() {
            None => Ok(()),
            Some((_, error)) => Err(error),
        }
    }
}

impl Drop for Uploads {
    fn drop(&mut self) {
        for received in &self.done {
            if let Err(error) = self.service.inner.documents.delete(&received.key) {
                tracing::warn!(%error, key = %received.key, "a document without a request stays behind");
            }
        }
    }
}

/// A request as it was the moment it was made, so that a repeated call has the same answer.
fn made(service: &Service, request: SignatureRequest, documents: Vec<Document>) -> RequestView {
    let delete_at = request.finished_at.map_or(request.delete_at, |end| {
        request.expires_at + (request.delete_at - end)
    });
    let request = SignatureRequest {
        state: RequestState::Pending,
        reason: None,
        approved_at: None,
        finished_at: None,
        delete_at,
        credential: None,
        lease: None,
        ..request
    };
    let documents: Vec<_> = documents
        .into_iter()
        .map(|document| Document {
            state: DocumentState::Waiting,
            reason: None,
            detail: None,
            signed: None,
            ..document
        })
        .collect();
    RequestView {
        fingerprint: Fingerprint::of(request.id, &documents),
        approval_url: service.approval_url(request.id),
        request,
        documents,
        chain: Vec::new(),
    }
}

fn options(plan: &Plan, credential: &Credential) -> Result<Vec<DocumentOptions>, ServiceError> {
    let key = credential.public_key.algorithm();
    let mut faults = Vec::new();
    let mut options = Vec::new();
    for (position, document) in plan.documents.iter().enumerate() {
        match document.options(position, key) {
            Ok(found) => options.push(found),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() {
        Ok(options)
    } else {
        Err(ServiceError::Invalid(faults))
    }
}

fn surplus(described: usize) -> ServiceError {
    ServiceError::Invalid(vec![FieldError::new(
        "/documents",
        format!("{described} documents are described, and more came."),
    )])
}

fn lacking(position: usize) -> ServiceError {
    ServiceError::Invalid(vec![FieldError::new(
        format!("/documents/{position}"),
        "No content came for this document.",
    )])
}
