//! The second factor: a code sent to the citizen's phone.
//!
//! A challenge is open between the first factor and the code. Its row holds the citizen secret under a key that only
//! the browser has, and a MAC of the code under another one, so that the database alone neither opens the one nor
//! guesses the other. The code is bound to one purpose and to a digest of exactly what it confirms. It is used once.
//! Codes are counted before they are looked at, under the signer's lock, in the same transaction or in one before. So
//! nodes and threads together get no more tries than one.

use std::time::Duration;

use subtle::ConstantTimeEq;
use time::OffsetDateTime;

use self::proof::{code_mac, secret_context};
use super::keyslot::Opening;
use super::sealing::{self, CipherRefused};
use super::{BlockedWhen, BrowserKey, Identity, IdentityError, OpenedSigner, one_time_code};
use crate::domain::challenge::{ChallengeEnd, Purpose, SmsState};
use crate::domain::factor::Factor;
use crate::domain::id::{ChallengeId, SignerId};
use crate::domain::phone::Phone;
use crate::domain::secret::{CitizenSecret, SecretText};
use crate::domain::signer::Signer;
use crate::domain::standing::Refusal;
use crate::store::challenges::{Challenge, Messages, Replacement};
use crate::store::{AnyConnection, Store, StoreError, challenges, signers};

mod confirmation;
mod last_code;
mod proof;

pub use confirmation::{Confirmed, Counted, GivenCode, Judgement};
pub use last_code::{LastCode, LastLook};

const HOUR: Duration = Duration::from_secs(60 * 60);
/// How many messages that do not leave are tried within the hour, for each one that may leave. They take nothing from
/// the citizen, who is told to try again; but the gateway is not called without end, and where its answer is late a
/// message may have left all the same.
const UNSENT_PER_SENT: u32 = 4;
/// How long rows stay after their end: longer than the hour that messages are counted over.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// Rows forgotten in one transaction: others of this process may wait for it.
const FORGOTTEN_AT_ONCE: i64 = 500;

/// A challenge that was just opened. The code goes to the phone, the key to the browser, and both are forgotten.
#[derive(Debug)]
pub struct Opened {
    /// Which one.
    pub challenge: ChallengeId,
    /// Whose phone it is.
    pub signer: SignerId,
    /// For the browser alone.
    pub browser_key: BrowserKey,
    /// For the phone alone.
    pub code: SecretText,
    /// Where the code goes.
    pub phone: Phone,
    /// Which of the challenge's messages this is, from 1.
    pub message: u32,
    /// When the code ends.
    pub expires_at: OffsetDateTime,
}

/// A new code for an open challenge; the old one is worth nothing now.
#[derive(Debug)]
pub struct Resent {
    /// Whose phone it is.
    pub signer: Signer,
    /// What it confirms.
    pub purpose: Purpose,
    /// For the phone alone.
    pub code: SecretText,
    /// Where the code goes.
    pub phone: Phone,
    /// Which of the challenge's messages this is, from 1.
    pub message: u32,
    /// When the code ends.
    pub expires_at: OffsetDateTime,
}

/// An open challenge as its browser may know it, before the code.
#[derive(Debug)]
pub struct Challenged {
    /// Who was asked.
    pub signer: Signer,
    /// What became of the last message.
    pub sms_state: SmsState,
    /// When the code ends.
    pub expires_at: OffsetDateTime,
    /// Wrong codes still allowed.
    pub tries_left: u32,
    /// New codes that may still be asked for.
    pub resends_left: u32,
}

