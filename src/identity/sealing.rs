//! AES-256-GCM (NIST SP 800-38D) over the citizen secret. What a seal belongs to is its associated data, which
//! [`Canonical`](crate::domain::canonical::Canonical) makes unambiguous.

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use zeroize::Zeroizing;

use crate::clock::Ambient;
use crate::domain::secret::{CitizenSecret, SecretBytes};

const NONCE_BYTES: usize = 12;

/// A cipher or key derivation refused its input, which only a fault in this program can cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cipher refused its input")]
pub struct CipherRefused;

/// Nonce, ciphertext and tag. The nonce is random, and each key seals a few times only.
pub(super) fn seal(
    ambient: &Ambient,
    key: &SecretBytes<32>,
    context: &[u8],
    secret: Option<&CitizenSecret>,
) -> Result<Vec<u8>, CipherRefused> {
    let nonce: [u8; NONCE_BYTES] = ambient.random();
    let payload = Payload {
        msg: secret.map_or(&[][..], |secret| secret.expose()),
        aad: context,
    };
    let sealed = Aes256Gcm::new(key.expose().into())
        .encrypt(&nonce.into(), payload)
        .ok()
        .ok_or(CipherRefused)?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// What [`seal`] closed. `None` when key, context or bytes are not the same.
pub(super) fn open(key: &SecretBytes<32>, context: &[u8], sealed: &[u8]) -> Option<Sealed> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    let payload = Payload {
        msg: sealed,
        aad: context,
    };
    let plain = Zeroizing::new(
        Aes256Gcm::new(key.expose().into())
            .decrypt(nonce.into(), payload)
            .ok()?,
    );
    if plain.is_empty() {
        return Some(Sealed::Nothing);
    }
    SecretBytes::from_slice(&plain).map(|bytes| Sealed::Secret(CitizenSecret::new(bytes)))
}

/// What was under a seal.
pub(super) enum Sealed {
    /// Only the proof of having the key.
    Nothing,
    /// The citizen secret.
    Secret(CitizenSecret),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_opens_only_with_its_key_and_context() {
        let ambient = Ambient::system();
        let key = SecretBytes::new([1; 32]);
        let secret = CitizenSecret::new(SecretBytes::new([9; 32]));
        let (here, there) = (b"here".as_slice(), b"there".as_slice());
        let sealed = seal(&ambient, &key, here, Some(&secret)).unwrap();
        assert!(matches!(
            open(&key, here, &sealed),
            Some(Sealed::Secret(opened)) if opened.expose() == secret.expose()
        ));
        assert!(open(&key, there, &sealed).is_none());
        assert!(open(&SecretBytes::new([2; 32]), here, &sealed).is_none());
        assert!(open(&key, here, &sealed[..20]).is_none());
        let mut changed = sealed.clone();
        changed[15] ^= 1;
        assert!(open(&key, here, &changed).is_none());
    }
}
