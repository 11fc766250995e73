//! `ContentInfo` with one `SignedData` (RFC 5652 sections 3 and 5.1), written around the place of the document.

use const_oid::db::rfc5911;
use der::Encode;
use der::asn1::OctetString;
use x509_cert::attr::Attributes;

use super::attribute::ID_DATA;
use super::tlv;
use crate::ades::{AdesError, CertificateChain};
use crate::domain::algorithm::SignatureScheme;
use crate::domain::algorithm_identifier::{digest_algorithm, signature_algorithm};
use crate::domain::key::SignatureValue;
use ::cms::cert::IssuerAndSerialNumber;
use ::cms::content_info::CmsVersion;
use ::cms::signed_data::{SignerIdentifier, SignerInfo};

/// The bytes before and after the document; everything is in `before` when the document is left out.
pub(super) struct Parts {
    pub(super) before: Vec<u8>,
    pub(super) after: Vec<u8>,
}

/// Encodes a `ContentInfo`; with `document_len`, one that holds a document of that many bytes as `eContent`.
///
/// The certificates go in by their own bytes, never parsed and written again. The outer lengths are written by
/// hand, because the document may be longer than the `der` crate's lengths go.
pub(super) fn encode(
    chain: &CertificateChain,
    scheme: SignatureScheme,
    attributes: Attributes,
    value: SignatureValue,
    document_len: Option<u64>,
) -> Result<Parts, AdesError> {
    let digest_algorithm = digest_algorithm(scheme.digest).to_der()?;
    // Version 1: plain certificates, no CRLs, id-data and issuerAndSerialNumber (RFC 5652 section 5.1).
    let mut head = CmsVersion::V1.to_der()?;
    head.extend(tlv::set_of(tlv::SET, vec![digest_algorithm])?);
    let certificates = chain.iter().map(<[u8]>::to_vec).collect();
    let signer_info = signer_info(chain, scheme, attributes, value)?.to_der()?;
    let mut after = tlv::set_of(tlv::CONTEXT_0, certificates)?;
    after.extend(tlv::set_of(tlv::SET, vec![signer_info])?);

    let mut outside = Outside::of(document_len.unwrap_or(0));
    if document_len.is_some() {
        outside.wrap(tlv::OCTET_STRING)?;
        outside.wrap(tlv::CONTEXT_0)?;
    }
    outside.precede(&ID_DATA.to_der()?)?;
    outside.wrap(tlv::SEQUENCE)?;
    outside.precede(&head)?;
    outside.follow(&after)?;
    outside.wrap(tlv::SEQUENCE)?;
    outside.wrap(tlv::CONTEXT_0)?;
    outside.precede(&rfc5911::ID_SIGNED_DATA.to_der()?)?;
    outside.wrap(tlv::SEQUENCE)?;
    let mut before = outside.before;
    if document_len.is_none() {
        before.append(&mut after);
    }
    Ok(Parts { before, after })
}

/// `SignerInfo` (RFC 5652 section 5.3), version 1 because the certificate is named by issuer and serial number.
fn signer_info(
    chain: &CertificateChain,
    scheme: SignatureScheme,
    attributes: Attributes,
    value: SignatureValue,
) -> Result<SignerInfo, AdesError> {
    let tbs = chain.signing_certificate().tbs_certificate();
    Ok(SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: tbs.issuer().clone(),
            serial_number: tbs.serial_number().clone(),
        }),
        digest_alg: digest_algorithm(scheme.digest),
        signed_attrs: Some(attributes),
        signature_algorithm: signature_algorithm(scheme)?,
        signature: OctetString::new(value.0)?,
        unsigned_attrs: None,
    })
}

/// What surrounds the document, built from the inside out: the bytes before it and the length of everything so
/// far, document and following bytes included.
struct Outside {
    before: Vec<u8>,
    length: u64,
}

impl Outside {
    fn of(document_len: u64) -> Self {
        Self {
            before: Vec::new(),
            length: document_len,
        }
    }

    fn precede(&mut self, bytes: &[u8]) -> Result<(), AdesError> {
        self.follow(bytes)?;
        self.before.splice(..0, bytes.iter().copied());
        Ok(())
    }

    fn follow(&mut self, bytes: &[u8]) -> Result<(), AdesError> {
        let length = self.length.checked_add(tlv::length(bytes)?);
        self.length = length.ok_or(AdesError::TooLarge)?;
        Ok(())
    }

    fn wrap(&mut self, tag: u8) -> Result<(), AdesError> {
        let header = tlv::header(tag, self.length);
        self.precede(&header)
    }
}
