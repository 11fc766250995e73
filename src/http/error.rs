//! What can go wrong, as HTTP says it: the only file with status codes.
//!
//! Two tables without a default arm. The first gives every [`Code`] its status and title; codes are part of the
//! API and never change their meaning. The second says which code a [`ServiceError`] is. A new kind of error
//! does not compile until it has its row.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use actix_web::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::api::UploadFault;
use super::problem::Problem;
use crate::domain::algorithm::named;
use crate::domain::request::DocumentReason;
use crate::domain::standing::Refusal;
use crate::domain::text::sentence;
use crate::service::{ChallengeError, FieldError, RefusedDocument, ServiceError};

named!(
    /// The stable name of a kind of problem, for programs to decide by.
    Code {
        /// The HTTP message, a path or a query cannot be understood.
        MalformedRequest = "malformed_request",
        /// The body is not JSON.
        MalformedJson = "malformed_json",
        /// The body is not the multipart it says it is, or ended early.
        MalformedMultipart = "malformed_multipart",
        /// No token and no client certificate.
        AuthenticationRequired = "authentication_required",
        /// A token or client certificate that is not known or no longer valid.
        InvalidCredentials = "invalid_credentials",
        /// The app was disabled.
        AppDisabled = "app_disabled",
        /// Nothing lives at this address.
        NotFound = "not_found",
        /// The address does not take this method.
        MethodNotAllowed = "method_not_allowed",
        /// A form that did not come from a page of this server in the same browser.
        FormRejected = "form_rejected",
        /// The client was too slow.
        RequestTimeout = "request_timeout",
        /// The body is larger than allowed.
        PayloadTooLarge = "payload_too_large",
        /// The body is of a type not understood here.
        UnsupportedMediaType = "unsupported_media_type",
        /// Too many calls in too short a time.
        RateLimited = "rate_limited",
        /// Some values are not acceptable; `errors` names them.
        InvalidRequest = "invalid_request",
        /// One document is larger than allowed.
        DocumentTooLarge = "document_too_large",
        /// More documents than allowed in one request.
        TooManyDocuments = "too_many_documents",
        /// Asked for PAdES and the file is no PDF.
        NotAPdf = "not_a_pdf",
        /// A PDF that cannot be read.
        PdfDamaged = "pdf_damaged",
        /// A PDF that is encrypted.
        PdfEncrypted = "pdf_encrypted",
        /// A PDF that forbids a further signature.
        PdfSigningForbidden = "pdf_signing_forbidden",
        /// A PDF with a construction that cannot be signed here.
        PdfUnsupported = "pdf_unsupported",
        /// The signature field asked for is not there or is signed already.
        PdfFieldUnavailable = "pdf_field_unavailable",
        /// The padding asked for does not fit the signer's key.
        PaddingUnsuited = "padding_unsuited",
        /// The same idempotency key came with another request before.
        IdempotencyKeyReused = "idempotency_key_reused",
        /// Nobody is registered with this DNI or NIE.
        SignerUnknown = "signer_unknown",
        /// The signer did not activate the account yet.
        SignerNotActivated = "signer_not_activated",
        /// The signer is registered at basic level, which may not sign.
        SignerBasicLevel = "signer_basic_level",
        /// The signer is blocked after too many wrong passwords or SMS codes.
        SignerBlocked = "signer_blocked",
        /// The signer has no phone to send a code to.
        SignerNoPhone = "signer_no_phone",
        /// The signer's password is too old.
        SignerPasswordExpired = "signer_password_expired",
        /// The signer has no credential, or all are revoked.
        SignerNoCredential = "signer_no_credential",
        /// The signer's credential is past its validity.
        CredentialExpired = "credential_expired",
        /// No such signature request, or another app's.
        RequestNotFound = "request_not_found",
        /// No such document in the signature request.
        DocumentNotFound = "document_not_found",
        /// The approval address is not valid.
        LinkNotFound = "link_not_found",
        /// The identifier and the password or code do not belong together.
        NotRecognised = "not_recognised",
        /// The new password breaks rules.
        PasswordRejected = "password_rejected",
        /// The SMS code is wrong, or nobody waits for it any more.
        CodeRejected = "code_rejected",
        /// Too many SMS codes went to one phone.
        TooManyCodes = "too_many_codes",
        /// The SMS could not be sent; try again.
        SmsUnavailable = "sms_unavailable",
        /// The account was activated before.
        AlreadyActive = "already_active",
        /// The registration rules do not allow it.
        RegistrationRefused = "registration_refused",
        /// The signature request's state does not allow it.
        WrongState = "wrong_state",
        /// The signature request has ended; its page says how.
        RequestEnded = "request_ended",
        /// The document is not signed yet.
        DocumentNotSigned = "document_not_signed",
        /// The document could not be signed; `detail` says why.
        DocumentFailed = "document_failed",
        /// The document was deleted at the end of its time.
        DocumentDeleted = "document_deleted",
        /// A document that waits for approval is not what the app sent.
        DocumentAltered = "document_altered",
        /// Too many calls at once; try again.
        Busy = "busy",
        /// The database is away; try again.
        DatabaseUnavailable = "database_unavailable",
        /// A part this node needs is away; only operators are told so. `detail` says which.
        NotReady = "not_ready",
        /// The HSM is away; try again.
        HsmUnavailable = "hsm_unavailable",
        /// The HSM lacks the key that the signer's key is under. Nothing was signed; an administrator has to mend it.
        KekMissing = "kek_missing",
        /// The store of documents is away or full; try again.
        DocumentStoreUnavailable = "document_store_unavailable",
        /// A fault of the server.
        InternalError = "internal_error",
    }
);

