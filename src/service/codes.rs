//! The code step, as every use case with two factors takes it: open, send, send again, look at.

use time::OffsetDateTime;

use super::signing::step;
use super::{Service, ServiceError};
use crate::domain::app::App;
use crate::domain::challenge::{Purpose, SmsState};
use crate::domain::factor::Factor;
use crate::domain::id::{ChallengeId, SignerId};
use crate::domain::secret::SecretText;
use crate::domain::standing::Refusal;
use crate::identity::{
    BlockedWhen, BrowserKey, ChallengeError, Confirmed, Counted, FactorTry, GivenCode, Identity,
    IdentityError, Judgement, LastCode, Opened, OpenedSigner, Resent,
};
use crate::journal::{Actor, Entry, Event, FactorUsed, JournalError, Outcome};
use crate::notify::{Sms, SmsError};
use crate::store::signers::Release;
use crate::store::{AnyConnection, StoreError};

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
        occasion: &Occasion<'_>,
        text: SecretText,
        last_access: Option<OffsetDateTime>,
    ) -> Result<CodeSent, ServiceError> {
        let phone_hint = opened.phone.hint().to_owned();
        let message = Message {
            challenge: opened.challenge,
            number: opened.message,
            sms: Sms {
                to: opened.phone,
                text,
            },
        };
        self.hand_over(opened.signer, occasion, &message)?;
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
        occasion: &Occasion<'_>,
        text: impl FnOnce(&Resent) -> SecretText,
    ) -> Result<CodeSent, ServiceError> {
        self.code_step(occasion.purpose, challenge, key)?;
        let resent = self.inner.identity.resend(challenge, key)?;
        let text = text(&resent);
        let phone_hint = resent.phone.hint().to_owned();
        let message = Message {
            challenge,
            number: resent.message,
            sms: Sms {
                to: resent.phone,
                text,
            },
        };
        self.hand_over(resent.signer.id, occasion, &message)?;
        Ok(CodeSent {
            challenge,
            browser_key: key.clone(),
            phone_hint,
            last_access: None,
            expires_at: resent.expires_at,
        })
    }

    /// Checks a first factor, puts into the journal how that went, and gives what may be told of it. That an account is
    /// blocked is told only when it is the account of `known`: everybody else may be anybody.
    pub(super) fn check_factor(
        &self,
        occasion: &Occasion<'_>,
        given: FactorTry,
        known: Option<SignerId>,
    ) -> Result<OpenedSigner, ServiceError> {
        let mut entry = self
            .entry(Event::FactorChecked, occasion)
            .by(Actor::Visitor)
            .factors(&[FactorUsed::from(given.factor())]);
        let (code, told) = match self.look(given, &entry)? {
            Ok(opened) => {
                step("recognised");
                return Ok(opened);
            }
            Err(IdentityError::NotRecognised { signer }) => {
                entry.signer = signer;
                let code = signer.map_or("not_registered", |_| "wrong");
                (code, ServiceError::NotRecognised)
            }
            Err(IdentityError::Blocked { signer, when, .. }) => {
                entry = entry.signer(signer);
                let told = if known == Some(signer) {
                    ServiceError::SignerCannotSign(Refusal::Blocked)
                } else {
                    ServiceError::NotRecognised
                };
                (blocked_word(when), told)
            }
            Err(error) => return Err(error.into()),
        };
        self.inner.journal.append(&[entry.outcome(refused(code))])?;
        step("recognised");
        Err(told)
    }

    /// Counts a try, looks at it and lets in who is right. A block is on record with the very act that makes it or takes
    /// it away, and a right try with that of letting in.
    fn look(
        &self,
        given: FactorTry,
        entry: &Entry,
    ) -> Result<Result<OpenedSigner, IdentityError>, ServiceError> {
        let (identity, journal) = (&self.inner.identity, &self.inner.journal);
        let about = |event, signer| Entry {
            event,
            ..entry.clone().signer(signer)
        };
        let counting = journal.seldom_recording(|connection| {
            let counting = identity.count(connection, &given)?;
            let blocked = counting.blocked().into_iter();
            let entries = blocked.map(|signer| about(Event::SignerBlocked, signer));
            Ok::<_, ServiceError>((counting, entries.collect()))
        })?;
        step("counted");
        let right = match identity.compare(given, counting) {
            Ok(right) => right,
            Err(error) => return Ok(Err(error)),
        };
        settled(journal.recording(|connection| {
            let unblocked = right.unblocks().map(|id| (Event::SignerUnblocked, id));
            let opened = identity.admit(connection, right);
            let opened = opened.map_err(Unsettled::Act)?;
            let admitted = (entry.event, opened.signer().id);
            let entries = unblocked.into_iter().chain([admitted]);
            let entries = entries.map(|(event, id)| about(event, id).by(Actor::Signer { id }));
            Ok((opened, entries.collect()))
        }))
    }

    /// Checks an SMS code of a signer's step, and puts into the journal how that went. Failures that say nothing about a
    /// code are left out. A step that is for something else says nothing of `signer`: it may be anybody's.
    pub(super) fn check_code(
        &self,
        occasion: &Occasion<'_>,
        signer: SignerId,
        given: Result<GivenCode<'_>, ChallengeError>,
    ) -> Result<Result<Confirmed, ChallengeError>, ServiceError> {
        let outcome = match given {
            Ok(given) => self.judge(occasion, signer, given)?,
            Err(error) => Err(error),
        };
        self.record_code(occasion, signer, &outcome)?;
        Ok(outcome)
    }

    /// The same for a code after which something is done in the database at once: when it is right and opens what waited for
    /// it, `then` is done in the transaction that says so and puts it on record. It is left to the caller where there is no
    /// result of it: the last code allowed is looked at apart.
    pub(super) fn check_code_and<T>(
        &self,
        occasion: &Occasion<'_>,
        signer: SignerId,
        given: Result<GivenCode<'_>, ChallengeError>,
        then: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError>,
    ) -> Result<Result<(Confirmed, Option<T>), ChallengeError>, ServiceError> {
        let identity = &self.inner.identity;
        let outcome = match given {
            Ok(given) => {
                let looked = self.inner.journal.recording(|connection| {
                    let counted = identity.judge(connection, &given);
                    Ok(match counted.map_err(Unsettled::Act)? {
                        Counted::Judged(judgement) if judgement.is_right() => {
                            match identity.confirm(given, judgement) {
                                Ok(confirmed) => {
                                    let done = then(connection)?;
                                    let entry = self.code_entry(occasion, Some(signer), None);
                                    (Looked::Confirmed(confirmed, done), vec![entry])
                                }
                                Err(error) => (Looked::Unopened(error), Vec::new()),
                            }
                        }
                        counted @ Counted::Judged(_) => {
                            (Looked::Counted(given, counted), Vec::new())
                        }
                        Counted::Last(last) => {
                            let entry = self.blocked_by(occasion, signer, &last);
                            (Looked::Counted(given, Counted::Last(last)), vec![entry])
                        }
                    })
                });
                match settled(looked)? {
                    Ok(Looked::Confirmed(confirmed, done)) => {
                        return Ok(Ok((confirmed, Some(done))));
                    }
                    Ok(Looked::Unopened(error)) | Err(error) => Err(error),
                    Ok(Looked::Counted(given, counted)) => {
                        self.judged(occasion, signer, given, counted)?
                    }
                }
            }
            Err(error) => Err(error),
        };
        self.record_code(occasion, signer, &outcome)?;
        Ok(outcome.map(|confirmed| (confirmed, None)))
    }

    fn record_code(
        &self,
        occasion: &Occasion<'_>,
        signer: SignerId,
        outcome: &Result<Confirmed, ChallengeError>,
    ) -> Result<(), ServiceError> {
        let entry = match outcome {
            Ok(_) => Some(self.code_entry(occasion, Some(signer), None)),
            Err(error) => {
                let whose = match error {
                    ChallengeError::SomethingElse => None,
                    _ => Some(signer),
                };
                word(error).map(|code| self.code_entry(occasion, whose, Some(code)))
            }
        };
        let entries: Vec<_> = entry.into_iter().collect();
        Ok(self.inner.journal.append(&entries)?)
    }

    /// Counts a code and looks at it. The last one allowed blocks the factor its step began with, and the block is on
    /// record, before it is looked at; a right one takes the block away again.
    fn judge(
        &self,
        occasion: &Occasion<'_>,
        signer: SignerId,
        given: GivenCode<'_>,
    ) -> Result<Result<Confirmed, ChallengeError>, ServiceError> {
        let identity = &self.inner.identity;
        let counted = self.inner.journal.seldom_recording(|connection| {
            let counted = identity.judge(connection, &given);
            let counted = counted.map_err(Unsettled::Act)?;
            let entries = match &counted {
                Counted::Judged(_) => Vec::new(),
                Counted::Last(last) => vec![self.blocked_by(occasion, signer, last)],
            };
            Ok((counted, entries))
        });
        match settled(counted)? {
            Ok(counted) => self.judged(occasion, signer, given, counted),
            Err(error) => Ok(Err(error)),
        }
    }

    /// What follows once a code was counted.
    fn judged(
        &self,
        occasion: &Occasion<'_>,
        signer: SignerId,
        given: GivenCode<'_>,
        counted: Counted,
    ) -> Result<Result<Confirmed, ChallengeError>, ServiceError> {
        let identity = &self.inner.identity;
        let judgement = match counted {
            Counted::Judged(judgement) => Ok(judgement),
            Counted::Last(last) => self.judge_last(occasion, signer, &given, last)?,
        };
        Ok(judgement.and_then(|judgement| identity.confirm(given, judgement)))
    }

    fn judge_last(
        &self,
        occasion: &Occasion<'_>,
        signer: SignerId,
        given: &GivenCode<'_>,
        last: LastCode,
    ) -> Result<Result<Judgement, ChallengeError>, ServiceError> {
        let (identity, journal) = (&self.inner.identity, &self.inner.journal);
        let look = match identity.compare_last(given, last) {
            Ok(look) => look,
            Err(error) => return Ok(Err(error)),
        };
        settled(match look.unblocks() {
            None => {
                let settle = |connection: &mut _| identity.settle(connection, look);
                let settled = self.inner.store.write(settle).map_err(Unsettled::Act);
                settled.map(|(judgement, _)| judgement)
            }
            Some(factor) => journal.recording(|connection| {
                let settled = identity.settle(connection, look);
                let (judgement, release) = settled.map_err(Unsettled::Act)?;
                let entry = self.block_entry(Event::SignerUnblocked, occasion, signer, factor);
                let entries = match release {
                    Release::Done => vec![entry.by(Actor::Signer { id: signer })],
                    Release::Missed => Vec::new(),
                };
                Ok((judgement, entries))
            }),
        })
    }

    /// The entry of the block that the last code allowed makes.
    fn blocked_by(&self, occasion: &Occasion<'_>, signer: SignerId, last: &LastCode) -> Entry {
        self.block_entry(Event::SignerBlocked, occasion, signer, last.blocked())
    }

    /// What the journal says of a block that a code makes or takes away.
    fn block_entry(
        &self,
        event: Event,
        occasion: &Occasion<'_>,
        signer: SignerId,
        factor: Factor,
    ) -> Entry {
        self.entry(event, occasion)
            .by(Actor::Visitor)
            .signer(signer)
            .factors(&[FactorUsed::from(factor), FactorUsed::SmsCode])
    }

    /// What the journal says of a code: that it was right, or why not.
    fn code_entry(
        &self,
        occasion: &Occasion<'_>,
        signer: Option<SignerId>,
        code: Option<&str>,
    ) -> Entry {
        let mut entry = self
            .entry(Event::CodeChecked, occasion)
            .by(signer.map_or(Actor::Visitor, |id| Actor::Signer { id }))
            .factors(&[FactorUsed::SmsCode]);
        entry.signer = signer;
        match code {
            Some(code) => entry.outcome(refused(code)),
            None => entry,
        }
    }

    /// An entry about a factor or code, in this browser.
    fn entry(&self, event: Event, occasion: &Occasion<'_>) -> Entry {
        let mut entry = Entry::new(event)
            .browser(self.browser.as_ref())
            .detail(occasion.purpose.name());
        entry.request = occasion.purpose.request();
        match occasion.app {
            Some(app) => entry.app(app.id, app.name.as_str()),
            None => entry,
        }
    }

    /// Sends a message and keeps what became of it, in the challenge and in the journal.
    fn hand_over(
        &self,
        signer: SignerId,
        occasion: &Occasion<'_>,
        message: &Message,
    ) -> Result<(), ServiceError> {
        step("sending");
        let sent = self.inner.notify.send(&message.sms);
        step("sent");
        let (state, outcome) = match &sent {
            Ok(()) => (SmsState::Sent, Outcome::Done),
            Err(error) => {
                let state = sms_state(error);
                let code = format!("sms_{state}");
                (state, Outcome::Failed { code })
            }
        };
        let entry = self.entry(Event::CodeSent, occasion).signer(signer);
        let entry = entry.outcome(outcome);
        self.inner.journal.recording(|connection| {
            let Message {
                challenge, number, ..
            } = *message;
            Identity::set_sms_state(connection, challenge, number, state)?;
            Ok::<_, ServiceError>(((), vec![entry]))
        })?;
        sent.map_err(ServiceError::SmsNotSent)
    }
}

