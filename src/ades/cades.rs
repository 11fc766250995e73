//! CAdES at baseline level B-B (EN 319 122-1 clause 6): a CMS signature around a document of any kind, or beside it.
//!
//! Fixed here is what table 1 of the standard asks for at that level: content type, message digest, signing time
//! and signing-certificate-v2, and the whole chain. There are no unsigned attributes; time-stamps and revocation
//! data belong to higher levels.

use std::io;

use time::OffsetDateTime;

use super::cms::{self, OptionalAttribute, SignedAttributesSpec};
use super::pdf::RandomAccess;
use super::{AdesError, Assembled, CertificateChain, Original, found};
use crate::domain::algorithm::{Digest, SignatureScheme};
use crate::domain::document::Packaging;
use crate::domain::key::{DtbsR, SignatureValue, VerifiedValue};
use crate::domain::request::CadesOptions;

/// Tag and length octets before a value, at most.
const LONGEST_HEADER: usize = 8;

/// What a CAdES signature is made of, beside the signature value.
#[derive(Debug, Clone)]
pub struct Input {
    /// The signer's certificate and those above it.
    pub chain: CertificateChain,
    /// How the key signs; its digest must be the document's.
    pub scheme: SignatureScheme,
    /// Digest of the whole document.
    pub document: Digest,
    /// Length of the document in bytes.
    pub document_len: u64,
    /// Whether the document goes into the signed file.
    pub packaging: Packaging,
    /// When the signer claims to sign, to the second.
    pub signing_time: OffsetDateTime,
    /// Media type of the document, such as `text/plain`, which becomes the mime-type attribute.
    pub media_type: Option<String>,
    /// Further signed attributes.
    pub options: CadesOptions,
}

/// A CAdES signature that waits for its value.
#[derive(Debug)]
pub struct Prepared {
    cms: cms::Prepared,
    packaging: Packaging,
    document_len: u64,
}

/// Encodes the signed attributes.
pub fn prepare(input: &Input) -> Result<Prepared, AdesError> {
    let spec = SignedAttributesSpec {
        signing_time: Some(input.signing_time),
        optional: attributes(&input.options, input.media_type.as_deref())?,
    };
    Ok(Prepared {
        cms: cms::prepare(&input.chain, input.scheme, &input.document, &spec)?,
        packaging: input.packaging,
        document_len: input.document_len,
    })
}

/// Says beforehand, without key or document, whether [`prepare`] will take these.
pub fn check_options(options: &CadesOptions, media_type: Option<&str>) -> Result<(), AdesError> {
    attributes(options, media_type).map(drop)
}

impl Prepared {
    /// The digest of the signed attributes, to be signed by the HSM.
    pub fn dtbs_r(&self) -> DtbsR {
        self.cms.dtbs_r()
    }

    /// By which scheme the HSM must sign it.
    pub fn scheme(&self) -> SignatureScheme {
        self.cms.scheme()
    }

    /// Checks a value with the chain's public key.
    pub fn verified(&self, value: SignatureValue) -> Result<VerifiedValue, AdesError> {
        self.cms.verified(value)
    }

    /// The value that was put into a file, if the file was made of this. It verifies; the file may still be another:
    /// only its bytes tell.
    pub fn value_in(&self, file: &mut dyn RandomAccess) -> io::Result<Option<VerifiedValue>> {
        let enough = self.cms.longest_value().saturating_add(LONGEST_HEADER);
        let end = found::before_end(file, enough, enough)?;
        Ok(self.cms.value_at_end(&end))
    }

    /// Gives the signed file: `.p7m` around the document, or `.p7s` without it. A value that was verified for anything
    /// else is refused.
    pub fn assemble(self, value: VerifiedValue) -> Result<Assembled, AdesError> {
        match self.packaging {
            Packaging::Enveloping => {
                let (prefix, suffix) = self.cms.assemble_around(value, self.document_len)?;
                Ok(Assembled {
                    prefix,
                    original: Original::Included,
                    suffix,
                })
            }
            Packaging::Detached => Ok(Assembled {
                prefix: self.cms.assemble(value)?,
                original: Original::Omitted,
                suffix: Vec::new(),
            }),
        }
    }
}

fn attributes(
    options: &CadesOptions,
    media_type: Option<&str>,
) -> Result<Vec<OptionalAttribute>, AdesError> {
    let CadesOptions {
        commitment,
        location,
        policy,
    } = options;
    let attributes = [
        commitment.map(OptionalAttribute::commitment),
        location.as_ref().map(OptionalAttribute::location),
        policy.as_ref().map(OptionalAttribute::policy),
        media_type.map(OptionalAttribute::mime_type),
    ];
    attributes.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ades::example;
    use crate::domain::algorithm::KeyAlgorithm;
    use time::macros::datetime;

    fn signed(packaging: Packaging) -> Assembled {
        let scheme = KeyAlgorithm::EcP256.default_scheme();
        let prepared = prepare(&Input {
            chain: example::chain(),
            scheme,
            document: Digest::of(scheme.digest, b"hello"),
            document_len: 5,
            packaging,
            signing_time: datetime!(2027-01-02 03:04:05.9 UTC),
            media_type: None,
            options: CadesOptions::default(),
        })
        .unwrap();
        let value = example::sign(&prepared.dtbs_r());
        prepared.assemble(value).unwrap()
    }

    #[test]
    fn a_detached_signature_stands_alone() {
        let signed = signed(Packaging::Detached);
        assert_eq!(signed.original, Original::Omitted);
        assert!(signed.suffix.is_empty() && !signed.prefix.is_empty());
    }

    #[test]
    fn an_enveloping_signature_ends_its_prefix_with_the_document_length() {
        let signed = signed(Packaging::Enveloping);
        assert_eq!(signed.original, Original::Included);
        assert!(signed.prefix.ends_with(&[0xa0, 7, 4, 5]));
    }
}
