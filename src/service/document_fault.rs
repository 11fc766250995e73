//! What a format's refusal means for a document: seen when it arrives, or when it is to be signed.

use super::signing::Failure;
use crate::ades::AdesError;
use crate::ades::pdf::PdfError;
use crate::domain::request::DocumentReason;

/// The reason an app is told, by its code.
pub(super) fn reason_of(error: &AdesError) -> DocumentReason {
    match error {
        AdesError::Pdf(error) => reason_of_pdf(error),
        AdesError::Scheme { .. } => DocumentReason::PaddingUnsuited,
        AdesError::Signature(_) => DocumentReason::SignatureNotVerified,
        _ => DocumentReason::InternalError,
    }
}

/// The same for a PDF that was looked at as it arrived.
pub(super) fn reason_of_pdf(error: &PdfError) -> DocumentReason {
    match error {
        PdfError::Read(_) => DocumentReason::DocumentMissing,
        PdfError::NotPdf(_) => DocumentReason::NotAPdf,
        PdfError::Damaged { .. } => DocumentReason::PdfDamaged,
        PdfError::PasswordNeeded | PdfError::Encrypted => DocumentReason::PdfEncrypted,
        PdfError::SigningForbidden(_) => DocumentReason::PdfSigningForbidden,
        PdfError::Field { .. } => DocumentReason::PdfFieldUnavailable,
        PdfError::TooComplex { .. } | PdfError::Unsupported(_) => DocumentReason::PdfUnsupported,
    }
}

/// The same, with what was found in words.
pub(super) fn failure_of(error: &AdesError) -> Failure {
    Failure {
        reason: reason_of(error),
        detail: Some(error.to_string()),
    }
}
