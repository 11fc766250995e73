//! `[pki]`

use super::reader::Reader;
use super::section::{Section, section};
use super::setting::{Table, by_name};
use crate::domain::algorithm::KeyAlgorithm;
use crate::pki::Settings;
use crate::pki::settings::{IdentityType, Qualification, Values};

by_name!(IdentityType, Qualification);

section! {
    /// The built-in authorities: a root and the issuing authority of the citizens' certificates. Names, keys and
    /// validity count when `rubrica ca init` makes them, the rest for every certificate issued from then on.
    RawPki "pki" {
        /// Two-letter country of the organisation.
        country: String = default r#""ES""#,
        /// The organisation that runs the authorities.
        organization: String = default r#""Rubrica""#,
        /// Its registered identifier (EN 319 412-1 clause 5.1.4).
        organization_identifier: String = optional r#""VATES-Q0000000J""#,
        /// Common name of the root.
        root_name: String = default r#""Rubrica Root CA""#,
        /// Common name of the issuing authority.
        issuing_name: String = default r#""Rubrica Issuing CA""#,
        /// Label of the root's key in the HSM.
        root_label: String = default r#""rubrica-root-ca""#,
        /// Label of the issuing authority's key in the HSM.
        issuing_label: String = default r#""rubrica-issuing-ca""#,
        /// Kind of both keys.
        key: KeyAlgorithm = default r#""rsa-3072""#,
        /// Validity of the root, in years.
        root_years: u8 = default "20",
        /// Validity of the issuing authority, in years; at most the root's.
        issuing_years: u8 = default "10",
        /// Validity of a citizen's certificate, in days; at most five years.
        citizen_days: u16 = default "1460",
        /// Object identifiers of the policies of citizens' certificates. The default lies in the arc for examples.
        citizen_policies: Vec<String> = default r#"["1.3.6.1.4.1.32473.1.1"]"#,
        /// Address of the practice statement.
        practice_statement: String = optional r#""https://pki.example/cps""#,
        /// Where certificates and revocation lists are published, over plain HTTP; it is written into certificates.
        publication: String = default r#""http://pki.example.com""#,
        /// Address of the OCSP responder that is written into certificates; "none" leaves it out.
        ocsp: String = default r#""http://pki.example.com/ocsp""#,
        /// Which document the citizen's serial number names: "IDC" (identity card) or "PNO" (personal number).
        identity_type: IdentityType = default r#""IDC""#,
        /// "claimed" only for a qualified trust service provider.
        qualification: Qualification = default r#""not-claimed""#,
        /// Language and address of the disclosure statements.
        disclosure: Table<String> = default "{}",
        /// How long a revocation list is good, in days.
        crl_days: u8 = default "7",
    }
}

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Settings> {
    let raw = RawPki::read(reader)?;
    let values = Values {
        country: raw.country,
        organization: raw.organization,
        organization_identifier: raw.organization_identifier,
        root_name: raw.root_name,
        issuing_name: raw.issuing_name,
        root_label: raw.root_label,
        issuing_label: raw.issuing_label,
        key: raw.key,
        root_years: raw.root_years,
        issuing_years: raw.issuing_years,
        citizen_days: raw.citizen_days,
        citizen_policies: raw.citizen_policies,
        practice_statement: raw.practice_statement,
        publication: raw.publication,
        ocsp: Some(raw.ocsp).filter(|address| address != "none"),
        identity_type: raw.identity_type,
        qualification: raw.qualification,
        disclosure: raw
            .disclosure
            .into_iter()
            .map(|(language, address)| (address, language))
            .collect(),
        crl_days: raw.crl_days,
    };
    match Settings::new(values) {
        Ok(settings) => Some(settings),
        Err(error) => {
            // Its text begins with the name of the key.
            let text = error.to_string();
            let (key, detail) = text.split_once(": ").unwrap_or(("", &text));
            reader.unworkable("pki", key, detail);
            None
        }
    }
}
