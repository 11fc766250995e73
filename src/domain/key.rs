//! Public keys and signature values, and the check that one made the other.

use std::fmt;

use aws_lc_rs::digest as lc;
use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};
use der::Decode;
use der::asn1::ObjectIdentifier;
use spki::{SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef};

use super::algorithm::{Digest, DigestAlgorithm, KeyAlgorithm, Padding, SignatureScheme};

const RSA_ENCRYPTION: ObjectIdentifier = const_oid::db::rfc5912::RSA_ENCRYPTION;
const SECP_256_R_1: ObjectIdentifier = const_oid::db::rfc5912::SECP_256_R_1;
const SECP_384_R_1: ObjectIdentifier = const_oid::db::rfc5912::SECP_384_R_1;
const EC_PUBLIC_KEY: ObjectIdentifier = const_oid::db::rfc5912::ID_EC_PUBLIC_KEY;

/// What the first byte of a point says of its form (SEC 1 section 2.3.3).
const COMPRESSED_EVEN: u8 = 2;
const COMPRESSED_ODD: u8 = 3;
const UNCOMPRESSED: u8 = 4;

/// Data to be signed, in the form the HSM signs: a digest, never a document (DTBS/R of EN 419 241-1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DtbsR(pub Digest);

/// One thing to be signed: a digest and how. A set of them may mix schemes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ToSign {
    /// How to sign.
    pub scheme: SignatureScheme,
    /// What to sign.
    pub dtbs_r: DtbsR,
}

/// A signature value as CMS wants it (RFC 5652 section 5.3): RSA as it is, ECDSA as DER `ECDSA-Sig-Value`
/// (RFC 5753 section 7.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureValue(pub Vec<u8>);

/// A signature value that was found right, with what it is right for. [`PublicKey::verified`] alone makes one, so that who
/// takes it need not verify again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedValue {
    value: SignatureValue,
    key: PublicKey,
    over: ToSign,
}

/// Which key-encryption key of the HSM wraps the keys that wrap signers' keys. Versions count up; old ones stay for what
/// they wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KekVersion(pub u32);

impl fmt::Display for KekVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A public key and which kind it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    algorithm: KeyAlgorithm,
    spki: Vec<u8>,
}

/// Why a public key cannot be used here.
#[derive(Debug, thiserror::Error)]
pub enum InvalidPublicKey {
    /// Not a `SubjectPublicKeyInfo` in DER.
    #[error("not a SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) in DER")]
    Encoding(#[source] der::Error),
    /// Some other algorithm, curve or length.
    #[error("unsupported key: RSA of 2048, 3072 or 4096 bits, P-256 or P-384 expected")]
    Unsupported,
}

/// The signature value was not made over this digest with this key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify with the public key")]
pub struct BadSignature;

impl PublicKey {
    /// Reads a `SubjectPublicKeyInfo` (RFC 5280 section 4.1.2.7) in DER.
    ///
    /// Every signature reads its key several times, from its row and from its certificate. So whether it is a key at all is
    /// asked of the library that verifies. An `rsa::RsaPublicKey` would say so too, and prepare the modulus for arithmetic
    /// each time, which only whoever calculates with it needs.
    pub fn from_spki(spki: &[u8]) -> Result<Self, InvalidPublicKey> {
        let parsed = SubjectPublicKeyInfoRef::from_der(spki).map_err(InvalidPublicKey::Encoding)?;
        let algorithm = if parsed.algorithm.oid == RSA_ENCRYPTION {
            rsa_algorithm(&parsed)
        } else if parsed.algorithm.oid == EC_PUBLIC_KEY {
            ec_algorithm(&parsed)
        } else {
            None
        };
        let key = Self {
            algorithm: algorithm.ok_or(InvalidPublicKey::Unsupported)?,
            spki: spki.to_vec(),
        };
        let (_, verification) = key.verification(key.algorithm.default_scheme());
        match ParsedPublicKey::new(verification, spki) {
            Ok(_) => Ok(key),
            Err(_) => Err(InvalidPublicKey::Unsupported),
        }
    }