impl Code {
    /// The status and the title of the problem document.
    pub fn meaning(self) -> (StatusCode, &'static str) {
        use StatusCode as S;
        match self {
            Self::MalformedRequest => (S::BAD_REQUEST, "The request cannot be understood"),
            Self::MalformedJson => (S::BAD_REQUEST, "The body is not valid JSON"),
            Self::MalformedMultipart => (S::BAD_REQUEST, "The multipart body cannot be read"),
            Self::AuthenticationRequired => (S::UNAUTHORIZED, "Authentication is required"),
            Self::InvalidCredentials => (
                S::UNAUTHORIZED,
                "The token or client certificate is not valid",
            ),
            Self::AppDisabled => (S::FORBIDDEN, "The app is disabled"),
            Self::NotFound => (S::NOT_FOUND, "There is nothing at this address"),
            Self::MethodNotAllowed => (
                S::METHOD_NOT_ALLOWED,
                "This address does not take this method",
            ),
            Self::FormRejected => (S::FORBIDDEN, "The form did not come from this site"),
            Self::RequestTimeout => (S::REQUEST_TIMEOUT, "The request took too long to arrive"),
            Self::PayloadTooLarge => (S::PAYLOAD_TOO_LARGE, "The body is too large"),
            Self::UnsupportedMediaType => (
                S::UNSUPPORTED_MEDIA_TYPE,
                "The body's type is not understood here",
            ),
            Self::RateLimited => (S::TOO_MANY_REQUESTS, "Too many calls"),
            Self::InvalidRequest => (S::UNPROCESSABLE_ENTITY, "Some values are not acceptable"),
            Self::DocumentTooLarge => (S::PAYLOAD_TOO_LARGE, "A document is too large"),
            Self::TooManyDocuments => (S::PAYLOAD_TOO_LARGE, "There are too many documents"),
            Self::NotAPdf => (S::UNPROCESSABLE_ENTITY, "A file is not a PDF"),
            Self::PdfDamaged => (S::UNPROCESSABLE_ENTITY, "A PDF is damaged"),
            Self::PdfEncrypted => (S::UNPROCESSABLE_ENTITY, "A PDF is encrypted"),
            Self::PdfSigningForbidden => {
                (S::UNPROCESSABLE_ENTITY, "A PDF forbids a further signature")
            }
            Self::PdfUnsupported => (S::UNPROCESSABLE_ENTITY, "A PDF cannot be signed here"),
            Self::PdfFieldUnavailable => (
                S::UNPROCESSABLE_ENTITY,
                "A signature field is not available",
            ),
            Self::PaddingUnsuited => (
                S::UNPROCESSABLE_ENTITY,
                "The padding does not fit the signer's key",
            ),
            Self::IdempotencyKeyReused => (
                S::CONFLICT,
                "The idempotency key was used for another request",
            ),
            Self::SignerUnknown => (S::CONFLICT, "The signer is not registered"),
            Self::SignerNotActivated => (S::CONFLICT, "The signer's account is not activated"),
            Self::SignerBasicLevel => (S::CONFLICT, "The signer is registered at basic level"),
            Self::SignerBlocked => (S::CONFLICT, "The signer is blocked"),
            Self::SignerNoPhone => (S::CONFLICT, "The signer has no phone"),
            Self::SignerPasswordExpired => (S::CONFLICT, "The signer's password has expired"),
            Self::SignerNoCredential => (S::CONFLICT, "The signer has no credential"),
            Self::CredentialExpired => (S::CONFLICT, "The signer's credential has expired"),
            Self::RequestNotFound => (S::NOT_FOUND, "There is no such signature request"),
            Self::DocumentNotFound => (S::NOT_FOUND, "There is no such document"),
            Self::LinkNotFound => (S::NOT_FOUND, "The approval link is not valid"),
            Self::NotRecognised => (S::UNPROCESSABLE_ENTITY, "Identifier and secret do not fit"),
            Self::PasswordRejected => (S::UNPROCESSABLE_ENTITY, "The new password breaks rules"),
            Self::CodeRejected => (S::UNPROCESSABLE_ENTITY, "The code is not accepted"),
            Self::TooManyCodes => (S::TOO_MANY_REQUESTS, "Too many codes were sent"),
            Self::SmsUnavailable => (S::SERVICE_UNAVAILABLE, "The SMS could not be sent"),
            Self::AlreadyActive => (S::CONFLICT, "The account is active already"),
            Self::RegistrationRefused => (S::CONFLICT, "The registration rules do not allow this"),
            Self::WrongState => (
                S::CONFLICT,
                "The signature request's state does not allow this",
            ),
            Self::RequestEnded => (S::GONE, "The signature request has ended"),
            Self::DocumentNotSigned => (S::CONFLICT, "The document is not signed yet"),
            Self::DocumentFailed => (S::CONFLICT, "The document could not be signed"),
            Self::DocumentDeleted => (S::GONE, "The document was deleted"),
            Self::DocumentAltered => (
                S::INTERNAL_SERVER_ERROR,
                "A document is not what the app sent",
            ),
            Self::Busy => (S::SERVICE_UNAVAILABLE, "The server is busy"),
            Self::DatabaseUnavailable => (S::SERVICE_UNAVAILABLE, "The database is away"),
            Self::NotReady => (S::SERVICE_UNAVAILABLE, "This node is not ready"),
            Self::HsmUnavailable => (S::SERVICE_UNAVAILABLE, "The HSM is away"),
            Self::KekMissing => (
                S::SERVICE_UNAVAILABLE,
                "The HSM lacks the key that the signer's key is under",
            ),
            Self::DocumentStoreUnavailable => {
                (S::SERVICE_UNAVAILABLE, "The document store is away")
            }
            Self::InternalError => (S::INTERNAL_SERVER_ERROR, "The server made a mistake"),
        }
    }

