//! What every PKCS#11 module must do for us. The token has KEK 1 and allows RSA-2048; whether it can make keys on
//! elliptic curves, and whether its way of wrapping protects integrity, differs.

use rubrica::clock::Ambient;
use rubrica::domain::algorithm::{Digest, DigestAlgorithm, KeyAlgorithm, Padding, SignatureScheme};
use rubrica::domain::key::{DtbsR, PublicKey, SignatureValue, ToSign};
use rubrica::domain::wrapping::{WrappedBy, WrappingKey};
use rubrica::hsm::{Hsm, HsmError, KekVersion, Unwrapper, WrappedKey};

use crate::harness::wrapping::{wrapped_by, wrapping_key};

const KEK: KekVersion = KekVersion(1);

/// Makes a test of each function below, on the token that `$hsm` gives.
macro_rules! on {
    ($hsm:path) => {
        $crate::hsm::contract::on!($hsm;
            every_scheme_verifies_with_two_libraries,
            signatures_come_in_the_order_of_their_digests,
            one_key_signs_by_several_schemes_at_once,
            a_digest_of_another_algorithm_is_refused_alone,
            a_wrapped_key_is_useless_without_what_wrapped_it,
            a_wrapping_key_wrapped_anew_opens_what_it_has_wrapped,
            what_cannot_be_wrapped_anew_is_told,
            a_damaged_wrapped_key_is_told_and_the_session_lives_on,
            a_missing_kek_is_named,
            a_kek_version_is_made_once,
            an_authority_key_signs_and_is_made_once
        );
    };
    ($hsm:path; $($test:ident),+) => {
        $(
            #[test]
            fn $test() {
                $crate::hsm::contract::$test(&$hsm());
            }
        )+
    };
}
pub(crate) use on;

pub(crate) fn every_scheme_verifies_with_two_libraries(hsm: &Hsm) {
    let by = wrapped_by(hsm, KEK);
    for algorithm in made_by(hsm, KeyAlgorithm::ALL) {
        let key = hsm.generate_wrapped(&by, algorithm).unwrap();
        assert_eq!(key.public_key.algorithm(), algorithm);
        for scheme in schemes(algorithm) {
            let to_sign = to_sign(scheme, b"a document");
            let dtbs_r = to_sign.dtbs_r.clone();
            let values = hsm
                .sign_wrapped(&by, algorithm, &key.wrapped, &[to_sign])
                .unwrap();
            let [Ok(value)] = values.as_slice() else {
                panic!("{algorithm} {scheme:?}: {values:?}");
            };
            assert_eq!(
                key.public_key.verify(scheme, &dtbs_r, value),
                Ok(()),
                "{algorithm} {scheme:?}"
            );
            verify_independently(&key.public_key, scheme, &dtbs_r, value);
            let other = DtbsR(Digest::of(scheme.digest, b"another document"));
            assert!(key.public_key.verify(scheme, &other, value).is_err());
        }
    }
}

pub(crate) fn signatures_come_in_the_order_of_their_digests(hsm: &Hsm) {
    let algorithm = KeyAlgorithm::Rsa2048;
    let by = wrapped_by(hsm, KEK);
    let key = hsm.generate_wrapped(&by, algorithm).unwrap();
    let scheme = algorithm.default_scheme();
    let texts: [&[u8]; 5] = [b"one", b"two", b"one", b"three", b"two"];
    let all = texts.map(|text| to_sign(scheme, text));
    let values = hsm
        .sign_wrapped(&by, algorithm, &key.wrapped, &all)
        .unwrap();
    let values: Vec<_> = values.into_iter().map(Result::unwrap).collect();
    assert_eq!(values.len(), all.len());
    for (one, value) in all.iter().zip(&values) {
        assert_eq!(key.public_key.verify(scheme, &one.dtbs_r, value), Ok(()));
    }
    // PKCS#1 v1.5 is deterministic.
    assert_eq!(values[0], values[2]);
    assert_ne!(values[0], values[1]);
}

