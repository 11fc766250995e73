//! A judge that accepts everything would be none: each must refuse what is wrong.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rubrica::ades::CertificateChain;
use rubrica::domain::algorithm::{DigestAlgorithm, Padding};
use rubrica::domain::revocation::RevocationReason;
use rubrica::pki::profile::root;
use rubrica::pki::revocation::{self, Revoked};
use time::Duration;

use super::judges::{Exhibit, Kind, Verdict, on_form, on_signature};
use super::samples::{DOCUMENT, Desk};
use super::software;
use crate::harness::authorities::{Authorities, NOW, serial};
use crate::harness::openssl::openssl;
use crate::harness::software_key::SoftwareKey;

fn desk() -> Desk {
    software::desk(
        SoftwareKey::p256(7),
        Padding::Ecdsa,
        DigestAlgorithm::Sha256,
    )
}

#[test]
fn every_judge_refuses_a_changed_document() {
    let desk = desk();
    for exhibit in desk.all() {
        match &exhibit.kind {
            Kind::Enveloping(_) => change(&exhibit.file, |bytes| position(bytes, DOCUMENT)),
            Kind::Detached(original) => change(original, |bytes| position(bytes, DOCUMENT)),
            // The comment behind the header, which changes nothing else.
            Kind::Pades => change(&exhibit.file, |_| 11),
        }
        assert_all_refuse("a changed document", &exhibit, on_signature(&exhibit));
    }
}

#[test]
fn every_judge_refuses_a_page_that_says_something_else() {
    let desk = desk();
    let exhibit = desk.signed_pdf();
    change(&exhibit.file, |bytes| position(bytes, b"(I agree.)") + 4);
    assert_all_refuse("another text", &exhibit, on_signature(&exhibit));
}

#[test]
fn every_judge_refuses_a_changed_signature_value() {
    let desk = desk();
    for exhibit in desk.all() {
        match &exhibit.kind {
            Kind::Enveloping(_) | Kind::Detached(_) => {
                change(&exhibit.file, |bytes| bytes.len() - 1);
            }
            Kind::Pades => change(&exhibit.file, |bytes| {
                // The last digit before the zeros that fill `/Contents`, if any do.
                let start = position(bytes, b"/Contents <");
                let end = start
                    + bytes[start..]
                        .iter()
                        .position(|byte| *byte == b'>')
                        .unwrap();
                let digits = &bytes[start..end];
                start + digits.iter().rposition(|byte| *byte != b'0').unwrap()
            }),
        }
        assert_all_refuse("a changed value", &exhibit, on_signature(&exhibit));
    }
}

#[test]
fn whoever_looks_at_trust_refuses_another_root() {
    let desk = desk();
    let key = SoftwareKey::p384(9);
    let other = root::issue(&key, &Authorities::new().settings, serial(9), NOW).unwrap();
    let other = CertificateChain::from_der(vec![other.certificate().to_vec()]).unwrap();
    let anchor = desk.write("other.pem", other.to_pem().unwrap().as_bytes());
    for exhibit in desk.all() {
        let exhibit = Exhibit {
            anchor: anchor.clone(),
            ..exhibit
        };
        let trusting: BTreeSet<_> = accepting(on_signature(&exhibit));
        assert!(
            trusting.is_subset(&BTreeSet::from(["pdfsig"])),
            "{trusting:?}"
        );
    }
}