    /// When a caller may come back who is not told better: for every 503 and 429, and nothing else.
    pub(super) fn usual_pause(self) -> Option<Duration> {
        let seconds = match self {
            Self::Busy | Self::RateLimited => 2,
            Self::DatabaseUnavailable
            | Self::DocumentStoreUnavailable
            | Self::HsmUnavailable
            | Self::NotReady => 10,
            Self::SmsUnavailable => 30,
            Self::KekMissing => 60,
            Self::TooManyCodes => 600,
            _ => return None,
        };
        Some(Duration::from_secs(seconds))
    }

    /// The code of an answer that some library made without saying more.
    pub(super) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::REQUEST_TIMEOUT => Self::RequestTimeout,
            StatusCode::PAYLOAD_TOO_LARGE => Self::PayloadTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            other if other.is_client_error() => Self::MalformedRequest,
            _ => Self::InternalError,
        }
    }
}

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        let problem = match &error {
            ServiceError::NotAuthenticated => Self::new(Code::InvalidCredentials),
            ServiceError::AppDisabled => Self::new(Code::AppDisabled),
            ServiceError::LinkUnknown => Self::new(Code::LinkNotFound),
            ServiceError::Invalid(fields) => {
                Self::new(Code::InvalidRequest).with_fields(fields.clone())
            }
            ServiceError::SignerCannotSign(refusal) => Self::new(code_of_refusal(*refusal))
                .with_fields(vec![FieldError::new("/signer", refusal.sentence())]),
            ServiceError::NotRecognised => Self::new(Code::NotRecognised),
            ServiceError::PasswordRejected(rules) => Self::new(Code::PasswordRejected).with_fields(
                rules
                    .iter()
                    .map(|rule| FieldError::new("/password", rule.as_str()))
                    .collect(),
            ),
            ServiceError::TooManyCodes { retry_at } => {
                Self::new(Code::TooManyCodes).retry_at(*retry_at)
            }
            ServiceError::SmsNotSent(_) => Self::new(Code::SmsUnavailable),
            ServiceError::AlreadyActive => Self::new(Code::AlreadyActive),
            ServiceError::Registration(_) => Self::new(Code::RegistrationRefused),
            ServiceError::DocumentsRefused(documents) => refused(documents),
            ServiceError::DocumentTooLarge { position, limit } => Self::new(Code::DocumentTooLarge)
                .with_fields(vec![FieldError::new(
                    format!("/documents/{position}"),
                    format!("A document may have {limit} bytes at most."),
                )]),
            ServiceError::TooManyDocuments { limit } => Self::new(Code::TooManyDocuments)
                .with_fields(vec![FieldError::new(
                    "/documents",
                    format!("A request may have {limit} documents at most."),
                )]),
            ServiceError::IdempotencyKeyReused => Self::new(Code::IdempotencyKeyReused),
            ServiceError::RequestNotFound => Self::new(Code::RequestNotFound),
            ServiceError::DocumentNotFound => Self::new(Code::DocumentNotFound),
            ServiceError::RequestState { .. } => Self::new(Code::WrongState),
            ServiceError::DocumentNotSigned => Self::new(Code::DocumentNotSigned),
            ServiceError::DocumentFailed { .. } => Self::new(Code::DocumentFailed),
            ServiceError::DocumentDeleted => Self::new(Code::DocumentDeleted),
            ServiceError::DocumentAltered { .. } => Self::new(Code::DocumentAltered),
            ServiceError::Upload(source) => match source
                .get_ref()
                .and_then(|cause| cause.downcast_ref::<UploadFault>())
            {
                Some(fault) => of_upload(fault),
                None => Self::new(Code::MalformedMultipart)
                    .with_detail("The body ended before its last part was complete."),
            },
            ServiceError::DatabaseAway(_) => Self::new(Code::DatabaseUnavailable),
            ServiceError::AppNotFound { .. } => Self::new(Code::NotFound),
            ServiceError::DocumentStoreAway(_) => Self::new(Code::DocumentStoreUnavailable),
            ServiceError::HsmAway(_) => Self::new(Code::HsmUnavailable),
            ServiceError::HsmBusy(_) => Self::new(Code::Busy),
            ServiceError::KekMissing(_) => Self::new(Code::KekMissing),
            ServiceError::Activation(_)
            | ServiceError::AuthoritiesMissing
            | ServiceError::AuthorityKeyMissing(_)
            | ServiceError::CredentialNotFound(_)
            | ServiceError::CredentialState(_)
            | ServiceError::CredentialThere(_)
            | ServiceError::Import(_)
            | ServiceError::Certificates(_)
            | ServiceError::Challenge(ChallengeError::Cipher(_))
            | ServiceError::Documents(_)
            | ServiceError::Hsm(_)
            | ServiceError::Inspection(_)
            | ServiceError::Journal(_)
            | ServiceError::KekKept { .. }
            | ServiceError::Keyslot(_)
            | ServiceError::Pki(_)
            | ServiceError::Store(_) => Self::new(Code::InternalError),
            ServiceError::Challenge(_) => Self::new(Code::CodeRejected),
        };
        let (status, _) = problem.code().meaning();
        if status.is_client_error() && !problem.names_values() && problem.detail().is_none() {
            problem.with_detail(sentence(&error)).because(error)
        } else {
            problem.because(error)
        }
    }
}