pub(crate) fn one_key_signs_by_several_schemes_at_once(hsm: &Hsm) {
    let algorithm = KeyAlgorithm::Rsa2048;
    let by = wrapped_by(hsm, KEK);
    let key = hsm.generate_wrapped(&by, algorithm).unwrap();
    let all: Vec<_> = schemes(algorithm)
        .into_iter()
        .map(|scheme| to_sign(scheme, b"a document"))
        .collect();
    let values = hsm
        .sign_wrapped(&by, algorithm, &key.wrapped, &all)
        .unwrap();
    assert_eq!(values.len(), 6);
    for (one, value) in all.iter().zip(values) {
        assert_eq!(
            key.public_key
                .verify(one.scheme, &one.dtbs_r, &value.unwrap()),
            Ok(())
        );
    }
}

pub(crate) fn a_digest_of_another_algorithm_is_refused_alone(hsm: &Hsm) {
    let algorithm = quick(hsm);
    let by = wrapped_by(hsm, KEK);
    let key = hsm.generate_wrapped(&by, algorithm).unwrap();
    let scheme = algorithm.default_scheme();
    let fits = to_sign(scheme, b"fits");
    let does_not = ToSign {
        scheme,
        dtbs_r: DtbsR(Digest::of(DigestAlgorithm::Sha512, b"does not")),
    };
    let values = hsm
        .sign_wrapped(
            &by,
            algorithm,
            &key.wrapped,
            &[fits.clone(), does_not, fits],
        )
        .unwrap();
    assert!(matches!(
        values.as_slice(),
        [Ok(_), Err(HsmError::Scheme { .. }), Ok(_)]
    ));
}

pub(crate) fn a_wrapped_key_is_useless_without_what_wrapped_it(hsm: &Hsm) {
    let other_kek = fresh_version();
    hsm.generate_kek(other_kek).unwrap();
    assert!(hsm.keks().unwrap().contains(&other_kek));
    let algorithm = quick(hsm);
    let key = wrapping_key(hsm, KEK);
    let by = WrappedBy::WrappingKey(key.clone());
    let signers = hsm.generate_wrapped(&by, algorithm).unwrap();
    let another = wrapping_key(hsm, KEK);
    for (other, expected) in [
        (WrappedBy::Kek(KEK), Unwrapper::Kek(KEK)),
        (WrappedBy::Kek(other_kek), Unwrapper::Kek(other_kek)),
        (
            WrappedBy::WrappingKey(another.clone()),
            Unwrapper::WrappingKey(another.id),
        ),
        (
            WrappedBy::WrappingKey(WrappingKey {
                id: Ambient::system().id(),
                kek: other_kek,
                ..key
            }),
            Unwrapper::Kek(other_kek),
        ),
    ] {
        let error = sign_one(hsm, &other, algorithm, &signers.wrapped).unwrap_err();
        assert!(
            matches!(error, HsmError::WrappedKey { by, .. } if by == expected),
            "{error:?}"
        );
        assert!(error.to_string().contains(&expected.to_string()));
    }
}

pub(crate) fn a_wrapping_key_wrapped_anew_opens_what_it_has_wrapped(hsm: &Hsm) {
    let to = fresh_version();
    hsm.generate_kek(to).unwrap();
    let old = wrapping_key(hsm, KEK);
    let by = WrappedBy::WrappingKey(old.clone());
    let keys: Vec<_> = made_by(hsm, &[KeyAlgorithm::Rsa3072, KeyAlgorithm::EcP256])
        .into_iter()
        .map(|algorithm| (algorithm, hsm.generate_wrapped(&by, algorithm).unwrap()))
        .collect();
    let before = hsm.object_count().unwrap();
    let rewrapped = hsm
        .rewrap(KEK, &WrappedKey::new(old.wrapped.clone()), to)
        .unwrap();
    assert_eq!(hsm.object_count().unwrap().token, before.token);
    assert_ne!(rewrapped.as_bytes(), old.wrapped);
    // Under another name, so that no session has it at hand.
    let anew = WrappedBy::WrappingKey(WrappingKey {
        id: Ambient::system().id(),
        kek: to,
        wrapped: rewrapped.as_bytes().to_vec(),
        ..old
    });
    for (algorithm, key) in keys {
        for by in [&by, &anew] {
            let value = sign_one(hsm, by, algorithm, &key.wrapped).unwrap();
            let one = to_sign(algorithm.default_scheme(), b"a document");
            key.public_key
                .verify(one.scheme, &one.dtbs_r, &value)
                .unwrap();
        }
        let more = hsm.generate_wrapped(&anew, algorithm).unwrap();
        sign_one(hsm, &by, algorithm, &more.wrapped).unwrap();
    }
}

