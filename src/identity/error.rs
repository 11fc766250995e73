//! What `identity` refuses, as facts. Which of them a person is told, and how, is decided above.

use time::OffsetDateTime;

use super::derivation::{DerivationFailed, InvalidDerivation};
use super::keyslot::KeyslotError;
use super::password::PasswordRule;
use super::sealing::CipherRefused;
use crate::domain::factor::Factor;
use crate::domain::id::SignerId;
use crate::domain::level::ProofingMethod;
use crate::domain::standing::Refusal;
use crate::store::StoreError;

/// When a factor was blocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockedWhen {
    /// By this very try.
    Now,
    /// By others; this try was not looked at, or was right and came too late.
    Before,
}

/// Why an act on an account did not happen.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// Nobody with this identifier, or a wrong password, activation code or e-mail address. Which of them is not
    /// said; `signer` is for the journal alone.
    #[error("the identifier and the password or code do not belong together")]
    NotRecognised {
        /// Whose counter went up, when there is such a signer.
        signer: Option<SignerId>,
    },
    /// Too many wrong passwords, or too many wrong activation codes. On pages that take any identifier it must look
    /// like [`NotRecognised`](Self::NotRecognised), or it tells who is registered.
    #[error("too many wrong tries: the {factor} is blocked")]
    Blocked {
        /// Whose.
        signer: SignerId,
        /// Which of the two.
        factor: Factor,
        /// Whether this try did it; for the journal alone.
        when: BlockedWhen,
    },
    /// The account does not allow this now.
    #[error("the account does not allow this: {0}")]
    Refused(Refusal),
    /// The account is active already: the password is reset, not chosen for the first time.
    #[error("the account is active already")]
    AlreadyActive,
    /// The new password breaks rules; all of them are listed.
    #[error("the new password breaks {} of the rules", .0.len())]
    PasswordRejected(Vec<PasswordRule>),
    /// So many codes were sent to this signer within an hour that no more are.
    #[error("too many codes were sent within the hour; the next may be asked for at {retry_at}")]
    TooManyCodes {
        /// When the next may be asked for.
        retry_at: OffsetDateTime,
    },
    /// So many wrong codes were given for one thing that no more are taken: what waited for the code must be refused.
    #[error("too many wrong codes")]
    CodesExhausted,
    /// The code step ended before its act was done: finished by another click, or cancelled.
    #[error("the code step ended meanwhile")]
    StepEnded,
    /// This DNI or NIE has an account already.
    #[error(
        "already registered; a new registration act for the same person is `signer register --renew`, which revokes all \
         credentials"
    )]
    AlreadyRegistered {
        /// Whose.
        signer: SignerId,
    },
    /// There is no block of the password to take away. That of the activation code ends with the code.
    #[error(
        "the password is not blocked; nothing was changed. A blocked activation code is replaced by a new one: \
         `signer new-code`, or `signer register --renew` for who has no password either"
    )]
    NotBlocked,
    /// Nobody is registered with this DNI or NIE.
    #[error("nobody is registered with this DNI or NIE")]
    NotRegistered,
    /// The phone belongs to another citizen, who did not confirm giving it up.
    #[error(
        "the phone belongs to another citizen: one phone, one citizen. It can be taken over with a code sent to it"
    )]
    PhoneTaken {
        /// Who has it.
        owner: SignerId,
    },
    /// What the phone's holder confirmed was not this.
    #[error("the code confirmed another phone, another person or another act")]
    ConfirmedSomethingElse,
    /// The proofing date lies in the future.
    #[error("the proofing date lies in the future")]
    ProofingInFuture,
    /// Advanced level was asked for with a method that gives basic.
    #[error("identification by {method} gives basic level; advanced comes by a later act")]
    LevelNotEarned {
        /// The method.
        method: ProofingMethod,
    },
    /// The account was made anew or closed between two steps of one act.
    #[error("the account was made anew or closed meanwhile")]
    Overtaken,
    /// The account's keyslot cannot be used: its row was damaged, or a cipher failed.
    #[error("the account's keyslot cannot be used")]
    Keyslot(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database did not do its part.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<KeyslotError> for IdentityError {
    fn from(error: KeyslotError) -> Self {
        Self::Keyslot(Box::new(error))
    }
}

impl From<CipherRefused> for IdentityError {
    fn from(error: CipherRefused) -> Self {
        Self::Keyslot(Box::new(error))
    }
}

impl From<DerivationFailed> for IdentityError {
    fn from(error: DerivationFailed) -> Self {
        Self::Keyslot(Box::new(error))
    }
}

impl From<InvalidDerivation> for IdentityError {
    fn from(error: InvalidDerivation) -> Self {
        Self::Keyslot(Box::new(error))
    }
}