    /// Which kind of key it is.
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// The `SubjectPublicKeyInfo` in DER.
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The key identifier of RFC 5280 section 4.2.1.2, method 1 shortened as RFC 7093 section 2 allows: the
    /// leftmost 160 bits of SHA-256 over the key's bit string.
    pub fn identifier(&self) -> Vec<u8> {
        let bits = SubjectPublicKeyInfoOwned::from_der(&self.spki)
            .ok()
            .map(|spki| spki.subject_public_key.raw_bytes().to_vec())
            .unwrap_or_default();
        let mut digest = Digest::of(DigestAlgorithm::Sha256, &bits).bytes().to_vec();
        digest.truncate(20);
        digest
    }

    /// Checks a signature value over a digest, without the HSM.
    pub fn verify(
        &self,
        scheme: SignatureScheme,
        dtbs_r: &DtbsR,
        value: &SignatureValue,
    ) -> Result<(), BadSignature> {
        if !self.algorithm.supports(scheme) || dtbs_r.0.algorithm() != scheme.digest {
            return Err(BadSignature);
        }
        let (hash, verification) = self.verification(scheme);
        let digest = lc::Digest::import_less_safe(dtbs_r.0.bytes(), hash)
            .ok()
            .ok_or(BadSignature)?;
        let key = ParsedPublicKey::new(verification, &self.spki)
            .ok()
            .ok_or(BadSignature)?;
        key.verify_digest_sig(&digest, &value.0)
            .ok()
            .ok_or(BadSignature)
    }

    /// Checks a signature value and keeps what it was checked against.
    pub fn verified(
        &self,
        over: &ToSign,
        value: SignatureValue,
    ) -> Result<VerifiedValue, BadSignature> {
        self.verify(over.scheme, &over.dtbs_r, &value)?;
        Ok(VerifiedValue {
            value,
            key: self.clone(),
            over: over.clone(),
        })
    }

    fn verification(
        &self,
        scheme: SignatureScheme,
    ) -> (&'static lc::Algorithm, &'static dyn VerificationAlgorithm) {
        use DigestAlgorithm::{Sha256, Sha384, Sha512};
        let p384 = self.algorithm == KeyAlgorithm::EcP384;
        match (scheme.padding, scheme.digest) {
            (Padding::Pkcs1v15, Sha256) => (&lc::SHA256, &signature::RSA_PKCS1_2048_8192_SHA256),
            (Padding::Pkcs1v15, Sha384) => (&lc::SHA384, &signature::RSA_PKCS1_2048_8192_SHA384),
            (Padding::Pkcs1v15, Sha512) => (&lc::SHA512, &signature::RSA_PKCS1_2048_8192_SHA512),
            (Padding::Pss, Sha256) => (&lc::SHA256, &signature::RSA_PSS_2048_8192_SHA256),
            (Padding::Pss, Sha384) => (&lc::SHA384, &signature::RSA_PSS_2048_8192_SHA384),
            (Padding::Pss, Sha512) => (&lc::SHA512, &signature::RSA_PSS_2048_8192_SHA512),
            (Padding::Ecdsa, Sha256) if p384 => (&lc::SHA256, &signature::ECDSA_P384_SHA256_ASN1),
            (Padding::Ecdsa, Sha384) if p384 => (&lc::SHA384, &signature::ECDSA_P384_SHA384_ASN1),
            (Padding::Ecdsa, Sha512) if p384 => (&lc::SHA512, &signature::ECDSA_P384_SHA512_ASN1),
            (Padding::Ecdsa, Sha256) => (&lc::SHA256, &signature::ECDSA_P256_SHA256_ASN1),
            (Padding::Ecdsa, Sha384) => (&lc::SHA384, &signature::ECDSA_P256_SHA384_ASN1),
            (Padding::Ecdsa, Sha512) => (&lc::SHA512, &signature::ECDSA_P256_SHA512_ASN1),
        }
    }
}

impl VerifiedValue {
    /// The value itself.
    pub fn value(&self) -> &SignatureValue {
        &self.value
    }

