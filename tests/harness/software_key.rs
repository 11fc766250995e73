//! Keys outside any HSM, for tests of what is built around signatures.

use std::sync::OnceLock;

use aws_lc_rs::digest as lc;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{self, KeyPair as _, RsaEncoding};
use p256::ecdsa::signature::hazmat::PrehashSigner;
use rubrica::domain::algorithm::{DigestAlgorithm, KeyAlgorithm, Padding, SignatureScheme};
use rubrica::domain::key::{DtbsR, PublicKey, SignatureValue, ec_spki};
use rubrica::hsm::HsmError;
use rubrica::pki::AuthorityKey;

/// A private key in memory.
pub(crate) enum SoftwareKey {
    Rsa(PublicKey, &'static KeyPair),
    P256(PublicKey, p256::ecdsa::SigningKey),
    P384(PublicKey, p384::ecdsa::SigningKey),
}

impl SoftwareKey {
    /// RSA with 3072 bits, made once for all tests.
    pub(crate) fn rsa() -> Self {
        static KEY: OnceLock<KeyPair> = OnceLock::new();
        let key = KEY.get_or_init(|| KeyPair::generate(KeySize::Rsa3072).unwrap());
        let spki = key.public_key().as_der().unwrap();
        Self::Rsa(PublicKey::from_spki(spki.as_ref()).unwrap(), key)
    }

    /// P-256, always the same for the same seed, and with the same signatures (RFC 6979).
    pub(crate) fn p256(seed: u8) -> Self {
        let key = p256::ecdsa::SigningKey::from_slice(&[seed; 32]).unwrap();
        let point = key.verifying_key().to_sec1_point(false);
        let public = ec_spki(KeyAlgorithm::EcP256, point.as_bytes()).unwrap();
        Self::P256(public, key)
    }

    /// P-384, as [`p256`](Self::p256).
    pub(crate) fn p384(seed: u8) -> Self {
        let key = p384::ecdsa::SigningKey::from_slice(&[seed; 48]).unwrap();
        let point = key.verifying_key().to_sec1_point(false);
        let public = ec_spki(KeyAlgorithm::EcP384, point.as_bytes()).unwrap();
        Self::P384(public, key)
    }

    /// Its public half.
    pub(crate) fn public(&self) -> &PublicKey {
        match self {
            Self::Rsa(public, _) | Self::P256(public, _) | Self::P384(public, _) => public,
        }
    }

    /// Signs a digest.
    pub(crate) fn value(&self, scheme: SignatureScheme, dtbs_r: &DtbsR) -> SignatureValue {
        let digest = dtbs_r.0.bytes();
        match self {
            Self::Rsa(_, key) => {
                let (hash, encoding) = rsa_encoding(scheme);
                let digest = lc::Digest::import_less_safe(digest, hash).unwrap();
                let mut value = vec![0; key.public_modulus_len()];
                key.sign_digest(encoding, &digest, &mut value).unwrap();
                SignatureValue(value)
            }
            Self::P256(_, key) => {
                let value: p256::ecdsa::Signature = key.sign_prehash(digest).unwrap();
                SignatureValue(value.to_der().as_bytes().to_vec())
            }
            Self::P384(_, key) => {
                let value: p384::ecdsa::Signature = key.sign_prehash(digest).unwrap();
                SignatureValue(value.to_der().as_bytes().to_vec())
            }
        }
    }
}

impl AuthorityKey for SoftwareKey {
    fn public_key(&self) -> &PublicKey {
        self.public()
    }

    fn sign(&self, scheme: SignatureScheme, dtbs_r: &DtbsR) -> Result<SignatureValue, HsmError> {
        Ok(self.value(scheme, dtbs_r))
    }
}

fn rsa_encoding(scheme: SignatureScheme) -> (&'static lc::Algorithm, &'static dyn RsaEncoding) {
    use DigestAlgorithm::{Sha256, Sha384, Sha512};
    match (scheme.padding, scheme.digest) {
        (Padding::Pss, Sha256) => (&lc::SHA256, &signature::RSA_PSS_SHA256),
        (Padding::Pss, Sha384) => (&lc::SHA384, &signature::RSA_PSS_SHA384),
        (Padding::Pss, Sha512) => (&lc::SHA512, &signature::RSA_PSS_SHA512),
        (_, Sha256) => (&lc::SHA256, &signature::RSA_PKCS1_SHA256),
        (_, Sha384) => (&lc::SHA384, &signature::RSA_PKCS1_SHA384),
        (_, Sha512) => (&lc::SHA512, &signature::RSA_PKCS1_SHA512),
    }
}
