//! A signature request: what an app asks one signer to approve, as it is kept.
//!
//! The states and reasons here are told to apps by their names, so a name never changes its meaning. Nothing
//! here decides whether a change of state is allowed: the store does it atomically, the service knows when.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use url::Url;

use super::algorithm::named;
use super::id::{AppId, ClaimId, CredentialId, RequestId, SignerId};
use super::language::Language;

mod document;
mod encoding;
mod options;

pub use document::{Document, DocumentReason, DocumentState, Kept, SignedDocument};
pub use options::{
    CadesOptions, Commitment, DocumentOptions, PadesOptions, SignatureOptions, SignaturePolicy,
    SignerLocation,
};

named!(
    /// Where a signature request stands.
    RequestState {
        /// Waits for the signer.
        Pending = "pending",
        /// Approved; a node holds the lease and signs.
        Signing = "signing",
        /// At least one document is signed. The others have their reasons.
        Completed = "completed",
        /// The signer declined, or gave wrong codes until none was left.
        Refused = "refused",
        /// The app took it back.
        Cancelled = "cancelled",
        /// Nobody approved it in time.
        Expired = "expired",
        /// Approved, and no document could be signed.
        Failed = "failed",
    }
);

impl RequestState {
    /// Whether nothing can happen to the request any more but its deletion.
    pub fn is_final(self) -> bool {
        match self {
            Self::Pending | Self::Signing => false,
            Self::Completed | Self::Refused | Self::Cancelled | Self::Expired | Self::Failed => {
                true
            }
        }
    }
}

named!(
    /// Why a request is in its state, when the state alone does not say it.
    RequestReason {
        /// The signer chose not to sign.
        DeclinedBySigner = "declined_by_signer",
        /// The signer gave wrong SMS codes until no try was left.
        CodeTriesExhausted = "code_tries_exhausted",
        /// The app cancelled it.
        CancelledByApp = "cancelled_by_app",
        /// Its lifetime ended before the signer approved it.
        LifetimeOver = "lifetime_over",
        /// Some documents are signed and some are not.
        SomeDocumentsFailed = "some_documents_failed",
        /// Not one document could be signed.
        NoDocumentSigned = "no_document_signed",
        /// The signer was blocked, or the account or the credential ended, after the approval and before the signature.
        SignerCannotSign = "signer_cannot_sign",
        /// The server stopped while signing. What was not signed by then was given up, because a SAD counts once.
        Interrupted = "interrupted",
        /// It waits, and the signer's last try ended before anything was signed: the server stopped, or took too long.
        ApprovalInterrupted = "approval_interrupted",
        /// It waits, and the last try to sign it met an HSM that was away.
        HsmUnavailable = "hsm_unavailable",
        /// It waits, and the last try to sign it met an HSM with more to do than it can queue.
        Busy = "busy",
        /// It waits, and the last try to sign it met an HSM that lacked the key-encryption key of the signer's key.
        KekMissing = "kek_missing",
        /// It waits, and the last try to sign it met a document store that was away or full.
        DocumentStoreUnavailable = "document_store_unavailable",
        /// It waits, and the database went away during the last try to sign it.
        DatabaseUnavailable = "database_unavailable",
        /// It waits, and at the last try to sign it the code could not be sent.
        SmsUnavailable = "sms_unavailable",
        /// It waits, and at the last try to sign it the SMS gateway refused to send the code.
        SmsRefused = "sms_refused",
        /// It waits, and a fault of the server ended the last try to sign it.
        InternalError = "internal_error",
    }
);

