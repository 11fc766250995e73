//! Cryptographic Message Syntax (RFC 5652) with the signed attributes that CAdES and PAdES share.
//!
//! One `SignedData` with one `SignerInfo`, in DER throughout. The signed attributes are encoded once, as a sorted
//! `SET OF`; their digest is the DTBS/R. Reading foreign signatures is not done here.

use time::OffsetDateTime;
use x509_cert::attr::Attributes;

use super::{AdesError, CertificateChain};
use crate::domain::algorithm::{Digest, Padding, SignatureScheme};
use crate::domain::key::{DtbsR, SignatureValue, ToSign, VerifiedValue};

mod attribute;
mod optional;
mod signed_data;
mod tlv;

pub use optional::{InvalidAttribute, OptionalAttribute};

/// Which signed attributes stand beside those that are always there (content type, message digest and signing
/// certificate).
#[derive(Debug, Clone, Default)]
pub struct SignedAttributesSpec {
    /// The signing-time attribute (RFC 5652 section 11.3), cut to whole seconds. CAdES must have it (EN 319 122-1
    /// table 1), PAdES must not (EN 319 142-1 table 1).
    pub signing_time: Option<OffsetDateTime>,
    /// Further attributes, each kind at most once.
    pub optional: Vec<OptionalAttribute>,
}

/// Signed attributes that are encoded and wait for their signature value.
#[derive(Debug)]
pub struct Prepared {
    chain: CertificateChain,
    scheme: SignatureScheme,
    attributes: Attributes,
    dtbs_r: DtbsR,
}

/// Encodes the signed attributes of a document with this digest.
pub fn prepare(
    chain: &CertificateChain,
    scheme: SignatureScheme,
    content: &Digest,
    spec: &SignedAttributesSpec,
) -> Result<Prepared, AdesError> {
    let key = chain.public_key().algorithm();
    if !key.supports(scheme) {
        return Err(AdesError::Scheme {
            key,
            padding: scheme.padding,
        });
    }
    if content.algorithm() != scheme.digest {
        return Err(AdesError::DigestAlgorithm {
            document: content.algorithm(),
            scheme: scheme.digest,
        });
    }
    let attributes = attribute::signed_attributes(chain, content, spec)?;
    let dtbs_r = DtbsR(attribute::digest(&attributes, scheme.digest)?);
    Ok(Prepared {
        chain: chain.clone(),
        scheme,
        attributes,
        dtbs_r,
    })
}

/// The most bytes that [`Prepared::assemble`] can give for this chain, scheme and specification, whatever the
/// document. RSA signatures reach it exactly; ECDSA ones stay a few bytes below.
pub fn max_len(
    chain: &CertificateChain,
    scheme: SignatureScheme,
    spec: &SignedAttributesSpec,
) -> Result<usize, AdesError> {
    let content = Digest::of(scheme.digest, &[]);
    let prepared = prepare(chain, scheme, &content, spec)?;
    let longest = prepared.longest_value();
    let parts = prepared.encode(SignatureValue(vec![0; longest]), None)?;
    Ok(parts.before.len())
}

impl Prepared {
    /// The digest of the signed attributes, to be signed by the HSM.
    pub fn dtbs_r(&self) -> DtbsR {
        self.dtbs_r.clone()
    }

    /// By which scheme the HSM must sign it.
    pub fn scheme(&self) -> SignatureScheme {
        self.scheme
    }

    /// Checks a value with the chain's public key.
    pub fn verified(&self, value: SignatureValue) -> Result<VerifiedValue, AdesError> {
        let over = ToSign {
            scheme: self.scheme,
            dtbs_r: self.dtbs_r.clone(),
        };
        Ok(self.chain.public_key().verified(&over, value)?)
    }

    /// Gives a `ContentInfo` without the document (RFC 5652 section 5.2, `eContent` absent). A value that was verified
    /// for anything else is refused.
    pub fn assemble(self, value: VerifiedValue) -> Result<Vec<u8>, AdesError> {
        let value = self.embeddable(value)?;
        self.encode(value, None).map(|parts| parts.before)
    }

    /// Gives what stands before and after a document of this many bytes in a `ContentInfo` that contains it. A value
    /// that was verified for anything else is refused.
    pub fn assemble_around(
        self,
        value: VerifiedValue,
        document_len: u64,
    ) -> Result<(Vec<u8>, Vec<u8>), AdesError> {
        let value = self.embeddable(value)?;
        self.encode(value, Some(document_len))
            .map(|parts| (parts.before, parts.after))
    }

    /// The value that ends these bytes, if they end a `ContentInfo` made of this. It verifies; whether everything
    /// before it is as it should be is not looked at.
    ///
    /// The value is the last member of the one `SignerInfo`, which is the last of everything (RFC 5652 sections 5.1
    /// and 5.3): no unsigned attributes follow here.
    pub(super) fn value_at_end(&self, bytes: &[u8]) -> Option<VerifiedValue> {
        (1..=self.longest_value()).find_map(|length| {
            let (before, value) = bytes.split_at_checked(bytes.len().checked_sub(length)?)?;
            let header = tlv::header(tlv::OCTET_STRING, tlv::length(value).ok()?);
            if !before.ends_with(&header) {
                return None;
            }
            self.verified(SignatureValue(value.to_vec())).ok()
        })
    }

    /// The most bytes that a value has.
    pub(super) fn longest_value(&self) -> usize {
        let raw = self.chain.public_key().algorithm().signature_len();
        match self.scheme.padding {
            Padding::Pkcs1v15 | Padding::Pss => raw,
            // SEQUENCE { INTEGER r, INTEGER s }: three headers of two octets, and a sign octet for each half.
            Padding::Ecdsa => raw + 3 * 2 + 2,
        }
    }

