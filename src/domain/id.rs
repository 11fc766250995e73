//! Identifiers: one type for each kind of thing, so that one cannot be passed for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

/// The text is not one of our identifiers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier: expected a UUID (RFC 9562)")]
pub struct InvalidId;

/// An identifier that can be made anew.
pub trait NewId: Sized {
    /// UUID version 7 (RFC 9562 section 5.7): ordered by creation time, which keeps database indexes dense.
    fn from_parts(created: OffsetDateTime, random: [u8; 10]) -> Self;
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The sixteen bytes.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl NewId for $name {
            fn from_parts(created: OffsetDateTime, random: [u8; 10]) -> Self {
                let millis = u64::try_from(created.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::try_parse(text).map(Self).ok().ok_or(InvalidId)
            }
        }
    };
}

id!(
    /// A registered citizen.
    SignerId
);
id!(
    /// An e-government service that asks for signatures.
    AppId
);
id!(
    /// One signing key and its certificate chain, owned by one signer.
    CredentialId
);
id!(
    /// One key of the HSM that wraps the keys of many credentials, and is itself wrapped by a KEK.
    WrappingKeyId
);
id!(
    /// What an app asks a signer to approve.
    RequestId
);
id!(
    /// One document of a signature request.
    DocumentId
);
id!(
    /// One process's claim on one request that it signs or ends. No two claims share it, of one process neither.
    ClaimId
);
id!(
    /// One activation of a credential; a SAD carries it and it is used once.
    SadId
);
id!(
    /// One run that archives a part of the journal.
    ArchiverId
);
id!(
    /// One run of the SMS code step: the code, what it is for and who may answer.
    ChallengeId
);
