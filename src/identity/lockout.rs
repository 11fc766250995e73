//! The first factor: a password or an activation code opens the citizen secret, and wrong ones are counted.
//!
//! A try is counted before it is looked at, so that a hundred at once get no more looks than the rules allow. A
//! signer who does not exist, has no such factor or is blocked costs one derivation and one write as any other does,
//! and all but the blocked get the same answer. The try that blocks is the exception: the block is recorded with it. A
//! keyslot from before the costs were raised is opened at its own cost, until its owner opens it once.
//!
//! The steps, each taking what the one before gave: [`Identity::password_try`] or [`Identity::activation_code_try`]
//! finds the account, [`Identity::count`] counts the try, [`Identity::compare`] looks at it, and [`Identity::admit`] lets
//! the citizen in. Counting and admitting are acts of the caller's transactions, because they make blocks and take them
//! away; looking is slow on purpose and belongs in none.

use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::activation_code::ActivationCode;
use super::keyslot::{self, Opening};
use super::{BlockedWhen, Identity, IdentityError, password};
use crate::domain::factor::Factor;
use crate::domain::id::SignerId;
use crate::domain::identifier::NationalId;
use crate::domain::secret::{CitizenSecret, SecretText};
use crate::domain::signer::Signer;
use crate::store::keyslots::Keyslot;
use crate::store::signers::{Admission, CountedTry};
use crate::store::{AnyConnection, StoreError, keyslots, signers};

