//! The formats themselves, signed with keys in memory: what every judge must accept, and what each must refuse.

use std::path::PathBuf;

use rubrica::ades::CertificateChain;
use rubrica::domain::algorithm::{DigestAlgorithm, Padding, SignatureScheme};
use rubrica::domain::document::Packaging;
use tempfile::TempDir;
use time::Duration;

use super::judges::{Exhibit, Kind, assert_accepted};
use super::pdf;
use super::samples::Signer;
use crate::harness::authorities::{Authorities, NOW};
use crate::harness::software_key::SoftwareKey;

const DOCUMENT: &[u8] = b"I agree to all of this.\n";

mod refusals;

/// A key, its chain and a folder for what it signs.
struct Desk {
    folder: TempDir,
    key: SoftwareKey,
    scheme: SignatureScheme,
    chain: CertificateChain,
}

impl Desk {
    fn new(key: SoftwareKey, padding: Padding, digest: DigestAlgorithm) -> Self {
        let authorities = Authorities::new();
        let desk = Self {
            folder: tempfile::tempdir().unwrap(),
            scheme: SignatureScheme { padding, digest },
            chain: CertificateChain::from_der(authorities.chain(key.public())).unwrap(),
            key,
        };
        let root = CertificateChain::from_der(vec![authorities.root.certificate().to_vec()]);
        desk.write("root.pem", root.unwrap().to_pem().unwrap().as_bytes());
        desk
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn exhibit(&self, file: PathBuf, kind: Kind) -> Exhibit {
        Exhibit {
            file,
            kind,
            anchor: self.folder.path().join("root.pem"),
            at: NOW + Duration::minutes(5),
        }
    }

    fn cades(&self, packaging: Packaging) -> Exhibit {
        let name = packaging.as_str();
        let file =
            self.signer(|signer| signer.cades(self.folder.path(), name, DOCUMENT, packaging));
        let original = self.folder.path().join(name);
        let kind = match packaging {
            Packaging::Enveloping => Kind::Enveloping(original),
            Packaging::Detached => Kind::Detached(original),
        };
        self.exhibit(file, kind)
    }

    fn pades(&self, name: &str, document: &[u8]) -> Exhibit {
        let file = self.signer(|signer| signer.pades(self.folder.path(), name, document));
        self.exhibit(file, Kind::Pades)
    }

    fn signer<T>(&self, work: impl FnOnce(&Signer<'_>) -> T) -> T {
        work(&Signer {
            chain: self.chain.clone(),
            scheme: self.scheme,
            time: NOW + Duration::minutes(1),
            key: &|dtbs_r| self.key.value(self.scheme, dtbs_r),
        })
    }

    /// One of each kind.
    fn all(&self) -> Vec<Exhibit> {
        vec![
            self.cades(Packaging::Enveloping),
            self.cades(Packaging::Detached),
            self.pades("table.pdf", &pdf::with_table()),
            self.pades("stream.pdf", &pdf::with_stream()),
        ]
    }

    fn assert_all_accepted(&self) {
        for exhibit in self.all() {
            assert_accepted(&exhibit);
        }
    }
}

#[test]
fn all_judges_accept_rsa_with_pkcs1() {
    for digest in DigestAlgorithm::ALL {
        Desk::new(SoftwareKey::rsa(), Padding::Pkcs1v15, *digest).assert_all_accepted();
    }
}

#[test]
fn all_judges_accept_rsa_with_pss() {
    for digest in DigestAlgorithm::ALL {
        Desk::new(SoftwareKey::rsa(), Padding::Pss, *digest).assert_all_accepted();
    }
}

#[test]
fn all_judges_accept_p256() {
    Desk::new(
        SoftwareKey::p256(7),
        Padding::Ecdsa,
        DigestAlgorithm::Sha256,
    )
    .assert_all_accepted();
}

#[test]
fn all_judges_accept_p384() {
    Desk::new(
        SoftwareKey::p384(7),
        Padding::Ecdsa,
        DigestAlgorithm::Sha384,
    )
    .assert_all_accepted();
}
