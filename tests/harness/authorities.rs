//! Authorities with keys in memory and a citizen below them, under a fixed time.

use std::fs;

use rubrica::domain::key::PublicKey;
use rubrica::domain::person::PersonName;
use rubrica::pki::profile::citizen::{self, Citizen};
use rubrica::pki::profile::{issuing, root};
use rubrica::pki::settings::Values;
use rubrica::pki::{Authority, Issued, Serial, Settings};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::harness::openssl::openssl;
use crate::harness::software_key::SoftwareKey;

/// When everything is issued.
pub(crate) const NOW: OffsetDateTime = datetime!(2026-11-23 10:00:00.5 UTC);

/// A root, an issuing authority and their keys.
pub(crate) struct Authorities {
    pub(crate) settings: Settings,
    pub(crate) root: Authority,
    pub(crate) root_key: SoftwareKey,
    pub(crate) issuing: Authority,
    pub(crate) issuing_key: SoftwareKey,
}

impl Authorities {
    /// Always the same ones.
    pub(crate) fn new() -> Self {
        Self::with(Values {
            organization_identifier: Some("VATES-Q0000000J".to_owned()),
            ..Values::default()
        })
    }

    /// With other settings.
    pub(crate) fn with(values: Values) -> Self {
        let settings = Settings::new(values).unwrap();
        let root_key = SoftwareKey::p384(1);
        let issuing_key = SoftwareKey::p256(2);
        let root = root::issue(&root_key, &settings, serial(1), NOW).unwrap();
        let public_key = issuing_key.public();
        let issuing =
            issuing::issue(&root, &root_key, public_key, &settings, serial(2), NOW).unwrap();
        Self {
            settings,
            root,
            root_key,
            issuing,
            issuing_key,
        }
    }

    /// A citizen's certificate for this key.
    pub(crate) fn citizen(&self, public_key: &PublicKey) -> Issued {
        citizen::issue(
            &self.issuing,
            &self.issuing_key,
            &citizen(),
            public_key,
            &self.settings,
            serial(3),
            NOW,
        )
        .unwrap()
    }

    /// The chain of such a certificate in DER, up to the root.
    pub(crate) fn chain(&self, public_key: &PublicKey) -> Vec<Vec<u8>> {
        vec![
            self.citizen(public_key).certificate,
            self.issuing.certificate().to_vec(),
            self.root.certificate().to_vec(),
        ]
    }
}

/// What `openssl cms -verify -cades` says about a signature by a citizen of the [`Authorities`], over a document beside
/// it or inside.
pub(crate) fn judge_cades(signed: &[u8], beside: Option<&[u8]>) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let root = Authorities::new().root.certificate().to_vec();
    fs::write(folder.path().join("signed"), signed).unwrap();
    fs::write(folder.path().join("root.der"), root).unwrap();
    openssl(
        folder.path(),
        &[
            "x509", "-inform", "DER", "-in", "root.der", "-out", "root.pem",
        ],
    )?;
    let mut arguments = vec![
        "cms",
        "-verify",
        "-cades",
        "-binary",
        "-inform",
        "DER",
        "-in",
        "signed",
        "-CAfile",
        "root.pem",
        "-purpose",
        "any",
        "-attime",
        "1795430000",
    ];
    if let Some(document) = beside {
        fs::write(folder.path().join("document"), document).unwrap();
        arguments.extend(["-content", "document"]);
    }
    openssl(folder.path(), &arguments)
}

/// The citizen everybody signs as.
pub(crate) fn citizen() -> Citizen {
    Citizen {
        name: PersonName::new("Íñigo", "Peña", Some("López")).unwrap(),
        national_id: "99999999R".parse().unwrap(),
    }
}

/// A serial number that is easy to see.
pub(crate) fn serial(octet: u8) -> Serial {
    Serial::from_random([octet; 20])
}
