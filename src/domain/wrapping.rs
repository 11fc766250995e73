//! What wraps a signer's key: a wrapping key, which a KEK wraps, or a KEK itself.

use time::OffsetDateTime;

use super::id::WrappingKeyId;
use super::key::KekVersion;

/// How many credentials one wrapping key serves, about: processes that issue at the same time do not wait for one another's
/// count, so it may become a few thousand more.
///
/// So many that a million credentials have sixteen wrapping keys: a new KEK re-wraps those and not the million, and a session
/// keeps all of them at hand. So few that one that is lost or known takes no more than these with it.
pub const CREDENTIALS_PER_WRAPPING_KEY: u32 = 65_536;

/// An AES-256 key of the HSM that wraps signers' keys. Outside the HSM it exists only wrapped by a KEK; a new KEK wraps it
/// anew, and what it has wrapped stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappingKey {
    /// Its identifier; the seal around a signer's key is bound to it.
    pub id: WrappingKeyId,
    /// Which KEK wraps it now.
    pub kek: KekVersion,
    /// The key, wrapped by that KEK, as the HSM gave it.
    pub wrapped: Vec<u8>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it was last wrapped anew, if it was.
    pub rewrapped_at: Option<OffsetDateTime>,
}

/// What wraps a signer's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WrappedBy {
    /// A wrapping key; the usual way.
    WrappingKey(WrappingKey),
    /// The KEK itself, where only keys that the security officer trusts may wrap (`hsm.session_keys =
    /// "wrap-with-trusted"`): a wrapping key is made and unwrapped without the officer. What the KEK wraps cannot be wrapped
    /// anew while its citizen is absent.
    Kek(KekVersion),
}

impl WrappedBy {
    /// The KEK without which the key cannot be used.
    pub fn kek(&self) -> KekVersion {
        match self {
            Self::WrappingKey(key) => key.kek,
            Self::Kek(version) => *version,
        }
    }
}
