//! Reading the structure of PDF files (ISO 32000-1 and -2), and appending to them.
//!
//! A reader for signing, not for showing: it finds the cross-reference, the catalog, the form and the first page
//! through random access, in memory that does not grow with the file. A file that a reader would have to repair is
//! refused, never repaired: a signature over it would not survive the repair. Start reading at [`inspect`], then
//! `document`.

mod document;
mod encryption;
mod error;
mod fault;
mod filter;
mod form;
mod inspection;
mod integrity;
mod lexer;
mod limits;
mod object;
mod object_stream;
mod pages;
mod parser;
mod permissions;
mod predictor;
mod reader;
mod revision;
mod signature;
mod source;
mod text;
mod xref;

pub use error::{FieldFault, Forbidden, NotPdf, PdfError, Unsupported};
pub use fault::Fault;
pub use inspection::{ExistingSignature, Inspection, inspect};
pub use limits::Limit;
pub use object::Reference;
pub use source::RandomAccess;
pub use xref::{Version, XrefForm};

pub(super) use document::Document;
pub(super) use form::{Appearances, FormPlace};
pub(super) use inspection::Opened;
pub(super) use object::{Dictionary, Name, Object, PdfString};
pub(super) use permissions::check_field;
pub(super) use revision::Revision;
pub(super) use signature::{Lock, changes, lock};
pub(super) use text::{decode as text, encode as text_string};
