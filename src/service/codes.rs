//! The code step, as every use case with two factors takes it: open, send, send again, look at.

use time::OffsetDateTime;

use super::{Service, ServiceError};
use crate::domain::challenge::{Purpose, SmsState};
use crate::domain::factor::Factor;
use crate::domain::id::{ChallengeId, SignerId};
use crate::domain::secret::SecretText;
use crate::domain::standing::Refusal;
use crate::identity::{
    BlockedWhen, BrowserKey, ChallengeError, IdentityError, Opened, OpenedSigner, Resent,
};
use crate::journal::{Actor, Entry, Event, FactorUsed, Outcome};
use crate::notify::{Sms, SmsError};

/// A code is on its way. The browser keeps the challenge and the key; the server forgets the key.
#[derive(Debug)]
pub struct CodeSent {
    /// Which code step.
    pub challenge: ChallengeId,
    /// For this browser alone.
    pub browser_key: BrowserKey,
    /// The last three digits of the phone.
    pub phone_hint: String,
    /// The access before this one.
    pub last_access: Option<OffsetDateTime>,
    /// When the code ends.
    pub expires_at: OffsetDateTime,
}

/// A code step as its browser may see it.
#[derive(Debug, Clone)]
pub struct CodeStep {
    /// The last three digits of the phone.
    pub phone: String,
    /// When the code ends.
    pub expires_at: OffsetDateTime,
    /// Wrong codes still allowed.
    pub tries_left: u32,
    /// New codes that may still be asked for.
    pub resends_left: u32,
    /// What became of the last message.
    pub sms_state: SmsState,
}

impl Service {
    /// What a browser waits for. A step for another purpose is told like none.
    pub fn code_step(
        &self,
        purpose: Purpose,
        challenge: ChallengeId,
        key: &BrowserKey,
    ) -> Result<CodeStep, ServiceError> {
        let waiting = self.inner.identity.challenged(challenge, key, purpose)?;
        Ok(CodeStep {
            phone: waiting
                .signer
                .phone
                .map(|phone| phone.hint().to_owned())
                .unwrap_or_default(),
            expires_at: waiting.expires_at,
            tries_left: waiting.tries_left,
            resends_left: waiting.resends_left,
            sms_state: waiting.sms_state,
        })
    }

    /// Sends the code of a step that was just opened.
    pub(super) fn send_code(
        &self,
        opened: Opened,
        purpose: Purpose,
        text: SecretText,
        last_access: Option<OffsetDateTime>,
    ) -> Result<CodeSent, ServiceError> {
        let phone_hint = opened.phone.hint().to_owned();
        let message = Sms {
            to: opened.phone,
            text,
        };
        self.hand_over(opened.challenge, opened.signer, purpose, &message)?;
        Ok(CodeSent {
            challenge: opened.challenge,
            browser_key: opened.browser_key,
            phone_hint,
            last_access,
            expires_at: opened.expires_at,
        })
    }

    /// Sends a new code in the place of the last one.
    pub(super) fn resend_code(
        &self,
        challenge: ChallengeId,
        key: &BrowserKey,
        purpose: Purpose,
        text: impl FnOnce(&Resent) -> SecretText,
    ) -> Result<CodeSent, ServiceError> {
        self.code_step(purpose, challenge, key)?;
        let resent = self.inner.identity.resend(challenge, key)?;
        let text = text(&resent);
        let phone_hint = resent.phone.hint().to_owned();
        let message = Sms {
            to: resent.phone,
            text,
        };
        self.hand_over(challenge, resent.signer.id, purpose, &message)?;
        Ok(CodeSent {
            challenge,
            browser_key: key.clone(),
            phone_hint,
            last_access: None,
            expires_at: resent.expires_at,
        })
    }

