//! What the operator decides about the authorities, checked.

use std::fmt;
use std::str::FromStr;

use der::asn1::ObjectIdentifier;
use serde::{Deserialize, Serialize};
use time::Duration;
use url::Url;
use x509_cert::name::Name;

use super::PkiError;
use super::name::{self, COMMON_NAME_MAX, Part};
use crate::domain::algorithm::{KeyAlgorithm, named};

/// Days in five years with no more than one leap day, the most a qualified certificate may last (Ley 6/2020
/// article 4.2).
const CITIZEN_DAYS_MAX: u16 = 5 * 365 + 1;

named!(
    /// Which identity document the citizen's serial number names (EN 319 412-1 clause 5.1.3).
    IdentityType {
        /// National identity card number: `IDCES-12345678Z`.
        IdentityCard = "IDC",
        /// National personal number: `PNOES-12345678Z`.
        PersonalNumber = "PNO",
    }
);

named!(
    /// Whether citizens' certificates claim to be qualified in the sense of Regulation (EU) 910/2014.
    Qualification {
        /// They do not. The only honest value for whoever is no qualified trust service provider.
        NotClaimed = "not-claimed",
        /// They carry `QcCompliance` (EN 319 412-5 clause 4.2.1).
        Claimed = "claimed",
    }
);

/// The operator's wishes, unchecked. `Default` suits a trial on one machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Values {
    /// Two-letter country of the organisation.
    pub country: String,
    /// Name of the organisation that runs the authorities.
    pub organization: String,
    /// Its registered identifier (EN 319 412-1 clause 5.1.4), such as `VATES-Q0000000J`.
    pub organization_identifier: Option<String>,
    /// Common name of the root.
    pub root_name: String,
    /// Common name of the issuing authority.
    pub issuing_name: String,
    /// Label of the root's key in the HSM.
    pub root_label: String,
    /// Label of the issuing authority's key in the HSM.
    pub issuing_label: String,
    /// Kind of both keys.
    pub key: KeyAlgorithm,
    /// Validity of the root in years, 15 to 20.
    pub root_years: u8,
    /// Validity of the issuing authority in years, at most the root's.
    pub issuing_years: u8,
    /// Validity of a citizen's certificate in days, at most five years.
    pub citizen_days: u16,
    /// Policies under which citizens' certificates are issued, as object identifiers. The default lies in the
    /// arc that RFC 5612 keeps for examples.
    pub citizen_policies: Vec<String>,
    /// Address of the practice statement.
    pub practice_statement: Option<String>,
    /// Where certificates and revocation lists are fetched, over plain HTTP (RFC 5280 section 8), without a slash
    /// at the end. The default lies under a name that RFC 2606 keeps for examples: nobody answers there.
    pub publication: String,
    /// Address of the OCSP responder; `None` leaves the pointer out.
    pub ocsp: Option<String>,
    /// Which identity document the citizen's serial number names.
    pub identity_type: IdentityType,
    /// Whether citizens' certificates claim to be qualified.
    pub qualification: Qualification,
    /// Address (https) and two-letter language of each disclosure statement (EN 319 412-5 clause 4.3.4).
    pub disclosure: Vec<(String, String)>,
    /// How long a revocation list is good, in days, 1 to 30.
    pub crl_days: u8,
}

impl Default for Values {
    fn default() -> Self {
        Self {
            country: "ES".to_owned(),
            organization: "Rubrica".to_owned(),
            organization_identifier: None,
            root_name: "Rubrica Root CA".to_owned(),
            issuing_name: "Rubrica Issuing CA".to_owned(),
            root_label: "rubrica-root-ca".to_owned(),
            issuing_label: "rubrica-issuing-ca".to_owned(),
            key: KeyAlgorithm::Rsa3072,
            root_years: 20,
            issuing_years: 10,
            citizen_days: 4 * 365,
            citizen_policies: vec!["1.3.6.1.4.1.32473.1.1".to_owned()],
            practice_statement: None,
            publication: "http://pki.example.com".to_owned(),
            ocsp: Some("http://pki.example.com/ocsp".to_owned()),
            identity_type: IdentityType::IdentityCard,
            qualification: Qualification::NotClaimed,
            disclosure: Vec::new(),
            crl_days: 7,
        }
    }
}

