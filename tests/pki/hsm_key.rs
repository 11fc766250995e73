//! Authorities whose keys are in the HSM.

use rubrica::clock::Ambient;
use rubrica::domain::algorithm::KeyAlgorithm;
use rubrica::domain::id::RequestId;
use rubrica::pki::profile::{citizen, issuing, root};
use rubrica::pki::settings::Values;
use rubrica::pki::{AuthorityKey, HsmKey, Settings};

use super::save;
use crate::harness::authorities::{self, NOW, serial};
use crate::harness::openssl::openssl;
use crate::harness::softhsm;
use crate::harness::software_key::SoftwareKey;

/// A label nobody else uses; the token is shared by all tests.
fn label() -> String {
    Ambient::system().id::<RequestId>().to_string()
}

#[test]
fn keys_in_the_hsm_make_a_chain_that_openssl_accepts() {
    let hsm = softhsm::hsm();
    let settings = Settings::new(Values::default()).unwrap();
    for algorithm in [KeyAlgorithm::Rsa3072, KeyAlgorithm::EcP384] {
        let root_key = HsmKey::find_or_generate(&hsm, &label(), algorithm).unwrap();
        let issuing_key = HsmKey::find_or_generate(&hsm, &label(), algorithm).unwrap();
        let root = root::issue(&root_key, &settings, serial(1), NOW).unwrap();
        let public_key = issuing_key.public_key();
        let issuing =
            issuing::issue(&root, &root_key, public_key, &settings, serial(2), NOW).unwrap();
        let citizen = citizen::issue(
            &issuing,
            &issuing_key,
            &authorities::citizen(),
            SoftwareKey::p256(7).public(),
            &settings,
            serial(3),
            NOW,
        )
        .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        save(folder, "root", "x509", root.certificate());
        save(folder, "issuing", "x509", issuing.certificate());
        save(folder, "citizen", "x509", &citizen.certificate);
        let arguments = [
            "verify",
            "-x509_strict",
            "-attime",
            "1795430000",
            "-CAfile",
            "root.pem",
            "-untrusted",
            "issuing.pem",
            "citizen.pem",
        ];
        openssl(folder, &arguments).unwrap();
    }
}

#[test]
fn a_key_that_is_there_is_taken_up_again() {
    let hsm = softhsm::hsm();
    let label = label();
    assert!(HsmKey::find(&hsm, &label).unwrap().is_none());
    let made = HsmKey::find_or_generate(&hsm, &label, KeyAlgorithm::EcP256).unwrap();
    let again = HsmKey::find_or_generate(&hsm, &label, KeyAlgorithm::Rsa3072).unwrap();
    assert_eq!(made.public_key(), again.public_key());
    let found = HsmKey::find(&hsm, &label).unwrap().unwrap();
    assert_eq!(found.public_key(), made.public_key());
}
