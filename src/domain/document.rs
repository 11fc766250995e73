//! What an app may ask for with a document.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::algorithm::named;

named!(
    /// Signature format, at baseline level B-B.
    Format {
        /// PAdES (EN 319 142-1): the signature is appended to the PDF.
        Pades = "pades",
        /// CAdES (EN 319 122-1): a CMS signature around or beside the document.
        Cades = "cades",
    }
);

named!(
    /// Where a CAdES signature keeps the document (RFC 5652 section 5.2).
    Packaging {
        /// Inside, as eContent: one `.p7m` file.
        Enveloping = "enveloping",
        /// Apart: a `.p7s` file beside the untouched document.
        Detached = "detached",
    }
);

impl Packaging {
    /// What the name of a signed file ends with after that of its document (RFC 8551 section 3.2.1).
    pub fn ending(self) -> &'static str {
        match self {
            Self::Enveloping => ".p7m",
            Self::Detached => ".p7s",
        }
    }
}
