//! Certificates (RFC 5280 section 4.1): content to DER, signed by an authority's key and checked.

use std::time::Duration as Seconds;

use der::asn1::{BitString, GeneralizedTime};
use der::{Any, DateTime, Decode, Encode, Sequence};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use time::OffsetDateTime;
use x509_cert::certificate::Version;
use x509_cert::ext::Extension;
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::{Time, Validity};

use super::{AuthorityKey, PkiError, Serial};
use crate::domain::algorithm::Digest;
use crate::domain::algorithm_identifier::signature_algorithm;
use crate::domain::key::{DtbsR, PublicKey, SignatureValue};

/// A certificate fresh from the authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// The certificate in DER.
    pub certificate: Vec<u8>,
    /// Its serial number.
    pub serial: Serial,
    /// The first second of its validity.
    pub not_before: OffsetDateTime,
    /// The last second of its validity.
    pub not_after: OffsetDateTime,
}

/// What a certificate says, beside the signature.
pub(super) struct Content<'a> {
    pub(super) serial: Serial,
    pub(super) issuer: Name,
    pub(super) subject: Name,
    pub(super) not_before: OffsetDateTime,
    pub(super) not_after: OffsetDateTime,
    pub(super) public_key: &'a PublicKey,
    pub(super) extensions: Vec<Extension>,
}

/// `TBSCertificate`, version 3 and without the unique identifiers nobody uses.
#[derive(Sequence)]
struct TbsCertificate {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    version: Version,
    serial_number: SerialNumber,
    signature: AlgorithmIdentifierOwned,
    issuer: Name,
    validity: Validity,
    subject: Name,
    subject_public_key_info: SubjectPublicKeyInfoOwned,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT")]
    extensions: Vec<Extension>,
}

/// What certificates, revocation lists and requests have in common: content, algorithm, signature.
#[derive(Sequence)]
struct Signed {
    content: Any,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
}

/// Encodes and signs a certificate.
pub(super) fn issue(key: &dyn AuthorityKey, content: Content<'_>) -> Result<Issued, PkiError> {
    let tbs = TbsCertificate {
        version: Version::V3,
        serial_number: content.serial.to_x509()?,
        signature: algorithm(key)?,
        issuer: content.issuer,
        validity: Validity::new(
            x509_time(content.not_before)?,
            x509_time(content.not_after)?,
        ),
        subject: content.subject,
        subject_public_key_info: SubjectPublicKeyInfoOwned::from_der(content.public_key.spki())?,
        extensions: content.extensions,
    };
    Ok(Issued {
        certificate: sign(key, &tbs.to_der()?)?,
        serial: content.serial,
        not_before: content.not_before,
        not_after: content.not_after,
    })
}

/// The signature algorithm of an authority's key, as it stands in what it signs.
pub(super) fn algorithm(key: &dyn AuthorityKey) -> Result<AlgorithmIdentifierOwned, der::Error> {
    signature_algorithm(key.public_key().algorithm().default_scheme())
}

/// Signs encoded content, checks the value and puts them together.
pub(super) fn sign(key: &dyn AuthorityKey, content: &[u8]) -> Result<Vec<u8>, PkiError> {
    let scheme = key.public_key().algorithm().default_scheme();
    let dtbs_r = DtbsR(Digest::of(scheme.digest, content));
    let value = key.sign(scheme, &dtbs_r).map_err(PkiError::Signing)?;
    key.public_key().verify(scheme, &dtbs_r, &value)?;
    assemble(content, algorithm(key)?, value).map_err(PkiError::Encoding)
}

/// Content, algorithm and signature in one DER value.
pub(super) fn assemble(
    content: &[u8],
    algorithm: AlgorithmIdentifierOwned,
    value: SignatureValue,
) -> Result<Vec<u8>, der::Error> {
    Signed {
        content: Any::from_der(content)?,
        algorithm,
        signature: BitString::new(0, value.0)?,
    }
    .to_der()
}

/// `UTCTime` through 2049, `GeneralizedTime` after (RFC 5280 section 4.1.2.5).
pub(super) fn x509_time(time: OffsetDateTime) -> Result<Time, PkiError> {
    Ok(Time::from(date_time(time)?))
}

/// `GeneralizedTime` in any year.
pub(super) fn generalized_time(time: OffsetDateTime) -> Result<GeneralizedTime, PkiError> {
    Ok(GeneralizedTime::from_date_time(date_time(time)?))
}

fn date_time(time: OffsetDateTime) -> Result<DateTime, PkiError> {
    let seconds = u64::try_from(time.unix_timestamp())
        .ok()
        .ok_or(PkiError::Time)?;
    DateTime::from_unix_duration(Seconds::from_secs(seconds))
        .ok()
        .ok_or(PkiError::Time)
}

/// The same moment as the rest of the crate writes it.
pub(super) fn moment(time: Time) -> Result<OffsetDateTime, PkiError> {
    let seconds = i64::try_from(time.to_unix_duration().as_secs())
        .ok()
        .ok_or(PkiError::Time)?;
    OffsetDateTime::from_unix_timestamp(seconds)
        .ok()
        .ok_or(PkiError::Time)
}
