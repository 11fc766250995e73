//! The signed attributes every signature has: content type, message digest, signing certificate and, for CAdES,
//! signing time.

use std::time::Duration;

use const_oid::db::{rfc5911, rfc6268};
use der::asn1::{ObjectIdentifier, OctetString, SetOfVec};
use der::{Any, DateTime, Decode, Encode, Sequence};
use spki::AlgorithmIdentifierOwned;
use time::OffsetDateTime;
use x509_cert::attr::{Attribute, Attributes};
use x509_cert::time::Time;

use super::{InvalidAttribute, SignedAttributesSpec};
use crate::ades::{AdesError, CertificateChain};
use crate::domain::algorithm::{Digest, DigestAlgorithm};
use crate::domain::algorithm_identifier::digest_algorithm;

/// The content type of everything signed here (RFC 5652 section 4).
pub(super) const ID_DATA: ObjectIdentifier = rfc5911::ID_DATA;

/// `ESSCertIDv2` (RFC 5035 section 4). The issuer is left out, as EN 319 122-1 clause 5.2.2.3 recommends.
#[derive(Sequence)]
struct EssCertIdV2 {
    /// Absent means SHA-256, the DEFAULT, which DER forbids to write.
    hash_algorithm: Option<AlgorithmIdentifierOwned>,
    cert_hash: OctetString,
}

/// `SigningCertificateV2` (RFC 5035 section 3) without policies.
#[derive(Sequence)]
struct SigningCertificateV2 {
    certs: Vec<EssCertIdV2>,
}

/// All signed attributes, sorted as DER wants a `SET OF`.
pub(super) fn signed_attributes(
    chain: &CertificateChain,
    content: &Digest,
    spec: &SignedAttributesSpec,
) -> Result<Attributes, AdesError> {
    let mut attributes = vec![
        attribute(rfc6268::ID_CONTENT_TYPE, &ID_DATA)?,
        attribute(
            rfc6268::ID_MESSAGE_DIGEST,
            &OctetString::new(content.bytes())?,
        )?,
        signing_certificate(chain, content.algorithm())?,
    ];
    if let Some(signing_time) = spec.signing_time {
        attributes.push(attribute(
            rfc6268::ID_SIGNING_TIME,
            &time_value(signing_time)?,
        )?);
    }
    for optional in &spec.optional {
        let optional = optional.attribute();
        if attributes.iter().any(|other| other.oid == optional.oid) {
            return Err(InvalidAttribute::Twice(optional.oid).into());
        }
        attributes.push(optional.clone());
    }
    Ok(SetOfVec::try_from(attributes)?)
}

/// The digest that is signed: over the `SET OF` tag, not the `[0]` that stands in `SignerInfo` (RFC 5652 section
/// 5.4).
pub(super) fn digest(
    attributes: &Attributes,
    algorithm: DigestAlgorithm,
) -> Result<Digest, AdesError> {
    Ok(Digest::of(algorithm, &attributes.to_der()?))
}

/// An attribute with one value.
pub(super) fn attribute(
    oid: ObjectIdentifier,
    value: &impl der::Encode,
) -> Result<Attribute, der::Error> {
    let value = Any::from_der(&value.to_der()?)?;
    Ok(Attribute {
        oid,
        values: SetOfVec::try_from(vec![value])?,
    })
}

/// Signing-certificate-v2, the only reference to the certificate that is covered by the signature (EN 319 122-1
/// clause 5.2.2.3).
fn signing_certificate(
    chain: &CertificateChain,
    algorithm: DigestAlgorithm,
) -> Result<Attribute, AdesError> {
    let certificate = chain.iter().next().ok_or(AdesError::EmptyChain)?;
    let value = SigningCertificateV2 {
        certs: vec![EssCertIdV2 {
            hash_algorithm: (algorithm != DigestAlgorithm::Sha256)
                .then(|| digest_algorithm(algorithm)),
            cert_hash: OctetString::new(Digest::of(algorithm, certificate).bytes())?,
        }],
    };
    Ok(attribute(rfc5911::ID_AA_SIGNING_CERTIFICATE_V_2, &value)?)
}

/// `UTCTime` through 2049, `GeneralizedTime` after (RFC 5652 section 11.3).
fn time_value(time: OffsetDateTime) -> Result<Time, AdesError> {
    let seconds = u64::try_from(time.unix_timestamp())
        .ok()
        .ok_or(AdesError::SigningTime)?;
    let time = DateTime::from_unix_duration(Duration::from_secs(seconds))
        .ok()
        .ok_or(AdesError::SigningTime)?;
    Ok(Time::from(time))
}
