//! Making key pairs and reading public keys back.

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectHandle};
use der::asn1::{ObjectIdentifier, OctetString};
use der::{Decode, Encode};

use super::connection::Connection;
use super::error::{During, HsmError, Operation};
use super::object::Ephemeral;
use super::settings::{Rsa2048, Settings};
use crate::domain::algorithm::KeyAlgorithm;
use crate::domain::key::{InvalidPublicKey, PublicKey, ec_spki, rsa_spki};

/// 65537, big-endian.
const PUBLIC_EXPONENT: [u8; 3] = [1, 0, 1];

/// Both halves of a key pair just made.
pub(super) struct KeyPair<'a> {
    /// The public key object.
    pub(super) public: Ephemeral<'a>,
    /// The private key object.
    pub(super) private: Ephemeral<'a>,
}

/// Refuses what the settings do not allow.
pub(super) fn check_allowed(settings: &Settings, algorithm: KeyAlgorithm) -> Result<(), HsmError> {
    match (algorithm, settings.rsa_2048) {
        (KeyAlgorithm::Rsa2048, Rsa2048::Refused) => Err(HsmError::Rsa2048),
        (KeyAlgorithm::Rsa2048, Rsa2048::Allowed) => {
            tracing::warn!("making an RSA-2048 key: ETSI TS 119 312 no longer recommends them");
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Makes a key pair. The attributes given are added to those that the algorithm and its use demand.
pub(super) fn generate<'a>(
    connection: &'a Connection,
    algorithm: KeyAlgorithm,
    public: &[Attribute],
    private: &[Attribute],
) -> Result<KeyPair<'a>, HsmError> {
    let mut public = public.to_vec();
    public.extend([Attribute::Private(false), Attribute::Verify(true)]);
    let mechanism = match (algorithm.rsa_bits(), curve(algorithm)) {
        (Some(bits), _) => {
            public.extend([
                Attribute::ModulusBits(u64::from(bits).into()),
                Attribute::PublicExponent(PUBLIC_EXPONENT.to_vec()),
            ]);
            Mechanism::RsaPkcsKeyPairGen
        }
        (None, Some(curve)) => {
            public.push(Attribute::EcParams(curve));
            Mechanism::EccKeyPairGen
        }
        (None, None) => return Err(malformed("curve", None)),
    };
    let mut private = private.to_vec();
    private.extend(signing_only());
    let (public, private) = connection
        .session
        .generate_key_pair(&mechanism, &public, &private)
        .during(Operation::GenerateKeyPair)?;
    Ok(KeyPair {
        public: Ephemeral::new(connection, public),
        private: Ephemeral::new(connection, private),
    })
}

/// What every private key here is: sensitive, and good for signing alone.
pub(super) fn signing_only() -> [Attribute; 5] {
    [
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Sign(true),
        Attribute::Decrypt(false),
        Attribute::Unwrap(false),
    ]
}

/// The PKCS#11 key type.
pub(super) fn key_type(algorithm: KeyAlgorithm) -> KeyType {
    match algorithm.rsa_bits() {
        Some(_) => KeyType::RSA,
        None => KeyType::EC,
    }
}

/// Reads a public key object.
pub(super) fn public_key(
    connection: &Connection,
    handle: ObjectHandle,
) -> Result<PublicKey, HsmError> {
    let wanted = [
        AttributeType::KeyType,
        AttributeType::Modulus,
        AttributeType::PublicExponent,
        AttributeType::EcParams,
        AttributeType::EcPoint,
    ];
    let mut attributes = Vec::new();
    for kind in wanted {
        // One by one: some tokens refuse the whole question for an attribute the key does not have.
        attributes.extend(
            connection
                .session
                .get_attributes(handle, &[kind])
                .unwrap_or_default(),
        );
    }
    let mut modulus = None;
    let mut exponent = None;
    let mut algorithm = None;
    let mut point = None;
    for attribute in attributes {
        match attribute {
            Attribute::Modulus(bytes) => modulus = Some(bytes),
            Attribute::PublicExponent(bytes) => exponent = Some(bytes),
            Attribute::EcParams(params) => algorithm = algorithm_of(&params),
            Attribute::EcPoint(bytes) => point = Some(uncompressed_point(bytes)),
            _ => {}
        }
    }
    let key = match (modulus, exponent, algorithm, point) {
        (Some(modulus), Some(exponent), _, _) => rsa_spki(&modulus, &exponent),
        (_, _, Some(algorithm), Some(point)) => ec_spki(algorithm, &point),
        _ => return Err(malformed("public key", None)),
    };
    key.map_err(|source| malformed("public key", Some(source)))
}

/// A value of the token that is not what it should be.
pub(super) fn malformed(what: &'static str, source: Option<InvalidPublicKey>) -> HsmError {
    HsmError::Malformed { what, source }
}

/// `CKA_EC_PARAMS`: the curve's OID in DER (PKCS#11 section 6.3.3).
fn curve(algorithm: KeyAlgorithm) -> Option<Vec<u8>> {
    curve_oid(algorithm)?.to_der().ok()
}

fn curve_oid(algorithm: KeyAlgorithm) -> Option<ObjectIdentifier> {
    match algorithm {
        KeyAlgorithm::EcP256 => Some(const_oid::db::rfc5912::SECP_256_R_1),
        KeyAlgorithm::EcP384 => Some(const_oid::db::rfc5912::SECP_384_R_1),
        KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 => None,
    }
}

fn algorithm_of(ec_params: &[u8]) -> Option<KeyAlgorithm> {
    KeyAlgorithm::ALL
        .iter()
        .copied()
        .find(|algorithm| curve(*algorithm).is_some_and(|curve| curve == ec_params))
}

/// `CKA_EC_POINT` is an octet string around the point (section 6.3.3); some tokens forget the octet string.
fn uncompressed_point(ec_point: Vec<u8>) -> Vec<u8> {
    match OctetString::from_der(&ec_point) {
        Ok(inner) => inner.into_bytes().into(),
        Err(_) => ec_point,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_read_back_to_their_algorithm() {
        for algorithm in [KeyAlgorithm::EcP256, KeyAlgorithm::EcP384] {
            assert_eq!(algorithm_of(&curve(algorithm).unwrap()), Some(algorithm));
        }
        assert_eq!(algorithm_of(b"junk"), None);
    }

    #[test]
    fn a_point_is_read_with_and_without_its_octet_string() {
        assert_eq!(uncompressed_point(vec![4, 2, 4, 9]), vec![4, 9]);
        assert_eq!(uncompressed_point(vec![4, 9, 9, 9]), vec![4, 9, 9, 9]);
    }
}
