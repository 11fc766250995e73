//! From when until when a certificate counts, of certificates that were issued elsewhere.

use der::Decode;
use time::OffsetDateTime;
use x509_cert::Certificate;

use super::PkiError;
use super::certificate::moment;

/// The validity of a certificate (RFC 5280 section 4.1.2.5), both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// The first second.
    pub not_before: OffsetDateTime,
    /// The last second.
    pub not_after: OffsetDateTime,
}

impl Validity {
    /// Of a certificate in DER. Nothing else of it is checked.
    pub fn of(certificate: &[u8]) -> Result<Self, PkiError> {
        let certificate = Certificate::from_der(certificate)?;
        let validity = certificate.tbs_certificate().validity();
        Ok(Self {
            not_before: moment(validity.not_before)?,
            not_after: moment(validity.not_after)?,
        })
    }
}
