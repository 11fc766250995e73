//! The citizen's side of a signature request: see it, approve it with password and SMS code, or decline it.
//!
//! The link shows one request and its documents. Approving asks for the DNI or NIE of the very citizen the app
//! named, the password, and the code; both factors are checked within one act and bound to exactly the documents
//! shown. Nothing here tells whether somebody is registered, or which factor was wrong.

use std::time::Duration;

use time::OffsetDateTime;
use url::Url;

use super::codes::Occasion;
use super::signing::{self, Approved, chain_of};
use super::{CodeSent, eligibility, journaled};
use super::{Service, ServiceError};
use crate::ades::CertificateChain;
use crate::auth::Link;
use crate::documents::{Chunks, Source};
use crate::domain::app::App;
use crate::domain::browser::UserAgent;
use crate::domain::challenge::Purpose;
use crate::domain::credential::Credential;
use crate::domain::fingerprint::Fingerprint;
use crate::domain::id::{ChallengeId, DocumentId, RequestId, SignerId};
use crate::domain::identifier::NationalId;
use crate::domain::language::Language;
use crate::domain::object_key::ObjectKey;
use crate::domain::request::{Document, Lease, RequestReason, RequestState, SignatureRequest};
use crate::domain::secret::SecretText;
use crate::identity::{BrowserKey, ChallengeError, Confirmed, IdentityError, OpenedSigner};
use crate::journal::{self, Entry, Event};
use crate::messages::sms::Sms;
use crate::store::requests::Transition;
use crate::store::{self, AnyConnection, StoreError};

/// How often a second click looks whether the first one has claimed the request, two seconds in all.
const LOOKS: u32 = 40;
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
/// In how many browsers a request's page is noted as shown.
const MOST_VIEWS: u32 = 10;

/// What the holder of a link is shown.
#[derive(Debug, Clone)]
pub struct ApprovalView {
    /// The request's identifier, which names it when asking for help.
    pub request: RequestId,
    /// Who asks.
    pub app: String,
    /// What the app calls the request.
    pub title: Option<String>,
    /// The language the app chose.
    pub language: Language,
    /// The documents in order.
    pub documents: Vec<Document>,
    /// The number that the SMS repeats.
    pub fingerprint: Fingerprint,
    /// Where it stands. A request whose time is over is told as expired, whatever its row says.
    pub state: RequestState,
    /// Why, when there is more to say.
    pub reason: Option<RequestReason>,
    /// Where the browser goes at the end.
    pub return_url: Option<Url>,
    /// Until when it can be approved.
    pub expires_at: OffsetDateTime,
    /// Whether the app may ask at all.
    pub asker: Asker,
}

/// How the app that asks stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// It may ask.
    Admitted,
    /// It was disabled: nothing that it asked for can be approved until it is enabled again.
    Disabled,
}

/// A document as the citizen sees it before signing.
pub struct DocumentStream {
    /// What it is.
    pub document: Document,
    /// Its bytes, in pieces. The last comes only when all are what the app sent.
    pub chunks: Chunks,
}

/// A request that this process took for signing, by a right code.
struct Claimed {
    at: OffsetDateTime,
    lease: Lease,
    confirmed: Confirmed,
    credential: Credential,
    chain: CertificateChain,
}

impl Service {
    /// What is asked of the citizen.
    pub fn approval(&self, link: &Link) -> Result<ApprovalView, ServiceError> {
        let (request, app, documents) = self.asked(link)?;
        let late = request.state == RequestState::Pending
            && self.inner.ambient.now() >= request.expires_at;
        Ok(ApprovalView {
            request: request.id,
            app: app.name.to_string(),
            title: request.title,
            language: request.language,
            fingerprint: Fingerprint::of(request.id, &documents),
            documents,
            state: if late {
                RequestState::Expired
            } else {
                request.state
            },
            reason: if late {
                Some(RequestReason::LifetimeOver)
            } else {
                request.reason
            },
            return_url: request.return_url,
            expires_at: request.expires_at,
            asker: match app.disabled_at {
                None => Asker::Admitted,
                Some(_) => Asker::Disabled,
            },
        })
    }

    /// Notes that what is asked was shown: once for each browser, and for so many browsers at most, because a link
    /// may be opened by anybody who has it.
    pub fn note_view(&self, link: &Link) -> Result<(), ServiceError> {
        let journal = &self.inner.journal;
        let event = Event::RequestViewed;
        let noted = journal.browsers(link.request(), event, MOST_VIEWS)?;
        let present = self.browser.as_ref().map(UserAgent::as_str);
        let full = u32::try_from(noted.len()).is_ok_and(|noted| noted >= MOST_VIEWS);
        if full || noted.iter().any(|browser| browser.as_deref() == present) {
            return Ok(());
        }
        let (request, app, documents) = self.asked(link)?;
        Ok(journal.append(&[Entry::new(event)
            .by(journal::Actor::Visitor)
            .request(request.id)
            .app(app.id, app.name.as_str())
            .signer(request.signer)
            .documents(documents.iter().map(journaled::document).collect())
            .browser(self.browser.as_ref())])?)
    }

