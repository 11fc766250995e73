//! The built-in authorities: made, valid, and with revocation lists that are not overdue.

use time::{Duration, OffsetDateTime};
use url::{Host, Url};

use super::{Finding, told};
use crate::domain::authority::AuthorityRole;
use crate::pki::{self, Validity};
use crate::store::authorities::{self, StoredAuthority};
use crate::store::{Settings, Store, StoreError};

/// From when on an authority should be renewed: citizens' certificates may not outlast it.
const SOON: Duration = Duration::days(365);

/// The addresses that stand in certificates, which can never be mended in those that were issued.
pub(super) fn examine_addresses(settings: &pki::Settings) -> Vec<Finding> {
    let publication = settings.issuing_crl_address();
    let mut findings = Vec::new();
    if is_nobodys(&publication) {
        findings.push(Finding::warning(
            "pki.publication",
            format!("{publication} is for examples: nobody can fetch a revocation list there"),
            "set it, before any certificate is issued, to an address that leads to /pki/ of the operators' listener",
        ));
    }
    if let Some(ocsp) = settings.ocsp_address()
        && is_nobodys(ocsp)
    {
        findings.push(Finding::warning(
            "pki.ocsp",
            format!("{ocsp} is for examples: nobody answers there"),
            "set it, before any certificate is issued, to an OCSP responder's address, or to \"none\"",
        ));
    }
    findings
}

/// Reads what the database has of them.
pub(super) fn examine(settings: &Settings, now: OffsetDateTime) -> Vec<Finding> {
    let found = Store::open(settings).and_then(|store| {
        AuthorityRole::ALL
            .iter()
            .map(|role| {
                let stored = store
                    .read::<_, StoreError>(|connection| authorities::find(connection, *role))?;
                Ok((*role, stored))
            })
            .collect::<Result<Vec<_>, _>>()
    });
    match found {
        Ok(found) => found
            .iter()
            .flat_map(|(role, stored)| match stored {
                Some(stored) => one(*role, stored, now),
                None => vec![Finding::warning(
                    about(*role),
                    "it was not made, so no certificate can be issued here",
                    "make root and issuing authority with: rubrica ca init; not needed when another CA issues",
                )],
            })
            .collect(),
        Err(error) => vec![Finding::wrong(
            "authorities",
            told(&error),
            "see what is said about the database",
        )],
    }
}

fn one(role: AuthorityRole, stored: &StoredAuthority, now: OffsetDateTime) -> Vec<Finding> {
    let about = about(role);
    let mut findings = Vec::new();
    match Validity::of(&stored.certificate) {
        Err(error) => findings.push(Finding::wrong(
            &about,
            told(&error),
            "the database was changed by somebody else; restore it",
        )),
        Ok(validity) if now < validity.not_before => findings.push(Finding::wrong(
            "clock",
            format!(
                "the {about} was made on {}, which this machine's clock says is to come",
                validity.not_before.date()
            ),
            "set the clock, and keep it right with NTP (timedatectl set-ntp true)",
        )),
        Ok(validity) if now > validity.not_after => findings.push(Finding::wrong(
            &about,
            format!("it ended on {}", validity.not_after.date()),
            "certificates can no longer be issued; a new authority is needed",
        )),
        Ok(validity) if now + SOON > validity.not_after => findings.push(Finding::warning(
            &about,
            format!("it ends on {}", validity.not_after.date()),
            "plan for a new authority: citizens' certificates may not outlast it",
        )),
        Ok(validity) => findings.push(Finding::fine(
            &about,
            format!("valid until {}", validity.not_after.date()),
        )),
    }
    let advice = "the running server issues lists by itself; by hand: rubrica ca crl";
    match &stored.revocation_list {
        None => findings.push(Finding::warning(
            &about,
            "it has no revocation list",
            advice,
        )),
        Some(list) if now > list.next_update => findings.push(Finding::warning(
            &about,
            format!("its revocation list ended on {}", list.next_update.date()),
            advice,
        )),
        Some(_) => {}
    }
    findings
}

fn about(role: AuthorityRole) -> String {
    format!("{role} authority")
}

/// Whether the address is in a domain that is kept for examples and tests (RFC 2606).
fn is_nobodys(address: &str) -> bool {
    const KEPT: [&str; 6] = [
        "example",
        "example.com",
        "example.net",
        "example.org",
        "invalid",
        "test",
    ];
    let address = Url::parse(address).ok();
    let Some(Host::Domain(host)) = address.as_ref().and_then(Url::host) else {
        return false;
    };
    KEPT.iter().any(|kept| {
        host.strip_suffix(kept)
            .is_some_and(|before| before.is_empty() || before.ends_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_for_examples_are_nobodys() {
        for address in [
            "http://pki.example.com/ocsp",
            "http://example.org",
            "http://pki.example",
            "http://PKI.TEST/x",
        ] {
            assert!(is_nobodys(address), "{address}");
        }
        for address in [
            "http://pki.myexample.com",
            "http://pki.gob.es/example.com",
            "http://127.0.0.1:8445/pki",
        ] {
            assert!(!is_nobodys(address), "{address}");
        }
    }
}
