//! Whom a certificate from outside names: it must be the citizen whose key it is for.
//!
//! The key alone does not show it. When two requests are swapped outside, each certificate fits its key and names the
//! other person, who would then seem to have signed.

use std::fmt;

use const_oid::db::rfc4519;
use der::asn1::ObjectIdentifier;
use x509_cert::ext::pkix::name::DirectoryString;
use x509_cert::name::Name;

use crate::domain::identifier::NationalId;
use crate::pki::profile::citizen::Citizen;

/// What may stand before a Spanish identifier: identity card, personal number and tax number (EN 319 412-1 clause
/// 5.1.3), and the identity card with the country in three letters, as some authorities write it. The DNIe's own
/// certificates have none.
const PREFIXES: [&str; 5] = ["IDCES-", "PNOES-", "TINES-", "IDESP-", ""];

/// What a certificate says of its holder that is not so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// No serial number in the subject: nothing says who it is.
    SerialNumberMissing,
    /// The serial number is no DNI or NIE, plain or in a form that is known.
    SerialNumberUnknown,
    /// The serial number is somebody else's.
    SerialNumber(NationalId),
    /// The given name is another.
    GivenName,
    /// The surnames are others.
    Surname,
}

/// All of them. Shows identifiers masked, and no names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differences(Vec<Difference>);

impl Differences {
    /// One by one.
    pub fn all(&self) -> &[Difference] {
        &self.0
    }
}

impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, difference) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str("; ")?;
            }
            difference.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SerialNumberMissing => f.write_str("its subject has no serialNumber"),
            Self::SerialNumberUnknown => f.write_str(
                "its serialNumber is no DNI or NIE, plain or after IDCES-, PNOES-, TINES- or IDESP-",
            ),
            Self::SerialNumber(named) => write!(f, "its serialNumber is {named}, somebody else's"),
            Self::GivenName => f.write_str("its givenName is not the registered one"),
            Self::Surname => f.write_str("its surname is not the registered one"),
        }
    }
}

/// What a subject says that is not so of the citizen; `None` when all fits. Names are looked at where they are given.
pub(super) fn differences(subject: &Name, citizen: &Citizen) -> Option<Differences> {
    let mut found = Vec::new();
    let serial_numbers = values(subject, rfc4519::SERIAL_NUMBER);
    if serial_numbers.is_empty() {
        found.push(Difference::SerialNumberMissing);
    }
    for text in serial_numbers {
        match text.as_deref().and_then(identifier) {
            None => found.push(Difference::SerialNumberUnknown),
            Some(named) if named != citizen.national_id => {
                found.push(Difference::SerialNumber(named));
            }
            Some(_) => {}
        }
    }
    let given = joined(values(subject, rfc4519::GIVEN_NAME));
    if given.is_some_and(|text| !citizen.name.is_given_as(&text)) {
        found.push(Difference::GivenName);
    }
    let surnames = joined(values(subject, rfc4519::SURNAME));
    if surnames.is_some_and(|text| !citizen.name.is_surnamed_as(&text)) {
        found.push(Difference::Surname);
    }
    (!found.is_empty()).then_some(Differences(found))
}

/// All values of an attribute; `None` for one that is no text.
fn values(subject: &Name, oid: ObjectIdentifier) -> Vec<Option<String>> {
    subject
        .iter()
        .filter(|attribute| attribute.oid == oid)
        .map(|attribute| {
            let text = attribute.value.decode_as::<DirectoryString>().ok()?;
            Some(text.value().into_owned())
        })
        .collect()
}

/// Several values as one, as some authorities give each surname its own; `None` when there are none. One that is no
/// text fits nobody.
fn joined(values: Vec<Option<String>>) -> Option<String> {
    let texts: Vec<_> = values.into_iter().map(Option::unwrap_or_default).collect();
    (!texts.is_empty()).then(|| texts.join(" "))
}

fn identifier(serial_number: &str) -> Option<NationalId> {
    let text = serial_number.trim().to_ascii_uppercase();
    PREFIXES
        .iter()
        .filter_map(|prefix| text.strip_prefix(prefix))
        .find_map(|rest| rest.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::person::PersonName;
    use crate::pki::name::{Part, build};

    fn ana() -> Citizen {
        Citizen {
            name: PersonName::new("Ana María", "Gil", Some("Núñez")).unwrap(),
            national_id: "12345678Z".parse().unwrap(),
        }
    }

    fn found(parts: &[Part<'_>]) -> Vec<Difference> {
        let differences = differences(&build(parts).unwrap(), &ana());
        differences.map_or_else(Vec::new, |differences| differences.all().to_vec())
    }

    #[test]
    fn a_citizen_is_known_in_every_form_that_is_in_use() {
        for serial_number in [
            "IDCES-12345678Z",
            "PNOES-12345678Z",
            "TINES-12345678Z",
            "IDESP-12345678Z",
            "12345678Z",
            "idces-12345678z",
        ] {
            assert_eq!(found(&[Part::SerialNumber(serial_number)]), []);
        }
        for (given, surname) in [
            ("ANA MARIA", "GIL NUÑEZ"),
            ("Ana María", "NUNEZ GIL"),
            ("ANA MARÍA", "GIL"),
        ] {
            let parts = [
                Part::SerialNumber("12345678Z"),
                Part::GivenName(given),
                Part::Surname(surname),
            ];
            assert_eq!(found(&parts), [], "{given} {surname}");
        }
        let parts = [
            Part::SerialNumber("12345678Z"),
            Part::Surname("GIL"),
            Part::Surname("NÚÑEZ"),
        ];
        assert_eq!(found(&parts), []);
    }

    #[test]
    fn each_difference_is_named() {
        assert_eq!(
            found(&[Part::CommonName("GIL NUÑEZ ANA MARÍA - 12345678Z")]),
            [Difference::SerialNumberMissing]
        );
        for unknown in [
            "PASES-12345678Z",
            "IDCPT-12345678",
            "IDCES-",
            "12345678A",
            "1",
        ] {
            let found = found(&[Part::SerialNumber(unknown)]);
            assert_eq!(found, [Difference::SerialNumberUnknown], "{unknown}");
        }
        let other = "99999999R".parse().unwrap();
        let parts = [
            Part::SerialNumber("IDCES-99999999R"),
            Part::GivenName("LUIS"),
            Part::Surname("PEÑA"),
        ];
        assert_eq!(
            found(&parts),
            [
                Difference::SerialNumber(other),
                Difference::GivenName,
                Difference::Surname
            ]
        );
        // One right number does not excuse a second, wrong one.
        let parts = [
            Part::SerialNumber("12345678Z"),
            Part::SerialNumber("99999999R"),
        ];
        assert_eq!(found(&parts).len(), 1);
    }

    #[test]
    fn what_is_told_masks_the_number() {
        let name = build(&[
            Part::SerialNumber("IDCES-99999999R"),
            Part::GivenName("LUIS"),
        ]);
        let told = differences(&name.unwrap(), &ana()).unwrap().to_string();
        assert!(
            told.contains("****9999*") && told.contains("givenName"),
            "{told}"
        );
        assert!(
            !told.contains("99999999R") && !told.contains("LUIS"),
            "{told}"
        );
    }
}
