//! Signing a digest with a key at hand. With a wrapped key, `batch` does it.

use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::ObjectHandle;
use der::asn1::{Any, OctetString};
use der::{Encode, Sequence};
use spki::AlgorithmIdentifierOwned;

use super::call::Call;
use super::connection::Connection;
use super::error::{During, HsmError, Operation};
use super::key_pair::malformed;
use super::wrap::WrappedKey;
use crate::domain::algorithm::{Digest, DigestAlgorithm, KeyAlgorithm, Padding};
use crate::domain::algorithm_identifier::digest_oid;
use crate::domain::key::{SignatureValue, ToSign};
use crate::domain::wrapping::WrappedBy;

/// RFC 8017 section 9.2: what PKCS#1 v1.5 signs.
#[derive(Sequence)]
struct DigestInfo {
    digest_algorithm: AlgorithmIdentifierOwned,
    digest: OctetString,
}

/// What is to be signed with a wrapped key.
pub(super) struct WrappedSigning {
    /// What wrapped it.
    pub(super) by: WrappedBy,
    /// The key's kind.
    pub(super) algorithm: KeyAlgorithm,
    /// The key.
    pub(super) wrapped: WrappedKey,
    /// What to sign, in this order.
    pub(super) to_sign: Vec<ToSign>,
}

/// Signs one digest.
pub(super) fn sign(
    connection: &Connection,
    call: &Call,
    key: ObjectHandle,
    algorithm: KeyAlgorithm,
    to_sign: &ToSign,
) -> Result<SignatureValue, HsmError> {
    let scheme = to_sign.scheme;
    let digest = &to_sign.dtbs_r.0;
    if !algorithm.supports(scheme) || digest.algorithm() != scheme.digest {
        return Err(HsmError::Scheme { algorithm, scheme });
    }
    let (mechanism, input) = match scheme.padding {
        Padding::Pkcs1v15 => (Mechanism::RsaPkcs, digest_info(digest)?),
        Padding::Pss => (
            Mechanism::RsaPkcsPss(pss(scheme.digest)?),
            digest.bytes().to_vec(),
        ),
        Padding::Ecdsa => (Mechanism::Ecdsa, leftmost(algorithm, digest)),
    };
    call.step(Operation::Sign)?;
    let value = connection
        .session
        .sign(&mechanism, key, &input)
        .during(Operation::Sign)?;
    if value.len() != algorithm.signature_len() {
        return Err(malformed("signature value", None));
    }
    match scheme.padding {
        Padding::Pkcs1v15 | Padding::Pss => Ok(SignatureValue(value)),
        Padding::Ecdsa => SignatureValue::from_ecdsa_rs(algorithm, &value)
            .ok_or_else(|| malformed("signature value", None)),
    }
}

fn digest_info(digest: &Digest) -> Result<Vec<u8>, HsmError> {
    let encode = || {
        DigestInfo {
            digest_algorithm: AlgorithmIdentifierOwned {
                oid: digest_oid(digest.algorithm()),
                parameters: Some(Any::null()),
            },
            digest: OctetString::new(digest.bytes())?,
        }
        .to_der()
    };
    encode().ok().ok_or_else(|| malformed("DigestInfo", None))
}

fn pss(digest: DigestAlgorithm) -> Result<PkcsPssParams, HsmError> {
    let (hash_alg, mgf) = match digest {
        DigestAlgorithm::Sha256 => (MechanismType::SHA256, PkcsMgfType::MGF1_SHA256),
        DigestAlgorithm::Sha384 => (MechanismType::SHA384, PkcsMgfType::MGF1_SHA384),
        DigestAlgorithm::Sha512 => (MechanismType::SHA512, PkcsMgfType::MGF1_SHA512),
    };
    Ok(PkcsPssParams {
        hash_alg,
        mgf,
        s_len: digest.output_len().try_into().during(Operation::Sign)?,
    })
}

/// ECDSA signs as many leftmost bits of the digest as the curve's order has (FIPS 186-5 section 6.4.1). Cut here,
/// since some tokens refuse longer input.
fn leftmost(algorithm: KeyAlgorithm, digest: &Digest) -> Vec<u8> {
    let order_len = algorithm.signature_len() / 2;
    digest.bytes().iter().copied().take(order_len).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_info_is_that_of_the_standard() {
        let digest = Digest::new(DigestAlgorithm::Sha256, vec![0; 32]).unwrap();
        assert_eq!(
            hex::encode(digest_info(&digest).unwrap()),
            format!("3031300d060960864801650304020105000420{}", "00".repeat(32))
        );
    }

    #[test]
    fn ecdsa_takes_no_more_than_its_order() {
        let long = Digest::of(DigestAlgorithm::Sha512, b"x");
        assert_eq!(leftmost(KeyAlgorithm::EcP256, &long), long.bytes()[..32]);
        let short = Digest::of(DigestAlgorithm::Sha256, b"x");
        assert_eq!(leftmost(KeyAlgorithm::EcP384, &short), short.bytes());
    }
}
