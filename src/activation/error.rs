//! Why nothing was signed, or no key made.

use std::error::Error;

use crate::domain::key::BadSignature;
use crate::hsm::HsmError;

/// Why an activation or a provisioning did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum ActivationError {
    /// The SAD's time is over.
    #[error("the approval has expired; the citizen must approve again")]
    Expired,
    /// The credential is another signer's than the one who approved.
    #[error("the approval was given by another signer than the credential's")]
    Signer,
    /// Another credential of the signer.
    #[error("the approval was given for another credential")]
    Credential,
    /// Other digests, other schemes, another order or another number.
    #[error("the approval was given for other digests than these")]
    Set,
    /// It was used before.
    #[error("the approval was used already; a second time needs a second approval")]
    Spent,
    /// Whoever keeps the ledger does not let it be used any more.
    #[error("the approval may not be used any more")]
    Refused,
    /// Whether it was used before could not be found out, so it was not used.
    #[error("the approval could not be recorded as used")]
    Ledger(#[source] Box<dyn Error + Send + Sync>),
    /// The credential has no key any more.
    #[error("the credential is revoked; its key is gone")]
    Revoked,
    /// The seal does not open.
    #[error(
        "the sealed key does not open: it belongs to another citizen or credential, or it was changed"
    )]
    Seal,
    /// The signer's sealing key is no X25519 key that can be sealed to.
    #[error("the signer's sealing key cannot be used")]
    SealingKey,
    /// The HSM did not do it.
    #[error("the HSM could not do its part")]
    Hsm(#[from] HsmError),
    /// The HSM's value is not a signature by this credential over this digest.
    #[error("the HSM's signature does not verify; it was thrown away")]
    BadSignature(#[from] BadSignature),
}

/// Why a SAD could not be spent.
#[derive(Debug, thiserror::Error)]
pub enum SadLedgerError {
    /// It was spent before, or by somebody else at this moment.
    #[error("the SAD is spent already")]
    AlreadySpent,
    /// It was not, and may not be any more: what it was given for no longer holds.
    #[error("the SAD may not be spent")]
    Refused,
    /// It could not be recorded.
    #[error("the ledger of spent SADs cannot be written")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

impl ActivationError {
    /// True when the same may succeed later without anybody's doing. After [`Activation::activate`] the SAD is spent
    /// all the same when the HSM was the cause.
    ///
    /// [`Activation::activate`]: super::Activation::activate
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Hsm(error) => error.is_temporary(),
            Self::Ledger(_) => true,
            Self::Expired
            | Self::Signer
            | Self::Credential
            | Self::Set
            | Self::Spent
            | Self::Refused
            | Self::Revoked
            | Self::Seal
            | Self::SealingKey
            | Self::BadSignature(_) => false,
        }
    }
}

impl From<SadLedgerError> for ActivationError {
    fn from(error: SadLedgerError) -> Self {
        match error {
            SadLedgerError::AlreadySpent => Self::Spent,
            SadLedgerError::Refused => Self::Refused,
            SadLedgerError::Unavailable(source) => Self::Ledger(source),
        }
    }
}