impl From<UploadFault> for Problem {
    fn from(fault: UploadFault) -> Self {
        of_upload(&fault)
    }
}

fn of_upload(fault: &UploadFault) -> Problem {
    match fault {
        UploadFault::TooLarge { limit } => Problem::new(Code::PayloadTooLarge)
            .with_detail(format!("The body may have {limit} bytes at most.")),
        UploadFault::TooSlow => Problem::new(Code::RequestTimeout),
        UploadFault::Malformed(detail) => {
            Problem::new(Code::MalformedMultipart).with_detail(detail.clone())
        }
    }
}

/// The problem is called by its first document; each document has a code of its own.
fn refused(documents: &[RefusedDocument]) -> Problem {
    let first = documents.first().map(|first| code_of_reason(first.reason));
    documents.iter().fold(
        Problem::new(first.unwrap_or(Code::InternalError)),
        |problem,
         RefusedDocument {
             position,
             reason,
             found,
         }| {
            let detail = format!("{} Found: {found}", reason.sentence());
            problem.with_refused(
                code_of_reason(*reason),
                FieldError::new(format!("/documents/{position}"), detail),
            )
        },
    )
}

fn code_of_refusal(refusal: Refusal) -> Code {
    match refusal {
        Refusal::Unknown => Code::SignerUnknown,
        Refusal::NotActivated => Code::SignerNotActivated,
        Refusal::BasicLevel => Code::SignerBasicLevel,
        Refusal::Blocked => Code::SignerBlocked,
        Refusal::NoPhone => Code::SignerNoPhone,
        Refusal::PasswordExpired => Code::SignerPasswordExpired,
        Refusal::NoCredential => Code::SignerNoCredential,
        Refusal::CredentialExpired => Code::CredentialExpired,
    }
}

