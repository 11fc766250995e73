//! What the registration office does: register citizens, change what was registered, and close accounts.
//!
//! The office proofs identities; it never learns a password, and cannot make an activation code for a secret that
//! exists already, because it would have to open it. Therefore a citizen who has lost both password and code is
//! registered anew: a new secret, a new code, and all credentials revoked. One who still has the password gets a new
//! code for the same secret by typing the password.

use super::codes::{Occasion, sms_state};
use super::journaled::actor;
use super::{Service, ServiceError, eligibility};
use crate::auth::{Actor, Authorized, op};
use crate::domain::challenge::{Purpose, SmsState};
use crate::domain::credential::Revocation;
use crate::domain::id::SignerId;
use crate::domain::identifier::NationalId;
use crate::domain::phone::Phone;
use crate::domain::revocation::RevocationReason;
use crate::domain::secret::SecretText;
use crate::domain::signer::Signer;
use crate::domain::standing::Refusal;
use crate::identity::{EarlierCredentials, IdentityError, phone_binding};
use crate::journal::{Entry, Event};
use crate::messages::sms::Sms as Message;
use crate::notify::Sms;

mod closing;
mod takeover;

pub use crate::identity::{LevelEvidence, NewSigner, PhoneClaim, RegistrationAct};
use closing::{all_ended, revoke_all};

pub use closing::ClosingReason;
pub use takeover::PhoneTakeover;

/// What the citizen is given after a registration act. The code is printed or shown once and kept nowhere.
#[derive(Debug)]
pub struct Receipt {
    /// The account.
    pub signer: Signer,
    /// The activation code in groups of four.
    pub activation_code: SecretText,
    /// What became of the message that welcomes the citizen; [`SmsState::Pending`] when none was to be sent.
    pub welcome: SmsState,
    /// How many credentials from before were revoked by this act.
    pub revoked: usize,
}

/// An account as the office sees it.
#[derive(Debug, Clone)]
pub struct SignerView {
    /// What is registered.
    pub signer: Signer,
    /// Whether the citizen can sign now, and if not, why.
    pub standing: Result<(), Refusal>,
}

impl Service {
    /// Whether a citizen could be registered so, apart from the phone. To be asked before the holder of a phone is.
    pub fn check_registration(
        &self,
        _authorized: &Authorized<op::RegisterSigner>,
        new: &NewSigner,
        act: RegistrationAct,
    ) -> Result<(), ServiceError> {
        Ok(self.inner.identity.check_registration(new, act)?)
    }

    /// Registers a citizen. A phone of another citizen needs that one's confirmation:
    /// [`begin_phone_takeover`](Self::begin_phone_takeover).
    pub fn register_signer(
        &self,
        authorized: &Authorized<op::RegisterSigner>,
        new: NewSigner,
        claim: &PhoneClaim,
    ) -> Result<Receipt, ServiceError> {
        self.registration_act(authorized.actor(), new, RegistrationAct::First, claim)
    }

    /// Registers somebody anew who has an account. All credentials are revoked: they were sealed to a secret that
    /// is gone.
    pub fn renew_registration(
        &self,
        authorized: &Authorized<op::RegisterSigner>,
        new: NewSigner,
        claim: &PhoneClaim,
    ) -> Result<Receipt, ServiceError> {
        self.registration_act(authorized.actor(), new, RegistrationAct::Renewal, claim)
    }

    /// An account, by DNI or NIE.
    pub fn signer(
        &self,
        _authorized: &Authorized<op::RegisterSigner>,
        national_id: &NationalId,
    ) -> Result<SignerView, ServiceError> {
        let signer = self.registered(national_id)?;
        let standing = self.standing(&signer)?;
        Ok(SignerView { signer, standing })
    }

    /// Raises a citizen to advanced level.
    pub fn raise_level(
        &self,
        authorized: &Authorized<op::RegisterSigner>,
        national_id: &NationalId,
        evidence: LevelEvidence,
    ) -> Result<Signer, ServiceError> {
        let signer = self.registered(national_id)?;
        let detail = match evidence {
            LevelEvidence::InPerson(_) => "in-person",
            LevelEvidence::Certificate(_) => "certificate",
            LevelEvidence::VideoReviewed => "video-reviewed",
        };
        self.inner.journal.recording(|connection| {
            let signer = self
                .inner
                .identity
                .raise_level(connection, signer.id, evidence)?;
            let event = Event::SignerLevelRaised;
            let entry = about(authorized.actor(), event, &signer).detail(detail);
            Ok((signer, vec![entry]))
        })
    }

    /// Gives a citizen another phone. Password and credentials stay.
    pub fn change_phone(
        &self,
        authorized: &Authorized<op::RegisterSigner>,
        national_id: &NationalId,
        phone: &Phone,
        claim: &PhoneClaim,
    ) -> Result<Signer, ServiceError> {
        let signer = self.registered(national_id)?;
        self.inner.journal.recording(|connection| {
            let identity = &self.inner.identity;
            let changed = identity.change_phone(connection, signer.id, phone, claim)?;
            let by = authorized.actor();
            let loss = changed.taken_from.map(|owner| lost_phone(by, owner));
            let change = about(by, Event::SignerPhoneChanged, &changed.signer);
            let entries = loss.into_iter().chain([change]).collect();
            Ok((changed.signer, entries))
        })
    }

