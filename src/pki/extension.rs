//! Certificate extensions (RFC 5280 section 4.2) and qualified certificate statements (EN 319 412-5).

use const_oid::AssociatedOid;
use const_oid::db::rfc5280;
use der::asn1::{Ia5String, ObjectIdentifier, OctetString, PrintableString};
use der::flagset::FlagSet;
use der::{Any, Encode, Sequence};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::certpolicy::{PolicyInformation, PolicyQualifierInfo};
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AccessDescription, AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints,
    CertificatePolicies, CrlDistributionPoints, KeyUsage, KeyUsages, SubjectKeyIdentifier,
};

use super::settings::Qualification;
use crate::domain::key::PublicKey;

const QC_STATEMENTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.3");
const CPS_URI: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.2.1");

/// `id-qcs-pkixQCSyntax-v2` (RFC 3739 section 3.2.6.1), here for the semantics of names.
const QCS_SYNTAX_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.11.2");
/// `id-etsi-qcs-semanticsId-Natural` (EN 319 412-1 clause 5.1.3).
const SEMANTICS_NATURAL: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.194121.1.1");
/// `id-etsi-qcs-QcCompliance` (EN 319 412-5 clause 4.2.1).
const QC_COMPLIANCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.1");
/// `id-etsi-qcs-QcRetentionPeriod` (EN 319 412-5 clause 4.3.3).
const QC_RETENTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.3");
/// `id-etsi-qcs-QcPDS` (EN 319 412-5 clause 4.3.4).
const QC_PDS: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.5");
/// `id-etsi-qcs-QcType` (EN 319 412-5 clause 4.2.3).
const QC_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.6");
/// `id-etsi-qct-esign` (EN 319 412-5 clause 4.2.3).
const QC_TYPE_ESIGN: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.6.1");

/// How weighty an extension is to somebody who does not know it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Criticality {
    Critical,
    NonCritical,
}

/// What a certificate says about qualification beside retention period and type.
pub(super) struct QcStatements<'a> {
    /// Whether `QcCompliance` is there. `QcSSCD`, the claim of a certified device, does not exist here.
    pub(super) qualification: Qualification,
    /// Years for which the records are kept.
    pub(super) retention_years: u8,
    /// Address and two-letter language of each disclosure statement.
    pub(super) disclosure: &'a [(String, String)],
}

/// Any extension.
pub(super) fn extension(
    oid: ObjectIdentifier,
    criticality: Criticality,
    value: &impl Encode,
) -> Result<Extension, der::Error> {
    Ok(Extension {
        extn_id: oid,
        critical: criticality == Criticality::Critical,
        extn_value: OctetString::new(value.to_der()?)?,
    })
}

/// `basicConstraints` of an authority (RFC 5280 section 4.2.1.9).
pub(super) fn authority_constraints(path_len: Option<u8>) -> Result<Extension, der::Error> {
    let value = BasicConstraints {
        ca: true,
        path_len_constraint: path_len,
    };
    extension(BasicConstraints::OID, Criticality::Critical, &value)
}

/// `keyUsage` (RFC 5280 section 4.2.1.3).
pub(super) fn key_usage(usages: impl Into<FlagSet<KeyUsages>>) -> Result<Extension, der::Error> {
    let value = KeyUsage(usages.into());
    extension(KeyUsage::OID, Criticality::Critical, &value)
}

/// `subjectKeyIdentifier` (RFC 5280 section 4.2.1.2).
pub(super) fn subject_key(key: &PublicKey) -> Result<Extension, der::Error> {
    let value = SubjectKeyIdentifier(OctetString::new(key.identifier())?);
    extension(SubjectKeyIdentifier::OID, Criticality::NonCritical, &value)
}

/// `authorityKeyIdentifier` (RFC 5280 section 4.2.1.1).
pub(super) fn authority_key(identifier: &[u8]) -> Result<Extension, der::Error> {
    let value = AuthorityKeyIdentifier {
        key_identifier: Some(OctetString::new(identifier)?),
        ..AuthorityKeyIdentifier::default()
    };
    extension(
        AuthorityKeyIdentifier::OID,
        Criticality::NonCritical,
        &value,
    )
}