pub(crate) fn what_cannot_be_wrapped_anew_is_told(hsm: &Hsm) {
    let missing = fresh_version();
    let key = wrapping_key(hsm, KEK);
    let wrapped = WrappedKey::new(key.wrapped.clone());
    for (from, to) in [(KEK, missing), (missing, KEK)] {
        let error = hsm.rewrap(from, &wrapped, to).unwrap_err();
        assert!(
            matches!(error, HsmError::KekMissing(version) if version == missing),
            "{error:?}"
        );
    }
    let mut cut = key.wrapped;
    cut.pop();
    let error = hsm.rewrap(KEK, &WrappedKey::new(cut), KEK).unwrap_err();
    assert!(matches!(error, HsmError::WrappedKey { .. }), "{error:?}");
}

pub(crate) fn a_damaged_wrapped_key_is_told_and_the_session_lives_on(hsm: &Hsm) {
    let algorithm = quick(hsm);
    let by = wrapped_by(hsm, KEK);
    let key = hsm.generate_wrapped(&by, algorithm).unwrap();
    let mut bytes = key.wrapped.as_bytes().to_vec();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let told = |error: HsmError| {
        assert!(matches!(error, HsmError::WrappedKey { .. }), "{error:?}");
        assert!(!error.is_temporary());
    };
    for no_key in [Vec::new(), vec![9; 40]] {
        told(sign_one(hsm, &by, algorithm, &WrappedKey::new(no_key)).unwrap_err());
    }
    // CBC protects no integrity: a key that is damaged where it is not looked at still signs. There the seal around it
    // keeps it from coming so far.
    if let Err(error) = sign_one(hsm, &by, algorithm, &WrappedKey::new(bytes)) {
        told(error);
    }
    sign_one(hsm, &by, algorithm, &key.wrapped).unwrap();
}

pub(crate) fn a_missing_kek_is_named(hsm: &Hsm) {
    let version = fresh_version();
    let error = hsm
        .generate_wrapped(&WrappedBy::Kek(version), quick(hsm))
        .unwrap_err();
    assert!(matches!(error, HsmError::KekMissing(missing) if missing == version));
    assert!(error.to_string().contains(&version.to_string()));
}

pub(crate) fn a_kek_version_is_made_once(hsm: &Hsm) {
    let version = fresh_version();
    hsm.generate_kek(version).unwrap();
    assert!(matches!(
        hsm.generate_kek(version),
        Err(HsmError::KekExists(existing)) if existing == version
    ));
    let keks = hsm.keks().unwrap();
    assert_eq!(keks.iter().filter(|kek| **kek == version).count(), 1);
    assert!(keks.is_sorted());
}

pub(crate) fn an_authority_key_signs_and_is_made_once(hsm: &Hsm) {
    for algorithm in made_by(hsm, &[KeyAlgorithm::EcP384, KeyAlgorithm::Rsa3072]) {
        let label = format!("authority-{}", fresh_version());
        assert!(hsm.authority_key(&label).unwrap().is_none());
        let scheme = algorithm.default_scheme();
        let dtbs_r = to_sign(scheme, b"a certificate").dtbs_r;
        assert!(matches!(
            hsm.sign_with_authority(&label, scheme, &dtbs_r),
            Err(HsmError::AuthorityMissing(missing)) if missing == label
        ));
        let public_key = hsm.generate_authority_key(&label, algorithm).unwrap();
        assert_eq!(hsm.authority_key(&label).unwrap().unwrap(), public_key);
        assert!(matches!(
            hsm.generate_authority_key(&label, algorithm),
            Err(HsmError::AuthorityExists(existing)) if existing == label
        ));
        let value = hsm.sign_with_authority(&label, scheme, &dtbs_r).unwrap();
        assert_eq!(public_key.verify(scheme, &dtbs_r, &value), Ok(()));
    }
}

