//! The root: self-signed, the trust anchor that people install.

use time::{Duration, OffsetDateTime};
use x509_cert::ext::pkix::KeyUsages;

use super::{whole_seconds, years_after};
use crate::pki::certificate::{self, Content};
use crate::pki::{Authority, AuthorityKey, PkiError, Serial, Settings, extension};

/// Issues the root's certificate. It carries no policies and no pointers: nobody checks a trust anchor that way.
pub fn issue(
    key: &dyn AuthorityKey,
    settings: &Settings,
    serial: Serial,
    now: OffsetDateTime,
) -> Result<Authority, PkiError> {
    let name = settings.authority_name(settings.root_name())?;
    let not_before = whole_seconds(now);
    let issued = certificate::issue(
        key,
        Content {
            serial,
            issuer: name.clone(),
            subject: name,
            not_before,
            not_after: years_after(not_before, settings.root_years())? - Duration::SECOND,
            public_key: key.public_key(),
            extensions: vec![
                extension::authority_constraints(None)?,
                extension::key_usage(KeyUsages::KeyCertSign | KeyUsages::CRLSign)?,
                extension::subject_key(key.public_key())?,
            ],
        },
    )?;
    Authority::from_der(&issued.certificate)
}
