//! pkilint reads certificates and lists against RFC 5280 and EN 319 412.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use rubrica::domain::revocation::RevocationReason;
use rubrica::pki::request;
use rubrica::pki::revocation::{self, Revoked};
use rubrica::pki::settings::{Qualification, Values};
use serde_json::Value;

use crate::harness::authorities::{self, Authorities, NOW, serial};
use crate::harness::foreign::installed;
use crate::harness::openssl::openssl;
use crate::harness::software_key::SoftwareKey;

/// Not a fault: it tells by which method of RFC 7093 section 2 the key identifier was made.
const EXPLAINED: &str = "INFO pkix.subject_key_identifier_rfc7093_method_1_identified";

/// The same of openssl's way (RFC 5280 section 4.2.1.2).
const BY_SHA_1: &str = "INFO pkix.subject_key_identifier_method_1_identified";

#[test]
fn etsis_linter_takes_citizens_certificates_for_natural_persons_ones() {
    let authorities = Authorities::new();
    for key in [
        SoftwareKey::rsa(),
        SoftwareKey::p256(7),
        SoftwareKey::p384(7),
    ] {
        let certificate = authorities.citizen(key.public()).certificate;
        let (findings, detected) = lint("lint_etsi_cert", &["--detect", "--output"], &certificate);
        assert_eq!(findings, BTreeSet::from([EXPLAINED.to_owned()]));
        assert_eq!(detected, "NCP-NATURAL-PERSON-CERTIFICATE");
    }
}

#[test]
fn the_linter_takes_what_an_authority_outside_makes_by_the_file_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let authorities = Authorities::new();
    let key = SoftwareKey::p256(7);
    let citizen = authorities::citizen();
    let prepared = request::prepare(&citizen, key.public(), &authorities.settings).unwrap();
    let value = key.value(prepared.scheme(), &prepared.dtbs_r());
    let request = prepared.assemble(value).unwrap().to_pem().unwrap();
    std::fs::write(folder.path().join("one.csr"), request).unwrap();
    let run = |arguments: &[&[&str]]| openssl(folder.path(), &arguments.concat()).unwrap();
    run(&[
        &["req", "-x509", "-newkey", "rsa:3072", "-nodes", "-subj"],
        &[
            "/C=ES/O=Outside/CN=Outside CA",
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
        ],
    ]);
    let profile = concat!(env!("CARGO_MANIFEST_DIR"), "/certs/citizen.cnf");
    run(&[
        &["x509", "-req", "-in", "one.csr", "-days", "1460", "-sha256"],
        &["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"],
        &["-extfile", profile, "-extensions", "citizen"],
        &["-outform", "DER", "-out", "one.der"],
    ]);
    let certificate = std::fs::read(folder.path().join("one.der")).unwrap();
    let (findings, detected) = lint("lint_etsi_cert", &["--detect", "--output"], &certificate);
    assert_eq!(findings, BTreeSet::from([BY_SHA_1.to_owned()]));
    assert_eq!(detected, "NCP-NATURAL-PERSON-CERTIFICATE");
}

#[test]
fn a_citizens_certificate_that_claims_to_be_qualified_passes_too() {
    let authorities = Authorities::with(Values {
        qualification: Qualification::Claimed,
        disclosure: vec![(
            "https://rubrica.example/pds_en.pdf".to_owned(),
            "en".to_owned(),
        )],
        ..Values::default()
    });
    let certificate = authorities
        .citizen(SoftwareKey::p256(7).public())
        .certificate;
    let (findings, detected) = lint("lint_etsi_cert", &["--detect", "--output"], &certificate);
    assert_eq!(findings, BTreeSet::from([EXPLAINED.to_owned()]));
    // The linter has no kind of its own for qualified certificates without a certified device.
    assert_eq!(detected, "NCP-NATURAL-PERSON-CERTIFICATE");
}

#[test]
fn the_linter_for_rfc_5280_takes_every_certificate() {
    let authorities = Authorities::new();
    let citizen = authorities.citizen(SoftwareKey::rsa().public()).certificate;
    for certificate in [
        authorities.root.certificate(),
        authorities.issuing.certificate(),
        &citizen,
    ] {
        let (findings, _) = lint("lint_pkix_cert", &[], certificate);
        assert_eq!(findings, BTreeSet::from([EXPLAINED.to_owned()]));
    }
}

#[test]
fn the_linter_takes_revocation_lists() {
    let authorities = Authorities::new();
    let revoked = [Revoked {
        serial: serial(3),
        revoked_at: NOW,
        reason: RevocationReason::KeyCompromise,
    }];
    for revoked in [&revoked[..], &[]] {
        let list = revocation::issue(
            &authorities.issuing,
            &authorities.issuing_key,
            revoked,
            7,
            &authorities.settings,
            NOW,
        )
        .unwrap();
        let (findings, _) = lint(
            "lint_crl",
            &["--type", "CRL", "--profile", "PKIX"],
            &list.der,
        );
        assert_eq!(findings, BTreeSet::new());
    }
}

#[test]
fn the_linter_finds_what_is_wrong() {
    // A certificate authority's certificate is no natural person's.
    let authorities = Authorities::new();
    let kind = ["--type", "NCP-NATURAL-PERSON-CERTIFICATE"];
    let (findings, _) = lint("lint_etsi_cert", &kind, authorities.root.certificate());
    assert!(
        findings.iter().any(|finding| finding.starts_with("ERROR")),
        "{findings:?}"
    );
}

/// Severity and code of each finding, and what was said beside them.
fn lint(linter: &str, arguments: &[&str], der: &[u8]) -> (BTreeSet<String>, String) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), der).unwrap();
    let output = Command::new(installed(&format!("venv/bin/{linter}")))
        .arg("lint")
        .args(arguments)
        .args([
            "--severity",
            "INFO",
            "--format",
            "JSON",
            "--document-format",
            "DER",
        ])
        .arg(Path::new(file.path()))
        .output()
        .expect("pkilint is installed by `./SoftHSM-setup.sh --tests`");
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{linter}: {error}\n{said}"));
    let findings = report
        .get("results")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|result| result.get("finding_descriptions").and_then(Value::as_array))
        .flatten()
        .map(|finding| {
            let text = |name| {
                finding
                    .get(name)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
            };
            format!("{} {}", text("severity"), text("code"))
        })
        .collect();
    (findings, said)
}
