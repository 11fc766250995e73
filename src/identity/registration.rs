//! Registration: making an account, making it anew, and closing it.
//!
//! An administrator registers a citizen after proofing the identity. The citizen gets a receipt with an activation
//! code, which opens the new citizen secret; the server keeps only the sealed secret and its public half. Therefore
//! nobody can give a citizen who lost both password and activation code the old secret back: a new registration act
//! makes a new one, and credentials sealed to the old are lost for good.

use time::Date;

use super::activation_code::ActivationCode;
use super::keyslot::Opening;
use super::level::{earned, not_in_future};
use super::phone::{PhoneClaim, free_phone};
use super::{Identity, IdentityError, OpenedSigner};
use crate::domain::challenge::ChallengeEnd;
use crate::domain::email::Email;
use crate::domain::factor::Factor;
use crate::domain::id::SignerId;
use crate::domain::identifier::NationalId;
use crate::domain::language::Language;
use crate::domain::level::{ProofingMethod, RegistrationLevel};
use crate::domain::person::PersonName;
use crate::domain::phone::Phone;
use crate::domain::secret::{CitizenSecret, SealingKey, SecretBytes, SecretText};
use crate::domain::signer::Signer;
use crate::store::keyslots::Keyslot;
use crate::store::{self, AnyConnection, StoreError, challenges, keyslots, signers};

/// What the office knows about a citizen.
#[derive(Debug, Clone)]
pub struct NewSigner {
    /// DNI or NIE.
    pub national_id: NationalId,
    /// As on the identity document.
    pub name: PersonName,
    /// Where codes go.
    pub phone: Phone,
    /// Asked again at activation when there is one.
    pub email: Option<Email>,
    /// Language of messages that answer no page.
    pub language: Language,
    /// How the identity was proofed.
    pub method: ProofingMethod,
    /// Advanced only by methods that give it at once.
    pub level: RegistrationLevel,
    /// Day of the proofing, not in the future.
    pub proofed_at: Date,
}

/// Which registration act it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistrationAct {
    /// Of somebody who has no account.
    First,
    /// Of somebody who has one.
    Renewal,
}

/// What became of credentials from before a registration act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EarlierCredentials {
    /// There was no account before.
    None,
    /// They were sealed to a secret that is gone: they must be revoked.
    Lost,
}

/// A registration act that was done.
#[derive(Debug)]
pub struct Registered {
    /// The account.
    pub signer: Signer,
    /// In groups of four, for the receipt. It exists here and nowhere else.
    pub activation_code: SecretText,
    /// Whether credentials must be revoked now.
    pub earlier_credentials: EarlierCredentials,
    /// Who had the phone until then and has none now.
    pub phone_taken_from: Option<SignerId>,
}

/// A registration act that is ready to be done: the new secret exists, sealed under the new activation code.
pub struct Registration {
    act: RegistrationAct,
    signer: Signer,
    phone: Phone,
    code: ActivationCode,
    slot: Keyslot,
}

/// A new activation code that is ready to take the place of the old one.
pub struct NewActivationCode {
    signer: SignerId,
    sealing_key: SealingKey,
    /// By the password, which must still be it.
    opening: Opening,
    code: ActivationCode,
    slot: Keyslot,
}

impl Identity {
    /// Prepares a registration act: of somebody who has no account, or anew of somebody who has one. A DNI or NIE whose
    /// account was closed counts as having none, and gets it back with a new secret. Slow on purpose: never within a
    /// transaction.
    pub fn registration(
        &self,
        new: NewSigner,
        act: RegistrationAct,
    ) -> Result<Registration, IdentityError> {
        self.check_registration(&new, act)?;
        let now = self.ambient.now();
        let known = self
            .store
            .read(|connection| signers::find_by_national_id(connection, &new.national_id))?;
        let id = known.map_or_else(|| self.ambient.id(), |signer| signer.id);
        let secret = CitizenSecret::new(SecretBytes::new(self.ambient.random()));
        let code = ActivationCode::generate(&self.ambient);
        let slot = self.keyslot((id, Factor::ActivationCode), code.knowledge(), &secret)?;
        let signer = Signer {
            id,
            national_id: new.national_id,
            name: new.name,
            phone: Some(new.phone.clone()),
            email: new.email,
            language: new.language,
            method: new.method,
            level: new.level,
            proofed_at: new.proofed_at,
            registered_at: now,
            activated_at: None,
            password_expires_at: None,
            blocked_at: None,
            activation_blocked_at: None,
            last_access_at: None,
            deregistered_at: None,
            sealing_key: secret.sealing_key(),
        };
        Ok(Registration {
            act,
            signer,
            phone: new.phone,
            code,
            slot,
        })
    }