    /// Puts into the journal how a first factor was checked, and gives what may be told of it. That an account is
    /// blocked is told only when it is the account of `known`: everybody else may be anybody.
    pub(super) fn factor_checked(
        &self,
        factor: Factor,
        purpose: Purpose,
        outcome: Result<OpenedSigner, IdentityError>,
        known: Option<SignerId>,
    ) -> Result<OpenedSigner, ServiceError> {
        let mut entry = Entry::new(Event::FactorChecked)
            .by(Actor::Visitor)
            .browser(self.browser.as_ref())
            .factors(&[FactorUsed::from(factor)])
            .detail(purpose.name());
        entry.request = purpose.request();
        let refused = |code: &str| Outcome::Refused {
            code: code.to_owned(),
        };
        let (entries, told) = match outcome {
            Ok(opened) => {
                let id = opened.signer().id;
                (vec![entry.by(Actor::Signer { id }).signer(id)], Ok(opened))
            }
            Err(IdentityError::NotRecognised { signer }) => {
                entry.signer = signer;
                let code = signer.map_or("not_registered", |_| "wrong");
                (
                    vec![entry.outcome(refused(code))],
                    Err(ServiceError::NotRecognised),
                )
            }
            Err(IdentityError::Blocked { signer, when, .. }) => {
                let mut entries = vec![entry.clone().signer(signer).outcome(refused("blocked"))];
                if when == BlockedWhen::Now {
                    entries.push(Entry {
                        event: Event::SignerBlocked,
                        ..entry.signer(signer)
                    });
                }
                let told = if known == Some(signer) {
                    ServiceError::SignerCannotSign(Refusal::Blocked)
                } else {
                    ServiceError::NotRecognised
                };
                (entries, Err(told))
            }
            Err(error) => (Vec::new(), Err(error.into())),
        };
        self.inner.journal.append(&entries)?;
        told
    }

    /// Puts into the journal that a code was wrong, or right. Failures that say nothing about a code are left out.
    /// A step that is for something else says nothing of `signer`: it may be anybody's.
    pub(super) fn code_checked<T>(
        &self,
        purpose: Purpose,
        signer: SignerId,
        outcome: Result<T, ChallengeError>,
    ) -> Result<T, ServiceError> {
        let code = match &outcome {
            Ok(_) => None,
            Err(ChallengeError::WrongCode { .. }) => Some("wrong"),
            Err(ChallengeError::Exhausted) => Some("exhausted"),
            Err(ChallengeError::Blocked { when, .. }) => Some(match when {
                BlockedWhen::Now => "wrong",
                BlockedWhen::Before => "blocked",
            }),
            Err(ChallengeError::Expired) => Some("expired"),
            Err(ChallengeError::SomethingElse) => Some("something_else"),
            Err(
                ChallengeError::Gone
                | ChallengeError::NoResendsLeft
                | ChallengeError::TooManyCodes { .. }
                | ChallengeError::Refused(_)
                | ChallengeError::Cipher(_)
                | ChallengeError::Store(_),
            ) => return Ok(outcome?),
        };
        let mut entry = Entry::new(Event::CodeChecked)
            .browser(self.browser.as_ref())
            .by(Actor::Signer { id: signer })
            .signer(signer)
            .factors(&[FactorUsed::SmsCode])
            .detail(purpose.name());
        entry.request = purpose.request();
        if let Err(ChallengeError::SomethingElse) = outcome {
            entry.signer = None;
            entry.actor = Actor::Visitor;
        }
        if let Some(code) = code {
            entry.outcome = Outcome::Refused {
                code: code.to_owned(),
            };
        }
        let mut entries = vec![entry];
        if let Err(ChallengeError::Blocked {
            factor,
            when: BlockedWhen::Now,
            ..
        }) = outcome
        {
            let blocked = Entry::new(Event::SignerBlocked)
                .browser(self.browser.as_ref())
                .by(Actor::Visitor)
                .signer(signer)
                .factors(&[FactorUsed::from(factor), FactorUsed::SmsCode])
                .detail(purpose.name());
            entries.push(Entry {
                request: purpose.request(),
                ..blocked
            });
        }
        self.inner.journal.append(&entries)?;
        Ok(outcome?)
    }

    /// Sends a message and keeps what became of it, in the challenge and in the journal.
    fn hand_over(
        &self,
        challenge: ChallengeId,
        signer: SignerId,
        purpose: Purpose,
        message: &Sms,
    ) -> Result<(), ServiceError> {
        let sent = self.inner.notify.send(message);
        let (state, outcome) = match &sent {
            Ok(()) => (SmsState::Sent, Outcome::Done),
            Err(error) => {
                let state = sms_state(error);
                let code = format!("sms_{state}");
                (state, Outcome::Failed { code })
            }
        };
        self.inner.identity.set_sms_state(challenge, state)?;
        let mut entry = Entry::new(Event::CodeSent)
            .signer(signer)
            .browser(self.browser.as_ref())
            .outcome(outcome)
            .detail(purpose.name());
        entry.request = purpose.request();
        self.inner.journal.append(&[entry])?;
        sent.map_err(ServiceError::SmsNotSent)
    }
}

/// What a failure means for the step: whether asking for another code may help.
pub(super) fn sms_state(error: &SmsError) -> SmsState {
    match error {
        SmsError::Refused { .. } => SmsState::Refused,
        SmsError::Unreachable { .. } | SmsError::Outbox(_) => SmsState::Unreachable,
    }
}
