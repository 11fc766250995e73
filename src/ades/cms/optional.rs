//! Signed attributes a signer may add at level B-B (EN 319 122-1 clause 5.2), each checked when it is made.
//!
//! Which of them a format admits is the format's own rule: PAdES forbids signer-location and mime-type.

use der::Sequence;
use der::asn1::{Ia5String, ObjectIdentifier, OctetString};
use spki::AlgorithmIdentifierOwned;
use x509_cert::attr::Attribute;

use super::attribute::attribute;
use crate::ades::AdesError;
use crate::domain::algorithm::{Digest, DigestAlgorithm};
use crate::domain::algorithm_identifier::digest_algorithm;
use crate::domain::document::is_media_type;
use crate::domain::request::{Commitment, SignaturePolicy, SignerLocation};

const COMMITMENT_TYPE: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.16");
const SIGNER_LOCATION: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.17");
const SIGNATURE_POLICY: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.15");
const SIGNATURE_POLICY_URI: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.5.1");
const MIME_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1733.2.1");

/// Most lines of a postal address (EN 319 122-1 clause 5.2.5).
const POSTAL_LINES: usize = 6;

/// One signed attribute beyond the mandatory ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionalAttribute(Attribute);

/// Why an optional attribute was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAttribute {
    /// Attributes of one kind stand once in a signature.
    #[error("the signed attribute {0} was given twice")]
    Twice(ObjectIdentifier),
    /// A location says nothing.
    #[error("the signer location is empty; give a country, a locality or a postal address")]
    EmptyLocation,
    /// A field is there and blank.
    #[error("the signer location has a blank {0}; leave it out")]
    BlankLocation(&'static str),
    /// More lines than the standard holds.
    #[error("the postal address has more than six lines")]
    PostalAddress,
    /// The digest is too short or too long for its algorithm.
    #[error("the signature policy's hash does not have the length of a {0} digest")]
    PolicyHash(DigestAlgorithm),
    /// The address is empty or not plain ASCII.
    #[error("the signature policy's address must be a URI in ASCII")]
    PolicyUri,
    /// The text is no media type.
    #[error("{0:?} is no media type, such as text/plain (RFC 6838 section 4.2)")]
    MimeType(String),
}

impl OptionalAttribute {
    /// Commitment-type-indication: what the signature means (EN 319 122-1 clause 5.2.3).
    pub fn commitment(commitment: Commitment) -> Result<Self, AdesError> {
        let value = CommitmentTypeIndication {
            commitment_type_id: commitment_oid(commitment),
        };
        Ok(Self(attribute(COMMITMENT_TYPE, &value)?))
    }

    /// Signer-location (EN 319 122-1 clause 5.2.5).
    pub fn location(location: &SignerLocation) -> Result<Self, AdesError> {
        if *location == SignerLocation::default() {
            return Err(InvalidAttribute::EmptyLocation.into());
        }
        if location.postal_address.len() > POSTAL_LINES {
            return Err(InvalidAttribute::PostalAddress.into());
        }
        let address = &location.postal_address;
        let value = SignerLocationValue {
            country_name: filled("country", location.country.as_ref())?,
            locality_name: filled("locality", location.locality.as_ref())?,
            postal_address: (!address.is_empty()).then(|| address.clone()),
        };
        for line in address {
            filled("line in its postal address", Some(line))?;
        }
        Ok(Self(attribute(SIGNER_LOCATION, &value)?))
    }

    /// Signature-policy-identifier (EN 319 122-1 clause 5.2.9).
    pub fn policy(policy: &SignaturePolicy) -> Result<Self, AdesError> {
        let digest = Digest::new(policy.hash_algorithm, policy.hash.clone());
        let digest = digest.ok_or(InvalidAttribute::PolicyHash(policy.hash_algorithm))?;
        let value = SignaturePolicyId {
            id: policy.id,
            hash: OtherHash {
                hash_algorithm: digest_algorithm(digest.algorithm()),
                hash_value: OctetString::new(digest.bytes())?,
            },
            qualifiers: policy.uri.as_deref().map(policy_uri).transpose()?,
        };
        Ok(Self(attribute(SIGNATURE_POLICY, &value)?))
    }

    /// Mime-type of the signed document (EN 319 122-1 clause 5.2.4.2), such as `text/plain`.
    pub fn mime_type(mime_type: &str) -> Result<Self, AdesError> {
        if !is_content_type(mime_type) {
            return Err(InvalidAttribute::MimeType(mime_type.to_owned()).into());
        }
        Ok(Self(attribute(MIME_TYPE, &mime_type.to_owned())?))
    }

    pub(super) fn attribute(&self) -> &Attribute {
        &self.0
    }
}

/// `CommitmentTypeIndication` (EN 319 122-1 clause 5.2.3) without qualifiers.
#[derive(Sequence)]
struct CommitmentTypeIndication {
    commitment_type_id: ObjectIdentifier,
}

/// `SignerLocation` (EN 319 122-1 clause 5.2.5).
#[derive(Sequence)]
struct SignerLocationValue {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    country_name: Option<String>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    locality_name: Option<String>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    postal_address: Option<Vec<String>>,
}

/// `SignaturePolicyId` (EN 319 122-1 clause 5.2.9).
#[derive(Sequence)]
struct SignaturePolicyId {
    id: ObjectIdentifier,
    hash: OtherHash,
    qualifiers: Option<Vec<PolicyQualifier>>,
}

/// `OtherHashAlgAndValue` (EN 319 122-1 clause 5.2.9).
#[derive(Sequence)]
struct OtherHash {
    hash_algorithm: AlgorithmIdentifierOwned,
    hash_value: OctetString,
}

/// `SigPolicyQualifierInfo` with an `SPuri` (EN 319 122-1 clause 5.2.9).
#[derive(Sequence)]
struct PolicyQualifier {
    qualifier_id: ObjectIdentifier,
    uri: Ia5String,
}

/// The commitment types of RFC 5126 section 5.11.1, which EN 319 122-1 keeps.
fn commitment_oid(commitment: Commitment) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(match commitment {
        Commitment::ProofOfOrigin => "1.2.840.113549.1.9.16.6.1",
        Commitment::ProofOfReceipt => "1.2.840.113549.1.9.16.6.2",
        Commitment::ProofOfDelivery => "1.2.840.113549.1.9.16.6.3",
        Commitment::ProofOfSender => "1.2.840.113549.1.9.16.6.4",
        Commitment::ProofOfApproval => "1.2.840.113549.1.9.16.6.5",
        Commitment::ProofOfCreation => "1.2.840.113549.1.9.16.6.6",
    })
}

fn policy_uri(uri: &str) -> Result<Vec<PolicyQualifier>, AdesError> {
    if uri.is_empty() || !uri.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(InvalidAttribute::PolicyUri.into());
    }
    Ok(vec![PolicyQualifier {
        qualifier_id: SIGNATURE_POLICY_URI,
        uri: Ia5String::new(uri)?,
    }])
}

fn filled(field: &'static str, text: Option<&String>) -> Result<Option<String>, InvalidAttribute> {
    match text {
        Some(text) if text.trim().is_empty() => Err(InvalidAttribute::BlankLocation(field)),
        _ => Ok(text.cloned()),
    }
}

/// A media type; parameters after a semicolon are left unread.
fn is_content_type(text: &str) -> bool {
    let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
    let plain = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    parameters.bytes().all(plain) && is_media_type(essence.trim_end())
}