/// Why a wish cannot be met; names the field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSettings {
    /// No two-letter code.
    #[error("country: {0:?} is no two-letter country code in upper case")]
    Country(String),
    /// A name is blank, too long or holds control characters.
    #[error("{0}: 1 to 64 characters without control characters expected")]
    Text(&'static str),
    /// Both keys would be the same.
    #[error("root_label and issuing_label are the same; each authority has a key of its own")]
    SameLabel,
    /// Both names would be the same, and chains could not be told apart.
    #[error("root_name and issuing_name are the same; each authority has a name of its own")]
    SameName,
    /// A number is out of its range.
    #[error("{field}: {given} is not between {least} and {most}")]
    Range {
        /// Which setting.
        field: &'static str,
        /// What was given.
        given: u16,
        /// Least value.
        least: u16,
        /// Greatest value.
        most: u16,
    },
    /// There is no policy.
    #[error("citizen_policies: at least one policy is needed")]
    NoPolicy,
    /// No object identifier.
    #[error("citizen_policies: {0:?} is no object identifier")]
    Policy(String),
    /// No usable address.
    #[error("{field}: {given:?} is no address that begins with {scheme}")]
    Address {
        /// Which setting.
        field: &'static str,
        /// What was given.
        given: String,
        /// What it must begin with.
        scheme: &'static str,
    },
    /// No language code.
    #[error("disclosure: {0:?} is no two-letter language code in lower case")]
    Language(String),
}

/// The operator's wishes, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    values: Values,
    citizen_policies: Vec<ObjectIdentifier>,
}

