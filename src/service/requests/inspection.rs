//! A look at a PDF that has just come, so that what can never be signed is refused while the app still listens.

use crate::ades::pades::{self, Options};
use crate::ades::pdf::PdfError;
use crate::ades::{AdesError, pdf};
use crate::documents::DocumentsError;
use crate::domain::algorithm::SignatureScheme;
use crate::domain::object_key::ObjectKey;
use crate::domain::request::SignatureOptions;
use crate::service::{Service, ServiceError, document_fault};

impl Service {
    /// Makes every check of a stored document that its signing will make. Only PDFs have any.
    pub(super) fn inspect(
        &self,
        position: u32,
        key: &ObjectKey,
        signature: &SignatureOptions,
        scheme: SignatureScheme,
    ) -> Result<(), ServiceError> {
        let SignatureOptions::Pades(options) = signature else {
            return Ok(());
        };
        let options = Options::try_from(options)
            .map_err(|error| ServiceError::Inspection(AdesError::Option(error)))?;
        let mut document = self
            .inner
            .documents
            .open(key)?
            .ok_or(ServiceError::Documents(DocumentsError::Missing))?;
        match pades::check(&mut document, &options, scheme) {
            Ok(_inspection) => Ok(()),
            Err(AdesError::Pdf(error)) => Err(refused(position, error)),
            Err(error) => Err(ServiceError::Inspection(error)),
        }
    }
}

fn refused(position: u32, error: pdf::PdfError) -> ServiceError {
    if let PdfError::Read(_) = error {
        return ServiceError::Inspection(AdesError::Pdf(error));
    }
    ServiceError::DocumentRefused {
        position,
        reason: document_fault::reason_of_pdf(&error),
        detail: Some(error.to_string()),
    }
}
