//! Distinguished names (RFC 5280 section 4.1.2.4): built for certificates, described for people.

use const_oid::db::rfc4519;
use der::asn1::{ObjectIdentifier, PrintableString, SetOfVec};
use der::{Any, Decode, Encode};
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::name::Name;

use super::PkiError;

/// `organizationIdentifier` (X.520 clause 6.4.4, ITU-T X.520 2.5.4.97).
const ORGANIZATION_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.97");

/// Most characters of a common name (RFC 5280 appendix A.1, ub-common-name).
pub(super) const COMMON_NAME_MAX: usize = 64;

/// One attribute of a name under construction, in the order in which they stand.
pub(super) enum Part<'a> {
    Country(&'a str),
    Organization(&'a str),
    OrganizationIdentifier(&'a str),
    SerialNumber(&'a str),
    GivenName(&'a str),
    Surname(&'a str),
    CommonName(&'a str),
}

/// Builds a name with one attribute in each relative distinguished name. Country and serial number become
/// `PrintableString` (RFC 5280 appendix A.1), everything else `UTF8String`.
pub(super) fn build(parts: &[Part<'_>]) -> Result<Name, PkiError> {
    let mut sequence = Vec::with_capacity(parts.len());
    for part in parts {
        let attribute = match *part {
            Part::Country(text) => printable(rfc4519::COUNTRY_NAME, text)?,
            Part::SerialNumber(text) => printable(rfc4519::SERIAL_NUMBER, text)?,
            Part::Organization(text) => utf8(rfc4519::ORGANIZATION_NAME, "the organisation", text)?,
            Part::OrganizationIdentifier(text) => utf8(
                ORGANIZATION_IDENTIFIER,
                "the organisation's identifier",
                text,
            )?,
            Part::GivenName(text) => utf8(rfc4519::GIVEN_NAME, "the given name", text)?,
            Part::Surname(text) => utf8(rfc4519::SURNAME, "the surname", text)?,
            Part::CommonName(text) => utf8(rfc4519::COMMON_NAME, "the common name", text)?,
        };
        sequence.push(SetOfVec::try_from(vec![attribute])?);
    }
    Ok(Name::from_der(&sequence.to_der()?)?)
}

/// A name in DER as people read it, most specific attribute first (RFC 4514).
pub fn describe_name(name_der: &[u8]) -> Result<String, PkiError> {
    Ok(Name::from_der(name_der)?.to_string())
}

fn printable(oid: ObjectIdentifier, text: &str) -> Result<AttributeTypeAndValue, PkiError> {
    Ok(AttributeTypeAndValue {
        oid,
        value: Any::encode_from(&PrintableString::new(text)?)?,
    })
}

fn utf8(
    oid: ObjectIdentifier,
    what: &'static str,
    text: &str,
) -> Result<AttributeTypeAndValue, PkiError> {
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return Err(PkiError::Name(what));
    }
    Ok(AttributeTypeAndValue {
        oid,
        value: Any::encode_from(&text.to_owned())?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_described_most_specific_first() {
        let name = build(&[
            Part::Country("ES"),
            Part::SerialNumber("IDCES-99999999R"),
            Part::CommonName("PEÑA, ÍÑIGO"),
        ])
        .unwrap();
        assert_eq!(
            describe_name(&name.to_der().unwrap()).unwrap(),
            "CN=PEÑA\\, ÍÑIGO,SERIALNUMBER=IDCES-99999999R,C=ES"
        );
    }

    #[test]
    fn blank_names_and_control_characters_are_refused() {
        for text in ["", "  ", "A\nB", "A\0"] {
            assert!(matches!(
                build(&[Part::Surname(text)]),
                Err(PkiError::Name("the surname"))
            ));
        }
    }
}