impl Settings {
    /// Checks the values.
    pub fn new(values: Values) -> Result<Self, InvalidSettings> {
        if values.country.len() != 2 || !values.country.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(InvalidSettings::Country(values.country));
        }
        text("organization", &values.organization)?;
        text("root_name", &values.root_name)?;
        text("issuing_name", &values.issuing_name)?;
        text("root_label", &values.root_label)?;
        text("issuing_label", &values.issuing_label)?;
        if let Some(identifier) = &values.organization_identifier {
            text("organization_identifier", identifier)?;
        }
        if values.root_label == values.issuing_label {
            return Err(InvalidSettings::SameLabel);
        }
        if values.root_name == values.issuing_name {
            return Err(InvalidSettings::SameName);
        }
        let root_years = u16::from(values.root_years);
        range("root_years", root_years, 15, 20)?;
        range("issuing_years", values.issuing_years.into(), 5, root_years)?;
        range("citizen_days", values.citizen_days, 1, CITIZEN_DAYS_MAX)?;
        range("crl_days", values.crl_days.into(), 1, 30)?;
        address("publication", &values.publication, "http://")?;
        if let Some(ocsp) = &values.ocsp {
            address("ocsp", ocsp, "http://")?;
        }
        if let Some(statement) = &values.practice_statement {
            address("practice_statement", statement, "http")?;
        }
        for (location, language) in &values.disclosure {
            address("disclosure", location, "https://")?;
            if language.len() != 2 || !language.bytes().all(|b| b.is_ascii_lowercase()) {
                return Err(InvalidSettings::Language(language.clone()));
            }
        }
        let citizen_policies = policies(&values.citizen_policies)?;
        Ok(Self {
            values,
            citizen_policies,
        })
    }

    /// Common name of the root.
    pub fn root_name(&self) -> &str {
        &self.values.root_name
    }

    /// Common name of the issuing authority.
    pub fn issuing_name(&self) -> &str {
        &self.values.issuing_name
    }

    /// Label of the root's key in the HSM.
    pub fn root_label(&self) -> &str {
        &self.values.root_label
    }

    /// Label of the issuing authority's key in the HSM.
    pub fn issuing_label(&self) -> &str {
        &self.values.issuing_label
    }

    /// Kind of both authorities' keys.
    pub fn key(&self) -> KeyAlgorithm {
        self.values.key
    }

    /// How long a revocation list is good.
    pub fn crl_validity(&self) -> Duration {
        Duration::days(self.values.crl_days.into())
    }

    /// Where the root's revocation list is fetched.
    pub fn root_crl_address(&self) -> String {
        format!("{}/root.crl", self.values.publication)
    }

    /// Where the issuing authority's revocation list is fetched.
    pub fn issuing_crl_address(&self) -> String {
        format!("{}/issuing.crl", self.values.publication)
    }

    /// Where the root's certificate is fetched, in DER.
    pub fn root_certificate_address(&self) -> String {
        format!("{}/root.cer", self.values.publication)
    }

    /// Where the issuing authority's certificate is fetched, in DER.
    pub fn issuing_certificate_address(&self) -> String {
        format!("{}/issuing.cer", self.values.publication)
    }

    /// Whether citizens' certificates claim to be qualified.
    pub fn qualification(&self) -> Qualification {
        self.values.qualification
    }

    pub(super) fn root_years(&self) -> u8 {
        self.values.root_years
    }

    pub(super) fn issuing_years(&self) -> u8 {
        self.values.issuing_years
    }

    pub(super) fn citizen_validity(&self) -> Duration {
        Duration::days(self.values.citizen_days.into())
    }

    pub(super) fn citizen_policies(&self) -> &[ObjectIdentifier] {
        &self.citizen_policies
    }

    pub(super) fn practice_statement(&self) -> Option<&str> {
        self.values.practice_statement.as_deref()
    }

    /// Address of the OCSP responder that is written into certificates.
    pub fn ocsp_address(&self) -> Option<&str> {
        self.values.ocsp.as_deref()
    }

    pub(super) fn identity_type(&self) -> IdentityType {
        self.values.identity_type
    }

    pub(super) fn disclosure(&self) -> &[(String, String)] {
        &self.values.disclosure
    }

    /// An authority's name: country, organisation, its identifier, common name (EN 319 412-2 clause 4.2.3.1).
    pub(super) fn authority_name(&self, common_name: &str) -> Result<Name, PkiError> {
        let mut parts = vec![
            Part::Country(&self.values.country),
            Part::Organization(&self.values.organization),
        ];
        if let Some(identifier) = &self.values.organization_identifier {
            parts.push(Part::OrganizationIdentifier(identifier));
        }
        parts.push(Part::CommonName(common_name));
        name::build(&parts)
    }
}

fn text(field: &'static str, text: &str) -> Result<(), InvalidSettings> {
    let fits = !text.trim().is_empty()
        && text.chars().count() <= COMMON_NAME_MAX
        && !text.chars().any(char::is_control);
    fits.then_some(()).ok_or(InvalidSettings::Text(field))
}

fn range(field: &'static str, given: u16, least: u16, most: u16) -> Result<(), InvalidSettings> {
    let error = InvalidSettings::Range {
        field,
        given,
        least,
        most,
    };
    (least..=most).contains(&given).then_some(()).ok_or(error)
}

fn address(field: &'static str, given: &str, scheme: &'static str) -> Result<(), InvalidSettings> {
    let fits = given.starts_with(scheme)
        && !given.ends_with('/')
        && given.bytes().all(|byte| byte.is_ascii_graphic())
        && Url::parse(given).is_ok_and(|url| url.has_host());
    let error = InvalidSettings::Address {
        field,
        given: given.to_owned(),
        scheme,
    };
    fits.then_some(()).ok_or(error)
}

fn policies(given: &[String]) -> Result<Vec<ObjectIdentifier>, InvalidSettings> {
    if given.is_empty() {
        return Err(InvalidSettings::NoPolicy);
    }
    given
        .iter()
        .map(|text| {
            ObjectIdentifier::new(text)
                .ok()
                .ok_or_else(|| InvalidSettings::Policy(text.clone()))
        })
        .collect()
}
