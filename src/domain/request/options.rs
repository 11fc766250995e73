//! How a document is to be signed.

use std::fmt;
use std::str::FromStr;

use const_oid::ObjectIdentifier;
use serde::{Deserialize, Serialize};

use crate::domain::algorithm::{DigestAlgorithm, Padding, named};
use crate::domain::document::{Format, Packaging};

/// Everything an app may choose for one document, with the defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentOptions {
    /// The digest that is signed.
    pub digest: DigestAlgorithm,
    /// The padding asked for; `None` takes the usual one for the signer's key.
    pub padding: Option<Padding>,
    /// What depends on the format.
    pub signature: SignatureOptions,
}

impl DocumentOptions {
    /// The signature format.
    pub fn format(&self) -> Format {
        match self.signature {
            SignatureOptions::Pades(_) => Format::Pades,
            SignatureOptions::Cades { .. } => Format::Cades,
        }
    }

    /// Where a CAdES signature keeps the document; `None` for PAdES.
    pub fn packaging(&self) -> Option<Packaging> {
        match self.signature {
            SignatureOptions::Pades(_) => None,
            SignatureOptions::Cades { packaging, .. } => Some(packaging),
        }
    }
}

/// The choices of one format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignatureOptions {
    /// PAdES.
    Pades(PadesOptions),
    /// CAdES.
    Cades {
        /// Where the document is kept.
        packaging: Packaging,
        /// The attributes.
        options: CadesOptions,
    },
}

/// What goes into a PDF signature dictionary and its signed attributes (ISO 32000-2 table 255; EN 319 142-1 clause
/// 6.3).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PadesOptions {
    /// Name of an empty signature field to fill; without it a new invisible one is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Why it is signed (`/Reason`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where it is signed (`/Location`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// How to reach the signer (`/ContactInfo`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// What the signature commits to. Excludes a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commitment: Option<Commitment>,
    /// Under which policy it is signed. Excludes a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<SignaturePolicy>,
}

/// Optional signed attributes of CAdES (EN 319 122-1 clause 5.2).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CadesOptions {
    /// What the signature commits to (clause 5.2.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commitment: Option<Commitment>,
    /// Where it is signed (clause 5.2.5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<SignerLocation>,
    /// Under which policy it is signed (clause 5.2.9).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<SignaturePolicy>,
}

named!(
    /// Commitment types (EN 319 122-1 clause 5.2.3, TS 119 172-1 annex B; id-cti of RFC 5126 section 5.11.1).
    Commitment {
        /// The signer made, approved and sent the document.
        ProofOfOrigin = "origin",
        /// The signer received it.
        ProofOfReceipt = "receipt",
        /// A service delivered it.
        ProofOfDelivery = "delivery",
        /// The signer sent it, and need not have made it.
        ProofOfSender = "sender",
        /// The signer approves its content.
        ProofOfApproval = "approval",
        /// The signer made it, and need not approve or have sent it.
        ProofOfCreation = "creation",
    }
);

/// A place (EN 319 122-1 clause 5.2.5). At least one part is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignerLocation {
    /// The country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The town.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locality: Option<String>,
    /// The lines of a postal address, at most six.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub postal_address: Vec<String>,
}

/// A signature policy, by its identifier and the digest of its text (EN 319 122-1 clause 5.2.9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignaturePolicy {
    /// The policy's object identifier.
    #[serde(with = "dotted")]
    pub id: ObjectIdentifier,
    /// The algorithm of [`hash`](Self::hash).
    pub hash_algorithm: DigestAlgorithm,
    /// Digest over the policy's text, in hexadecimal.
    #[serde(with = "hex::serde")]
    pub hash: Vec<u8>,
    /// Where the text can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
}

/// Object identifiers as people write them: `2.16.724.1.3.1.1.2.1.9`.
mod dotted {
    use const_oid::ObjectIdentifier;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(
        oid: &ObjectIdentifier,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(oid)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<ObjectIdentifier, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}
