//! The issuing authority: below the root, above citizens, and above no other authority.

use const_oid::db::rfc5280::ANY_POLICY;
use time::{Duration, OffsetDateTime};
use x509_cert::ext::pkix::KeyUsages;

use super::{whole_seconds, years_after};
use crate::domain::key::PublicKey;
use crate::pki::certificate::{self, Content};
use crate::pki::{Authority, AuthorityKey, PkiError, Serial, Settings, extension};

/// Issues the issuing authority's certificate with the root's key. Any policy is admitted below it (RFC 5280
/// section 4.2.1.4), because both authorities belong to the same organisation.
pub fn issue(
    root: &Authority,
    root_key: &dyn AuthorityKey,
    public_key: &PublicKey,
    settings: &Settings,
    serial: Serial,
    now: OffsetDateTime,
) -> Result<Authority, PkiError> {
    root.check_key(root_key)?;
    let not_before = whole_seconds(now);
    let not_after = years_after(not_before, settings.issuing_years())? - Duration::SECOND;
    if not_after > root.not_after() {
        return Err(PkiError::OutlivesIssuer {
            issuer_not_after: root.not_after(),
        });
    }
    let issued = certificate::issue(
        root_key,
        Content {
            serial,
            issuer: root.x509_name().clone(),
            subject: settings.authority_name(settings.issuing_name())?,
            not_before,
            not_after,
            public_key,
            extensions: vec![
                extension::authority_constraints(Some(0))?,
                extension::key_usage(KeyUsages::KeyCertSign | KeyUsages::CRLSign)?,
                extension::subject_key(public_key)?,
                extension::authority_key(root.key_identifier())?,
                extension::policies(&[ANY_POLICY], settings.practice_statement())?,
                extension::crl_address(&settings.root_crl_address())?,
                extension::issuer_addresses(&settings.root_certificate_address(), None)?,
            ],
        },
    )?;
    Authority::from_der(&issued.certificate)
}
