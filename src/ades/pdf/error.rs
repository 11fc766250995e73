//! Why a PDF cannot be read or signed, in words for the person who sent it.

use std::io;

use super::fault::Fault;
use super::limits::Limit;

/// Why a PDF is refused. Everything but [`Read`](Self::Read) is a property of the document itself and will be the
/// same at the next try.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// The store could not give the bytes; says nothing about the document.
    #[error("the document could not be read from where it is kept")]
    Read(#[source] io::Error),
    /// Not a PDF at all (ISO 32000-1 section 7.5.2).
    #[error("this is not a PDF: {0}")]
    NotPdf(NotPdf),
    /// A PDF that a reader would have to repair, which breaks signatures; it is never repaired here.
    #[error(
        "the PDF is damaged: {fault}{}; open it in the program it was made with and save it anew", place(*.at)
    )]
    Damaged {
        /// What is wrong.
        fault: Fault,
        /// Where, in bytes from the start of the file or, inside an object stream, of the decoded stream; `None`
        /// when objects are well-formed and do not fit together.
        at: Option<u64>,
    },
    /// Opens only with a password (ISO 32000-1 section 7.6.3).
    #[error(
        "the PDF is encrypted and cannot be opened without its password; send a copy without a password"
    )]
    PasswordNeeded,
    /// Opens without a password, but its contents are encrypted, which is not supported.
    #[error("the PDF is encrypted, which is not supported; send a copy without protection")]
    Encrypted,
    /// Whoever made or signed the document does not let it be signed.
    #[error("the document does not permit this signature: {0}")]
    SigningForbidden(Forbidden),
    /// A field was asked for by name and cannot take the signature.
    #[error("the signature field {name:?} cannot be used: {reason}")]
    Field {
        /// The fully qualified name that was asked for.
        name: String,
        /// Why not.
        reason: FieldFault,
    },
    /// Well-formed perhaps, but out of proportion; refused so that nobody can occupy the server with it.
    #[error("the PDF is too complex: more than {} {limit}", limit.maximum())]
    TooComplex {
        /// Which bound was passed.
        limit: Limit,
    },
    /// Permitted by the standard, but not understood here.
    #[error("the PDF uses a feature that is not supported: {0}")]
    Unsupported(Unsupported),
}

/// What makes a file no PDF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotPdf {
    /// No bytes at all.
    #[error("the file is empty")]
    Empty,
    /// No `%PDF-` in the first kilobyte.
    #[error("it does not begin with %PDF-")]
    NoHeader,
}

/// What forbids the signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// The owner of an encrypted file allowed neither filling in nor annotating (ISO 32000-1 table 22, bits 6 and 9).
    #[error("it is encrypted, and its owner does not allow signing")]
    Permissions,
    /// A certification or an earlier signature allows no change at all (DocMDP P=1, ISO 32000-1 table 254).
    #[error("it was certified so that no change is allowed any more (DocMDP level 1)")]
    NoChanges,
    /// An earlier signature locked the field (FieldMDP, ISO 32000-1 section 12.8.2.4).
    #[error("the signature in field {by:?} locked the form fields against later signing")]
    Locked {
        /// The fully qualified name of the field whose signature locks.
        by: String,
    },
}

/// Why a named field cannot take the signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldFault {
    /// No field has that name.
    #[error("there is no such field{}", names(.empty))]
    Missing {
        /// The empty signature fields there are.
        empty: Vec<String>,
    },
    /// Two fields have that name, and readers differ on which is meant.
    #[error("more than one field has this name")]
    Ambiguous,
    /// It is signed already.
    #[error("it is signed already")]
    Signed,
    /// It stands inside another object and cannot be changed alone.
    #[error("it is not an object of its own")]
    Direct,
    /// Its owner made it read-only.
    #[error("it is read-only")]
    ReadOnly,
    /// A required seed value (ISO 32000-1 table 234) that a signature made here does not meet.
    #[error("it demands {0}, which this signature does not meet")]
    SeedValue(&'static str),
}

/// Legal PDF that is not understood here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    /// A filter other than Flate on a cross-reference or object stream.
    #[error("the compression filter {0} on the file's own structure")]
    Filter(String),
    /// A predictor or a sample depth that structure streams do not have.
    #[error("the predictor {0} on the file's own structure")]
    Predictor(i64),
    /// Stream data in another file (ISO 32000-1 table 5, `/F`).
    #[error("stream data kept in another file")]
    ExternalData,
    /// The page is drawn from an XFA template when it is opened, so that no signature of the file covers what is
    /// seen (ISO 32000-1 table 28, `/NeedsRendering`).
    #[error("a dynamic XFA form; print it to a PDF and sign that")]
    DynamicXfa,
    /// A cross-reference table has ten digits for an offset (ISO 32000-1 section 7.5.4).
    #[error("a cross-reference table in a file beyond 10 GB")]
    TableOffset,
}

impl PdfError {
    /// A form or page whose `/key` is not what it must be.
    pub(crate) fn broken_form(key: &'static str) -> Self {
        Self::Damaged {
            fault: Fault::Form(key),
            at: None,
        }
    }
}

fn place(at: Option<u64>) -> String {
    at.map_or_else(String::new, |at| format!(" (at byte {at})"))
}

fn names(empty: &[String]) -> String {
    if empty.is_empty() {
        "; the document has no empty signature field".to_owned()
    } else {
        let quoted: Vec<_> = empty.iter().map(|name| format!("{name:?}")).collect();
        format!("; empty signature fields: {}", quoted.join(", "))
    }
}