    /// One of the documents, as the app sent it.
    pub fn approval_document(
        &self,
        link: &Link,
        document: DocumentId,
    ) -> Result<DocumentStream, ServiceError> {
        let (request, _, documents) = self.asked(link)?;
        let document = documents
            .into_iter()
            .find(|known| known.id == document)
            .ok_or(ServiceError::DocumentNotFound)?;
        let key: ObjectKey = document
            .object_key
            .as_deref()
            .and_then(|key| key.parse().ok())
            .ok_or(ServiceError::DocumentDeleted)?;
        let chunks = self
            .inner
            .documents
            .chunks(Source {
                key: &key,
                size: document.size,
                sha256: &document.sha256,
            })?
            .ok_or_else(|| self.gone(&request))?;
        Ok(DocumentStream { document, chunks })
    }

    /// What signing cannot do without: asked before anybody spends a code on a signature that cannot be made.
    fn check_reachable(&self, app: &App) -> Result<(), ServiceError> {
        self.activation_for(app).check_reachable()?;
        Ok(self.inner.documents.check_there()?)
    }

    /// The first factor: checks DNI or NIE and password, and sends the code.
    ///
    /// The HSM and the document store are asked first whether they are there, and then the HSM whether it has the KEK of the
    /// citizen's key.
    pub fn begin_approval(
        &self,
        link: &Link,
        national_id: &SecretText,
        password: &SecretText,
    ) -> Result<CodeSent, ServiceError> {
        let (request, app, documents) = self.open_request(link)?;
        let begun = self.begin_asked(&request, &app, &documents, (national_id, password));
        self.tell_app(&request, begun)
    }

    fn begin_asked(
        &self,
        request: &SignatureRequest,
        app: &App,
        documents: &[Document],
        (national_id, password): (&SecretText, &SecretText),
    ) -> Result<CodeSent, ServiceError> {
        self.check_reachable(app)?;
        let occasion = occasion(request, app);
        let opened = self.recognised(request, &occasion, national_id, password)?;
        let now = self.inner.ambient.now();
        opened
            .signer()
            .standing(now)
            .map_err(ServiceError::SignerCannotSign)?;
        let credential = self.usable_credential(opened.signer().id, now)?;
        chain_of(&credential)?;
        self.activation_for(app).check_usable(&credential)?;
        let fingerprint = Fingerprint::of(request.id, documents);
        let last_access = opened.last_access();
        let challenge =
            self.inner
                .identity
                .open_challenge(opened, occasion.purpose, binding(&fingerprint));
        if let Err(IdentityError::CodesExhausted) = challenge {
            // The server stopped after the last wrong code and before this, and upkeep has not been here yet.
            self.refuse_exhausted(request)?;
            return Err(ServiceError::RequestState {
                state: RequestState::Refused,
            });
        }
        let challenge = challenge?;
        let text = sign_code(request, app, documents, &fingerprint, &challenge.code);
        self.send_code(challenge, &occasion, text, last_access)
    }

    /// Sends a new code in the place of the last one.
    pub fn resend_approval_code(
        &self,
        link: &Link,
        challenge: ChallengeId,
        key: &BrowserKey,
    ) -> Result<CodeSent, ServiceError> {
        let (request, app, documents) = self.open_request(link)?;
        let fingerprint = Fingerprint::of(request.id, &documents);
        let resent = self.resend_code(challenge, key, &occasion(&request, &app), |resent| {
            sign_code(&request, &app, &documents, &fingerprint, &resent.code)
        });
        self.tell_app(&request, resent)
    }

    /// Lets the app read what kept its signer from signing, where that is not the signer's doing, or that nothing does any
    /// more. A request that nothing kept costs no change, and the same thing again neither.
    fn tell_app<T>(
        &self,
        request: &SignatureRequest,
        outcome: Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        let reason = match &outcome {
            Ok(_) => None,
            Err(error) => match error.obstacle() {
                // Nothing can be written, and the app's own calls tell it.
                None | Some(RequestReason::DatabaseUnavailable) => return outcome,
                reason => reason,
            },
        };
        if request.reason != reason {
            let written = self.inner.store.write::<_, StoreError>(|connection| {
                store::requests::note_obstacle(connection, request.id, reason)
            });
            if let Err(error) = written {
                tracing::warn!(request = %request.id, %error, "an app cannot be told why its request waits");
            }
        }
        outcome
    }