    /// Takes the block of wrong passwords or SMS codes away, for a citizen whom the administrator knows to be the one.
    /// The password stays as it is, and so does a blocked activation code.
    pub fn unblock_signer(
        &self,
        authorized: &Authorized<op::ManageAccount>,
        national_id: &NationalId,
    ) -> Result<Signer, ServiceError> {
        let signer = self.registered(national_id)?;
        self.inner.journal.recording(|connection| {
            let signer = self.inner.identity.unblock(connection, signer.id)?;
            let entry = about(authorized.actor(), Event::SignerUnblocked, &signer);
            Ok((signer, vec![entry]))
        })
    }

    /// A new activation code for a citizen who is present and types the password. Credentials stay usable; the old
    /// code is worth nothing.
    pub fn reissue_activation_code(
        &self,
        authorized: &Authorized<op::ManageAccount>,
        national_id: &NationalId,
        password: &SecretText,
    ) -> Result<Receipt, ServiceError> {
        let signer = self.registered(national_id)?;
        let identity = &self.inner.identity;
        let given = identity.password_try(national_id, password)?;
        let occasion = Occasion::account(Purpose::ChangePassword);
        let opened = self.check_factor(&occasion, given, Some(signer.id))?;
        let new = identity.new_activation_code(opened)?;
        let activation_code = self.inner.journal.recording(|connection| {
            let code = identity.reissue_activation_code(connection, &new)?;
            let entry = about(authorized.actor(), Event::ActivationCodeIssued, &signer);
            Ok::<_, ServiceError>((code, vec![entry]))
        })?;
        Ok(Receipt {
            signer,
            activation_code,
            welcome: SmsState::Pending,
            revoked: 0,
        })
    }

    /// Whether a signer can sign now: the account's side and the credentials'.
    fn standing(&self, signer: &Signer) -> Result<Result<(), Refusal>, ServiceError> {
        let now = self.inner.ambient.now();
        if let Err(refusal) = signer.standing(now) {
            return Ok(Err(refusal));
        }
        let credential = self
            .inner
            .store
            .read(|connection| eligibility::credential(connection, signer.id, now))?;
        Ok(credential.map(|_| ()))
    }

    fn registered(&self, national_id: &NationalId) -> Result<Signer, ServiceError> {
        self.inner
            .identity
            .find(national_id)?
            .ok_or(ServiceError::Registration(IdentityError::NotRegistered))
    }

    /// The act, what it takes away from others, and its record in one transaction.
    fn registration_act(
        &self,
        by: &Actor,
        new: NewSigner,
        act: RegistrationAct,
        claim: &PhoneClaim,
    ) -> Result<Receipt, ServiceError> {
        let identity = &self.inner.identity;
        let registration = identity.registration(new, act)?;
        let revocation = Revocation {
            at: self.inner.ambient.now(),
            reason: RevocationReason::Superseded,
        };
        let (registered, revoked) = self.inner.journal.recording(|connection| {
            let registered = identity.register(connection, registration, claim)?;
            let signer = &registered.signer;
            let loss = registered.phone_taken_from;
            let mut entries: Vec<_> = loss
                .map(|owner| lost_phone(by, owner))
                .into_iter()
                .collect();
            let (detail, revoked) = match registered.earlier_credentials {
                EarlierCredentials::None => ("new", Vec::new()),
                EarlierCredentials::Lost => {
                    ("renewed", revoke_all(connection, signer.id, revocation)?)
                }
            };
            entries.extend(all_ended(&actor(by), &revoked, revocation));
            entries.push(about(by, Event::SignerRegistered, signer).detail(detail));
            Ok::<_, ServiceError>(((registered, revoked), entries))
        })?;
        let signer = registered.signer;
        self.after_revocation(&signer, &revoked, revocation);
        Ok(Receipt {
            welcome: self.tell(&signer, Message::Welcome),
            signer,
            activation_code: registered.activation_code,
            revoked: revoked.len(),
        })
    }

    /// Sends the citizen a message that nothing depends on: when it does not go out, the act counts all the same.
    pub(super) fn tell(&self, signer: &Signer, message: Message<'_>) -> SmsState {
        let Some(to) = signer.phone.clone() else {
            return SmsState::Pending;
        };
        let text = message.text(signer.language);
        match self.inner.notify.send(&Sms { to, text }) {
            Ok(()) => SmsState::Sent,
            Err(error) => sms_state(&error),
        }
    }
}

/// That the earlier owner of a phone that changes hands has none now.
fn lost_phone(by: &Actor, owner: SignerId) -> Entry {
    Entry::new(Event::SignerPhoneChanged)
        .by(actor(by))
        .signer(owner)
        .detail("given to another citizen")
}

fn about(by: &Actor, event: Event, signer: &Signer) -> Entry {
    Entry::new(event).by(actor(by)).signer(signer.id)
}
