//! Signs what a citizen approved: prepare, bind, intent, activate, assemble, store, mark, outcome.
//!
//! The order of the steps is what makes a stop between any two of them safe; [`crate::manual::design`] says what
//! each leaves behind. Each step is told to tracing under the target [`STEPS`], for people who follow a request and
//! for the tests that kill the process there.

use std::error::Error;

use time::{Duration, OffsetDateTime};

use super::{Service, ServiceError};
use crate::activation::{Activation, ActivationError, Sad};
use crate::ades::CertificateChain;
use crate::domain::app::App;
use crate::domain::browser::UserAgent;
use crate::domain::credential::Credential;
use crate::domain::id::{CredentialId, SadId};
use crate::domain::key::ToSign;
use crate::domain::request::{Document, DocumentReason, Lease, RequestState, SignatureRequest};
use crate::domain::secret::CitizenSecret;
use crate::domain::standing::Refusal;
use crate::hsm::{HsmError, Lane};
use crate::journal::{self, DocumentEntry, Entry, Event, FactorUsed, Outcome};
use crate::store::requests::Transition;

mod lease;
mod ledger;
mod prepared;
mod recovery;
mod storing;
mod work;

pub(super) use lease::{Hold, Holds};
pub(super) use storing::signed_key;
pub(super) use work::Failure;

use ledger::{Ledger, Objection};
use storing::Storing;
use work::{Fate, Work, count, end_of, outcome_of};

/// The target of the steps' events. Making a request, both factors and acts on accounts tell theirs here too.
pub const STEPS: &str = "rubrica::signing";

/// A SAD is used at once; what takes longer than this is not the act the citizen confirmed.
const SAD_LIFE: Duration = Duration::minutes(2);

/// What a citizen confirmed with both factors.
pub(super) struct Approved {
    /// The request, claimed by this process.
    pub(super) request: SignatureRequest,
    /// The claim.
    pub(super) hold: Hold,
    /// When it was claimed: the time written in the signatures.
    pub(super) at: OffsetDateTime,
    /// Its documents in order.
    pub(super) documents: Vec<Document>,
    /// Who asked.
    pub(super) app: App,
    /// What it is signed with.
    pub(super) credential: Credential,
    /// Its certificates, read: what cannot be read is found out before anything is claimed.
    pub(super) chain: CertificateChain,
    /// What only the two factors reveal.
    pub(super) secret: CitizenSecret,
}

/// Why signing stops before its end.
enum Halt {
    /// Nothing was signed, and a later try may succeed.
    Later(ServiceError),
    /// Nothing was signed, and nothing will be.
    Never(Failure),
    /// Nothing was signed, and the journal could not be told after it may have been told that something would be:
    /// recovery tells it, when the lease has run out.
    Untold(ServiceError),
    /// Another process has the request.
    Lost,
}

impl From<ServiceError> for Halt {
    fn from(error: ServiceError) -> Self {
        if error.is_temporary() {
            Self::Later(error)
        } else {
            tracing::error!(%error, "a request cannot be signed");
            Self::Never(Failure::new(DocumentReason::InternalError))
        }
    }
}

impl Service {
    /// Activation on behalf of an app: apps share the HSM's time, however much each of them asks for.
    pub(super) fn activation_for(&self, app: &App) -> Activation {
        self.inner.activation.in_lane(Lane::of(app.id.as_bytes()))
    }

    /// Keeps a request that was claimed under this lease.
    pub(super) fn hold(
        &self,
        request: &mut SignatureRequest,
        credential: CredentialId,
        lease: Lease,
        now: OffsetDateTime,
    ) -> Hold {
        let hold = Hold::keep(self, request.id, lease.holder);
        request.state = RequestState::Signing;
        request.reason = None;
        request.approved_at = Some(now);
        request.credential = Some(credential);
        request.lease = Some(lease);
        step("claimed");
        hold
    }