#[test]
fn dss_passes_a_signature_whole_until_a_list_names_its_certificate() {
    let desk = desk();
    let authorities = Authorities::new();
    let settings = &authorities.settings;
    let list = |name, authority, key: &SoftwareKey, revoked: &[Revoked]| {
        let at = NOW + Duration::minutes(2);
        let list = revocation::issue(authority, key, revoked, 1, settings, at).unwrap();
        desk.write(name, &list.der)
    };
    let root = list("root.crl", &authorities.root, &authorities.root_key, &[]);
    let issuing = |revoked: &[Revoked]| {
        list(
            "issuing.crl",
            &authorities.issuing,
            &authorities.issuing_key,
            revoked,
        )
    };
    let citizen = Revoked {
        serial: serial(3),
        revoked_at: NOW,
        reason: RevocationReason::KeyCompromise,
    };
    for exhibit in desk.all() {
        let exhibit = Exhibit {
            lists: vec![root.clone(), issuing(&[])],
            ..exhibit
        };
        assert!(accepting(on_signature(&exhibit)).contains("EU DSS"));
        issuing(std::slice::from_ref(&citizen));
        assert!(!accepting(on_signature(&exhibit)).contains("EU DSS"));
    }
}

#[test]
fn whoever_looks_at_the_level_refuses_a_plain_cms() {
    let desk = desk();
    let folder = desk.folder.path();
    let commands = [
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out root.pem -days 30 \
         -subj /CN=Plain -addext keyUsage=nonRepudiation -set_serial 1",
        "cms -sign -binary -nodetach -outform DER -in plain -signer root.pem -inkey key.pem -out plain.p7m",
    ];
    let original = desk.write("plain", DOCUMENT);
    for command in commands {
        let arguments: Vec<&str> = command.split_ascii_whitespace().collect();
        openssl(folder, &arguments).unwrap();
    }
    let exhibit = desk.exhibit(folder.join("plain.p7m"), Kind::Enveloping(original));
    let accepting = accepting(on_signature(&exhibit));
    assert!(
        accepting.is_subset(&BTreeSet::from(["pyHanko"])),
        "{accepting:?}"
    );
}

#[test]
fn whoever_looks_at_coverage_refuses_bytes_behind_the_signature() {
    let desk = desk();
    let exhibit = desk.signed_pdf();
    let more = [fs::read(&exhibit.file).unwrap().as_slice(), b"% more\n"].concat();
    fs::write(&exhibit.file, more).unwrap();
    let accepting = accepting(on_signature(&exhibit));
    assert!(
        accepting.is_subset(&BTreeSet::from(["openssl", "EU DSS"])),
        "{accepting:?}"
    );
}

#[test]
fn whoever_looks_at_form_refuses_a_wrong_cross_reference() {
    let desk = desk();
    for exhibit in desk.all() {
        if matches!(exhibit.kind, Kind::Pades) {
            change(&exhibit.file, |bytes| {
                position(bytes, b"startxref") + b"startxref\n".len()
            });
            assert_all_refuse("a wrong offset", &exhibit, on_form(&exhibit));
        }
    }
}

fn assert_all_refuse(what: &str, exhibit: &Exhibit, verdicts: Vec<Verdict>) {
    assert!(!verdicts.is_empty());
    let accepting = accepting(verdicts);
    assert!(
        accepting.is_empty(),
        "{accepting:?} accept {} with {what}",
        exhibit.file.display()
    );
}

fn accepting(verdicts: Vec<Verdict>) -> BTreeSet<&'static str> {
    verdicts
        .into_iter()
        .filter_map(|(judge, outcome)| outcome.ok().map(|()| judge))
        .collect()
}

/// Where the last of these bytes begin.
fn position(bytes: &[u8], part: &[u8]) -> usize {
    bytes
        .windows(part.len())
        .rposition(|window| window == part)
        .unwrap()
}

/// Changes one byte, to one that is a digit where it was one.
fn change(path: &Path, place: impl FnOnce(&[u8]) -> usize) {
    let mut bytes = fs::read(path).unwrap();
    let at = place(&bytes);
    let byte = bytes.get_mut(at).unwrap();
    *byte = match *byte {
        // So that another digit comes of it, in base 16 too.
        b'a' | b'A' => byte.wrapping_add(1),
        b'f' | b'F' => byte.wrapping_sub(1),
        other => other ^ 1,
    };
    fs::write(path, bytes).unwrap();
}
