//! Taking the code: the right one, in time, for the same purpose, confirms.

use subtle::ConstantTimeEq;
use time::OffsetDateTime;

use super::ChallengeError;
use super::last_code::LastCode;
use super::proof::{code_mac, opened};
use crate::domain::challenge::{ChallengeEnd, Purpose};
use crate::domain::factor::Factor;
use crate::domain::id::ChallengeId;
use crate::domain::secret::{CitizenSecret, SecretText};
use crate::domain::signer::Signer;
use crate::identity::sealing::Sealed;
use crate::identity::{BlockedWhen, BrowserKey, Identity, one_time_code};
use crate::store::challenges::{Challenge, Ending};
use crate::store::{AnyConnection, StoreError, challenges, signers};

/// The right code was given. Consumed by what it is for, which happens once for each challenge.
#[derive(Debug)]
pub struct Confirmed {
    challenge: ChallengeId,
    signer: Signer,
    purpose: Purpose,
    binding: [u8; 32],
    secret: Option<CitizenSecret>,
    tries_left: u32,
}

impl Confirmed {
    /// Whose code it was.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// What was confirmed.
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// The digest of exactly what was confirmed.
    pub fn binding(&self) -> &[u8; 32] {
        &self.binding
    }

    /// The step that the code belongs to.
    pub(in crate::identity) fn challenge(&self) -> ChallengeId {
        self.challenge
    }

    /// Codes that may still be given in a step that is not ended by the code itself.
    pub(in crate::identity) fn tries_left(&self) -> u32 {
        self.tries_left
    }

    /// The signer and the open secret, which is there for all purposes but [`Purpose::TakePhone`].
    pub fn into_parts(self) -> (Signer, Option<CitizenSecret>) {
        (self.signer, self.secret)
    }
}

/// A code as it was given, beside the step it was given for.
pub struct GivenCode<'a> {
    challenge: Challenge,
    key: &'a BrowserKey,
    typed: SecretText,
}

/// What was found of a code.
pub struct Judgement(pub(super) Verdict);

impl Judgement {
    /// Whether it is the right one.
    pub fn is_right(&self) -> bool {
        matches!(self.0, Verdict::Right { .. })
    }
}

/// A code that was counted.
pub enum Counted {
    /// It was looked at in the transaction that counted it.
    Judged(Judgement),
    /// It is the last one allowed over all steps, and was not looked at yet.
    Last(LastCode),
}