/// Why a code step did not go on.
#[derive(Debug, thiserror::Error)]
pub enum ChallengeError {
    /// Not the code.
    #[error("wrong code, {tries_left} tries left")]
    WrongCode {
        /// How many more there are.
        tries_left: u32,
    },
    /// Too many wrong codes, now or before: what waited for the code must be refused.
    #[error("too many wrong codes")]
    Exhausted,
    /// Too many wrong codes over all steps: the factor that this step began with is blocked.
    #[error("too many wrong codes over all steps: the {factor} is blocked")]
    Blocked {
        /// Which factor.
        factor: Factor,
        /// Whether this code did it.
        when: BlockedWhen,
        /// How many more codes this step would take. With none left, what waited must be refused.
        tries_left: u32,
    },
    /// The code's time is over.
    #[error("the code's time is over")]
    Expired,
    /// No such challenge for this browser, or it was used, replaced or cancelled.
    #[error("no code is waited for here")]
    Gone,
    /// The challenge is for another purpose, or what it was bound to has changed.
    #[error("the code is for something else")]
    SomethingElse,
    /// No more new codes in this challenge.
    #[error("no more codes are sent for this; begin anew")]
    NoResendsLeft,
    /// Too many codes within the hour.
    #[error("too many codes were sent within the hour; the next may be asked for at {retry_at}")]
    TooManyCodes {
        /// When the next may be asked for.
        retry_at: OffsetDateTime,
    },
    /// The account changed meanwhile and does not allow this any more.
    #[error("the account does not allow this: {0}")]
    Refused(Refusal),
    /// A cipher failed.
    #[error(transparent)]
    Cipher(#[from] CipherRefused),
    /// The database did not do its part.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Identity {
    /// Opens the code step after the first factor. `binding` is a digest of exactly what the code will confirm.
    ///
    /// A first factor that another has taken the place of meanwhile opens nothing: it is
    /// [`IdentityError::NotRecognised`].
    ///
    /// An open challenge for the same purpose ends, and its tries are all that the new one has. The tries for a
    /// request are one number over all its challenges: with none left it is [`IdentityError::CodesExhausted`], and
    /// the request must be refused.
    pub fn open_challenge(
        &self,
        opened: OpenedSigner,
        purpose: Purpose,
        binding: [u8; 32],
    ) -> Result<Opened, IdentityError> {
        let now = self.ambient.now();
        match purpose {
            Purpose::Sign { .. } => {
                let standing = opened.signer().standing(now);
                standing.map_err(IdentityError::Refused)?;
            }
            Purpose::Activate if opened.signer().activated_at.is_some() => {
                return Err(IdentityError::AlreadyActive);
            }
            Purpose::ResetPassword if opened.signer().activated_at.is_none() => {
                return Err(IdentityError::Refused(Refusal::NotActivated));
            }
            Purpose::Activate
            | Purpose::ResetPassword
            | Purpose::ChangePassword
            | Purpose::TakePhone => {}
        }
        if Some(opened.factor()) != purpose.factor() {
            return Err(IdentityError::ConfirmedSomethingElse);
        }
        let (signer, secret, opening) = opened.into_parts();
        let first = Some((&secret, &opening));
        self.open(&signer, purpose, binding, first, now)
    }

    /// Sends a code to whoever has a phone, to ask whether another citizen may have it. See
    /// [`phone_binding`](super::phone_binding).
    pub fn open_phone_challenge(
        &self,
        owner: &Signer,
        binding: [u8; 32],
    ) -> Result<Opened, IdentityError> {
        self.open(owner, Purpose::TakePhone, binding, None, self.ambient.now())
    }

    /// What a browser waits for; checks its key and then the purpose.
    pub fn challenged(
        &self,
        id: ChallengeId,
        key: &BrowserKey,
        purpose: Purpose,
    ) -> Result<Challenged, ChallengeError> {
        let challenge = self.held(id, key)?;
        if challenge.purpose != purpose {
            return Err(ChallengeError::SomethingElse);
        }
        self.check_open(&challenge)?;
        // The first message is no resend.
        let resends = challenge.sms_count.saturating_sub(1);
        Ok(Challenged {
            signer: find_signer(&self.store, challenge.signer)?,
            sms_state: challenge.sms_state,
            expires_at: challenge.expires_at,
            tries_left: challenge.tries_left,
            resends_left: self.settings.code_resends.saturating_sub(resends),
        })
    }

    /// What a challenge of this browser is for, whether it is still open or not.
    pub fn challenge_purpose(
        &self,
        id: ChallengeId,
        key: &BrowserKey,
    ) -> Result<Purpose, ChallengeError> {
        Ok(self.held(id, key)?.purpose)
    }

    /// A new code in the place of the old one, with a new life. The tries left stay as they are.
    pub fn resend(&self, id: ChallengeId, key: &BrowserKey) -> Result<Resent, ChallengeError> {
        let now = self.ambient.now();
        let challenge = self.held(id, key)?;
        self.check_open(&challenge)?;
        if challenge.sms_count > self.settings.code_resends {
            return Err(ChallengeError::NoResendsLeft);
        }
        let signer = find_signer(&self.store, challenge.signer)?;
        let phone = signer
            .phone
            .clone()
            .ok_or(ChallengeError::Refused(Refusal::NoPhone))?;
        let code = one_time_code::generate(&self.ambient, self.settings.code_digits);
        let message = challenge.sms_count + 1;
        let mac = code_mac(key, &challenge, message, &code)?;
        let expires_at = now + self.settings.code_life;
        self.store.write(|connection| {
            signers::lock(connection, signer.id)?;
            if let Some(retry_at) = self.too_many_codes(connection, signer.id, now)? {
                return Err(ChallengeError::TooManyCodes { retry_at });
            }
            match challenges::replace_code(connection, &challenge, &mac, expires_at)? {
                Replacement::Done => Ok(()),
                Replacement::Overtaken => Err(ChallengeError::Gone),
            }
        })?;
        Ok(Resent {
            signer,
            purpose: challenge.purpose,
            code,
            phone,
            message,
            expires_at,
        })
    }

    /// Notes what became of one of a challenge's messages, unless a later one was made meanwhile.
    pub fn set_sms_state(
        connection: &mut AnyConnection,
        id: ChallengeId,
        message: u32,
        state: SmsState,
    ) -> Result<(), StoreError> {
        challenges::set_sms_state(connection, id, message, state)
    }

    /// Forgets the sealed secrets of codes whose time is over, and challenges opened more than a day ago, except
    /// those of requests that still wait: their wrong codes count. To be called now and then by one node; the number of
    /// rows touched.
    pub fn forget_expired(&self) -> Result<usize, IdentityError> {
        let now = self.ambient.now();
        let secrets = self.in_parts(|connection| {
            challenges::forget_secrets(connection, now, FORGOTTEN_AT_ONCE)
        })?;
        let whole = self.in_parts(|connection| {
            challenges::forget(connection, now, now - KEPT, FORGOTTEN_AT_ONCE)
        })?;
        Ok(secrets + whole)
    }

    /// Does it again, each time in a transaction of its own, until less is done than could be. The number in all.
    fn in_parts(
        &self,
        part: impl Fn(&mut AnyConnection) -> Result<usize, StoreError>,
    ) -> Result<usize, StoreError> {
        let full = usize::try_from(FORGOTTEN_AT_ONCE).unwrap_or(usize::MAX);
        let mut all = 0;
        loop {
            let done = self.store.write(&part)?;
            all += done;
            if done < full {
                return Ok(all);
            }
        }
    }

    fn open(
        &self,
        signer: &Signer,
        purpose: Purpose,
        binding: [u8; 32],
        first: Option<(&CitizenSecret, &Opening)>,
        now: OffsetDateTime,
    ) -> Result<Opened, IdentityError> {
        let phone = signer
            .phone
            .clone()
            .ok_or(IdentityError::Refused(Refusal::NoPhone))?;
        let browser_key = BrowserKey::generate(&self.ambient);
        let code = one_time_code::generate(&self.ambient, self.settings.code_digits);
        let expires_at = now + self.settings.code_life;
        let mut challenge = Challenge {
            id: self.ambient.id(),
            signer: signer.id,
            purpose,
            binding,
            key_check: browser_key.check()?,
            sealed_secret: None,
            code_mac: [0; 32],
            tries_left: self.settings.code_tries,
            sms_count: 1,
            sms_state: SmsState::Pending,
            created_at: now,
            expires_at,
            end: None,
        };
        challenge.code_mac = code_mac(&browser_key, &challenge, 1, &code)?;
        challenge.sealed_secret = Some(sealing::seal(
            &self.ambient,
            &browser_key.sealing_key()?,
            &secret_context(&challenge),
            first.map(|(secret, _)| secret),
        )?);
        self.store.write(|connection| {
            signers::lock(connection, signer.id)?;
            if let Some((_, opening)) = first {
                opening.check(connection)?;
            }
            challenge.tries_left = self.carry_tries(connection, signer.id, purpose, now)?;
            if let Some(retry_at) = self.too_many_codes(connection, signer.id, now)? {
                return Err(IdentityError::TooManyCodes { retry_at });
            }
            challenges::insert(connection, &challenge)?;
            Ok(())
        })?;
        Ok(Opened {
            challenge: challenge.id,
            signer: signer.id,
            browser_key,
            code,
            phone,
            message: challenge.sms_count,
            expires_at,
        })
    }

    /// The challenge, ended or not, when it is this browser's. Nobody else learns whether there is one.
    fn held(&self, id: ChallengeId, key: &BrowserKey) -> Result<Challenge, ChallengeError> {
        let challenge = self
            .store
            .read::<_, StoreError>(|connection| challenges::find(connection, id))?
            .ok_or(ChallengeError::Gone)?;
        if bool::from(key.check()?.ct_eq(&challenge.key_check)) {
            Ok(challenge)
        } else {
            Err(ChallengeError::Gone)
        }
    }

    /// Whether a code may be given now. To be asked after what the challenge is for: how a challenge ended counts
    /// for its own purpose alone.
    fn check_open(&self, challenge: &Challenge) -> Result<(), ChallengeError> {
        match challenge.end {
            Some(ChallengeEnd::Exhausted) => return Err(ChallengeError::Exhausted),
            Some(ChallengeEnd::Confirmed | ChallengeEnd::Superseded | ChallengeEnd::Cancelled) => {
                return Err(ChallengeError::Gone);
            }
            None => {}
        }
        if self.ambient.now() >= challenge.expires_at {
            return Err(ChallengeError::Expired);
        }
        Ok(())
    }

    /// Ends what a new challenge takes the place of, and gives the tries it has. Account steps that have none left
    /// begin anew: nothing waits for them that could be refused, and [`Settings`](super::Settings) bounds how many
    /// wrong codes there may be over all steps.
    fn carry_tries(
        &self,
        connection: &mut AnyConnection,
        signer: SignerId,
        purpose: Purpose,
        now: OffsetDateTime,
    ) -> Result<u32, IdentityError> {
        let open = challenges::supersede(connection, signer, purpose, now)?;
        let least = match purpose {
            Purpose::Sign { .. } => challenges::least_tries(connection, signer, purpose)?,
            Purpose::Activate
            | Purpose::ResetPassword
            | Purpose::ChangePassword
            | Purpose::TakePhone => open.filter(|left| *left > 0),
        };
        match least {
            Some(0) => Err(IdentityError::CodesExhausted),
            Some(left) => Ok(left.min(self.settings.code_tries)),
            None => Ok(self.settings.code_tries),
        }
    }

    /// When the next code may be asked for, if not now.
    fn too_many_codes(
        &self,
        connection: &mut AnyConnection,
        signer: SignerId,
        now: OffsetDateTime,
    ) -> Result<Option<OffsetDateTime>, StoreError> {
        let messages = challenges::messages_since(connection, signer, now - HOUR)?;
        let most = self.settings.sms_per_hour;
        let sent = full(&messages, most, |messages| messages.made - unsent(messages));
        let tried = full(&messages, most.saturating_mul(UNSENT_PER_SENT), unsent);
        Ok(sent.max(tried).map(|oldest| oldest + HOUR))
    }
}

/// When the oldest was opened of those challenges whose messages, as `counted`, come to `most`; `None` when they do not.
fn full(
    messages: &[Messages],
    most: u32,
    counted: impl Fn(&Messages) -> u32,
) -> Option<OffsetDateTime> {
    let mut counting = messages.iter().filter(|messages| counted(messages) > 0);
    let total: u32 = messages.iter().map(&counted).sum();
    let oldest = counting.next()?;
    (total >= most).then_some(oldest.opened_at)
}

/// How many of a challenge's messages are known not to have left: the last one or none. Before another is made of the
/// same challenge, the citizen has seen a page that says so and offers to begin anew.
fn unsent(messages: &Messages) -> u32 {
    match messages.last {
        SmsState::Refused | SmsState::Unreachable => messages.made.min(1),
        SmsState::Pending | SmsState::Sent => 0,
    }
}

fn find_signer(store: &Store, id: SignerId) -> Result<Signer, ChallengeError> {
    store
        .read::<_, StoreError>(|connection| signers::find(connection, id))?
        .ok_or(ChallengeError::Gone)
}