    /// Signs every document that can be signed and ends the request.
    ///
    /// When something is away before anything was signed, the request is given back and can be approved again; a SAD
    /// that was spent stays so. What would fail every time ends the request, with a reason its app can read.
    pub(super) fn sign(&self, approved: Approved) -> Result<RequestState, ServiceError> {
        let Approved {
            request,
            hold,
            at,
            documents,
            app,
            credential,
            chain,
            secret,
        } = approved;
        let mut act = Act {
            request: &request,
            app: &app,
            credential: &credential,
            at,
            browser: self.browser.as_ref(),
            sad: None,
        };
        let mut work: Vec<Work> = documents.into_iter().map(Work::new).collect();
        match self.sign_all(&hold, &mut act, &chain, secret, &mut work) {
            Ok(()) => {}
            Err(Halt::Later(error)) => {
                self.give_back(&hold, error.obstacle())?;
                return Err(error);
            }
            Err(Halt::Untold(error)) => return Err(error),
            Err(Halt::Never(failure)) => work.iter_mut().for_each(|work| work.fail(&failure)),
            Err(Halt::Lost) => return Err(self.overtaken(&act)?),
        }
        let (state, reason) = end_of(&work);
        let outcome = act
            .entry(Event::SignatureOutcome)
            .outcome(outcome_of(&work))
            .documents(work.iter().map(Work::entry).collect());
        if self.end(&hold, &work, state, reason, outcome)? == Transition::Missed {
            return Err(self.overtaken(&act)?);
        }
        step("finished");
        count(&work, self.inner.ambient.now() - at);
        Ok(state)
    }
}

/// Who signs what for whom.
struct Act<'a> {
    request: &'a SignatureRequest,
    app: &'a App,
    credential: &'a Credential,
    at: OffsetDateTime,
    browser: Option<&'a UserAgent>,
    /// Once there is one.
    sad: Option<SadId>,
}

impl Act<'_> {
    fn entry(&self, event: Event) -> Entry {
        let mut entry = Entry::new(event)
            .by(journal::Actor::Signer {
                id: self.request.signer,
            })
            .request(self.request.id)
            .app(self.app.id, self.app.name.as_str())
            .signer(self.request.signer)
            .credential(
                self.credential.id,
                self.credential.public_key.algorithm(),
                serial(self.credential),
            )
            .factors(&[FactorUsed::Password, FactorUsed::SmsCode])
            .browser(self.browser);
        entry.sad = self.sad;
        entry
    }
}

impl Service {
    /// Brings every document to its fate; nothing of that is written to the database yet.
    fn sign_all(
        &self,
        hold: &Hold,
        act: &mut Act<'_>,
        chain: &CertificateChain,
        secret: CitizenSecret,
        work: &mut [Work],
    ) -> Result<(), Halt> {
        for work in work.iter_mut() {
            work.fate = match self.make_ready(&work.document, chain, act.at) {
                Ok(ready) => Fate::Ready(Box::new(ready)),
                Err(prepared::Stopped::Document(failure)) => Fate::Failed(failure),
                Err(prepared::Stopped::Service(error)) => return Err(error.into()),
            };
        }
        step("prepared");
        let to_sign: Vec<ToSign> = work.iter().filter_map(Work::to_sign).collect();
        if to_sign.is_empty() {
            return Ok(());
        }
        let id: SadId = self.inner.ambient.id();
        act.sad = Some(id);
        let sad = Sad::bind(
            id,
            act.request.signer,
            act.credential,
            &to_sign,
            secret,
            self.inner.ambient.now() + SAD_LIFE,
        );
        let intent = act
            .entry(Event::SignatureIntent)
            .outcome(Outcome::Intended)
            .documents(intended(work));
        let ledger = Ledger::new(&self.inner.journal, hold, act.credential, intent);
        // Each value is put into its file and stored while the HSM makes the next one.
        let mut storing = Storing::new(self, hold, work);
        self.activation_for(act.app)
            .activate(
                sad,
                act.credential,
                &to_sign,
                &ledger,
                &mut |place, value| storing.take(place, value),
            )
            .and_then(|()| storing.finish())
            .map_err(|error| self.not_activated(act, &ledger, error))?;
        let not_stored = storing.outcome()?.map(ServiceError::from);
        match not_stored.filter(ServiceError::is_temporary) {
            Some(error) if !work.iter().any(Work::is_signed) => {
                tracing::warn!(request = %act.request.id, %error, "nothing that was signed could be stored");
                self.tell_unsigned(act, "documents", &error)?;
                Err(Halt::Later(error))
            }
            _ => Ok(()),
        }
    }