impl Identity {
    /// Takes a code for what it is given for. A key of another browser costs nothing and is told nothing. Next comes
    /// [`judge`](Self::judge), then [`confirm`](Self::confirm); between the two, for the last code allowed,
    /// [`compare_last`](Self::compare_last) and [`settle`](Self::settle).
    pub fn given_code<'a>(
        &self,
        id: ChallengeId,
        key: &'a BrowserKey,
        code: &SecretText,
        purpose: Purpose,
        binding: &[u8; 32],
    ) -> Result<GivenCode<'a>, ChallengeError> {
        let challenge = self.held(id, key)?;
        if challenge.purpose != purpose || !bool::from(challenge.binding.ct_eq(binding)) {
            return Err(ChallengeError::SomethingElse);
        }
        self.check_open(&challenge)?;
        Ok(GivenCode {
            challenge,
            key,
            typed: one_time_code::typed(code),
        })
    }

    /// Takes a try and looks at the code, under the signer's lock. A wrong one costs a try, the last one ends the
    /// challenge. Wrong codes are also counted over all steps of a signer until a right one: too many block the factor
    /// that the step began with, as wrong tries of its own do.
    ///
    /// The last code allowed over all steps is counted and blocks the factor, and is not looked at here: whoever keeps
    /// the block from being recorded, and so from being made, is to learn nothing of the code.
    ///
    /// For signing and for a phone the right code ends the challenge: of two at the same moment one gets it. For a
    /// password it ends when the password is stored, in that transaction: see
    /// [`set_password`](Identity::set_password). Until then the code can be given again, at the cost of a try, so
    /// that a password that is refused, or a stop in between, does not leave a step that only looks finished.
    pub fn judge(
        &self,
        connection: &mut AnyConnection,
        given: &GivenCode<'_>,
    ) -> Result<Counted, ChallengeError> {
        let seen = &given.challenge;
        // Before anything else is read: codes of one signer are looked at one after the other, and never while a new
        // step takes over the tries of this one.
        let locked = signers::find_locked(connection, seen.signer)?.ok_or(ChallengeError::Gone)?;
        let now = self.ambient.now();
        check_standing(&locked.signer, seen, now)?;
        // As it is now: a resend may have replaced the code.
        let Some(present) = challenges::take_try(connection, seen.id, now)? else {
            return Ok(Counted::Judged(Judgement(Verdict::Overtaken)));
        };
        // Where an office asked for the code, no factor of this signer was given, and none is blocked.
        if let Some(factor) = present.purpose.factor() {
            let since = now - self.settings.wrong_codes_within;
            let wrong = signers::count_wrong_code(connection, &locked, since, now)?;
            if wrong >= self.settings.wrong_codes {
                signers::forget_wrong_codes(connection, present.signer)?;
                return Ok(Counted::Last(LastCode {
                    block: signers::block(connection, present.signer, factor, now)?,
                    present,
                    factor,
                }));
            }
        }
        let tries_left = present.tries_left;
        let verdict = if fits(given, &present)? {
            right(connection, locked.signer, &present, now)?
        } else {
            if tries_left == 0 {
                challenges::end(connection, present.id, ChallengeEnd::Exhausted, now)?;
            }
            Verdict::Wrong { tries_left }
        };
        Ok(Counted::Judged(Judgement(verdict)))
    }

    /// Opens what waits for a right code; says what is to be told of any other.
    pub fn confirm(
        &self,
        given: GivenCode<'_>,
        judgement: Judgement,
    ) -> Result<Confirmed, ChallengeError> {
        let GivenCode { challenge, key, .. } = given;
        let (signer, tries_left) = match judgement.0 {
            Verdict::Right { signer, tries_left } => (*signer, tries_left),
            Verdict::Wrong { tries_left: 0 } => return Err(ChallengeError::Exhausted),
            Verdict::Wrong { tries_left } => return Err(ChallengeError::WrongCode { tries_left }),
            Verdict::Blocked { factor, tries_left } => {
                return Err(ChallengeError::Blocked {
                    factor,
                    when: BlockedWhen::Now,
                    tries_left,
                });
            }
            Verdict::Refused(error) => return Err(error),
            Verdict::Overtaken => {
                // It ended between the first look and the try: the first look's answer for what it is now.
                let present = self.held(challenge.id, key)?;
                self.check_open(&present)?;
                return Err(match present.tries_left {
                    0 => ChallengeError::Exhausted,
                    _ => ChallengeError::Gone,
                });
            }
        };
        let secret = match opened(key, &challenge)? {
            Some(Sealed::Secret(secret)) => Some(secret),
            Some(Sealed::Nothing) => None,
            None => return Err(ChallengeError::Gone),
        };
        Ok(Confirmed {
            challenge: challenge.id,
            signer,
            purpose: challenge.purpose,
            binding: challenge.binding,
            secret,
            tries_left,
        })
    }

    /// What this browser confirmed before with this very code; `None` when it did not. For the second of two clicks,
    /// which is no mistake of anybody.
    pub fn confirmed_before(
        &self,
        id: ChallengeId,
        key: &BrowserKey,
        code: &SecretText,
    ) -> Result<Option<Purpose>, ChallengeError> {
        let found = self
            .store
            .read::<_, StoreError>(|connection| challenges::find(connection, id))?;
        let Some(challenge) = found.filter(|known| known.end == Some(ChallengeEnd::Confirmed))
        else {
            return Ok(None);
        };
        let mac = code_mac(
            key,
            &challenge,
            challenge.sms_count,
            &one_time_code::typed(code),
        )?;
        let same = bool::from(mac.ct_eq(&challenge.code_mac));
        Ok(same.then_some(challenge.purpose))
    }
}

/// Whether it is the code of the step as it is now.
pub(super) fn fits(given: &GivenCode<'_>, present: &Challenge) -> Result<bool, ChallengeError> {
    let mac = code_mac(given.key, present, present.sms_count, &given.typed)?;
    Ok(mac.ct_eq(&present.code_mac).into())
}

/// What a right code does, under the signer's lock, once its try was taken.
pub(super) fn right(
    connection: &mut AnyConnection,
    signer: Signer,
    challenge: &Challenge,
    now: OffsetDateTime,
) -> Result<Verdict, ChallengeError> {
    signers::forget_wrong_codes(connection, signer.id)?;
    if ends_with_its_code(challenge.purpose)
        && challenges::confirm(connection, challenge.id, now)? == Ending::Before
    {
        return Ok(Verdict::Overtaken);
    }
    Ok(Verdict::Right {
        signer: Box::new(signer),
        tries_left: challenge.tries_left,
    })
}

/// Refuses a code for an account that does not allow it any more: one for signing by the whole standing, the others
/// when the factor they began with is blocked.
pub(super) fn check_standing(
    signer: &Signer,
    challenge: &Challenge,
    now: OffsetDateTime,
) -> Result<(), ChallengeError> {
    if let Purpose::Sign { .. } = challenge.purpose {
        return signer.standing(now).map_err(ChallengeError::Refused);
    }
    let Some(factor) = challenge.purpose.factor() else {
        return Ok(());
    };
    let blocked = match factor {
        Factor::Password => signer.blocked_at,
        Factor::ActivationCode => signer.activation_blocked_at,
    };
    match blocked {
        None => Ok(()),
        Some(_) => Err(ChallengeError::Blocked {
            factor,
            when: BlockedWhen::Before,
            tries_left: challenge.tries_left,
        }),
    }
}

fn ends_with_its_code(purpose: Purpose) -> bool {
    match purpose {
        Purpose::Sign { .. } | Purpose::TakePhone => true,
        Purpose::Activate | Purpose::ResetPassword | Purpose::ChangePassword => false,
    }
}

pub(super) enum Verdict {
    Right {
        signer: Box<Signer>,
        tries_left: u32,
    },
    Wrong {
        tries_left: u32,
    },
    Blocked {
        factor: Factor,
        tries_left: u32,
    },
    /// What it was for is not allowed any more.
    Refused(ChallengeError),
    Overtaken,
}
