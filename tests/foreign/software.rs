//! Signatures made with keys in memory: every scheme there is.

use rubrica::domain::algorithm::{DigestAlgorithm, Padding, SignatureScheme};

use super::samples::Desk;
use crate::harness::software_key::SoftwareKey;

/// A desk whose key is in memory.
pub(super) fn desk(key: SoftwareKey, padding: Padding, digest: DigestAlgorithm) -> Desk {
    let public_key = key.public().clone();
    Desk::new(
        &public_key,
        SignatureScheme { padding, digest },
        Box::new(move |set| {
            set.iter()
                .map(|one| key.value(one.scheme, &one.dtbs_r))
                .collect()
        }),
    )
}

#[test]
fn all_judges_accept_rsa_with_pkcs1() {
    for digest in DigestAlgorithm::ALL {
        desk(SoftwareKey::rsa(), Padding::Pkcs1v15, *digest).assert_all_accepted();
    }
}

#[test]
fn all_judges_accept_rsa_with_pss() {
    for digest in DigestAlgorithm::ALL {
        desk(SoftwareKey::rsa(), Padding::Pss, *digest).assert_all_accepted();
    }
}

#[test]
fn all_judges_accept_p256() {
    let digest = DigestAlgorithm::Sha256;
    desk(SoftwareKey::p256(7), Padding::Ecdsa, digest).assert_all_accepted();
}

#[test]
fn all_judges_accept_p384() {
    let digest = DigestAlgorithm::Sha384;
    desk(SoftwareKey::p384(7), Padding::Ecdsa, digest).assert_all_accepted();
}
