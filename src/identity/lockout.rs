//! The first factor: a password or an activation code opens the citizen secret, and wrong ones are counted.
//!
//! A try is counted before it is looked at, so that a hundred at once get no more looks than the rules allow. A
//! signer who does not exist, has no such factor or is blocked costs one derivation and one write as any other does,
//! and all but the blocked get the same answer. A keyslot from before the costs were raised is opened at its own cost,
//! until its owner opens it once.

use time::OffsetDateTime;

use super::activation_code::ActivationCode;
use super::{BlockedWhen, Identity, IdentityError, keyslot, password};
use crate::domain::factor::Factor;
use crate::domain::identifier::NationalId;
use crate::domain::secret::{CitizenSecret, SecretText};
use crate::domain::signer::Signer;
use crate::store::keyslots::Keyslot;
use crate::store::signers::{Admission, CountedTry};
use crate::store::{StoreError, keyslots, signers};

/// A signer whose first factor was right. Holds the open secret; consumed by what it is for.
#[derive(Debug)]
pub struct OpenedSigner {
    signer: Signer,
    factor: Factor,
    secret: CitizenSecret,
    last_access: Option<OffsetDateTime>,
}

impl OpenedSigner {
    /// Whose.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Which factor it was.
    pub fn factor(&self) -> Factor {
        self.factor
    }

    /// The access before this one, to be shown to the citizen.
    pub fn last_access(&self) -> Option<OffsetDateTime> {
        self.last_access
    }

    pub(super) fn into_parts(self) -> (Signer, CitizenSecret) {
        (self.signer, self.secret)
    }
}

/// Whether the e-mail address is asked for beside the activation code.
#[derive(Debug, Clone, Copy)]
pub enum EmailCheck<'a> {
    /// As at activation: it must be the registered one, where one was registered.
    Typed(&'a str),
    /// As at a reset.
    NotAsked,
}

impl Identity {
    /// Opens the citizen secret with the password. The password's age is not looked at: whoever goes on must ask
    /// [`Signer::standing`], except to change the password.
    pub fn verify_password(
        &self,
        national_id: &NationalId,
        password: &SecretText,
    ) -> Result<OpenedSigner, IdentityError> {
        let password = password::normalised(password);
        self.verify(
            national_id,
            Factor::Password,
            Some(password::knowledge(&password)),
            EmailCheck::NotAsked,
        )
    }

    /// Opens the citizen secret with the activation code, however it is typed. A text that cannot be an activation
    /// code is wrong, and is not counted.
    pub fn verify_activation_code(
        &self,
        national_id: &NationalId,
        email: EmailCheck<'_>,
        code: &SecretText,
    ) -> Result<OpenedSigner, IdentityError> {
        let code = ActivationCode::parse(code);
        self.verify(
            national_id,
            Factor::ActivationCode,
            code.as_ref().map(ActivationCode::knowledge),
            email,
        )
    }

    fn verify(
        &self,
        national_id: &NationalId,
        factor: Factor,
        knowledge: Option<&[u8]>,
        email: EmailCheck<'_>,
    ) -> Result<OpenedSigner, IdentityError> {
        let found = self.store.read::<_, StoreError>(|connection| {
            let Some(signer) = signers::find_by_national_id(connection, national_id)? else {
                return Ok(None);
            };
            let slot = keyslots::find(connection, signer.id, factor)?;
            Ok(slot.map(|slot| (signer, slot)))
        })?;
        let (Some((signer, slot)), Some(knowledge)) = (found, knowledge) else {
            return self.turn_away(knowledge.unwrap_or_default());
        };
        let Some(counted) = self.count(&signer, factor)? else {
            keyslot::open_nothing(&self.settings.derivation, knowledge)?;
            return Err(blocked(&signer, factor, BlockedWhen::Before));
        };
        let opened = keyslot::open(&slot, (signer.id, factor), knowledge)?;
        let email_fits = match (email, &signer.email) {
            (EmailCheck::Typed(typed), Some(registered)) => registered.is_typed_as(typed),
            (EmailCheck::Typed(_), None) | (EmailCheck::NotAsked, _) => true,
        };
        let Some(secret) = opened.filter(|_| email_fits) else {
            return Err(self.wrong(&signer, factor, counted));
        };
        self.admit(&signer, factor, counted, secret, (&slot, knowledge))
    }

    /// For a signer who is not there: as much work, the same answer.
    fn turn_away(&self, knowledge: &[u8]) -> Result<OpenedSigner, IdentityError> {
        let [any_byte] = self.ambient.random();
        self.store
            .write(|connection| signers::count_unknown_try(connection, any_byte))?;
        keyslot::open_nothing(&self.settings.derivation, knowledge)?;
        Err(IdentityError::NotRecognised { signer: None })
    }

    /// `None` when the factor is blocked. Then the try is counted with those of nobody, so that it costs the same write.
    fn count(&self, signer: &Signer, factor: Factor) -> Result<Option<CountedTry>, StoreError> {
        let now = self.ambient.now();
        let [any_byte] = self.ambient.random();
        self.store.write(|connection| {
            let most = self.most(factor);
            let counted = signers::count_try(connection, signer.id, factor, most, now)?;
            if counted.is_none() {
                signers::count_unknown_try(connection, any_byte)?;
            }
            Ok(counted)
        })
    }

    fn wrong(&self, signer: &Signer, factor: Factor, counted: CountedTry) -> IdentityError {
        if counted.0 >= self.most(factor) {
            blocked(signer, factor, BlockedWhen::Now)
        } else {
            IdentityError::NotRecognised {
                signer: Some(signer.id),
            }
        }
    }

    fn admit(
        &self,
        signer: &Signer,
        factor: Factor,
        counted: CountedTry,
        secret: CitizenSecret,
        (slot, knowledge): (&Keyslot, &[u8]),
    ) -> Result<OpenedSigner, IdentityError> {
        let stronger = keyslot::strengthen(
            &self.ambient,
            &self.settings.derivation,
            slot,
            (signer.id, factor),
            knowledge,
            &secret,
        )?;
        let now = self.ambient.now();
        let last_access = signer.last_access_at;
        let signer = self.store.write(|connection| {
            match signers::admit(connection, signer.id, factor, counted, now)? {
                Admission::Granted => {}
                Admission::Blocked => return Err(blocked(signer, factor, BlockedWhen::Before)),
            }
            if let Some(stronger) = stronger {
                keyslots::replace(connection, signer.id, factor, &slot.salt, &stronger)?;
            }
            signers::find(connection, signer.id)?
                .filter(|signer| signer.sealing_key == secret.sealing_key())
                .ok_or(IdentityError::Overtaken)
        })?;
        Ok(OpenedSigner {
            signer,
            factor,
            secret,
            last_access,
        })
    }

    fn most(&self, factor: Factor) -> i32 {
        match factor {
            Factor::Password => self.settings.password_tries,
            Factor::ActivationCode => self.settings.activation_tries,
        }
    }
}

fn blocked(signer: &Signer, factor: Factor, when: BlockedWhen) -> IdentityError {
    IdentityError::Blocked {
        signer: signer.id,
        factor,
        when,
    }
}