    /// The value, if it was made with this key over this digest by this scheme. Nothing is calculated.
    pub fn value_for(
        self,
        key: &PublicKey,
        scheme: SignatureScheme,
        dtbs_r: &DtbsR,
    ) -> Result<SignatureValue, BadSignature> {
        let same = self.key == *key && self.over.scheme == scheme && self.over.dtbs_r == *dtbs_r;
        if same {
            Ok(self.value)
        } else {
            Err(BadSignature)
        }
    }
}

impl SignatureValue {
    /// Turns the r‖s of PKCS#11 `CKM_ECDSA` into DER; `None` when the halves are no valid pair.
    pub fn from_ecdsa_rs(algorithm: KeyAlgorithm, rs: &[u8]) -> Option<Self> {
        let der = match algorithm {
            KeyAlgorithm::EcP256 => p256::ecdsa::Signature::from_slice(rs)
                .ok()?
                .to_der()
                .as_bytes()
                .to_vec(),
            KeyAlgorithm::EcP384 => p384::ecdsa::Signature::from_slice(rs)
                .ok()?
                .to_der()
                .as_bytes()
                .to_vec(),
            KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 => return None,
        };
        Some(Self(der))
    }
}

/// By the length of the modulus (RFC 8017 appendix A.1.1). The parameters must be NULL (appendix A.1), which the library
/// that verifies does not mind.
fn rsa_algorithm(spki: &SubjectPublicKeyInfoRef<'_>) -> Option<KeyAlgorithm> {
    spki.algorithm.parameters.filter(|any| any.is_null())?;
    let bits = spki.subject_public_key.as_bytes()?;
    let key = rsa::pkcs1::RsaPublicKeyRef::from_der(bits).ok()?;
    let modulus = key.modulus.as_bytes();
    let leading = usize::try_from(modulus.first()?.leading_zeros()).ok()?;
    match (modulus.len() * 8).checked_sub(leading)? {
        2048 => Some(KeyAlgorithm::Rsa2048),
        3072 => Some(KeyAlgorithm::Rsa3072),
        4096 => Some(KeyAlgorithm::Rsa4096),
        _ => None,
    }
}

/// By the name of the curve (RFC 5480 section 2.1.1). The hybrid form of a point must not be used (section 2.2), which the
/// library that verifies takes.
fn ec_algorithm(spki: &SubjectPublicKeyInfoRef<'_>) -> Option<KeyAlgorithm> {
    let form = spki.subject_public_key.as_bytes()?.first()?;
    let is_known = [COMPRESSED_EVEN, COMPRESSED_ODD, UNCOMPRESSED].contains(form);
    match spki.algorithm.parameters_oid().ok()? {
        SECP_256_R_1 if is_known => Some(KeyAlgorithm::EcP256),
        SECP_384_R_1 if is_known => Some(KeyAlgorithm::EcP384),
        _ => None,
    }
}

/// Encodes an RSA public key from the token's `CKA_MODULUS` and `CKA_PUBLIC_EXPONENT` (big-endian).
pub fn rsa_spki(modulus: &[u8], exponent: &[u8]) -> Result<PublicKey, InvalidPublicKey> {
    use rsa::BoxedUint;
    use spki::EncodePublicKey;
    let key = rsa::RsaPublicKey::new(
        BoxedUint::from_be_slice_vartime(modulus),
        BoxedUint::from_be_slice_vartime(exponent),
    )
    .ok()
    .ok_or(InvalidPublicKey::Unsupported)?;
    let document = key
        .to_public_key_der()
        .ok()
        .ok_or(InvalidPublicKey::Unsupported)?;
    PublicKey::from_spki(document.as_bytes())
}

/// Encodes an elliptic-curve public key from an uncompressed point (SEC 1 section 2.3.3), the content of the
/// octet string in `CKA_EC_POINT`.
pub fn ec_spki(algorithm: KeyAlgorithm, point: &[u8]) -> Result<PublicKey, InvalidPublicKey> {
    use spki::EncodePublicKey;
    let document = match algorithm {
        KeyAlgorithm::EcP256 => p256::PublicKey::from_sec1_bytes(point)
            .ok()
            .and_then(|key| key.to_public_key_der().ok()),
        KeyAlgorithm::EcP384 => p384::PublicKey::from_sec1_bytes(point)
            .ok()
            .and_then(|key| key.to_public_key_der().ok()),
        KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 => None,
    };
    PublicKey::from_spki(document.ok_or(InvalidPublicKey::Unsupported)?.as_bytes())
}

#[cfg(test)]
mod tests {
    use der::Encode;
    use der::asn1::{Any, BitString, UintRef};
    use p256::ecdsa::signature::hazmat::PrehashSigner;
    use spki::AlgorithmIdentifierOwned;

