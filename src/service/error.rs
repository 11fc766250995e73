//! Why a use case did not do what it was asked.

use super::acceptance::NotAsAccepted;
use super::keks::KekKept;
use crate::activation::ActivationError;
use crate::ades::AdesError;
use crate::auth::AuthError;
use crate::documents::DocumentsError;
use crate::domain::credential::CredentialState;
use crate::domain::id::CredentialId;
use crate::domain::key::KekVersion;
use crate::domain::request::{DocumentReason, RequestReason, RequestState};
use crate::domain::standing::Refusal;
use crate::hsm::HsmError;
use crate::identity::{ChallengeError, IdentityError, PasswordRule};
use crate::journal::JournalError;
use crate::notify::SmsError;
use crate::pki::PkiError;
use crate::pki::import::ImportError;
use crate::store::StoreError;
use time::OffsetDateTime;

/// One value of a request that cannot be accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Where it is in the request: a JSON Pointer (RFC 6901) such as `/documents/0/name`.
    pub pointer: String,
    /// What is wrong and what would be right, without repeating secrets.
    pub detail: String,
}

/// A document that cannot be signed, seen when the request was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedDocument {
    /// Its place in the request, from 0.
    pub position: u32,
    /// Why.
    pub reason: DocumentReason,
    /// What exactly was found.
    pub found: String,
}

impl FieldError {
    /// At that place, for that reason.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            detail: detail.into(),
        }
    }
}

