//! Registration: making an account, making it anew, and closing it.
//!
//! An administrator registers a citizen after proofing the identity. The citizen gets a receipt with an activation
//! code, which opens the new citizen secret; the server keeps only the sealed secret and its public half. Therefore
//! nobody can give a citizen who lost both password and activation code the old secret back: a new registration act
//! makes a new one, and credentials sealed to the old are lost for good.

use time::Date;

use super::activation_code::ActivationCode;
use super::level::{earned, not_in_future};
use super::phone::{PhoneClaim, free_phone};
use super::{Identity, IdentityError, OpenedSigner, keyslot};
use crate::domain::challenge::ChallengeEnd;
use crate::domain::email::Email;
use crate::domain::factor::Factor;
use crate::domain::id::SignerId;
use crate::domain::identifier::NationalId;
use crate::domain::language::Language;
use crate::domain::level::{ProofingMethod, RegistrationLevel};
use crate::domain::person::PersonName;
use crate::domain::phone::Phone;
use crate::domain::secret::{CitizenSecret, SecretBytes, SecretText};
use crate::domain::signer::Signer;
use crate::store::keyslots::Keyslot;
use crate::store::{AnyConnection, StoreError, challenges, keyslots, signers};

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
}

impl Identity {
    /// Makes an account. A DNI or NIE whose account was closed gets it back with a new secret.
    pub fn register(
        &self,
        new: NewSigner,
        claim: &PhoneClaim,
    ) -> Result<Registered, IdentityError> {
        if let Some(signer) = self.find(&new.national_id)? {
            return Err(IdentityError::AlreadyRegistered { signer: signer.id });
        }
        self.registration_act(new, claim, |present| match present {
            Some(signer) if signer.deregistered_at.is_none() => {
                Err(IdentityError::AlreadyRegistered { signer: signer.id })
            }
            _ => Ok(()),
        })
    }