    use super::*;

    #[test]
    fn a_p256_signature_verifies_only_over_its_own_digest() {
        let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
        let point = key.verifying_key().to_sec1_point(false);
        let public = ec_spki(KeyAlgorithm::EcP256, point.as_bytes()).unwrap();
        let scheme = KeyAlgorithm::EcP256.default_scheme();
        let dtbs_r = DtbsR(Digest::of(DigestAlgorithm::Sha256, b"yes"));
        let rs: p256::ecdsa::Signature = key.sign_prehash(dtbs_r.0.bytes()).unwrap();
        let value = SignatureValue::from_ecdsa_rs(KeyAlgorithm::EcP256, &rs.to_bytes()).unwrap();
        assert_eq!(public.verify(scheme, &dtbs_r, &value), Ok(()));
        let other = DtbsR(Digest::of(DigestAlgorithm::Sha256, b"no"));
        assert_eq!(public.verify(scheme, &other, &value), Err(BadSignature));
    }

    #[test]
    fn a_verified_value_is_given_only_for_what_it_was_verified_for() {
        let key = |number| {
            let key = p256::ecdsa::SigningKey::from_slice(&[number; 32]).unwrap();
            let point = key.verifying_key().to_sec1_point(false);
            let public = ec_spki(KeyAlgorithm::EcP256, point.as_bytes()).unwrap();
            (key, public)
        };
        let ((signing, public), (_, another)) = (key(7), key(8));
        let over = ToSign {
            scheme: KeyAlgorithm::EcP256.default_scheme(),
            dtbs_r: DtbsR(Digest::of(DigestAlgorithm::Sha256, b"yes")),
        };
        let rs: p256::ecdsa::Signature = signing.sign_prehash(over.dtbs_r.0.bytes()).unwrap();
        let value = SignatureValue::from_ecdsa_rs(KeyAlgorithm::EcP256, &rs.to_bytes()).unwrap();
        assert_eq!(another.verified(&over, value.clone()), Err(BadSignature));
        let verified = || public.verified(&over, value.clone()).unwrap();
        let given = verified().value_for(&public, over.scheme, &over.dtbs_r);
        assert_eq!(given, Ok(value.clone()));
        let with_another_key = verified().value_for(&another, over.scheme, &over.dtbs_r);
        assert_eq!(with_another_key, Err(BadSignature));
        let scheme = SignatureScheme {
            digest: DigestAlgorithm::Sha512,
            ..over.scheme
        };
        let by_another_scheme = verified().value_for(&public, scheme, &over.dtbs_r);
        assert_eq!(by_another_scheme, Err(BadSignature));
        let other = DtbsR(Digest::of(DigestAlgorithm::Sha256, b"no"));
        let over_another_digest = verified().value_for(&public, over.scheme, &other);
        assert_eq!(over_another_digest, Err(BadSignature));
    }

    #[test]
    fn keys_of_other_kinds_are_refused() {
        assert!(matches!(
            PublicKey::from_spki(b"junk"),
            Err(InvalidPublicKey::Encoding(_))
        ));
        assert!(rsa_spki(&[0xff; 128], &[1, 0, 1]).is_err());
    }

    fn spki(oid: ObjectIdentifier, parameters: Option<Any>, key: &[u8]) -> Vec<u8> {
        let algorithm = AlgorithmIdentifierOwned { oid, parameters };
        let subject_public_key = BitString::from_bytes(key).unwrap();
        let spki = SubjectPublicKeyInfoOwned {
            algorithm,
            subject_public_key,
        };
        spki.to_der().unwrap()
    }

    fn rsa(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
        let key = rsa::pkcs1::RsaPublicKeyRef {
            modulus: UintRef::new(modulus).unwrap(),
            public_exponent: UintRef::new(exponent).unwrap(),
        };
        spki(RSA_ENCRYPTION, Some(Any::null()), &key.to_der().unwrap())
    }

    fn on_curve(curve: ObjectIdentifier, point: &[u8]) -> Vec<u8> {
        let curve = Any::encode_from(&curve).unwrap();
        spki(EC_PUBLIC_KEY, Some(curve), point)
    }

    fn refused(spki: &[u8]) -> bool {
        let read = PublicKey::from_spki(spki);
        matches!(read, Err(InvalidPublicKey::Unsupported))
    }

