//! What certification and earlier signatures let be added (ISO 32000-1 section 12.8.2).

use super::document::Document;
use super::error::{Forbidden, PdfError};
use super::fault::Fault;
use super::form::Form;
use super::object::Object;
use super::reader::inconsistent;
use super::signature::{Changes, Signature, changes, lock};

/// Refuses when the document permits no further signature at all.
pub(crate) fn check_document(document: &mut Document<'_>, form: &Form) -> Result<(), PdfError> {
    let no_changes = || Err(PdfError::SigningForbidden(Forbidden::NoChanges));
    let catalog = document.catalog().1.clone();
    if let Object::Dictionary(permissions) = document.value(&catalog, "Perms")? {
        match document.value(&permissions, "DocMDP")? {
            Object::Null => {}
            Object::Dictionary(signature) => {
                let certification = Signature::read(document, &signature)?;
                if certification.changes == Some(Changes::Nothing) {
                    return no_changes();
                }
            }
            _ => return Err(inconsistent(Fault::Form("DocMDP"))),
        }
    }
    for field in &form.signature_fields {
        let Some(signature) = &field.signature else {
            continue;
        };
        if signature.changes == Some(Changes::Nothing) {
            return no_changes();
        }
        // A PDF 2.0 lock may also close the whole document (ISO 32000-2 table 236).
        if let Object::Dictionary(lock) = document.value(&field.dictionary, "Lock")?
            && changes(document, &lock)? == Some(Changes::Nothing)
        {
            return no_changes();
        }
    }
    Ok(())
}

/// Refuses when an earlier signature locks the field that is to be signed, new or existing.
pub(crate) fn check_field(
    document: &mut Document<'_>,
    form: &Form,
    name: &str,
) -> Result<(), PdfError> {
    for field in &form.signature_fields {
        let Some(signature) = &field.signature else {
            continue;
        };
        let mut locks = signature.locks.clone();
        if let Object::Dictionary(parameters) = document.value(&field.dictionary, "Lock")? {
            locks.extend(lock(document, &parameters)?);
        }
        if locks.iter().any(|lock| lock.locks(name)) {
            return Err(PdfError::SigningForbidden(Forbidden::Locked {
                by: field.name.clone(),
            }));
        }
    }
    Ok(())
}
