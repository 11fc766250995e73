//! Values that must not leak: wiped when dropped, redacted when printed, compared in constant time.

use std::fmt;

use hpke::kem::X25519HkdfSha256;
use hpke::{Kem, Serializable};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Secret text: a password, a one-time code, an activation code, a PIN, a bearer token.
///
/// It cannot be serialised or displayed; [`expose`](Self::expose) is the only way to its content.
#[derive(Clone)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Takes ownership of the text.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself. The caller must not copy it into a log, an error or a database column.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// True when nothing was given.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(…)")
    }
}

impl ConstantTimeEq for SecretText {
    fn ct_eq(&self, other: &Self) -> subtle::Choice {
        self.0.as_bytes().ct_eq(other.0.as_bytes())
    }
}

/// `N` secret bytes: a symmetric key or the citizen secret.
#[derive(Clone)]
pub struct SecretBytes<const N: usize>(Zeroizing<[u8; N]>);

impl<const N: usize> SecretBytes<N> {
    /// Takes the bytes.
    pub fn new(bytes: [u8; N]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads exactly `N` bytes; `None` when the length differs.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        <[u8; N]>::try_from(bytes).ok().map(Self::new)
    }

    /// The bytes themselves.
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> fmt::Debug for SecretBytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretBytes<{N}>(…)")
    }
}

impl<const N: usize> ConstantTimeEq for SecretBytes<N> {
    fn ct_eq(&self, other: &Self) -> subtle::Choice {
        self.0.as_slice().ct_eq(other.0.as_slice())
    }
}

/// The 32 random bytes that open all of one signer's credentials. Whoever holds them can use the signer's keys, so
/// they exist in the clear only while the citizen is there: see the keyslots and challenges of `identity`.
///
/// They are the input of `DeriveKeyPair` of DHKEM(X25519, HKDF-SHA256) (RFC 9180 section 7.1.3). The public half
/// is the [`SealingKey`]: it closes a credential without the citizen, and cannot open one.
#[derive(Clone)]
pub struct CitizenSecret(SecretBytes<32>);

impl CitizenSecret {
    /// Takes 32 bytes that nobody can guess, or that were sealed before.
    pub fn new(bytes: SecretBytes<32>) -> Self {
        Self(bytes)
    }

    /// The bytes themselves, to be sealed or to open a credential.
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    /// The public half.
    pub fn sealing_key(&self) -> SealingKey {
        let (_, public) = X25519HkdfSha256::derive_keypair(self.0.expose());
        SealingKey(public.to_bytes().into())
    }
}

impl fmt::Debug for CitizenSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CitizenSecret(…)")
    }
}

impl ConstantTimeEq for CitizenSecret {
    fn ct_eq(&self, other: &Self) -> subtle::Choice {
        self.0.ct_eq(&other.0)
    }
}

/// A signer's X25519 public key (RFC 9180 section 7.1): what is sealed to it opens only with the
/// [`CitizenSecret`]. Not secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealingKey([u8; 32]);

impl SealingKey {
    /// Reads exactly 32 bytes; `None` when the length differs.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        <[u8; 32]>::try_from(bytes).ok().map(Self)
    }

    /// The encoded public key.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printing_a_secret_shows_nothing_of_it() {
        let text = SecretText::new("hunter2".to_owned());
        let bytes = SecretBytes::new([7_u8; 4]);
        assert_eq!(
            format!("{text:?} {bytes:?}"),
            "SecretText(…) SecretBytes<4>(…)"
        );
    }

    #[test]
    fn bytes_of_another_length_are_refused() {
        assert!(SecretBytes::<4>::from_slice(&[1, 2, 3]).is_none());
    }

    #[test]
    fn the_sealing_key_depends_on_the_secret_and_on_nothing_else() {
        let secret = |byte| CitizenSecret::new(SecretBytes::new([byte; 32]));
        assert_eq!(secret(1).sealing_key(), secret(1).sealing_key());
        assert_ne!(secret(1).sealing_key(), secret(2).sealing_key());
        assert_eq!(format!("{:?}", secret(1)), "CitizenSecret(…)");
    }
}