    #[test]
    fn an_rsa_key_whose_numbers_cannot_be_those_of_a_key_is_refused() {
        for length in [256, 384, 512] {
            let modulus = vec![0xff; length];
            let mut even = modulus.clone();
            even[length - 1] = 0xfe;
            assert!(PublicKey::from_spki(&rsa(&modulus, &[1, 0, 1])).is_ok());
            assert!(PublicKey::from_spki(&rsa(&modulus, &[3])).is_ok());
            assert!(refused(&rsa(&even, &[1, 0, 1])), "an even modulus");
            for exponent in [
                &[0][..],
                &[1],
                &[2],
                &[1, 0, 0],
                &[2, 0, 0, 0, 1],
                &[0x80, 0, 0, 0, 0, 0, 0, 1],
                &modulus,
            ] {
                assert!(refused(&rsa(&modulus, exponent)), "{exponent:?}");
            }
        }
    }

    #[test]
    fn an_rsa_key_in_another_wrapping_is_refused() {
        let whole = rsa(&[0xff; 256], &[1, 0, 1]);
        let parsed = SubjectPublicKeyInfoOwned::from_der(&whole).unwrap();
        let key = parsed.subject_public_key.raw_bytes();
        let null = || Some(Any::null());
        assert_eq!(spki(RSA_ENCRYPTION, null(), key), whole);
        assert!(refused(&spki(RSA_ENCRYPTION, None, key)));
        let other = Any::encode_from(&SECP_256_R_1).unwrap();
        assert!(refused(&spki(RSA_ENCRYPTION, Some(other), key)));
        let pss = const_oid::db::rfc5912::ID_RSASSA_PSS;
        assert!(refused(&spki(pss, None, key)));
        assert!(refused(&spki(
            RSA_ENCRYPTION,
            null(),
            &[key, &[0]].concat()
        )));
        assert!(refused(&spki(RSA_ENCRYPTION, null(), &[])));
    }

    #[test]
    fn a_point_that_is_no_key_of_the_named_curve_is_refused() {
        let p256 = p256::SecretKey::from_slice(&[7; 32]).unwrap().public_key();
        let p384 = p384::SecretKey::from_slice(&[7; 48]).unwrap().public_key();
        let (p256, p384) = (p256.to_sec1_bytes(), p384.to_sec1_bytes());
        for (curve, point, other) in [(SECP_256_R_1, &p256, &p384), (SECP_384_R_1, &p384, &p256)] {
            assert!(PublicKey::from_spki(&on_curve(curve, point)).is_ok());
            assert!(refused(&on_curve(curve, other)), "of the other curve");
            let mut beside = point.to_vec();
            *beside.last_mut().unwrap() ^= 1;
            assert!(refused(&on_curve(curve, &beside)), "beside the curve");
            let odd = point.last().unwrap() & 1;
            let mut compressed = point[..=point.len() / 2].to_vec();
            compressed[0] = 2 + odd;
            assert!(PublicKey::from_spki(&on_curve(curve, &compressed)).is_ok());
            let mut hybrid = point.to_vec();
            hybrid[0] = 6 + odd;
            assert!(refused(&on_curve(curve, &hybrid)), "in hybrid form");
            let mut too_large = vec![0xff; point.len()];
            too_large[0] = 4;
            assert!(refused(&on_curve(curve, &too_large)), "beyond the field");
            let mut origin = vec![0; point.len()];
            origin[0] = 4;
            assert!(refused(&on_curve(curve, &origin)), "the origin");
            assert!(refused(&on_curve(curve, &[0])), "the point at infinity");
            assert!(refused(&on_curve(curve, &[])));
            assert!(refused(&on_curve(curve, &point[..point.len() - 1])));
            assert!(refused(&on_curve(curve, &[point, &[0][..]].concat())));
        }
        let named = |curve| refused(&on_curve(curve, &p256));
        assert!(named(const_oid::db::rfc5912::SECP_521_R_1));
        assert!(named(ObjectIdentifier::new_unwrap("1.3.132.0.10")));
        assert!(refused(&spki(EC_PUBLIC_KEY, None, &p256)));
        assert!(refused(&spki(EC_PUBLIC_KEY, Some(Any::null()), &p256)));
    }
}