impl RequestReason {
    /// The reason as a sentence for the developer of an app.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::DeclinedBySigner => "The signer declined to sign.",
            Self::CodeTriesExhausted => {
                "The signer gave wrong SMS codes until no try was left. Create a new request if the signer \
                 still wants to sign."
            }
            Self::CancelledByApp => "The app cancelled the request.",
            Self::LifetimeOver => "The signer did not approve the request within its lifetime.",
            Self::SomeDocumentsFailed => {
                "Some documents could not be signed. Each of them has its own reason."
            }
            Self::NoDocumentSigned => {
                "No document could be signed. Each of them has its own reason."
            }
            Self::SignerCannotSign => {
                "The signer approved, but may not sign any more: the account was blocked or closed, or the credential \
                 was revoked, before anything was signed."
            }
            Self::Interrupted => {
                "The server stopped while it signed. An approval counts only once, so a new request is needed \
                 for what is not signed."
            }
            Self::ApprovalInterrupted => {
                "The signer approved, but the server stopped, or took too long, before anything was signed. The signer \
                 can approve again."
            }
            Self::HsmUnavailable => {
                "The HSM was away at the last try. Nothing was signed; the signer can try again."
            }
            Self::Busy => {
                "The HSM had too much to do at the last try. Nothing was signed; the signer can try again in a moment."
            }
            Self::KekMissing => {
                "At the last try the HSM lacked the key-encryption key of the signer's key. Nothing was signed. An \
                 administrator has to bring it back; then the signer can try again."
            }
            Self::DocumentStoreUnavailable => {
                "The server's document store was away or full at the last try. Nothing was signed; the signer can try \
                 again."
            }
            Self::DatabaseUnavailable => {
                "The server's database went away during the last try. Nothing was signed; the signer can try again."
            }
            Self::SmsUnavailable => {
                "The code could not be sent at the last try. Nothing was signed; the signer can try again."
            }
            Self::SmsRefused => {
                "The SMS gateway refused to send the code at the last try. Nothing was signed. The signer's phone, or \
                 the gateway's settings, have to be looked at; then the signer can try again."
            }
            Self::InternalError => {
                "A fault of the server ended the last try; its log says more. Nothing was signed; the signer can try \
                 again."
            }
        }
    }
}

/// A signature request as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureRequest {
    /// Its identifier, also part of the approval link.
    pub id: RequestId,
    /// Who asks.
    pub app: AppId,
    /// Who is asked.
    pub signer: SignerId,
    /// Where it stands.
    pub state: RequestState,
    /// Why, where the state does not say it all.
    pub reason: Option<RequestReason>,
    /// What the app calls it, shown to the signer.
    pub title: Option<String>,
    /// The language of the pages and of the SMS.
    pub language: Language,
    /// Where the signer's browser goes at the end. It was on the app's allow-list when the request was made.
    pub return_url: Option<Url>,
    /// How the app can repeat its creation without making a second one.
    pub idempotency: Option<Idempotency>,
    /// When the app made it.
    pub created_at: OffsetDateTime,
    /// Until when it can be approved.
    pub expires_at: OffsetDateTime,
    /// When the signer approved it: the time written in the signatures.
    pub approved_at: Option<OffsetDateTime>,
    /// When it reached a final state.
    pub finished_at: Option<OffsetDateTime>,
    /// From when on its documents are deleted: the retention time after its end. While it is open, the same after
    /// [`expires_at`](Self::expires_at), its latest end.
    pub delete_at: OffsetDateTime,
    /// What it was signed with.
    pub credential: Option<CredentialId>,
    /// Which node signs it, while one does.
    pub lease: Option<Lease>,
}

/// A process's claim on a request that is being signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The node's name, for people.
    pub node: String,
    /// The very claim. Nobody else may write what becomes of the request: no other process of the same node, and not
    /// the same process by an earlier claim that was taken from it.
    pub holder: ClaimId,
    /// The claim under which it is, or was, signed: the holder's own, until another process takes over to end it.
    pub claim: ClaimId,
    /// When the claim lapses and another process may take over.
    pub until: OffsetDateTime,
}

/// The app's key for one act of creation and a digest over what was asked with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// The key as the app gave it.
    pub key: IdempotencyKey,
    /// SHA-256 over the request's metadata; the documents' digests are compared one by one.
    pub metadata_sha256: Vec<u8>,
}

/// The value of an `Idempotency-Key` header: 1 to 255 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

/// The text cannot be an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key has 1 to 255 visible ASCII characters")]
pub struct InvalidIdempotencyKey;

impl IdempotencyKey {
    /// The key as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IdempotencyKey {
    type Err = InvalidIdempotencyKey;

    fn from_str(text: &str) -> Result<Self, InvalidIdempotencyKey> {
        let fits =
            (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
            .ok_or(InvalidIdempotencyKey)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_waiting_and_signing_requests_can_still_change() {
        let open: Vec<_> = RequestState::ALL
            .iter()
            .filter(|state| !state.is_final())
            .collect();
        assert_eq!(open, [&RequestState::Pending, &RequestState::Signing]);
    }

    #[test]
    fn an_idempotency_key_is_short_and_visible() {
        assert!("a".repeat(255).parse::<IdempotencyKey>().is_ok());
        for text in ["", &"a".repeat(256), "a b", "ñ", "a\n"] {
            assert_eq!(text.parse::<IdempotencyKey>(), Err(InvalidIdempotencyKey));
        }
    }
}