    /// Registers somebody anew who has an account: after losing both password and activation code, or when the
    /// identity was proofed again. The account begins at its beginning, with a new secret and a new code.
    pub fn renew_registration(
        &self,
        new: NewSigner,
        claim: &PhoneClaim,
    ) -> Result<Registered, IdentityError> {
        if self.find(&new.national_id)?.is_none() {
            return Err(IdentityError::NotRegistered);
        }
        self.registration_act(new, claim, |present| match present {
            Some(signer) if signer.deregistered_at.is_none() => Ok(()),
            _ => Err(IdentityError::NotRegistered),
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
        match (self.find(&new.national_id)?, act) {
            (Some(signer), RegistrationAct::First) => {
                Err(IdentityError::AlreadyRegistered { signer: signer.id })
            }
            (None, RegistrationAct::Renewal) => Err(IdentityError::NotRegistered),
            (None, RegistrationAct::First) | (Some(_), RegistrationAct::Renewal) => Ok(()),
        }
    }

    /// A new activation code for a citizen who has the password and lost the receipt. Consumes what the password
    /// opened: without the citizen no new code can be made for the same secret, by nobody. Open code steps end: one of
    /// them may have been begun with the old code.
    pub fn reissue_activation_code(
        &self,
        opened: OpenedSigner,
    ) -> Result<SecretText, IdentityError> {
        let (signer, secret) = opened.into_parts();
        let code = ActivationCode::generate(&self.ambient);
        let slot = self.code_slot(signer.id, &code, &secret)?;
        let now = self.ambient.now();
        self.store.write(|connection| {
            signers::lock(connection, signer.id)?;
            signers::find(connection, signer.id)?
                .filter(|signer| signer.sealing_key == secret.sealing_key())
                .ok_or(IdentityError::Overtaken)?;
            keyslots::put(connection, signer.id, Factor::ActivationCode, &slot)?;
            signers::unblock(connection, signer.id, Factor::ActivationCode)?;
            challenges::end_all(connection, signer.id, ChallengeEnd::Cancelled, now)?;
            Ok(code.grouped())
        })
    }

    /// Takes the block of wrong passwords or SMS codes away without a reset; for an administrator who knows the
    /// citizen. A blocked activation code stays blocked: only a new one opens the account.
    pub fn unblock(&self, signer: SignerId) -> Result<Signer, IdentityError> {
        self.store.write(|connection| {
            signers::lock(connection, signer)?;
            let mut signer = signers::find(connection, signer)?
                .filter(|signer| signer.deregistered_at.is_none())
                .ok_or(IdentityError::NotRegistered)?;
            if signer.blocked_at.take().is_none() {
                return Err(IdentityError::NotBlocked);
            }
            signers::unblock(connection, signer.id, Factor::Password)?;
            Ok(signer)
        })
    }

    /// Closes an account: no factor opens it any more, phone and e-mail address are forgotten. Its credentials must
    /// be revoked.
    pub fn deregister(&self, signer: SignerId) -> Result<Signer, IdentityError> {
        let now = self.ambient.now();
        self.store.write(|connection| {
            signers::lock(connection, signer)?;
            let mut signer = signers::find(connection, signer)?
                .filter(|signer| signer.deregistered_at.is_none())
                .ok_or(IdentityError::NotRegistered)?;
            signer.phone = None;
            signer.email = None;
            signer.deregistered_at = Some(now);
            signer.password_expires_at = None;
            signers::update(connection, &signer)?;
            keyslots::delete_all(connection, signer.id)?;
            challenges::end_all(connection, signer.id, ChallengeEnd::Cancelled, now)?;
            Ok(signer)
        })
    }

    /// The whole act. `allowed` looks at the account that is there, within the transaction.
    fn registration_act(
        &self,
        new: NewSigner,
        claim: &PhoneClaim,
        allowed: impl FnOnce(Option<&Signer>) -> Result<(), IdentityError>,
    ) -> Result<Registered, IdentityError> {
        let now = self.ambient.now();
        earned(new.method, new.level)?;
        not_in_future(new.proofed_at, now)?;
        let id = self
            .store
            .read(|connection| signers::find_by_national_id(connection, &new.national_id))?;
        let id = id.map_or_else(|| self.ambient.id(), |signer| signer.id);
        let secret = CitizenSecret::new(SecretBytes::new(self.ambient.random()));
        let code = ActivationCode::generate(&self.ambient);
        let slot = self.code_slot(id, &code, &secret)?;
        let mut signer = Signer {
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
        let national_id = signer.national_id.clone();
        let act = self.store.write(|connection| {
            let present = signers::find_by_national_id(connection, &signer.national_id)?;
            allowed(present.as_ref())?;
            free_phone(connection, &signer.national_id, &new.phone, claim, now)?;
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
            store_code_slot(connection, signer.id, &slot)?;
            Ok(Registered {
                signer,
                activation_code: code.grouped(),
                earlier_credentials,
            })
        });
        act.map_err(|error| self.overtaken(error, &national_id, &new.phone))
    }

    /// What a conflict means: another act at the same moment registered the person or took the phone first.
    pub(super) fn overtaken(
        &self,
        error: IdentityError,
        national_id: &NationalId,
        phone: &Phone,
    ) -> IdentityError {
        if !matches!(error, IdentityError::Store(StoreError::Conflict { .. })) {
            return error;
        }
        let first = (self.find(national_id), self.phone_owner(phone));
        match first {
            (_, Ok(Some(owner))) if owner.national_id != *national_id => {
                IdentityError::PhoneTaken { owner: owner.id }
            }
            (Ok(Some(signer)), _) => IdentityError::AlreadyRegistered { signer: signer.id },
            _ => error,
        }
    }

    fn code_slot(
        &self,
        signer: SignerId,
        code: &ActivationCode,
        secret: &CitizenSecret,
    ) -> Result<Keyslot, IdentityError> {
        Ok(keyslot::seal(
            &self.ambient,
            &self.settings.derivation,
            (signer, Factor::ActivationCode),
            code.knowledge(),
            secret,
        )?)
    }
}

fn begin_anew(
    connection: &mut AnyConnection,
    signer: &Signer,
    now: time::OffsetDateTime,
) -> Result<(), IdentityError> {
    signers::lock(connection, signer.id)?;
    signers::update(connection, signer)?;
    signers::unblock(connection, signer.id, Factor::Password)?;
    signers::unblock(connection, signer.id, Factor::ActivationCode)?;
    keyslots::delete_all(connection, signer.id)?;
    challenges::end_all(connection, signer.id, ChallengeEnd::Cancelled, now)?;
    Ok(())
}

fn store_code_slot(
    connection: &mut AnyConnection,
    signer: SignerId,
    slot: &Keyslot,
) -> Result<(), IdentityError> {
    keyslots::put(connection, signer, Factor::ActivationCode, slot)?;
    Ok(())
}