    /// The second factor: takes the code, and signs. The third wrong code for a request, over all steps that were
    /// begun for it, refuses it. Gives the state the request has come to.
    ///
    /// A second click finds the request signing or ended and is told its state, not an error.
    pub fn confirm_approval(
        &self,
        link: &Link,
        challenge: ChallengeId,
        key: &BrowserKey,
        code: &SecretText,
    ) -> Result<RequestState, ServiceError> {
        let (mut request, app, documents) = self.open_request(link)?;
        let claimed = self.claim_by_code(&request, &app, &documents, (challenge, key, code));
        let Claimed {
            at,
            lease,
            confirmed,
            credential,
            chain,
        } = match claimed {
            Ok(claimed) => claimed,
            Err(error) => return self.tell_app(&request, Err(error)),
        };
        let hold = self.hold(&mut request, credential.id, lease, at);
        let (signer, secret) = confirmed.into_parts();
        let Some(secret) = secret.filter(|_| signer.id == request.signer) else {
            self.give_back(&hold, None)?;
            return Err(ServiceError::Challenge(ChallengeError::Gone));
        };
        self.sign(Approved {
            request,
            hold,
            at,
            documents,
            app,
            credential,
            chain,
            secret,
        })
    }

    /// Takes the code, and the request for signing.
    fn claim_by_code(
        &self,
        request: &SignatureRequest,
        app: &App,
        documents: &[Document],
        (challenge, key, code): (ChallengeId, &BrowserKey, &SecretText),
    ) -> Result<Claimed, ServiceError> {
        self.check_reachable(app)?;
        let fingerprint = Fingerprint::of(request.id, documents);
        let occasion = occasion(request, app);
        let binding = binding(&fingerprint);
        let given =
            self.inner
                .identity
                .given_code(challenge, key, code, occasion.purpose, &binding);
        let now = self.inner.ambient.now();
        // Told only to who gives the right code; nothing is spent on a database that is away.
        let usable = match self.usable_credential(request.signer, now) {
            Err(error) if error.is_temporary() => return Err(error),
            usable => usable.and_then(|credential| Ok((chain_of(&credential)?, credential))),
        };
        let lease = self.lease(now);
        let claim = |connection: &mut AnyConnection| match &usable {
            Ok((_, credential)) => {
                store::requests::claim(connection, request.id, credential.id, &lease, now).map(Some)
            }
            Err(_) => Ok(None),
        };
        let outcome = self.check_code_and(&occasion, request.signer, given, claim)?;
        if let Err(ChallengeError::Gone) = outcome
            && let Some(state) = self.ahead(request.id, challenge, key, code)?
        {
            return Err(ServiceError::RequestState { state });
        }
        if let Err(ChallengeError::Exhausted | ChallengeError::Blocked { tries_left: 0, .. }) =
            outcome
        {
            signing::step("exhausted");
            self.refuse_exhausted(request)?;
        }
        let (confirmed, claimed) = outcome?;
        signing::step("confirmed");
        let (chain, credential) = usable?;
        let claimed = match claimed.flatten() {
            Some(claimed) => claimed,
            None => self.inner.store.write(|connection| {
                store::requests::claim(connection, request.id, credential.id, &lease, now)
            })?,
        };
        match claimed {
            Transition::Done => Ok(Claimed {
                at: now,
                lease,
                confirmed,
                credential,
                chain,
            }),
            Transition::Missed => Err(self.missed(request.id)?),
        }
    }

    /// The citizen does not want to sign.
    pub fn decline(&self, link: &Link) -> Result<ApprovalView, ServiceError> {
        let (request, app, _) = self.open_request(link)?;
        let entry = Entry::new(Event::RequestDeclined)
            .by(journal::Actor::Visitor)
            .request(request.id)
            .app(app.id, app.name.as_str())
            .signer(request.signer)
            .browser(self.browser.as_ref());
        let reason = RequestReason::DeclinedBySigner;
        let ended = self.end_pending(request.id, RequestState::Refused, reason, entry)?;
        if ended == Transition::Missed {
            return Err(self.missed(request.id)?);
        }
        self.approval(link)
    }
}

/// What the steps above share.
impl Service {
    /// The request, and its documents if they are as they were accepted.
    fn asked(&self, link: &Link) -> Result<(SignatureRequest, App, Vec<Document>), ServiceError> {
        // Whatever the log tells of this call then names the request.
        tracing::Span::current().record("request", tracing::field::display(link.request()));
        let asked = self.inner.store.read(|connection| {
            let request = store::requests::find(connection, link.request())?
                .ok_or(ServiceError::LinkUnknown)?;
            let app =
                store::apps::find(connection, request.app)?.ok_or(ServiceError::LinkUnknown)?;
            let documents = store::documents::of_request(connection, request.id)?;
            Ok::<_, ServiceError>((request, app, documents))
        })?;
        // Nothing is shown, and no code is sent, for what is not as the app sent it.
        if asked.0.state == RequestState::Pending {
            for document in &asked.2 {
                self.acceptance.check(document).map_err(|source| {
                    ServiceError::DocumentAltered {
                        position: document.position,
                        source,
                    }
                })?;
            }
        }
        Ok(asked)
    }

