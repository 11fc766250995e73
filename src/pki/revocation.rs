//! Certificate revocation lists, version 2 (RFC 5280 section 5).

use const_oid::AssociatedOid;
use der::Encode;
use der::asn1::{ObjectIdentifier, Uint};
use time::OffsetDateTime;
use x509_cert::crl::{RevokedCert, TbsCertList};
use x509_cert::ext::pkix::crl::{CrlNumber, CrlReason};

use super::certificate::{algorithm, generalized_time, sign, x509_time};
use super::extension::{Criticality, authority_key, extension};
use super::{Authority, AuthorityKey, PkiError, Serial, Settings};
use crate::domain::revocation::RevocationReason;

/// `id-ce-expiredCertsOnCRL` (ITU-T X.509): from when on certificates that ended are on the list.
const EXPIRED_CERTS_ON_CRL: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.60");

/// One revoked certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// Its serial number.
    pub serial: Serial,
    /// Since when it is not good.
    pub revoked_at: OffsetDateTime,
    /// Why.
    pub reason: RevocationReason,
}

/// A revocation list fresh from the authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationList {
    /// The list in DER.
    pub der: Vec<u8>,
    /// When the next one is there at the latest.
    pub next_update: OffsetDateTime,
}

/// Issues a full list of what this authority ever revoked: certificates stay on it after their end, and the list says
/// so, because a signature is judged for as long as anybody relies on it. `number` grows with every list of the same authority (RFC
/// 5280 section 5.2.3).
pub fn issue(
    authority: &Authority,
    key: &dyn AuthorityKey,
    revoked: &[Revoked],
    number: u64,
    settings: &Settings,
    now: OffsetDateTime,
) -> Result<RevocationList, PkiError> {
    authority.check_key(key)?;
    let next_update = now + settings.crl_validity();
    let entries = revoked.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
    let tbs = TbsCertList {
        version: x509_cert::certificate::Version::V2,
        signature: algorithm(key)?,
        issuer: authority.x509_name().clone(),
        this_update: x509_time(now)?,
        next_update: Some(x509_time(next_update)?),
        // An empty list is absent, not empty (RFC 5280 section 5.1.2.6).
        revoked_certificates: (!entries.is_empty()).then_some(entries),
        crl_extensions: Some(vec![
            authority_key(authority.key_identifier())?,
            extension(
                CrlNumber::OID,
                Criticality::NonCritical,
                &CrlNumber(Uint::new(&number.to_be_bytes())?),
            )?,
            extension(
                EXPIRED_CERTS_ON_CRL,
                Criticality::NonCritical,
                &generalized_time(authority.not_before())?,
            )?,
        ]),
    };
    Ok(RevocationList {
        der: sign(key, &tbs.to_der()?)?,
        next_update,
    })
}

fn entry(revoked: &Revoked) -> Result<RevokedCert, PkiError> {
    let reason = match revoked.reason {
        // Absent rather than written (RFC 5280 section 5.3.1).
        RevocationReason::Unspecified => None,
        RevocationReason::KeyCompromise => Some(CrlReason::KeyCompromise),
        RevocationReason::AuthorityCompromise => Some(CrlReason::CaCompromise),
        RevocationReason::AffiliationChanged => Some(CrlReason::AffiliationChanged),
        RevocationReason::Superseded => Some(CrlReason::Superseded),
        RevocationReason::CessationOfOperation => Some(CrlReason::CessationOfOperation),
        RevocationReason::PrivilegeWithdrawn => Some(CrlReason::PrivilegeWithdrawn),
    };
    let reason = reason
        .map(|reason| extension(CrlReason::OID, Criticality::NonCritical, &reason))
        .transpose()?;
    Ok(RevokedCert {
        serial_number: revoked.serial.to_x509()?,
        revocation_date: x509_time(revoked.revoked_at)?,
        crl_entry_extensions: reason.map(|reason| vec![reason]),
    })
}