    /// Nothing was signed: says so in the journal, and what follows.
    fn not_activated(&self, act: &Act<'_>, ledger: &Ledger<'_>, error: ActivationError) -> Halt {
        let objection = ledger.objection();
        if objection == Some(Objection::NotHeld) {
            return Halt::Lost;
        }
        tracing::warn!(request = %act.request.id, %error, ?objection, "nothing was signed");
        let code = match (objection, &error) {
            (Some(_), _) => "signer",
            // Whether it was spent cannot be known: the database may have gone during the commit.
            (None, ActivationError::Ledger(_)) => "database",
            (None, _) => "hsm",
        };
        let told = self.tell_unsigned(act, code, &error);
        match (objection, error) {
            (Some(Objection::Standing(refusal)), _) => Halt::Never(cannot_sign(refusal)),
            (Some(Objection::Unreadable), _) => {
                Halt::Never(Failure::new(DocumentReason::InternalError))
            }
            (_, ActivationError::Revoked) => Halt::Never(cannot_sign(Refusal::NoCredential)),
            // Its time ran out while the documents were prepared: the citizen may approve again.
            (_, error @ ActivationError::Expired) => {
                told.err().unwrap_or(Halt::Later(error.into()))
            }
            (_, error) if error.is_temporary() => told.err().unwrap_or(Halt::Later(error.into())),
            (_, ActivationError::Hsm(error @ HsmError::KekMissing(_))) => {
                tracing::error!(request = %act.request.id, %error, "a request cannot be signed; `rubrica doctor` and `rubrica hsm status` show what is missing");
                Halt::Never(Failure::of(DocumentReason::KekMissing, &error))
            }
            (_, error @ ActivationError::Hsm(_)) => {
                Halt::Never(Failure::of(DocumentReason::HsmRefused, &error))
            }
            (_, error) => Halt::Never(Failure::of(DocumentReason::KeyUnusable, &error)),
        }
    }

    /// Puts on record that nothing was signed, and why.
    fn tell_unsigned(&self, act: &Act<'_>, code: &str, why: &dyn Error) -> Result<(), Halt> {
        let outcome = act
            .entry(Event::SignatureOutcome)
            .outcome(Outcome::Failed {
                code: code.to_owned(),
            })
            .detail(&why.to_string());
        let told = self.inner.journal.append(&[outcome]);
        told.map_err(|error| Halt::Untold(error.into()))
    }

    /// Another process has taken the request over and says what becomes of it: this one only notes that it stopped.
    fn overtaken(&self, act: &Act<'_>) -> Result<ServiceError, ServiceError> {
        tracing::error!(request = %act.request.id, "another process took the request over while it was signed");
        let outcome = act.entry(Event::SignatureOutcome).outcome(Outcome::Failed {
            code: "lease_lost".to_owned(),
        });
        self.inner.journal.append(&[outcome])?;
        self.missed(act.request.id)
    }
}

/// The certificates of a credential, if they can be put into a signature.
pub(super) fn chain_of(credential: &Credential) -> Result<CertificateChain, ServiceError> {
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

fn cannot_sign(refusal: Refusal) -> Failure {
    Failure {
        reason: DocumentReason::SignerCannotSign,
        detail: Some(refusal.sentence().to_owned()),
    }
}

pub(super) fn step(name: &'static str) {
    tracing::debug!(target: STEPS, step = name);
}
