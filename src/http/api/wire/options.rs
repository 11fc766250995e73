//! The choices of each format, as apps write them.

use const_oid::ObjectIdentifier;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::object;
use crate::domain::algorithm::DigestAlgorithm;
use crate::domain::request::{self as domain, Commitment};

/// What goes into the signature of a PDF. All of it is optional.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PadesOptions {
    /// Name of an empty signature field to fill. Without it a new invisible field is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    field: Option<String>,
    /// Why the document is signed (`/Reason`). Not together with `commitment` or `policy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200, example = "Acceptance of the conditions")]
    reason: Option<String>,
    /// Where it is signed (`/Location`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    location: Option<String>,
    /// How to reach the signer (`/ContactInfo`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    contact: Option<String>,
    /// What the signature commits to. Not together with `reason`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    commitment: Option<Commitment>,
    /// Under which policy it is signed. Not together with `reason`.
    #[serde(
        default,
        deserialize_with = "object::optional",
        skip_serializing_if = "Option::is_none"
    )]
    policy: Option<SignaturePolicy>,
}

/// Signed attributes of CAdES. All of them are optional.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CadesOptions {
    /// What the signature commits to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    commitment: Option<Commitment>,
    /// Where the document is signed.
    #[serde(
        default,
        deserialize_with = "object::optional",
        skip_serializing_if = "Option::is_none"
    )]
    location: Option<SignerLocation>,
    /// Under which policy it is signed.
    #[serde(
        default,
        deserialize_with = "object::optional",
        skip_serializing_if = "Option::is_none"
    )]
    policy: Option<SignaturePolicy>,
}

/// A place. At least one part is given.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignerLocation {
    /// The country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200, example = "ES")]
    country: Option<String>,
    /// The town.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200, example = "Toledo")]
    locality: Option<String>,
    /// The lines of a postal address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 6, value_type = Vec<PostalLine>)]
    postal_address: Vec<String>,
}

/// A line of a postal address.
#[derive(ToSchema)]
#[schema(value_type = String, max_length = 200)]
#[expect(dead_code, reason = "describes the strings of a list")]
struct PostalLine(String);

/// A signature policy: its object identifier and the digest of its text.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignaturePolicy {
    /// The policy's object identifier.
    #[schema(example = "2.16.724.1.3.1.1.2.1.9")]
    id: PolicyId,
    /// The algorithm of `hash`.
    hash_algorithm: DigestAlgorithm,
    /// Digest over the policy's text, in hexadecimal.
    hash: Hexadecimal,
    /// Where the text can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000)]
    uri: Option<String>,
}

/// An object identifier in dotted form.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String)]
pub(crate) struct PolicyId(ObjectIdentifier);

/// Bytes in hexadecimal.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String)]
pub(crate) struct Hexadecimal(#[serde(with = "hex::serde")] Vec<u8>);

impl Clone for PolicyId {
    fn clone(&self) -> Self {
        Self(self.0)
    }
}

impl TryFrom<String> for PolicyId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        text.parse()
            .ok()
            .map(Self)
            .ok_or("no object identifier in dotted form, such as 2.16.724.1.3.1.1.2.1.9")
    }
}

impl From<PolicyId> for String {
    fn from(id: PolicyId) -> Self {
        id.0.to_string()
    }
}

impl From<PadesOptions> for domain::PadesOptions {
    fn from(given: PadesOptions) -> Self {
        Self {
            field: given.field,
            reason: given.reason,
            location: given.location,
            contact: given.contact,
            commitment: given.commitment,
            policy: given.policy.map(Into::into),
        }
    }
}

impl From<CadesOptions> for domain::CadesOptions {
    fn from(given: CadesOptions) -> Self {
        Self {
            commitment: given.commitment,
            location: given.location.map(|place| domain::SignerLocation {
                country: place.country,
                locality: place.locality,
                postal_address: place.postal_address,
            }),
            policy: given.policy.map(Into::into),
        }
    }
}

impl From<SignaturePolicy> for domain::SignaturePolicy {
    fn from(given: SignaturePolicy) -> Self {
        Self {
            id: given.id.0,
            hash_algorithm: given.hash_algorithm,
            hash: given.hash.0,
            uri: given.uri,
        }
    }
}
