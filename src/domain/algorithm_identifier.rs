//! Algorithms as certificates and signatures write them: `AlgorithmIdentifier` (RFC 5280 section 4.1.1.2).

use const_oid::db::rfc5912;
use der::asn1::ObjectIdentifier;
use der::{Any, Encode};
use pkcs1::{RsaPssParams, TrailerField};
use spki::{AlgorithmIdentifier, AlgorithmIdentifierOwned};

use super::algorithm::{DigestAlgorithm, Padding, SignatureScheme};

/// The OID of a digest algorithm.
pub fn digest_oid(digest: DigestAlgorithm) -> ObjectIdentifier {
    match digest {
        DigestAlgorithm::Sha256 => rfc5912::ID_SHA_256,
        DigestAlgorithm::Sha384 => rfc5912::ID_SHA_384,
        DigestAlgorithm::Sha512 => rfc5912::ID_SHA_512,
    }
}

/// A digest algorithm without parameters, as RFC 5754 section 2 wants it generated.
pub fn digest_algorithm(digest: DigestAlgorithm) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifier {
        oid: digest_oid(digest),
        parameters: None,
    }
}

/// A signature made by this scheme: PKCS#1 with NULL parameters (RFC 4055 section 5), PSS with all parameters
/// spelled out (RFC 4055 section 3.1), ECDSA without parameters (RFC 5758 section 3.2).
pub fn signature_algorithm(
    scheme: SignatureScheme,
) -> Result<AlgorithmIdentifierOwned, der::Error> {
    use DigestAlgorithm::{Sha256, Sha384, Sha512};
    let null = || Some(Any::null());
    let (oid, parameters) = match (scheme.padding, scheme.digest) {
        (Padding::Pkcs1v15, Sha256) => (rfc5912::SHA_256_WITH_RSA_ENCRYPTION, null()),
        (Padding::Pkcs1v15, Sha384) => (rfc5912::SHA_384_WITH_RSA_ENCRYPTION, null()),
        (Padding::Pkcs1v15, Sha512) => (rfc5912::SHA_512_WITH_RSA_ENCRYPTION, null()),
        (Padding::Ecdsa, Sha256) => (rfc5912::ECDSA_WITH_SHA_256, None),
        (Padding::Ecdsa, Sha384) => (rfc5912::ECDSA_WITH_SHA_384, None),
        (Padding::Ecdsa, Sha512) => (rfc5912::ECDSA_WITH_SHA_512, None),
        (Padding::Pss, digest) => (rfc5912::ID_RSASSA_PSS, Some(pss_parameters(digest)?)),
    };
    Ok(AlgorithmIdentifier { oid, parameters })
}

/// RSASSA-PSS-params: MGF1 with the same digest, salt as long as the digest (RFC 8017 appendix A.2.3).
fn pss_parameters(digest: DigestAlgorithm) -> Result<Any, der::Error> {
    let hash = AlgorithmIdentifier {
        oid: digest_oid(digest),
        parameters: Some(Any::null()),
    };
    let parameters = RsaPssParams {
        mask_gen: AlgorithmIdentifier {
            oid: rfc5912::ID_MGF_1,
            parameters: Some(hash.clone()),
        },
        hash,
        salt_len: u8::try_from(digest.output_len()).unwrap_or(u8::MAX),
        trailer_field: TrailerField::BC,
    };
    Any::encode_from(&parameters)
}

/// The same, in DER.
pub fn signature_algorithm_der(scheme: SignatureScheme) -> Result<Vec<u8>, der::Error> {
    signature_algorithm(scheme)?.to_der()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pss_spells_out_every_parameter() {
        let der = signature_algorithm_der(SignatureScheme {
            padding: Padding::Pss,
            digest: DigestAlgorithm::Sha256,
        })
        .unwrap();
        assert_eq!(
            hex::encode(der),
            "304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d\
             06096086480165030402010500a203020120"
        );
    }
}