    /// The same, when it can still be approved.
    fn open_request(
        &self,
        link: &Link,
    ) -> Result<(SignatureRequest, App, Vec<Document>), ServiceError> {
        let (request, app, documents) = self.asked(link)?;
        if request.state != RequestState::Pending {
            return Err(ServiceError::RequestState {
                state: request.state,
            });
        }
        if self.inner.ambient.now() >= request.expires_at {
            return Err(ServiceError::RequestState {
                state: RequestState::Expired,
            });
        }
        if app.disabled_at.is_some() {
            return Err(ServiceError::AppDisabled);
        }
        Ok((request, app, documents))
    }

    /// Whoever typed this is the citizen the app named. A password that is right for somebody else counts as
    /// wrong, and looks like it.
    fn recognised(
        &self,
        request: &SignatureRequest,
        occasion: &Occasion<'_>,
        national_id: &SecretText,
        password: &SecretText,
    ) -> Result<OpenedSigner, ServiceError> {
        let national_id: NationalId = national_id
            .expose()
            .parse()
            .ok()
            .ok_or(ServiceError::NotRecognised)?;
        let given = self.inner.identity.password_try(&national_id, password)?;
        let opened = self.check_factor(occasion, given, Some(request.signer))?;
        if opened.signer().id == request.signer {
            Ok(opened)
        } else {
            Err(ServiceError::NotRecognised)
        }
    }

    /// No wrong code is left for a request: it is refused, and the app told why.
    pub(super) fn refuse_exhausted(
        &self,
        request: &SignatureRequest,
    ) -> Result<Transition, ServiceError> {
        let entry = self.about(request, Event::RequestRefused)?;
        let entry = entry.browser(self.browser.as_ref());
        let reason = RequestReason::CodeTriesExhausted;
        self.end_pending(request.id, RequestState::Refused, reason, entry)
    }

    fn usable_credential(
        &self,
        signer: SignerId,
        now: OffsetDateTime,
    ) -> Result<Credential, ServiceError> {
        self.inner
            .store
            .read(|connection| eligibility::credential(connection, signer, now))?
            .map_err(ServiceError::SignerCannotSign)
    }

    /// When this very code was confirmed before, by the first of two clicks: the state that click has brought the
    /// request to, as soon as it is seen.
    fn ahead(
        &self,
        request: RequestId,
        challenge: ChallengeId,
        key: &BrowserKey,
        code: &SecretText,
    ) -> Result<Option<RequestState>, ServiceError> {
        if self
            .inner
            .identity
            .confirmed_before(challenge, key, code)?
            .is_none()
        {
            return Ok(None);
        }
        for _ in 0..LOOKS {
            let now = self
                .inner
                .store
                .read(|connection| store::requests::find(connection, request))?;
            match now.map(|request| request.state) {
                Some(RequestState::Pending) => std::thread::sleep(BETWEEN_LOOKS),
                state => return Ok(state),
            }
        }
        Ok(None)
    }

    /// Somebody else changed the request's state first: which one it has now.
    pub(super) fn missed(&self, request: RequestId) -> Result<ServiceError, ServiceError> {
        let now = self
            .inner
            .store
            .read(|connection| store::requests::find(connection, request))?;
        let state = now.map_or(RequestState::Expired, |request| match request.state {
            RequestState::Pending => RequestState::Expired,
            state => state,
        });
        Ok(ServiceError::RequestState { state })
    }
}

fn occasion<'a>(request: &SignatureRequest, app: &'a App) -> Occasion<'a> {
    Occasion {
        purpose: Purpose::Sign {
            request: request.id,
        },
        app: Some(app),
    }
}

/// The whole fingerprint: the code confirms exactly these documents, signed in exactly this way.
fn binding(fingerprint: &Fingerprint) -> [u8; 32] {
    fingerprint
        .digest()
        .bytes()
        .first_chunk()
        .copied()
        .unwrap_or_default()
}

fn sign_code(
    request: &SignatureRequest,
    app: &App,
    documents: &[Document],
    fingerprint: &Fingerprint,
    code: &SecretText,
) -> SecretText {
    Sms::SignCode {
        app: app.name.as_str(),
        documents: u32::try_from(documents.len()).unwrap_or(u32::MAX),
        fingerprint: &fingerprint.to_string(),
        code,
    }
    .text(request.language)
}