fn code_of_reason(reason: DocumentReason) -> Code {
    match reason {
        DocumentReason::NotAPdf => Code::NotAPdf,
        DocumentReason::PdfDamaged => Code::PdfDamaged,
        DocumentReason::PdfEncrypted => Code::PdfEncrypted,
        DocumentReason::PdfSigningForbidden => Code::PdfSigningForbidden,
        DocumentReason::PdfUnsupported => Code::PdfUnsupported,
        DocumentReason::PdfFieldUnavailable => Code::PdfFieldUnavailable,
        DocumentReason::PaddingUnsuited => Code::PaddingUnsuited,
        // These come about while signing, never when a request is made.
        DocumentReason::RequestRefused
        | DocumentReason::RequestCancelled
        | DocumentReason::RequestExpired
        | DocumentReason::DocumentMissing
        | DocumentReason::DocumentChanged
        | DocumentReason::DocumentAltered
        | DocumentReason::SignatureNotVerified
        | DocumentReason::SignerCannotSign
        | DocumentReason::KeyUnusable
        | DocumentReason::HsmUnavailable
        | DocumentReason::HsmRefused
        | DocumentReason::KekMissing
        | DocumentReason::NotStored
        | DocumentReason::Interrupted
        | DocumentReason::InternalError => Code::InternalError,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_a_signer_cannot_sign_is_told_by_its_own_code() {
        for refusal in Refusal::ALL {
            assert_eq!(code_of_refusal(*refusal).as_str(), refusal.as_str());
        }
    }

    #[test]
    fn a_document_refused_at_creation_is_told_by_its_own_code() {
        for reason in DocumentReason::ALL {
            let code = code_of_reason(*reason);
            assert!(code == Code::InternalError || code.as_str() == reason.as_str());
        }
    }

    #[test]
    fn every_code_has_an_error_status() {
        for code in Code::ALL {
            let (status, title) = code.meaning();
            assert!(status.is_client_error() || status.is_server_error());
            assert!(!title.is_empty());
        }
    }
}