/// A signer whose first factor was right. Holds the open secret; consumed by what it is for.
#[derive(Debug)]
pub struct OpenedSigner {
    signer: Signer,
    opening: Opening,
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
        self.opening.factor()
    }

    /// The access before this one, to be shown to the citizen.
    pub fn last_access(&self) -> Option<OffsetDateTime> {
        self.last_access
    }

    pub(super) fn into_parts(self) -> (Signer, CitizenSecret, Opening) {
        (self.signer, self.secret, self.opening)
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

/// A password or activation code as somebody gave it, beside the account it was given for.
pub struct FactorTry {
    factor: Factor,
    account: Option<(Signer, Keyslot)>,
    /// `None` when the text cannot be right.
    knowledge: Option<Zeroizing<Vec<u8>>>,
    email: EmailFit,
}

impl FactorTry {
    /// Which of the two it is.
    pub fn factor(&self) -> Factor {
        self.factor
    }

    /// What can be looked at at all.
    fn parts(&self) -> Option<(&Signer, &Keyslot, &[u8])> {
        let (signer, slot) = self.account.as_ref()?;
        Some((signer, slot, self.knowledge.as_ref()?))
    }
}

/// Whether the typed e-mail address is the registered one, where that is asked.
#[derive(PartialEq, Eq)]
enum EmailFit {
    Fits,
    Differs,
}

/// A try that was counted, or turned away without a look.
#[derive(Debug, Clone, Copy)]
pub struct Counting {
    tried: Option<CountedTry>,
    blocked: Option<SignerId>,
}

impl Counting {
    /// Whose account is blocked from now on, unless this very try, the last one allowed, turns out to be right.
    pub fn blocked(&self) -> Option<SignerId> {
        self.blocked
    }
}

/// A try that was right. Holds the open secret, and lets nobody in yet.
pub struct RightTry {
    signer: Signer,
    opening: Opening,
    counting: Counting,
    counted: CountedTry,
    secret: CitizenSecret,
    /// The derivation of the slot that was opened, and the slot that takes its place.
    stronger: Option<(String, Keyslot)>,
}

impl RightTry {
    /// Whose account stops being blocked when this try is admitted: its own counting had blocked it.
    pub fn unblocks(&self) -> Option<SignerId> {
        self.counting.blocked
    }
}

impl Identity {
    /// Takes a password for what it is given for. Its age is not looked at: whoever goes on must ask
    /// [`Signer::standing`], except to change the password.
    pub fn password_try(
        &self,
        national_id: &NationalId,
        password: &SecretText,
    ) -> Result<FactorTry, IdentityError> {
        let password = password::normalised(password);
        self.factor_try(
            national_id,
            Factor::Password,
            Some(password::knowledge(&password)),
            EmailCheck::NotAsked,
        )
    }

    /// Takes an activation code for what it is given for, however it is typed. A text that cannot be an activation code
    /// is wrong, and is not counted.
    pub fn activation_code_try(
        &self,
        national_id: &NationalId,
        email: EmailCheck<'_>,
        code: &SecretText,
    ) -> Result<FactorTry, IdentityError> {
        let code = ActivationCode::parse(code);
        self.factor_try(
            national_id,
            Factor::ActivationCode,
            code.as_ref().map(ActivationCode::knowledge),
            email,
        )
    }

    fn factor_try(
        &self,
        national_id: &NationalId,
        factor: Factor,
        knowledge: Option<&[u8]>,
        email: EmailCheck<'_>,
    ) -> Result<FactorTry, IdentityError> {
        let account = self.store.read::<_, StoreError>(|connection| {
            let Some(signer) = signers::find_by_national_id(connection, national_id)? else {
                return Ok(None);
            };
            let slot = keyslots::find(connection, signer.id, factor)?;
            Ok(slot.map(|slot| (signer, slot)))
        })?;
        let registered = account
            .as_ref()
            .and_then(|(signer, _)| signer.email.as_ref());
        let email = match (email, registered) {
            (EmailCheck::Typed(typed), Some(registered)) if !registered.is_typed_as(typed) => {
                EmailFit::Differs
            }
            (EmailCheck::Typed(_) | EmailCheck::NotAsked, _) => EmailFit::Fits,
        };
        Ok(FactorTry {
            factor,
            account,
            knowledge: knowledge.map(|knowledge| Zeroizing::new(knowledge.to_vec())),
            email,
        })
    }

    /// Counts a try before it is looked at. The last one allowed blocks at once; so does every later one find it. One
    /// that is not looked at is counted with those of nobody, so that it costs the same write.
    pub fn count(
        &self,
        connection: &mut AnyConnection,
        given: &FactorTry,
    ) -> Result<Counting, IdentityError> {
        let now = self.ambient.now();
        let most = self.most(given.factor);
        let tried = match given.parts() {
            Some((signer, ..)) => {
                signers::count_try(connection, signer.id, given.factor, most, now)?
                    .map(|counted| (signer.id, counted))
            }
            None => None,
        };
        let Some((signer, counted)) = tried else {
            let [any_byte] = self.ambient.random();
            signers::count_unknown_try(connection, any_byte)?;
            return Ok(Counting {
                tried: None,
                blocked: None,
            });
        };
        Ok(Counting {
            tried: Some(counted),
            blocked: counted.block().map(|_| signer),
        })
    }

    /// Looks at a try that was counted: opens the citizen secret with it. Slow on purpose: never within a transaction.
    pub fn compare(&self, given: FactorTry, counting: Counting) -> Result<RightTry, IdentityError> {
        let derivation = &self.settings.derivation;
        let FactorTry {
            factor,
            account,
            knowledge,
            email,
        } = given;
        let (Some((signer, slot)), Some(knowledge)) = (account, &knowledge) else {
            // For a signer who is not there: as much work, the same answer.
            let nothing = knowledge.unwrap_or_default();
            keyslot::open_nothing(derivation, &nothing)?;
            return Err(IdentityError::NotRecognised { signer: None });
        };
        let Some(counted) = counting.tried else {
            keyslot::open_nothing(derivation, knowledge)?;
            return Err(blocked(&signer, factor, BlockedWhen::Before));
        };
        let owner = (signer.id, factor);
        let secret = keyslot::open(&slot, owner, knowledge)?
            .filter(|_| email == EmailFit::Fits)
            .ok_or_else(|| match counting.blocked {
                Some(_) => blocked(&signer, factor, BlockedWhen::Now),
                None => IdentityError::NotRecognised {
                    signer: Some(signer.id),
                },
            })?;
        let stronger =
            keyslot::strengthen(&self.ambient, derivation, &slot, owner, knowledge, &secret)?;
        Ok(RightTry {
            opening: Opening::new(owner, &slot),
            signer,
            counting,
            counted,
            secret,
            stronger: stronger.map(|stronger| (slot.derivation, stronger)),
        })
    }

    /// Lets in who gave a right try: notes the access and sets the counter back, unless the factor is blocked by anything
    /// but the counting of this very try: wrong tries or wrong SMS codes meanwhile. A password or code that another has
    /// taken the place of meanwhile is wrong.
    pub fn admit(
        &self,
        connection: &mut AnyConnection,
        right: RightTry,
    ) -> Result<OpenedSigner, IdentityError> {
        let RightTry {
            signer: seen,
            opening,
            counted,
            secret,
            stronger,
            ..
        } = right;
        let (now, factor) = (self.ambient.now(), opening.factor());
        match signers::admit(connection, seen.id, factor, counted, now)? {
            Admission::Granted => {}
            Admission::Blocked => return Err(blocked(&seen, factor, BlockedWhen::Before)),
        }
        opening.check(connection)?;
        if let Some((weaker, stronger)) = stronger {
            keyslots::strengthen(connection, seen.id, factor, &weaker, &stronger)?;
        }
        let signer = signers::find(connection, seen.id)?
            .filter(|signer| signer.sealing_key == secret.sealing_key())
            .ok_or(IdentityError::Overtaken)?;
        Ok(OpenedSigner {
            signer,
            opening,
            secret,
            last_access: seen.last_access_at,
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
