//! The key that only the citizen's browser holds between the first factor and the code.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::sealing::CipherRefused;
use crate::clock::Ambient;
use crate::domain::secret::{SecretBytes, SecretText};

/// 32 random bytes that the server forgets as soon as the browser has them. Without them neither the code can be
/// guessed from the database nor the waiting secret be opened.
#[derive(Debug, Clone)]
pub struct BrowserKey(SecretBytes<32>);

impl BrowserKey {
    pub(super) fn generate(ambient: &Ambient) -> Self {
        Self(SecretBytes::new(ambient.random()))
    }

    /// For the cookie: 43 characters of base64url (RFC 4648 section 5, no padding).
    pub fn to_text(&self) -> SecretText {
        SecretText::new(URL_SAFE_NO_PAD.encode(self.0.expose()))
    }

    /// From the cookie; `None` when it is no such key.
    pub fn from_text(text: &SecretText) -> Option<Self> {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text.expose()).ok()?);
        SecretBytes::from_slice(&bytes).map(Self)
    }

    /// The key that seals the waiting secret.
    pub(super) fn sealing_key(&self) -> Result<SecretBytes<32>, CipherRefused> {
        self.derive(b"rubrica challenge secret 1")
    }

    /// What a challenge keeps to know its key again. The key is 32 random bytes, so nobody finds it from this.
    pub(super) fn check(&self) -> Result<[u8; 32], CipherRefused> {
        Ok(*self.derive(b"rubrica challenge key check 1")?.expose())
    }

    /// HMAC-SHA256 (RFC 2104) of a code and its context under a key of its own.
    pub(super) fn mac(&self, context: &[u8]) -> Result<[u8; 32], CipherRefused> {
        let key = self.derive(b"rubrica challenge code 1")?;
        let mut mac = Hmac::<Sha256>::new_from_slice(key.expose())
            .ok()
            .ok_or(CipherRefused)?;
        mac.update(context);
        Ok(mac.finalize().into_bytes().into())
    }

    /// HKDF-SHA256 (RFC 5869).
    fn derive(&self, label: &[u8]) -> Result<SecretBytes<32>, CipherRefused> {
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(None, self.0.expose())
            .expand(label, key.as_mut_slice())
            .ok()
            .ok_or(CipherRefused)?;
        Ok(SecretBytes::new(*key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_cookie() {
        let key = BrowserKey::generate(&Ambient::system());
        let read = BrowserKey::from_text(&key.to_text()).unwrap();
        assert_eq!(read.mac(b"x"), key.mac(b"x"));
        for text in ["", "AAAA", "not base64!"] {
            assert!(BrowserKey::from_text(&SecretText::new(text.to_owned())).is_none());
        }
    }

    #[test]
    fn what_is_derived_from_a_key_differs() {
        let key = BrowserKey::generate(&Ambient::system());
        let sealing = key.sealing_key().unwrap();
        let mac = key.derive(b"rubrica challenge code 1").unwrap();
        let check = key.check().unwrap();
        assert_ne!(sealing.expose(), mac.expose());
        assert_ne!(sealing.expose(), &check);
        assert_ne!(mac.expose(), &check);
    }
}
