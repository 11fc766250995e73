//! What citizens do with their accounts on the pages: activate, reset and change the password.
//!
//! Each act is two steps: a first factor, which opens the account and sends a code, and the code together with the
//! new password. The pages take any identifier from anybody, so nobody is told whether it is registered, blocked or
//! belongs to another: all of that is [`ServiceError::NotRecognised`].

use super::codes::Occasion;
use super::signing::step;
use super::{CodeSent, Service, ServiceError};
use crate::domain::challenge::Purpose;
use crate::domain::factor::Factor;
use crate::domain::id::ChallengeId;
use crate::domain::identifier::NationalId;
use crate::domain::language::Language;
use crate::domain::secret::SecretText;
use crate::identity::{BrowserKey, ChallengeError, EmailCheck, NewPassword, OpenedSigner};
use crate::journal::{Actor, Entry, Event, FactorUsed};
use crate::messages::sms::Sms;

/// Codes of these acts confirm nothing beside their purpose.
const NO_BINDING: [u8; 32] = [0; 32];

impl Service {
    /// Begins activation: DNI or NIE, the registered e-mail address where there is one, and the activation code.
    pub fn begin_activation(
        &self,
        language: Language,
        national_id: &SecretText,
        email: &SecretText,
        activation_code: &SecretText,
    ) -> Result<CodeSent, ServiceError> {
        let email = EmailCheck::Typed(email.expose());
        let opened = self.with_code(Act::Activation, national_id, email, activation_code)?;
        self.begin(language, Act::Activation, opened)
    }

    /// Begins a reset, which also unblocks: DNI or NIE and the activation code.
    pub fn begin_reset(
        &self,
        language: Language,
        national_id: &SecretText,
        activation_code: &SecretText,
    ) -> Result<CodeSent, ServiceError> {
        let email = EmailCheck::NotAsked;
        let opened = self.with_code(Act::Reset, national_id, email, activation_code)?;
        self.begin(language, Act::Reset, opened)
    }

    /// Begins a change: DNI or NIE and the present password, which may be past its life.
    pub fn begin_change(
        &self,
        language: Language,
        national_id: &SecretText,
        password: &SecretText,
    ) -> Result<CodeSent, ServiceError> {
        let act = Act::Change;
        let national_id = identified(national_id)?;
        let given = self.inner.identity.password_try(&national_id, password)?;
        let opened = self.check_factor(&act.occasion(), given, None)?;
        self.begin(language, act, opened)
    }

    /// Sends a new code in the place of the last one of an act on an account.
    pub fn resend_account_code(
        &self,
        language: Language,
        challenge: ChallengeId,
        key: &BrowserKey,
    ) -> Result<CodeSent, ServiceError> {
        let purpose = self.inner.identity.challenge_purpose(challenge, key)?;
        let act = Act::of(purpose)?;
        self.resend_code(challenge, key, &act.occasion(), |resent| {
            act.sms(&resent.code).text(language)
        })
    }

    /// Finishes an act: the code and the new password. What rules the password breaks is told before the code is
    /// looked at; that it is the present one, only after the right code, which stays good for another password. The
    /// second of two clicks is told that it is done.
    pub fn finish_password(
        &self,
        purpose: Purpose,
        challenge: ChallengeId,
        key: &BrowserKey,
        code: &SecretText,
        password: &SecretText,
    ) -> Result<(), ServiceError> {
        match self.choose_password(purpose, challenge, key, code, password) {
            Err(ServiceError::Challenge(ChallengeError::Gone)) => {
                match self.inner.identity.confirmed_before(challenge, key, code)? {
                    Some(before) if before == purpose => Ok(()),
                    _ => Err(ChallengeError::Gone.into()),
                }
            }
            other => other,
        }
    }

    fn choose_password(
        &self,
        purpose: Purpose,
        challenge: ChallengeId,
        key: &BrowserKey,
        code: &SecretText,
        password: &SecretText,
    ) -> Result<(), ServiceError> {
        let act = Act::of(purpose)?;
        let identity = &self.inner.identity;
        let waiting = identity.challenged(challenge, key, purpose)?;
        let id = waiting.signer.id;
        let password = NewPassword::new(&waiting.signer, password)?;
        let given = identity.given_code(challenge, key, code, purpose, &NO_BINDING);
        let confirmed = self.check_code(&act.occasion(), id, given)??;
        step("code taken");
        let chosen = identity.choose_password(confirmed, &password)?;
        self.inner.journal.recording(|connection| {
            identity.set_password(connection, &chosen)?;
            let entry = Entry::new(act.event())
                .by(Actor::Signer { id })
                .signer(id)
                .browser(self.browser.as_ref())
                .factors(&[act.factor().into(), FactorUsed::SmsCode]);
            Ok::<_, ServiceError>(((), vec![entry]))
        })?;
        step("password set");
        Ok(())
    }

    fn with_code(
        &self,
        act: Act,
        national_id: &SecretText,
        email: EmailCheck<'_>,
        code: &SecretText,
    ) -> Result<OpenedSigner, ServiceError> {
        let national_id = identified(national_id)?;
        let identity = &self.inner.identity;
        let given = identity.activation_code_try(&national_id, email, code)?;
        self.check_factor(&act.occasion(), given, None)
    }

    fn begin(
        &self,
        language: Language,
        act: Act,
        opened: OpenedSigner,
    ) -> Result<CodeSent, ServiceError> {
        let last_access = opened.last_access();
        let identity = &self.inner.identity;
        let opened = identity.open_challenge(opened, act.purpose(), NO_BINDING)?;
        let text = act.sms(&opened.code).text(language);
        self.send_code(opened, &act.occasion(), text, last_access)
    }
}

/// The acts of this file.
#[derive(Debug, Clone, Copy)]
enum Act {
    Activation,
    Reset,
    Change,
}

impl Act {
    fn of(purpose: Purpose) -> Result<Self, ChallengeError> {
        match purpose {
            Purpose::Activate => Ok(Self::Activation),
            Purpose::ResetPassword => Ok(Self::Reset),
            Purpose::ChangePassword => Ok(Self::Change),
            Purpose::Sign { .. } | Purpose::TakePhone => Err(ChallengeError::SomethingElse),
        }
    }

    fn purpose(self) -> Purpose {
        match self {
            Self::Activation => Purpose::Activate,
            Self::Reset => Purpose::ResetPassword,
            Self::Change => Purpose::ChangePassword,
        }
    }

    fn occasion(self) -> Occasion<'static> {
        Occasion::account(self.purpose())
    }

    fn factor(self) -> Factor {
        match self {
            Self::Activation | Self::Reset => Factor::ActivationCode,
            Self::Change => Factor::Password,
        }
    }

    fn event(self) -> Event {
        match self {
            Self::Activation => Event::SignerActivated,
            Self::Reset => Event::PasswordReset,
            Self::Change => Event::PasswordChanged,
        }
    }

    fn sms(self, code: &SecretText) -> Sms<'_> {
        match self {
            Self::Activation => Sms::ActivationCode { code },
            Self::Reset => Sms::ResetCode { code },
            Self::Change => Sms::ChangeCode { code },
        }
    }
}

/// A text that is no DNI or NIE belongs to nobody.
fn identified(national_id: &SecretText) -> Result<NationalId, ServiceError> {
    let typed = national_id.expose();
    typed.parse().ok().ok_or(ServiceError::NotRecognised)
}
