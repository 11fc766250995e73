//! Bounds on what one document may cost, so that a small file cannot occupy the server.
//!
//! There is no clock here: work is counted, not timed. The bounds are far above what programs write.

use std::fmt;

use super::error::PdfError;

/// How many bytes of white space and other rest may follow `%%EOF`. Readers look no further.
pub(crate) const TAIL: u64 = 1024;
/// Longest text of one object, in bytes.
pub(crate) const OBJECT_BYTES: usize = 4 << 20;
/// Deepest nesting of arrays and dictionaries in one object.
pub(crate) const NESTING: usize = 100;
/// Most values in one object.
pub(crate) const VALUES: usize = 300_000;
/// Longest chain from reference to reference.
pub(crate) const REFERENCE_HOPS: usize = 8;
/// Cross-reference sections, one or two for each saved revision.
pub(crate) const SECTIONS: usize = 2048;
/// Subsections of all cross-reference sections together.
pub(crate) const SUBSECTIONS: usize = 200_000;
/// Highest object number, ISO 32000-1 annex C.2.
pub(crate) const OBJECT_NUMBER: u32 = 8_388_607;
/// Largest object stream, decoded.
pub(crate) const OBJECT_STREAM: u64 = 16 << 20;
/// Deepest level of the page tree and of the form.
pub(crate) const TREE_DEPTH: usize = 64;
/// Fields and widgets of the form.
pub(crate) const FIELDS: usize = 50_000;
/// Signature fields of the form.
pub(crate) const SIGNATURE_FIELDS: usize = 2_000;
/// Objects read, counting repetitions.
pub(crate) const OBJECTS: u32 = 200_000;
/// Bytes of syntax looked at.
pub(crate) const PARSED: u64 = 256 << 20;
/// Bytes fetched from where the document is kept, in whole blocks.
pub(crate) const FETCHED: u64 = 2 << 30;
/// Bytes decompressed.
pub(crate) const INFLATED: u64 = 512 << 20;

/// A bound that a document passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Bytes in one object.
    ObjectBytes,
    /// Levels of nesting in one object.
    Nesting,
    /// Values in one object.
    Values,
    /// Cross-reference sections.
    Sections,
    /// Subsections of the cross-reference sections.
    Subsections,
    /// Object numbers.
    ObjectNumber,
    /// Bytes in one decoded object stream.
    ObjectStream,
    /// Levels of the page tree or the form.
    TreeDepth,
    /// Form fields.
    Fields,
    /// Signature fields.
    SignatureFields,
    /// Objects read.
    Objects,
    /// Bytes of syntax read.
    Parsed,
    /// Bytes fetched.
    Fetched,
    /// Bytes decompressed.
    Inflated,
}

impl Limit {
    /// The bound.
    pub fn maximum(self) -> u64 {
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        match self {
            Self::ObjectBytes => count(OBJECT_BYTES),
            Self::Nesting => count(NESTING),
            Self::Values => count(VALUES),
            Self::Sections => count(SECTIONS),
            Self::Subsections => count(SUBSECTIONS),
            Self::ObjectNumber => u64::from(OBJECT_NUMBER),
            Self::ObjectStream => OBJECT_STREAM,
            Self::TreeDepth => count(TREE_DEPTH),
            Self::Fields => count(FIELDS),
            Self::SignatureFields => count(SIGNATURE_FIELDS),
            Self::Objects => u64::from(OBJECTS),
            Self::Parsed => PARSED,
            Self::Fetched => FETCHED,
            Self::Inflated => INFLATED,
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ObjectBytes => "bytes in one object",
            Self::Nesting => "levels of nesting in one object",
            Self::Values => "values in one object",
            Self::Sections => "cross-reference sections",
            Self::Subsections => "cross-reference subsections",
            Self::ObjectNumber => "objects",
            Self::ObjectStream => "bytes in one object stream",
            Self::TreeDepth => "levels in the page tree or the form",
            Self::Fields => "form fields",
            Self::SignatureFields => "signature fields",
            Self::Objects => "objects to be read",
            Self::Parsed => "bytes of structure to be read",
            Self::Fetched => "bytes to be fetched",
            Self::Inflated => "bytes of structure to be decompressed",
        })
    }
}

/// What is left of the bounds that run over the whole document.
#[derive(Debug)]
pub(crate) struct Budget {
    objects: u32,
    parsed: u64,
    inflated: u64,
}

impl Budget {
    /// All of it.
    pub(crate) fn full() -> Self {
        Self {
            objects: OBJECTS,
            parsed: PARSED,
            inflated: INFLATED,
        }
    }

    /// One more object is read.
    pub(crate) fn object(&mut self) -> Result<(), PdfError> {
        self.objects = self
            .objects
            .checked_sub(1)
            .ok_or(too_complex(Limit::Objects))?;
        Ok(())
    }

    /// So many more bytes of syntax are looked at.
    pub(crate) fn parsed(&mut self, bytes: usize) -> Result<(), PdfError> {
        self.parsed = spend(self.parsed, bytes).ok_or(too_complex(Limit::Parsed))?;
        Ok(())
    }

    /// So many more bytes were decompressed.
    pub(crate) fn inflated(&mut self, bytes: usize) -> Result<(), PdfError> {
        self.inflated = spend(self.inflated, bytes).ok_or(too_complex(Limit::Inflated))?;
        Ok(())
    }
}

/// The error for a passed bound.
pub(crate) fn too_complex(limit: Limit) -> PdfError {
    PdfError::TooComplex { limit }
}

fn spend(left: u64, bytes: usize) -> Option<u64> {
    left.checked_sub(u64::try_from(bytes).ok()?)
}
