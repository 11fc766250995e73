//! What can be wrong with the structure of a PDF.

use super::object::Reference;

/// One thing that is wrong. The texts complete "the PDF is damaged: …".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Bytes before the header, which move every offset.
    #[error("there are {0} other bytes before its %PDF- header")]
    BytesBeforeHeader(usize),
    /// A header without a version.
    #[error("its header names no version")]
    Version,
    /// No `%%EOF` near the end.
    #[error("its end is missing; the file was probably cut off")]
    NoEnd,
    /// No usable `startxref` before `%%EOF`.
    #[error("startxref does not give the place of the cross-reference")]
    StartXref,
    /// The place named holds no cross-reference section.
    #[error("there is no cross-reference section where the file says")]
    NoXref,
    /// A place beyond the end of the file.
    #[error("it points beyond the end of the file")]
    BeyondEnd,
    /// `/Prev` leads back to a section that was read already.
    #[error("its cross-reference sections form a loop")]
    XrefLoop,
    /// A subsection header that is not two numbers on a line.
    #[error("a cross-reference subsection is malformed")]
    Subsection,
    /// Two subsections of one section give the same object.
    #[error("a cross-reference section lists an object twice")]
    SubsectionOverlap,
    /// An entry that is not twenty bytes of the prescribed form (ISO 32000-1 section 7.5.4).
    #[error("the cross-reference entry of object {0} is malformed")]
    Entry(u32),
    /// A table not followed by its trailer.
    #[error("a cross-reference table is not followed by its trailer")]
    NoTrailer,
    /// The dictionary of a cross-reference or object stream lacks a key or has a wrong one.
    #[error("the /{0} of a cross-reference section, trailer or object stream is missing or wrong")]
    Key(&'static str),
    /// Tokens that make no object.
    #[error("malformed syntax")]
    Syntax,
    /// The file ends in the middle.
    #[error("it ends in the middle of an object")]
    UnexpectedEnd,
    /// A dictionary with two different values for one key; readers differ on which counts.
    #[error("a dictionary has two values for /{0}")]
    DuplicateKey(String),
    /// Another object than the cross-reference says, or none.
    #[error("object {0} is not where the cross-reference says")]
    WrongPlace(Reference),
    /// An object without its `endobj`.
    #[error("object {0} is not closed by endobj")]
    NotClosed(Reference),
    /// `/Length` does not lead to `endstream`.
    #[error("a stream is not as long as its /Length says")]
    StreamLength,
    /// Compressed data that do not decompress.
    #[error("compressed data are corrupt")]
    Compression,
    /// A compressed object inside something that is no object stream.
    #[error("object {0} should be an object stream and is not")]
    NotObjectStream(u32),
    /// An object stream without the object it should hold.
    #[error("object stream {stream} does not hold object {object} at its place")]
    NotInStream {
        /// The object stream.
        stream: u32,
        /// The object looked for.
        object: u32,
    },
    /// References that lead to references without end.
    #[error("object {0} refers back to itself")]
    ReferenceLoop(Reference),
    /// The catalog is not a dictionary.
    #[error("it has no document catalog")]
    NoCatalog,
    /// No page can be found.
    #[error("it has no page")]
    NoPage,
    /// A page tree with a loop or a node used twice.
    #[error("its page tree forms a loop at object {0}")]
    PageLoop(Reference),
    /// A node of the page tree that is none.
    #[error("its page tree is broken: /{0} is missing or wrong")]
    PageTree(&'static str),
    /// A form with a loop or a field used twice.
    #[error("its form fields form a loop at object {0}")]
    FieldLoop(Reference),
    /// A form, field or signature dictionary with a wrong value.
    #[error("its form is broken: /{0} is wrong")]
    Form(&'static str),
}