/// The facts that callers are told about. `http` gives each a status and a code, the command line a sentence.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The caller did not show who it is in a way known here.
    #[error("the token or client certificate is not valid here")]
    NotAuthenticated,
    /// The app was disabled.
    #[error("the app is disabled")]
    AppDisabled,
    /// The approval address was not made here, or was changed.
    #[error("the approval link is not valid")]
    LinkUnknown,
    /// Values that cannot be accepted.
    #[error("some values are not acceptable")]
    Invalid(Vec<FieldError>),
    /// The signer cannot sign now.
    #[error("the signer cannot sign. {}", .0.sentence())]
    SignerCannotSign(Refusal),
    /// The identifier and the password or code do not belong together, or the account is blocked. Which it is must
    /// not be told to somebody who may be anybody.
    #[error("the identifier and the password or code do not belong together")]
    NotRecognised,
    /// The new password breaks rules.
    #[error("the new password breaks {} of the rules", .0.len())]
    PasswordRejected(Vec<PasswordRule>),
    /// The SMS code, or the step it belongs to, is not good.
    #[error(transparent)]
    Challenge(ChallengeError),
    /// So many codes went to this phone that no more do for now.
    #[error("too many codes were sent within the hour; the next may be asked for at {retry_at}")]
    TooManyCodes {
        /// When the next may be asked for.
        retry_at: OffsetDateTime,
    },
    /// The SMS did not go out.
    #[error("the SMS could not be sent")]
    SmsNotSent(#[source] SmsError),
    /// The account was activated before.
    #[error(
        "the account is active already; a forgotten password is reset with the activation code"
    )]
    AlreadyActive,
    /// The registration office asked for what the rules do not allow.
    #[error(transparent)]
    Registration(IdentityError),
    /// The keyslot of an account cannot be used.
    #[error("an account's keyslot cannot be used")]
    Keyslot(#[source] IdentityError),
    /// Documents that cannot be signed, seen when the request was made; all of them, in their order.
    #[error("{} of the documents cannot be signed", .0.len())]
    DocumentsRefused(Vec<RefusedDocument>),
    /// A document larger than this server takes.
    #[error("document {position} is larger than {limit} bytes")]
    DocumentTooLarge {
        /// Its place in the request, from 0.
        position: u32,
        /// The largest that would have been taken.
        limit: u64,
    },
    /// More documents than this server takes at once.
    #[error("more than {limit} documents")]
    TooManyDocuments {
        /// The most that would have been taken.
        limit: u32,
    },
    /// The same idempotency key came with another request before.
    #[error("the idempotency key was used for another request")]
    IdempotencyKeyReused,
    /// No such request, or another app's.
    #[error("there is no such signature request")]
    RequestNotFound,
    /// No such document in the request.
    #[error("there is no such document in the signature request")]
    DocumentNotFound,
    /// The request's state does not allow what was asked.
    #[error("the signature request is {state}")]
    RequestState {
        /// Where it stands.
        state: RequestState,
    },
    /// The document has no signed form yet.
    #[error("the document is not signed yet")]
    DocumentNotSigned,
    /// The document will have no signed form.
    #[error("the document could not be signed: {}", reason.sentence())]
    DocumentFailed {
        /// Why.
        reason: DocumentReason,
    },
    /// The document was deleted when its time was over.
    #[error("the document was deleted")]
    DocumentDeleted,
    /// The record of a document that waits for approval is not what it was when the document was accepted. It cannot
    /// be shown or signed.
    #[error("document {position} is not what was accepted")]
    DocumentAltered {
        /// Its place in the request, from 0.
        position: u32,
        /// What was found.
        source: NotAsAccepted,
    },
    /// The upload ended early or its encoding was wrong. What was received is deleted.
    #[error("the document could not be received")]
    Upload(#[source] std::io::Error),
    /// No app has that name.
    #[error("there is no app called {name:?}; `rubrica app list` shows all")]
    AppNotFound {
        /// What was asked for.
        name: String,
    },
    /// The journal refused an entry, so what it would have recorded may not happen.
    #[error("the journal failed")]
    Journal(#[source] JournalError),
    /// A document could not be looked at for reasons that are not its own.
    #[error("a document could not be inspected")]
    Inspection(#[source] AdesError),
    /// The store of documents does not take or give bytes now. Trying again later may succeed.
    #[error("the document store is away")]
    DocumentStoreAway(#[source] DocumentsError),
    /// The store of documents gave something that it should not.
    #[error("the document store failed")]
    Documents(#[source] DocumentsError),
    /// The HSM cannot be reached. Nothing was signed; trying again later may succeed.
    #[error("the HSM is away")]
    HsmAway(#[source] ActivationError),
    /// The HSM has more to do than it can queue. Nothing was signed; trying again shortly may succeed.
    #[error("the HSM is busy")]
    HsmBusy(#[source] ActivationError),
    /// The token lacks the KEK that the credential's key is under. Nothing was signed; once an administrator has brought the
    /// right token, or the KEK, back, trying again succeeds.
    #[error("the HSM lacks a key-encryption key that citizens' keys are under")]
    KekMissing(#[source] ActivationError),
    /// The key was not used: the approval, the seal or the HSM refused.
    #[error("the key could not be used")]
    Activation(#[source] ActivationError),
    /// The credential's certificates cannot be put into a signature.
    #[error("the credential's certificates cannot be used")]
    Certificates(#[source] AdesError),
    /// The HSM refused what an authority or a new key needed, and would again.
    #[error("the HSM failed: {0}")]
    Hsm(#[source] HsmError),
    /// The KEK stays on the token.
    #[error("KEK version {version} was not destroyed: {why}")]
    KekKept {
        /// Which one.
        version: KekVersion,
        /// What keeps it.
        why: KekKept,
    },
    /// No such credential.
    #[error("there is no credential {0}; `rubrica credential list` shows a citizen's")]
    CredentialNotFound(CredentialId),
    /// The citizen has one that can sign, and no other was wanted then.
    #[error("the citizen has a valid credential already: {0}")]
    CredentialThere(CredentialId),
    /// The credential's state does not allow what was asked.
    #[error("the credential is {0}")]
    CredentialState(CredentialState),
    /// The chain from outside does not fit the credential.
    #[error("the certificate was not imported: {0}")]
    Import(#[source] ImportError),
    /// Nobody made the authorities yet.
    #[error("there are no authorities yet; `rubrica ca init` makes them")]
    AuthoritiesMissing,
    /// The token lacks the key that belongs to an authority's certificate.
    #[error(
        "the HSM holds no key labelled {0:?}, which an authority's certificate is for; was another token configured?"
    )]
    AuthorityKeyMissing(String),
    /// An authority could not issue what was asked.
    #[error("nothing was issued: {0}")]
    Pki(#[source] PkiError),
    /// The database does not answer. Trying again later may succeed.
    #[error("the database is away")]
    DatabaseAway(#[source] StoreError),
    /// The database answered something that it should not.
    #[error("the database failed")]
    Store(#[source] StoreError),
}

impl ServiceError {
    /// True when the same may succeed later without anybody's doing.
    pub fn is_temporary(&self) -> bool {
        matches!(
            self,
            Self::DatabaseAway(_) | Self::DocumentStoreAway(_) | Self::HsmAway(_)
        )
    }

    /// What a request's app is told of it: what keeps the signer from signing for now and is not the signer's doing.
    pub(super) fn obstacle(&self) -> Option<RequestReason> {
        match self {
            Self::HsmAway(_) => Some(RequestReason::HsmUnavailable),
            Self::HsmBusy(_) => Some(RequestReason::Busy),
            Self::KekMissing(_) => Some(RequestReason::KekMissing),
            Self::DocumentStoreAway(_) => Some(RequestReason::DocumentStoreUnavailable),
            Self::DatabaseAway(_) => Some(RequestReason::DatabaseUnavailable),
            Self::SmsNotSent(SmsError::Refused { .. }) => Some(RequestReason::SmsRefused),
            Self::SmsNotSent(SmsError::Unreachable { .. } | SmsError::Outbox(_)) => {
                Some(RequestReason::SmsUnavailable)
            }
            Self::Activation(ActivationError::Expired) => Some(RequestReason::ApprovalInterrupted),
            Self::Keyslot(_)
            | Self::Journal(_)
            | Self::Inspection(_)
            | Self::Documents(_)
            | Self::Activation(_)
            | Self::Certificates(_)
            | Self::Hsm(_)
            | Self::AuthoritiesMissing
            | Self::AuthorityKeyMissing(_)
            | Self::Pki(_)
            | Self::Store(_) => Some(RequestReason::InternalError),
            Self::NotAuthenticated
            | Self::AppDisabled
            | Self::LinkUnknown
            | Self::Invalid(_)
            | Self::SignerCannotSign(_)
            | Self::NotRecognised
            | Self::PasswordRejected(_)
            | Self::Challenge(_)
            | Self::TooManyCodes { .. }
            | Self::AlreadyActive
            | Self::Registration(_)
            | Self::DocumentsRefused(_)
            | Self::DocumentTooLarge { .. }
            | Self::TooManyDocuments { .. }
            | Self::IdempotencyKeyReused
            | Self::RequestNotFound
            | Self::DocumentNotFound
            | Self::RequestState { .. }
            | Self::DocumentNotSigned
            | Self::DocumentFailed { .. }
            | Self::DocumentDeleted
            | Self::DocumentAltered { .. }
            | Self::Upload(_)
            | Self::AppNotFound { .. }
            | Self::KekKept { .. }
            | Self::CredentialNotFound(_)
            | Self::CredentialThere(_)
            | Self::CredentialState(_)
            | Self::Import(_) => None,
        }
    }

    /// True when making a credential would fail in this way for every other citizen too.
    pub fn concerns_everybody(&self) -> bool {
        match self {
            Self::AuthoritiesMissing
            | Self::AuthorityKeyMissing(_)
            | Self::KekMissing(_)
            | Self::Journal(_)
            | Self::Store(StoreError::Query(_) | StoreError::Migration(_)) => true,
            Self::Hsm(error) | Self::Activation(ActivationError::Hsm(error)) => matches!(
                error,
                HsmError::WrongPin { .. }
                    | HsmError::Module { .. }
                    | HsmError::KekMissing(_)
                    | HsmError::KekUnprotected { .. }
            ),
            _ => self.is_temporary(),
        }
    }
}

impl From<HsmError> for ServiceError {
    fn from(error: HsmError) -> Self {
        if error.is_temporary() {
            ActivationError::from(error).into()
        } else {
            Self::Hsm(error)
        }
    }
}

impl From<PkiError> for ServiceError {
    fn from(error: PkiError) -> Self {
        match error {
            PkiError::Signing(source) => source.into(),
            other => Self::Pki(other),
        }
    }
}

impl From<ActivationError> for ServiceError {
    fn from(error: ActivationError) -> Self {
        match error {
            // The ledger of SADs is in the database.
            ActivationError::Ledger(source) => match source.downcast::<StoreError>() {
                Ok(failure) => (*failure).into(),
                Err(source) => Self::DatabaseAway(StoreError::Away(source)),
            },
            ActivationError::Hsm(HsmError::Busy) => Self::HsmBusy(error),
            ActivationError::Hsm(HsmError::KekMissing(_)) => Self::KekMissing(error),
            error if error.is_temporary() => Self::HsmAway(error),
            error => Self::Activation(error),
        }
    }
}

impl From<AuthError> for ServiceError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Unknown => Self::NotAuthenticated,
            AuthError::Disabled => Self::AppDisabled,
            AuthError::Store(source) => source.into(),
        }
    }
}

impl From<IdentityError> for ServiceError {
    /// What is blocked is told like what is unknown: only who knows whose account it is may say more.
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::NotRecognised { .. } | IdentityError::Blocked { .. } => {
                Self::NotRecognised
            }
            IdentityError::Refused(refusal) => Self::SignerCannotSign(refusal),
            IdentityError::AlreadyActive => Self::AlreadyActive,
            IdentityError::PasswordRejected(rules) => Self::PasswordRejected(rules),
            IdentityError::TooManyCodes { retry_at } => Self::TooManyCodes { retry_at },
            IdentityError::CodesExhausted => Self::Challenge(ChallengeError::Exhausted),
            IdentityError::StepEnded => Self::Challenge(ChallengeError::Gone),
            IdentityError::AlreadyRegistered { .. }
            | IdentityError::NotBlocked
            | IdentityError::NotRegistered
            | IdentityError::PhoneTaken { .. }
            | IdentityError::ConfirmedSomethingElse
            | IdentityError::ProofingInFuture
            | IdentityError::LevelNotEarned { .. }
            | IdentityError::Overtaken => Self::Registration(error),
            IdentityError::Keyslot(_) => Self::Keyslot(error),
            IdentityError::Store(source) => source.into(),
        }
    }
}

impl From<ChallengeError> for ServiceError {
    fn from(error: ChallengeError) -> Self {
        match error {
            ChallengeError::Refused(refusal) => Self::SignerCannotSign(refusal),
            ChallengeError::TooManyCodes { retry_at } => Self::TooManyCodes { retry_at },
            ChallengeError::Store(source) => source.into(),
            ChallengeError::WrongCode { .. }
            | ChallengeError::Exhausted
            | ChallengeError::Blocked { .. }
            | ChallengeError::Expired
            | ChallengeError::Gone
            | ChallengeError::SomethingElse
            | ChallengeError::NoResendsLeft
            | ChallengeError::Cipher(_) => Self::Challenge(error),
        }
    }
}

impl From<JournalError> for ServiceError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Store(source) => source.into(),
            other => Self::Journal(other),
        }
    }
}

impl From<DocumentsError> for ServiceError {
    fn from(error: DocumentsError) -> Self {
        match error {
            DocumentsError::Away
            | DocumentsError::Full(_)
            | DocumentsError::Store(_)
            | DocumentsError::Folder { .. } => Self::DocumentStoreAway(error),
            DocumentsError::TooLarge { .. }
            | DocumentsError::Incoming(_)
            | DocumentsError::Missing
            | DocumentsError::Changed
            | DocumentsError::Runtime(_) => Self::Documents(error),
        }
    }
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Away(_) => Self::DatabaseAway(error),
            StoreError::UnknownDatabase
            | StoreError::Conflict { .. }
            | StoreError::Corrupt { .. }
            | StoreError::Migration(_)
            | StoreError::Query(_) => Self::Store(error),
        }
    }
}
