//! Signature formats: pure code from a digest and a certificate chain to a signed file.
//!
//! Each format works in two steps, because the key is elsewhere: `prepare` encodes what will be signed and gives
//! its digest ([`DtbsR`](crate::domain::key::DtbsR)), `assemble` takes the signature value, checks it with the
//! chain's public key and embeds it. Nothing here reads a clock, the network, a database or the HSM, and no
//! document is ever held whole. Both steps give the same bytes each time they are given the same, so a file that was
//! signed before can be told from another: `value_in` takes the value out of it, `assemble` makes it anew, and what
//! differs in one byte is another file. Start reading at [`cades::prepare`] and [`pades::prepare`]; the attributes are in
//! [`cms`].

use crate::domain::algorithm::{DigestAlgorithm, KeyAlgorithm, Padding};
use crate::domain::key::{BadSignature, InvalidPublicKey};

pub mod cades;
mod chain;
pub mod cms;
#[cfg(test)]
pub(crate) mod example;
mod found;
pub mod pades;
pub mod pdf;

pub use chain::CertificateChain;

/// A signed file in the order its bytes are written: `prefix`, the original document when it is
/// [`Included`](Original::Included), `suffix`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assembled {
    /// What comes before the document.
    pub prefix: Vec<u8>,
    /// Whether the document itself is part of the file.
    pub original: Original,
    /// What comes after the document.
    pub suffix: Vec<u8>,
}

/// Whether a signed file carries the document it signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Original {
    /// Every byte of the document, unchanged, stands between prefix and suffix.
    Included,
    /// The signature stands alone, in the prefix; the suffix is empty.
    Omitted,
}

/// Why no signature could be prepared or assembled.
#[derive(Debug, thiserror::Error)]
pub enum AdesError {
    /// There is no signing certificate.
    #[error("the certificate chain is empty; put the signing certificate first")]
    EmptyChain,
    /// The text holds something else than PEM certificates.
    #[error("the certificate chain is not a sequence of PEM certificates (RFC 7468 section 5)")]
    Pem(#[source] der::Error),
    /// One of the chain's certificates cannot be read.
    #[error("certificate number {position} of the chain is no X.509 certificate in DER")]
    Certificate {
        /// Its place, the signing certificate being number 1.
        position: usize,
        /// What the parser found.
        source: der::Error,
    },
    /// Issuer or serial number of the signing certificate would change when written again, so that validators
    /// would not find the certificate.
    #[error(
        "issuer or serial number of the signing certificate is not in DER; have it issued again"
    )]
    IssuerNotDer,
    /// The signing certificate's key is of a kind that is not supported.
    #[error("the public key of the signing certificate cannot be used")]
    PublicKey(#[source] InvalidPublicKey),
    /// The key cannot sign by this scheme.
    #[error("a key of kind {key} does not sign by {padding}")]
    Scheme {
        /// Kind of the chain's key.
        key: KeyAlgorithm,
        /// What was asked for.
        padding: Padding,
    },
    /// One digest algorithm serves both document and signed attributes (RFC 5652 section 5.4).
    #[error(
        "the document was digested with {document}, and the signature uses {scheme}; they must be the same"
    )]
    DigestAlgorithm {
        /// Of the document's digest.
        document: DigestAlgorithm,
        /// Of the signature scheme.
        scheme: DigestAlgorithm,
    },
    /// The signing time cannot be written as `UTCTime` or `GeneralizedTime`.
    #[error("the signing time lies outside the years 1970 to 9999")]
    SigningTime,
    /// An optional attribute has a value its standard forbids.
    #[error(transparent)]
    Attribute(#[from] cms::InvalidAttribute),
    /// A PAdES option has a text that a signature cannot carry.
    #[error(transparent)]
    Option(#[from] pades::InvalidOption),
    /// The document is no PDF that can be signed.
    #[error(transparent)]
    Pdf(#[from] pdf::PdfError),
    /// The digest was computed over another document, or the document changed since.
    #[error("{digested} bytes of the document were digested, and it has {found}")]
    OriginalLength {
        /// Bytes that the digest has taken in.
        digested: u64,
        /// Bytes that the document has.
        found: u64,
    },
    /// The file would be longer than a 64-bit length can say.
    #[error("the document is too large for a signed file")]
    TooLarge,
    /// The encoder refused; two equal attributes do that.
    #[error("the signature could not be encoded in DER")]
    Encoding(#[from] der::Error),
    /// The value was made over something else or with another key. It is never embedded.
    #[error(
        "the signature value does not fit the certificate and this document; nothing was signed"
    )]
    Signature(#[from] BadSignature),
}