    /// Does a registration act. The account begins at its beginning, with a new secret and a new code.
    pub fn register(
        &self,
        connection: &mut AnyConnection,
        registration: Registration,
        claim: &PhoneClaim,
    ) -> Result<Registered, IdentityError> {
        let Registration {
            act,
            mut signer,
            phone,
            code,
            slot,
        } = registration;
        let now = self.ambient.now();
        let national_id = signer.national_id.clone();
        // Before anything is read: of two acts on one account the second sees what the first has made of it.
        signers::lock(connection, signer.id)?;
        unless_overtaken(connection, &national_id, &phone, |connection| {
            let present = signers::find_by_national_id(connection, &signer.national_id)?;
            allowed(act, present.as_ref())?;
            let phone_taken_from = free_phone(connection, &signer.national_id, &phone, claim, now)?;
            let earlier_credentials = match present {
                Some(present) if present.id == signer.id => {
                    signer.last_access_at = present.last_access_at;
                    begin_anew(connection, &signer, now)?;
                    EarlierCredentials::Lost
                }
                Some(_) => return Err(IdentityError::Overtaken),
                None => {
                    signers::insert(connection, &signer)?;
                    EarlierCredentials::None
                }
            };
            keyslots::put(connection, signer.id, Factor::ActivationCode, &slot)?;
            Ok(Registered {
                signer,
                activation_code: code.grouped(),
                earlier_credentials,
                phone_taken_from,
            })
        })
    }

    /// Whether a registration act could be done, apart from the phone: for those who must ask its holder first.
    pub fn check_registration(
        &self,
        new: &NewSigner,
        act: RegistrationAct,
    ) -> Result<(), IdentityError> {
        earned(new.method, new.level)?;
        not_in_future(new.proofed_at, self.ambient.now())?;
        allowed(act, self.find(&new.national_id)?.as_ref())
    }

    /// Prepares a new activation code for a citizen who has the password and lost the receipt. Consumes what the password
    /// opened: without the citizen no new code can be made for the same secret, by nobody. Slow on purpose: never within
    /// a transaction.
    pub fn new_activation_code(
        &self,
        opened: OpenedSigner,
    ) -> Result<NewActivationCode, IdentityError> {
        let (signer, secret, opening) = opened.into_parts();
        let code = ActivationCode::generate(&self.ambient);
        Ok(NewActivationCode {
            signer: signer.id,
            sealing_key: secret.sealing_key(),
            slot: self.keyslot(
                (signer.id, Factor::ActivationCode),
                code.knowledge(),
                &secret,
            )?,
            opening,
            code,
        })
    }

    /// Puts a new activation code in the place of the old one, and gives it in groups of four. Open code steps end: one
    /// of them may have been begun with the old code.
    pub fn reissue_activation_code(
        &self,
        connection: &mut AnyConnection,
        new: &NewActivationCode,
    ) -> Result<SecretText, IdentityError> {
        let signer = held(connection, new.signer)?;
        if signer.sealing_key != new.sealing_key {
            return Err(IdentityError::Overtaken);
        }
        new.opening.check(connection)?;
        keyslots::put(connection, new.signer, Factor::ActivationCode, &new.slot)?;
        signers::unblock(connection, new.signer, Factor::ActivationCode)?;
        let now = self.ambient.now();
        challenges::end_all(connection, new.signer, ChallengeEnd::Cancelled, now)?;
        Ok(new.code.grouped())
    }