    /// The value itself, when it was verified for this.
    fn embeddable(&self, value: VerifiedValue) -> Result<SignatureValue, AdesError> {
        Ok(value.value_for(self.chain.public_key(), self.scheme, &self.dtbs_r)?)
    }

    fn encode(
        self,
        value: SignatureValue,
        document_len: Option<u64>,
    ) -> Result<signed_data::Parts, AdesError> {
        signed_data::encode(
            &self.chain,
            self.scheme,
            self.attributes,
            value,
            document_len,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ades::example;
    use crate::domain::algorithm::{DigestAlgorithm, KeyAlgorithm};
    use ::cms::content_info::ContentInfo;
    use ::cms::signed_data::SignedData;
    use der::{Decode, Encode};
    use proptest::prelude::*;

    fn prepared(content: &[u8]) -> Prepared {
        let scheme = KeyAlgorithm::EcP256.default_scheme();
        let digest = Digest::of(scheme.digest, content);
        prepare(
            &example::chain(),
            scheme,
            &digest,
            &SignedAttributesSpec::default(),
        )
        .unwrap()
    }

    fn signed_data(content_info: &[u8]) -> SignedData {
        let content_info = ContentInfo::from_der(content_info).unwrap();
        content_info.content.decode_as().unwrap()
    }

    #[test]
    fn what_is_signed_is_the_digest_of_the_attributes_that_are_embedded() {
        let prepared = prepared(b"document");
        let dtbs_r = prepared.dtbs_r();
        let signed = prepared.assemble(example::sign(&dtbs_r)).unwrap();
        let signer_info = signed_data(&signed).signer_infos.0.get(0).unwrap().clone();
        let attributes = signer_info.signed_attrs.unwrap().to_der().unwrap();
        assert_eq!(Digest::of(DigestAlgorithm::Sha256, &attributes), dtbs_r.0);
    }

    #[test]
    fn a_value_over_something_else_is_never_embedded() {
        let other = example::sign(&prepared(b"other").dtbs_r());
        assert!(matches!(
            prepared(b"document").verified(other.value().clone()),
            Err(AdesError::Signature(_))
        ));
        assert!(matches!(
            prepared(b"document").assemble(other),
            Err(AdesError::Signature(_))
        ));
    }

    #[test]
    fn a_digest_of_another_algorithm_is_refused() {
        let scheme = KeyAlgorithm::EcP256.default_scheme();
        let digest = Digest::of(DigestAlgorithm::Sha512, b"document");
        let spec = SignedAttributesSpec::default();
        assert!(matches!(
            prepare(&example::chain(), scheme, &digest, &spec),
            Err(AdesError::DigestAlgorithm { .. })
        ));
    }

    #[test]
    fn a_key_of_another_kind_than_the_scheme_is_refused() {
        let scheme = KeyAlgorithm::Rsa3072.default_scheme();
        let digest = Digest::of(scheme.digest, b"document");
        let spec = SignedAttributesSpec::default();
        assert!(matches!(
            prepare(&example::chain(), scheme, &digest, &spec),
            Err(AdesError::Scheme { .. })
        ));
    }

    #[test]
    fn a_document_of_many_gigabytes_gets_right_lengths() {
        let document_len = 0x12_3456_789a;
        let prepared = prepared(b"");
        let value = example::sign(&prepared.dtbs_r());
        let (before, after) = prepared.assemble_around(value, document_len).unwrap();
        let octets = hex::encode(&before);
        let content = u64::try_from(before.len() - 7 + after.len()).unwrap() + document_len;
        assert!(
            octets.starts_with(&format!("3085{content:010x}")),
            "{octets}"
        );
        assert!(octets.ends_with("a08512345678a10485123456789a"), "{octets}");
    }

    #[test]
    fn a_length_beyond_64_bits_is_refused() {
        let prepared = prepared(b"");
        let value = example::sign(&prepared.dtbs_r());
        assert!(matches!(
            prepared.assemble_around(value, u64::MAX),
            Err(AdesError::TooLarge)
        ));
    }

    #[test]
    fn every_length_boundary_gives_der() {
        for length in [
            0, 1, 127, 128, 129, 255, 256, 257, 65_535, 65_536, 65_537, 16_777_216,
        ] {
            assert_parses_around(length);
        }
    }

    fn assert_parses_around(length: usize) {
        let document = vec![0x5a; length];
        let prepared = prepared(&document);
        let value = example::sign(&prepared.dtbs_r());
        let length = u64::try_from(length).unwrap();
        let (before, after) = prepared.assemble_around(value, length).unwrap();
        let file = [before, document.clone(), after].concat();
        let signed_data = signed_data(&file);
        let content = signed_data.encap_content_info.econtent.unwrap();
        assert_eq!(content.value(), document);
        assert_eq!(
            ContentInfo::from_der(&file).unwrap().to_der().unwrap(),
            file
        );
    }

    proptest! {
        #[test]
        fn any_document_length_gives_der(length in 0_usize..70_000) {
            assert_parses_around(length);
        }

        #[test]
        fn the_greatest_length_is_never_exceeded(content in any::<[u8; 8]>()) {
            let prepared = prepared(&content);
            let dtbs_r = prepared.dtbs_r();
            let signed = prepared.assemble(example::sign(&dtbs_r)).unwrap();
            let scheme = KeyAlgorithm::EcP256.default_scheme();
            let most = max_len(&example::chain(), scheme, &SignedAttributesSpec::default()).unwrap();
            prop_assert!(signed.len() <= most && most - signed.len() < 16);
        }
    }
}
