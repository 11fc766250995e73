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

/// Whether a text is a type and subtype by the grammar of RFC 6838 section 4.2, without parameters.
pub fn is_media_type(text: &str) -> bool {
    let name = |part: &str| {
        (1..=127).contains(&part.len())
            && part.starts_with(|first: char| first.is_ascii_alphanumeric())
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    text.split_once('/')
        .is_some_and(|(kind, subtype)| name(kind) && name(subtype))
}

impl Packaging {
    /// What the name of a signed file ends with after that of its document (RFC 8551 section 3.2.1).
    pub fn ending(self) -> &'static str {
        match self {
            Self::Enveloping => ".p7m",
            Self::Detached => ".p7s",
        }
    }
}
