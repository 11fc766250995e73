//! What can be told about a PDF when it arrives, before anybody signs it.

use super::document::Document;
use super::error::{PdfError, Unsupported};
use super::form::Form;
use super::integrity;
use super::object::Object;
use super::pages::Pages;
use super::permissions;
use super::source::RandomAccess;
use super::xref::{Version, XrefForm};

/// What a PDF is, as far as signing is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The version by header and catalog.
    pub version: Version,
    /// The number of pages the document claims to have.
    pub pages: Option<u32>,
    /// The form of the newest cross-reference section, which an appended one must share.
    pub xref_form: XrefForm,
    /// The number of cross-reference sections; one or two for each time the file was saved.
    pub sections: usize,
    /// Signatures and time-stamps that are there already.
    pub signatures: Vec<ExistingSignature>,
    /// Fully qualified names of signature fields that wait for a signature.
    pub empty_fields: Vec<String>,
}

/// A signature that is in the document. It was not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExistingSignature {
    /// Fully qualified name of its field.
    pub field: String,
    /// `/SubFilter`, such as `ETSI.CAdES.detached` or `ETSI.RFC3161`.
    pub sub_filter: Option<String>,
}

/// Reads the structure and refuses what can never be signed: no PDF, damaged, encrypted, or closed to any change.
///
/// Memory stays at a few mebibytes whatever the length of the file.
pub fn inspect(source: &mut dyn RandomAccess) -> Result<Inspection, PdfError> {
    Opened::read(source).map(|opened| opened.inspection())
}

/// A document with everything signing needs of it.
pub(crate) struct Opened<'s> {
    pub(crate) document: Document<'s>,
    pub(crate) pages: Pages,
    pub(crate) form: Form,
}

impl<'s> Opened<'s> {
    /// Opens and makes all checks that do not depend on how the document will be signed.
    pub(crate) fn read(source: &'s mut dyn RandomAccess) -> Result<Self, PdfError> {
        let mut document = Document::open(source)?;
        let catalog = document.catalog().1.clone();
        if document.value(&catalog, "NeedsRendering")? == Object::Boolean(true) {
            return Err(PdfError::Unsupported(Unsupported::DynamicXfa));
        }
        let pages = Pages::read(&mut document)?;
        let form = Form::read(&mut document)?;
        permissions::check_document(&mut document, &form)?;
        integrity::check(&mut document)?;
        Ok(Self {
            document,
            pages,
            form,
        })
    }

    /// What was found.
    pub(crate) fn inspection(&self) -> Inspection {
        let fields = &self.form.signature_fields;
        Inspection {
            version: self.document.version(),
            pages: self.pages.count,
            xref_form: self.document.xref().form(),
            sections: self.document.xref().sections(),
            signatures: fields
                .iter()
                .filter_map(|field| {
                    Some(ExistingSignature {
                        field: field.name.clone(),
                        sub_filter: field.signature.as_ref()?.sub_filter.clone(),
                    })
                })
                .collect(),
            empty_fields: fields
                .iter()
                .filter(|field| field.signature.is_none())
                .map(|field| field.name.clone())
                .collect(),
        }
    }
}