    /// Takes the block of wrong passwords or SMS codes away without a reset; for an administrator who knows the
    /// citizen. A blocked activation code stays blocked: only a new one opens the account.
    pub fn unblock(
        &self,
        connection: &mut AnyConnection,
        signer: SignerId,
    ) -> Result<Signer, IdentityError> {
        let mut signer = held(connection, signer)?;
        if signer.blocked_at.take().is_none() {
            return Err(IdentityError::NotBlocked);
        }
        signers::unblock(connection, signer.id, Factor::Password)?;
        Ok(signer)
    }

    /// Closes an account: no factor opens it any more, phone and e-mail address are forgotten. Its credentials must
    /// be revoked.
    pub fn deregister(
        &self,
        connection: &mut AnyConnection,
        signer: SignerId,
    ) -> Result<Signer, IdentityError> {
        let now = self.ambient.now();
        let mut signer = held(connection, signer)?;
        signer.phone = None;
        signer.email = None;
        signer.deregistered_at = Some(now);
        signer.password_expires_at = None;
        signers::update(connection, &signer)?;
        keyslots::delete_all(connection, signer.id)?;
        challenges::end_all(connection, signer.id, ChallengeEnd::Cancelled, now)?;
        Ok(signer)
    }
}

/// Whether that act can be done to the account that is there, if any.
fn allowed(act: RegistrationAct, present: Option<&Signer>) -> Result<(), IdentityError> {
    let present = present.filter(|signer| signer.deregistered_at.is_none());
    match (act, present) {
        (RegistrationAct::First, Some(signer)) => {
            Err(IdentityError::AlreadyRegistered { signer: signer.id })
        }
        (RegistrationAct::Renewal, None) => Err(IdentityError::NotRegistered),
        (RegistrationAct::First, None) | (RegistrationAct::Renewal, Some(_)) => Ok(()),
    }
}

/// An account that is not closed; nobody else changes it until the transaction ends.
pub(super) fn held(
    connection: &mut AnyConnection,
    signer: SignerId,
) -> Result<Signer, IdentityError> {
    signers::lock(connection, signer)?;
    signers::find(connection, signer)?
        .filter(|signer| signer.deregistered_at.is_none())
        .ok_or(IdentityError::NotRegistered)
}

/// Does what gives a person a phone, and tells what a conflict means: another act at the same moment registered the
/// person or took the phone first.
pub(super) fn unless_overtaken<T>(
    connection: &mut AnyConnection,
    national_id: &NationalId,
    phone: &Phone,
    act: impl FnOnce(&mut AnyConnection) -> Result<T, IdentityError>,
) -> Result<T, IdentityError> {
    match store::nested(connection, act) {
        Err(error @ IdentityError::Store(StoreError::Conflict { .. })) => {
            if let Some(owner) = signers::find_by_phone(connection, phone)?
                && owner.national_id != *national_id
            {
                return Err(IdentityError::PhoneTaken { owner: owner.id });
            }
            let person = signers::find_by_national_id(connection, national_id)?;
            Err(
                match person.filter(|signer| signer.deregistered_at.is_none()) {
                    Some(signer) => IdentityError::AlreadyRegistered { signer: signer.id },
                    None => error,
                },
            )
        }
        other => other,
    }
}

/// Under the signer's lock.
fn begin_anew(
    connection: &mut AnyConnection,
    signer: &Signer,
    now: time::OffsetDateTime,
) -> Result<(), IdentityError> {
    signers::update(connection, signer)?;
    signers::unblock(connection, signer.id, Factor::Password)?;
    signers::unblock(connection, signer.id, Factor::ActivationCode)?;
    keyslots::delete_all(connection, signer.id)?;
    challenges::end_all(connection, signer.id, ChallengeEnd::Cancelled, now)?;
    Ok(())
}
