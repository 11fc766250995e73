//! A certification authority as its certificate shows it.

use der::{Decode, Encode};
use time::OffsetDateTime;
use x509_cert::Certificate;
use x509_cert::ext::pkix::{BasicConstraints, SubjectKeyIdentifier};
use x509_cert::name::Name;

use super::certificate::moment;
use super::{AuthorityKey, PkiError};
use crate::domain::key::PublicKey;

/// An authority that can sign certificates and lists when its key is at hand.
#[derive(Debug, Clone)]
pub struct Authority {
    certificate: Vec<u8>,
    name: Name,
    public_key: PublicKey,
    key_identifier: Vec<u8>,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
}

impl Authority {
    /// Reads an authority's certificate in DER, as it was issued by [`profile`](super::profile).
    pub fn from_der(certificate: &[u8]) -> Result<Self, PkiError> {
        let parsed = Certificate::from_der(certificate)?;
        let tbs = parsed.tbs_certificate();
        let constraints = tbs.get_extension::<BasicConstraints>()?;
        let identifier = tbs.get_extension::<SubjectKeyIdentifier>()?;
        let (Some((_, BasicConstraints { ca: true, .. })), Some((_, identifier))) =
            (constraints, identifier)
        else {
            return Err(PkiError::NotAnAuthority);
        };
        Ok(Self {
            certificate: certificate.to_vec(),
            name: tbs.subject().clone(),
            public_key: PublicKey::from_spki(&tbs.subject_public_key_info().to_der()?)?,
            key_identifier: identifier.0.as_bytes().to_vec(),
            not_before: moment(tbs.validity().not_before)?,
            not_after: moment(tbs.validity().not_after)?,
        })
    }

    /// Its certificate in DER.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// Its public key.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The first second in which it may sign.
    pub(super) fn not_before(&self) -> OffsetDateTime {
        self.not_before
    }

    /// The last second in which it may sign.
    pub fn not_after(&self) -> OffsetDateTime {
        self.not_after
    }

    /// Its name for people (RFC 4514).
    pub fn name(&self) -> String {
        self.name.to_string()
    }

    pub(super) fn x509_name(&self) -> &Name {
        &self.name
    }

    pub(super) fn key_identifier(&self) -> &[u8] {
        &self.key_identifier
    }

    /// Refuses a key that does not belong to this certificate.
    pub(super) fn check_key(&self, key: &dyn AuthorityKey) -> Result<(), PkiError> {
        if key.public_key() == &self.public_key {
            Ok(())
        } else {
            Err(PkiError::WrongKey)
        }
    }
}
