//! Key, digest and signature algorithms, by the names users write and the OIDs that go into signatures.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use super::hasher::{Hasher, InvalidMidstate};

/// A name that is not in the list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is not known here; one of: {known}")]
pub struct UnknownName {
    /// What was written.
    pub given: String,
    /// The names that would have been understood.
    pub known: String,
}

/// Gives an enum one name per variant, for configuration, REST, command line and database alike.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $text)] $variant),+
        }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name as users write it and as it is stored.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = $crate::domain::algorithm::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text).ok_or_else(|| {
                    $crate::domain::algorithm::UnknownName {
                        given: text.to_owned(),
                        known: Self::ALL.iter().map(|value| value.as_str()).collect::<Vec<_>>().join(", "),
                    }
                })
            }
        }
    };
}
pub(crate) use named;

named!(
    /// What kind of key a credential has.
    KeyAlgorithm {
        /// RSA with 2048 bits: only behind an explicit setting (ETSI TS 119 312 asks for 3000 and more from 2026).
        Rsa2048 = "rsa-2048",
        /// RSA with 3072 bits, the default.
        Rsa3072 = "rsa-3072",
        /// RSA with 4096 bits.
        Rsa4096 = "rsa-4096",
        /// ECDSA on NIST P-256 (secp256r1).
        EcP256 = "ec-p256",
        /// ECDSA on NIST P-384 (secp384r1).
        EcP384 = "ec-p384",
    }
);

impl KeyAlgorithm {
    /// RSA modulus length in bits; `None` for elliptic curves.
    pub fn rsa_bits(self) -> Option<u32> {
        match self {
            Self::Rsa2048 => Some(2048),
            Self::Rsa3072 => Some(3072),
            Self::Rsa4096 => Some(4096),
            Self::EcP256 | Self::EcP384 => None,
        }
    }

    /// Length in bytes of a raw signature value as the token gives it: the modulus, or r‖s.
    pub fn signature_len(self) -> usize {
        match self {
            Self::Rsa2048 => 256,
            Self::Rsa3072 => 384,
            Self::Rsa4096 => 512,
            Self::EcP256 => 64,
            Self::EcP384 => 96,
        }
    }

    /// The scheme used when nobody asks for another.
    pub fn default_scheme(self) -> SignatureScheme {
        match self {
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => SignatureScheme {
                padding: Padding::Pkcs1v15,
                digest: DigestAlgorithm::Sha256,
            },
            Self::EcP256 => SignatureScheme {
                padding: Padding::Ecdsa,
                digest: DigestAlgorithm::Sha256,
            },
            Self::EcP384 => SignatureScheme {
                padding: Padding::Ecdsa,
                digest: DigestAlgorithm::Sha384,
            },
        }
    }

    /// Whether a key of this kind can sign by that scheme.
    pub fn supports(self, scheme: SignatureScheme) -> bool {
        (self.rsa_bits().is_some()) == (scheme.padding != Padding::Ecdsa)
    }
}

named!(
    /// Digest algorithms. SHA-1 is absent on purpose.
    DigestAlgorithm {
        /// SHA-256 (FIPS 180-4).
        Sha256 = "sha-256",
        /// SHA-384 (FIPS 180-4).
        Sha384 = "sha-384",
        /// SHA-512 (FIPS 180-4).
        Sha512 = "sha-512",
    }
);

impl DigestAlgorithm {
    /// Length of a digest in bytes.
    pub fn output_len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

named!(
    /// How a digest becomes a signature value.
    Padding {
        /// RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2).
        Pkcs1v15 = "rsa-pkcs1",
        /// RSASSA-PSS (RFC 8017 section 8.1), MGF1 with the same digest, salt as long as the digest.
        Pss = "rsa-pss",
        /// ECDSA (FIPS 186-5 section 6).
        Ecdsa = "ecdsa",
    }
);

/// A padding and the digest it signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SignatureScheme {
    /// How the digest is padded.
    pub padding: Padding,
    /// Which digest is signed.
    pub digest: DigestAlgorithm,
}

/// A digest and the algorithm that made it; its length always fits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Digest {
    algorithm: DigestAlgorithm,
    bytes: Vec<u8>,
}

impl Digest {
    /// Takes a digest made elsewhere; `None` when the length is not the algorithm's.
    pub fn new(algorithm: DigestAlgorithm, bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() == algorithm.output_len()).then_some(Self { algorithm, bytes })
    }

    /// Takes what the digest function gave, whose length is right by its type.
    pub(super) fn from_output(algorithm: DigestAlgorithm, bytes: Vec<u8>) -> Self {
        Self { algorithm, bytes }
    }

    /// Digests bytes that are at hand.
    pub fn of(algorithm: DigestAlgorithm, data: &[u8]) -> Self {
        let mut hasher = super::hasher::Hasher::new(algorithm);
        hasher.update(data);
        hasher.finish()
    }

    /// The algorithm that made it.
    pub fn algorithm(&self) -> DigestAlgorithm {
        self.algorithm
    }

    /// The digest itself.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Lower-case hexadecimal, as people compare it.
    pub fn to_hex(&self) -> String {
        hex::encode(&self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_to_the_same_value() {
        for algorithm in KeyAlgorithm::ALL {
            assert_eq!(
                algorithm.as_str().parse::<KeyAlgorithm>().unwrap(),
                *algorithm
            );
        }
        let error = "sha-1".parse::<DigestAlgorithm>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "\"sha-1\" is not known here; one of: sha-256, sha-384, sha-512"
        );
    }

    #[test]
    fn a_digest_of_the_wrong_length_is_refused() {
        assert!(Digest::new(DigestAlgorithm::Sha384, vec![0; 32]).is_none());
    }

    #[test]
    fn rsa_keys_do_not_sign_ecdsa() {
        let ecdsa = KeyAlgorithm::EcP256.default_scheme();
        assert!(!KeyAlgorithm::Rsa3072.supports(ecdsa));
        assert!(KeyAlgorithm::EcP384.supports(ecdsa));
    }
}