/// `certificatePolicies` (RFC 5280 section 4.2.1.4); the practice statement's address goes to the first policy.
pub(super) fn policies(
    policies: &[ObjectIdentifier],
    practice_statement: Option<&str>,
) -> Result<Extension, der::Error> {
    let mut information = Vec::with_capacity(policies.len());
    let mut address = practice_statement;
    for policy in policies {
        let qualifiers = match address.take() {
            Some(address) => Some(vec![PolicyQualifierInfo {
                policy_qualifier_id: CPS_URI,
                qualifier: Some(Any::encode_from(&Ia5String::new(address)?)?),
            }]),
            None => None,
        };
        information.push(PolicyInformation {
            policy_identifier: *policy,
            policy_qualifiers: qualifiers,
        });
    }
    let value = CertificatePolicies(information);
    extension(CertificatePolicies::OID, Criticality::NonCritical, &value)
}

/// `cRLDistributionPoints` with one address (RFC 5280 section 4.2.1.13).
pub(super) fn crl_address(address: &str) -> Result<Extension, der::Error> {
    let value = CrlDistributionPoints(vec![DistributionPoint {
        distribution_point: Some(DistributionPointName::FullName(vec![uri(address)?])),
        reasons: None,
        crl_issuer: None,
    }]);
    extension(CrlDistributionPoints::OID, Criticality::NonCritical, &value)
}

/// `authorityInfoAccess`: where the issuer's certificate is, and its OCSP responder (RFC 5280 section 4.2.2.1).
pub(super) fn issuer_addresses(issuer: &str, ocsp: Option<&str>) -> Result<Extension, der::Error> {
    let mut descriptions = Vec::new();
    if let Some(ocsp) = ocsp {
        descriptions.push(AccessDescription {
            access_method: rfc5280::ID_AD_OCSP,
            access_location: uri(ocsp)?,
        });
    }
    descriptions.push(AccessDescription {
        access_method: rfc5280::ID_AD_CA_ISSUERS,
        access_location: uri(issuer)?,
    });
    let value = AuthorityInfoAccessSyntax(descriptions);
    extension(
        AuthorityInfoAccessSyntax::OID,
        Criticality::NonCritical,
        &value,
    )
}

/// `qcStatements` (RFC 3739 section 3.2.6, EN 319 412-5).
pub(super) fn qc_statements(statements: &QcStatements<'_>) -> Result<Extension, der::Error> {
    let mut value = Vec::new();
    if statements.qualification == Qualification::Claimed {
        value.push(QcStatement {
            statement_id: QC_COMPLIANCE,
            statement_info: None,
        });
    }
    value.push(statement(QC_RETENTION, &statements.retention_years)?);
    if !statements.disclosure.is_empty() {
        let mut addresses = Vec::new();
        for (address, language) in statements.disclosure {
            addresses.push(PdsLocation {
                url: Ia5String::new(address)?,
                language: PrintableString::new(language)?,
            });
        }
        value.push(statement(QC_PDS, &addresses)?);
    }
    value.push(statement(QC_TYPE, &vec![QC_TYPE_ESIGN])?);
    value.push(statement(
        QCS_SYNTAX_V2,
        &SemanticsInformation {
            semantics_identifier: SEMANTICS_NATURAL,
        },
    )?);
    extension(QC_STATEMENTS, Criticality::NonCritical, &value)
}

/// `QCStatement` (RFC 3739 appendix A.2).
#[derive(Sequence)]
struct QcStatement {
    statement_id: ObjectIdentifier,
    statement_info: Option<Any>,
}

/// `PdsLocation` (EN 319 412-5 clause 4.3.4).
#[derive(Sequence)]
struct PdsLocation {
    url: Ia5String,
    language: PrintableString,
}

/// `SemanticsInformation` (RFC 3739 section 3.2.6.1) without name registration authorities.
#[derive(Sequence)]
struct SemanticsInformation {
    semantics_identifier: ObjectIdentifier,
}

fn statement<T: der::Tagged + der::EncodeValue>(
    id: ObjectIdentifier,
    info: &T,
) -> Result<QcStatement, der::Error> {
    Ok(QcStatement {
        statement_id: id,
        statement_info: Some(Any::encode_from(info)?),
    })
}

fn uri(address: &str) -> Result<GeneralName, der::Error> {
    Ok(GeneralName::UniformResourceIdentifier(Ia5String::new(
        address,
    )?))
}
