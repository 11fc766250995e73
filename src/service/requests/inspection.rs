//! A look at a PDF that has just come, so that what can never be signed is refused while the app still listens.

use crate::ades::AdesError;
use crate::ades::pades::{self, Options};
use crate::ades::pdf::PdfError;
use crate::documents::DocumentsError;
use crate::domain::algorithm::SignatureScheme;
use crate::domain::object_key::ObjectKey;
use crate::domain::request::SignatureOptions;
use crate::service::{RefusedDocument, Service, ServiceError, document_fault};

impl Service {
    /// Makes every check of a stored document that its signing will make, and says why it cannot be signed if so. Only PDFs
    /// have any.
    pub(super) fn inspect(
        &self,
        position: u32,
        key: &ObjectKey,
        signature: &SignatureOptions,
        scheme: SignatureScheme,
    ) -> Result<Option<RefusedDocument>, ServiceError> {
        let SignatureOptions::Pades(options) = signature else {
            return Ok(None);
        };
        let options = Options::try_from(options)
            .map_err(|error| ServiceError::Inspection(AdesError::Option(error)))?;
        let mut document = self
            .inner
            .documents
            .open(key)?
            .ok_or(ServiceError::Documents(DocumentsError::Missing))?;
        match pades::check(&mut document, &options, scheme) {
            Ok(_inspection) => Ok(None),
            Err(AdesError::Pdf(error)) => refused(position, error).map(Some),
            Err(error) => Err(ServiceError::Inspection(error)),
        }
    }
}

fn refused(position: u32, error: PdfError) -> Result<RefusedDocument, ServiceError> {
    if let PdfError::Read(_) = error {
        return Err(ServiceError::Inspection(AdesError::Pdf(error)));
    }
    Ok(RefusedDocument {
        position,
        reason: document_fault::reason_of_pdf(&error),
        found: error.to_string(),
    })
}
