//! The citizen's signing certificate, by EN 319 412-2 and -5.
//!
//! The key signs and does nothing else: key usage is nonRepudiation alone. Absent on purpose is `QcSSCD`, the
//! claim that the key lives in a certified device.

use time::{Date, Duration, OffsetDateTime};
use x509_cert::ext::pkix::KeyUsages;
use x509_cert::name::Name;

use super::{whole_seconds, years_after};
use crate::domain::identifier::NationalId;
use crate::domain::key::PublicKey;
use crate::domain::person::PersonName;
use crate::pki::certificate::{self, Content};
use crate::pki::extension::{self, QcStatements};
use crate::pki::name::{self, COMMON_NAME_MAX, Part};
use crate::pki::{Authority, AuthorityKey, Issued, PkiError, Serial, Settings};

/// Years for which the service keeps its records (Ley 6/2020 article 9.3.a).
const RETENTION_YEARS: u8 = 15;

/// Years for which the proofing of an identity is good for issue and renewal (Ley 6/2020 article 7.6).
const PROOFING_YEARS: u8 = 5;

/// Whom the certificate names.
#[derive(Debug, Clone)]
pub struct Citizen {
    /// Names as on the identity document.
    pub name: PersonName,
    /// DNI or NIE.
    pub national_id: NationalId,
}

/// Issues a citizen's certificate. The caller has seen the proofing with [`check_proofing`].
pub fn issue(
    issuer: &Authority,
    issuer_key: &dyn AuthorityKey,
    citizen: &Citizen,
    public_key: &PublicKey,
    settings: &Settings,
    serial: Serial,
    now: OffsetDateTime,
) -> Result<Issued, PkiError> {
    issuer.check_key(issuer_key)?;
    let not_before = whole_seconds(now);
    let not_after = not_before + settings.citizen_validity() - Duration::SECOND;
    if not_after > issuer.not_after() {
        return Err(PkiError::OutlivesIssuer {
            issuer_not_after: issuer.not_after(),
        });
    }
    certificate::issue(
        issuer_key,
        Content {
            serial,
            issuer: issuer.x509_name().clone(),
            subject: subject(citizen, settings)?,
            not_before,
            not_after,
            public_key,
            extensions: vec![
                extension::authority_key(issuer.key_identifier())?,
                extension::subject_key(public_key)?,
                extension::key_usage(KeyUsages::NonRepudiation)?,
                extension::policies(settings.citizen_policies(), settings.practice_statement())?,
                extension::crl_address(&settings.issuing_crl_address())?,
                extension::issuer_addresses(
                    &settings.issuing_certificate_address(),
                    settings.ocsp_address(),
                )?,
                extension::qc_statements(&QcStatements {
                    qualification: settings.qualification(),
                    retention_years: RETENTION_YEARS,
                    disclosure: settings.disclosure(),
                })?,
            ],
        },
    )
}

/// Refuses an identity that was proofed more than five years ago (Ley 6/2020 article 7.6).
pub fn check_proofing(proofed_at: Date, now: OffsetDateTime) -> Result<(), PkiError> {
    let last_day = years_after(proofed_at.midnight().assume_utc(), PROOFING_YEARS)?.date();
    if last_day < now.date() {
        return Err(PkiError::StaleProofing { proofed_at });
    }
    Ok(())
}

/// The citizen's name: country, serial number by EN 319 412-1 clause 5.1.3, given name, surnames, common name.
pub(in crate::pki) fn subject(citizen: &Citizen, settings: &Settings) -> Result<Name, PkiError> {
    let serial_number = format!(
        "{}ES-{}",
        settings.identity_type(),
        citizen.national_id.as_str()
    );
    name::build(&[
        Part::Country("ES"),
        Part::SerialNumber(&serial_number),
        Part::GivenName(&citizen.name.given().to_uppercase()),
        Part::Surname(&citizen.name.surnames().to_uppercase()),
        Part::CommonName(&common_name(citizen)),
    ])
}

/// `SURNAMES NAME - DNI`, the names cut so that the whole keeps to 64 characters; they are whole in surname and
/// given name.
fn common_name(citizen: &Citizen) -> String {
    let ending = format!(" - {}", citizen.national_id.as_str());
    let names = format!("{} {}", citizen.name.surnames(), citizen.name.given()).to_uppercase();
    let room = COMMON_NAME_MAX.saturating_sub(ending.chars().count());
    let names: String = names.chars().take(room).collect();
    format!("{}{ending}", names.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    fn citizen(given: &str, surname1: &str, surname2: &str) -> Citizen {
        Citizen {
            name: PersonName::new(given, surname1, Some(surname2)).unwrap(),
            national_id: "12345678Z".parse().unwrap(),
        }
    }

    #[test]
    fn the_common_name_is_surnames_name_and_number() {
        assert_eq!(
            common_name(&citizen("Íñigo", "Peña", "López")),
            "PEÑA LÓPEZ ÍÑIGO - 12345678Z"
        );
    }

    #[test]
    fn a_long_common_name_is_cut_before_the_number() {
        let name = common_name(&citizen("María", &"Ñ".repeat(51), "Q"));
        assert_eq!(name, format!("{} - 12345678Z", "Ñ".repeat(51)));
    }

    #[test]
    fn an_identity_is_good_for_five_years() {
        let proofed_at = date!(2021 - 11 - 23);
        assert!(check_proofing(proofed_at, datetime!(2026-11-23 23:59 UTC)).is_ok());
        assert!(matches!(
            check_proofing(proofed_at, datetime!(2026-11-24 00:00 UTC)),
            Err(PkiError::StaleProofing { .. })
        ));
    }
}