/// Of those, the algorithms whose keys the token can make.
fn made_by(hsm: &Hsm, algorithms: &[KeyAlgorithm]) -> Vec<KeyAlgorithm> {
    let status = hsm.status().unwrap();
    let curves = status
        .missing()
        .all(|mechanism| mechanism.name != "CKM_EC_KEY_PAIR_GEN");
    let mut algorithms = algorithms.to_vec();
    algorithms.retain(|algorithm| curves || algorithm.rsa_bits().is_some());
    assert!(!algorithms.is_empty());
    algorithms
}

/// The algorithm whose keys are made in the shortest time.
fn quick(hsm: &Hsm) -> KeyAlgorithm {
    made_by(hsm, &[KeyAlgorithm::EcP256, KeyAlgorithm::Rsa2048])[0]
}

/// Every scheme a key can sign by.
pub(crate) fn schemes(algorithm: KeyAlgorithm) -> Vec<SignatureScheme> {
    Padding::ALL
        .iter()
        .flat_map(|padding| {
            DigestAlgorithm::ALL.iter().map(|digest| SignatureScheme {
                padding: *padding,
                digest: *digest,
            })
        })
        .filter(|scheme| algorithm.supports(*scheme))
        .collect()
}

pub(crate) fn to_sign(scheme: SignatureScheme, text: &[u8]) -> ToSign {
    ToSign {
        scheme,
        dtbs_r: DtbsR(Digest::of(scheme.digest, text)),
    }
}

/// Signs one digest by the default scheme.
pub(crate) fn sign_one(
    hsm: &Hsm,
    by: &WrappedBy,
    algorithm: KeyAlgorithm,
    wrapped: &WrappedKey,
) -> Result<SignatureValue, HsmError> {
    let one = to_sign(algorithm.default_scheme(), b"a document");
    hsm.sign_wrapped(by, algorithm, wrapped, &[one])?.remove(0)
}

/// A KEK version that no other test uses: a token may outlive the test.
fn fresh_version() -> KekVersion {
    KekVersion((u32::from_be_bytes(Ambient::system().random()) >> 2) | 0x4000_0000)
}

/// The pure-Rust libraries, which share no code with the one that `PublicKey::verify` uses.
fn verify_independently(
    key: &PublicKey,
    scheme: SignatureScheme,
    dtbs_r: &DtbsR,
    value: &SignatureValue,
) {
    use p256::ecdsa::signature::hazmat::PrehashVerifier;
    use rsa::pkcs8::DecodePublicKey;
    let digest = dtbs_r.0.bytes();
    match (key.algorithm(), scheme.padding) {
        (KeyAlgorithm::EcP256, _) => {
            p256::ecdsa::VerifyingKey::from_public_key_der(key.spki())
                .unwrap()
                .verify_prehash(digest, &p256::ecdsa::Signature::from_der(&value.0).unwrap())
                .unwrap();
        }
        (KeyAlgorithm::EcP384, _) => {
            p384::ecdsa::VerifyingKey::from_public_key_der(key.spki())
                .unwrap()
                .verify_prehash(digest, &p384::ecdsa::Signature::from_der(&value.0).unwrap())
                .unwrap();
        }
        (_, padding) => {
            let key = rsa::RsaPublicKey::from_public_key_der(key.spki()).unwrap();
            match (padding, scheme.digest) {
                (Padding::Pss, DigestAlgorithm::Sha256) => {
                    key.verify(rsa::Pss::<sha2::Sha256>::new(), digest, &value.0)
                }
                (Padding::Pss, DigestAlgorithm::Sha384) => {
                    key.verify(rsa::Pss::<sha2::Sha384>::new(), digest, &value.0)
                }
                (Padding::Pss, DigestAlgorithm::Sha512) => {
                    key.verify(rsa::Pss::<sha2::Sha512>::new(), digest, &value.0)
                }
                (_, DigestAlgorithm::Sha256) => {
                    key.verify(rsa::Pkcs1v15Sign::new::<sha2::Sha256>(), digest, &value.0)
                }
                (_, DigestAlgorithm::Sha384) => {
                    key.verify(rsa::Pkcs1v15Sign::new::<sha2::Sha384>(), digest, &value.0)
                }
                (_, DigestAlgorithm::Sha512) => {
                    key.verify(rsa::Pkcs1v15Sign::new::<sha2::Sha512>(), digest, &value.0)
                }
            }
            .unwrap();
        }
    }
}