/// What a factor is checked for, or a code.
#[derive(Clone, Copy)]
pub(super) struct Occasion<'a> {
    pub(super) purpose: Purpose,
    /// The app whose request it is about.
    pub(super) app: Option<&'a App>,
}

impl Occasion<'_> {
    /// Something between a citizen and the office, in which no app has a part.
    pub(super) fn account(purpose: Purpose) -> Self {
        Self { purpose, app: None }
    }
}

/// A code on its way, and which message of its step it is.
struct Message {
    challenge: ChallengeId,
    number: u32,
    sms: Sms,
}

/// What the transaction made of a code that counted one.
enum Looked<'a, T> {
    /// It is right, and what depends on it was done.
    Confirmed(Confirmed, T),
    /// It is right, and what waited for it does not open.
    Unopened(ChallengeError),
    /// Anything else, to be told outside.
    Counted(GivenCode<'a>, Counted),
}

/// Why an act under the journal's eyes failed: by itself, or because it could not be recorded.
enum Unsettled<E> {
    Act(E),
    Journal(JournalError),
}

impl<E: From<StoreError>> From<StoreError> for Unsettled<E> {
    fn from(error: StoreError) -> Self {
        Self::Act(error.into())
    }
}

impl<E> From<JournalError> for Unsettled<E> {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

/// Tells the act's own failures, which the journal is told of, from the journal's.
fn settled<T, E>(outcome: Result<T, Unsettled<E>>) -> Result<Result<T, E>, ServiceError> {
    match outcome {
        Ok(value) => Ok(Ok(value)),
        Err(Unsettled::Act(error)) => Ok(Err(error)),
        Err(Unsettled::Journal(error)) => Err(error.into()),
    }
}

/// The journal's word for why a code was not taken; `None` for what says nothing about a code.
fn word(error: &ChallengeError) -> Option<&'static str> {
    match error {
        ChallengeError::WrongCode { .. } => Some("wrong"),
        ChallengeError::Exhausted => Some("exhausted"),
        ChallengeError::Blocked { when, .. } => Some(blocked_word(*when)),
        ChallengeError::Expired => Some("expired"),
        ChallengeError::SomethingElse => Some("something_else"),
        ChallengeError::Gone
        | ChallengeError::NoResendsLeft
        | ChallengeError::TooManyCodes { .. }
        | ChallengeError::Refused(_)
        | ChallengeError::Cipher(_)
        | ChallengeError::Store(_) => None,
    }
}

/// The journal's word for a factor or code of who is blocked: that it was wrong, or that it counts for nothing. The try
/// that blocked has the entry of the block beside it.
fn blocked_word(when: BlockedWhen) -> &'static str {
    match when {
        BlockedWhen::Now => "wrong",
        BlockedWhen::Before => "blocked",
    }
}

fn refused(code: &str) -> Outcome {
    Outcome::Refused {
        code: code.to_owned(),
    }
}

/// What a failure means for the step: whether asking for another code may help.
pub(super) fn sms_state(error: &SmsError) -> SmsState {
    match error {
        SmsError::Refused { .. } => SmsState::Refused,
        SmsError::Unreachable { .. } | SmsError::Outbox(_) => SmsState::Unreachable,
    }
}
