//! The built-in authorities, judged by openssl and by the structure of what they issue.

mod hsm_key;

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use rubrica::domain::revocation::RevocationReason;
use rubrica::pki::import::{ImportError, import_certificate};
use rubrica::pki::profile::{citizen, issuing};
use rubrica::pki::revocation::{self, Revoked};
use rubrica::pki::settings::{IdentityType, InvalidSettings, Qualification, Values};
use rubrica::pki::{PkiError, Settings, request};
use time::Duration;
use time::macros::datetime;

use crate::harness::authorities::{self, Authorities, NOW, serial};
use crate::harness::openssl::openssl;
use crate::harness::outline::outline;
use crate::harness::software_key::SoftwareKey;

/// Writes a certificate or list as `<name>.pem`.
fn save(folder: &Path, name: &str, kind: &str, der: &[u8]) {
    fs::write(folder.join("der"), der).unwrap();
    let out = format!("{name}.pem");
    openssl(
        folder,
        &[kind, "-inform", "DER", "-in", "der", "-out", &out],
    )
    .unwrap();
}

#[test]
fn the_certificates_have_this_structure() {
    let authorities = Authorities::new();
    let citizen = authorities.citizen(SoftwareKey::p256(7).public());
    insta::assert_snapshot!("root", outline(authorities.root.certificate()));
    insta::assert_snapshot!("issuing", outline(authorities.issuing.certificate()));
    insta::assert_snapshot!("citizen", outline(&citizen.certificate));
}

#[test]
fn every_setting_shows_in_the_certificate() {
    let authorities = Authorities::with(Values {
        practice_statement: Some("https://rubrica.example/cps".to_owned()),
        ocsp: None,
        identity_type: IdentityType::PersonalNumber,
        qualification: Qualification::Claimed,
        disclosure: vec![(
            "https://rubrica.example/pds_es.pdf".to_owned(),
            "es".to_owned(),
        )],
        citizen_policies: vec![
            "1.3.6.1.4.1.32473.7".to_owned(),
            "0.4.0.194112.1.0".to_owned(),
        ],
        ..Values::default()
    });
    let citizen = authorities.citizen(SoftwareKey::p256(7).public());
    insta::assert_snapshot!("citizen_with_everything", outline(&citizen.certificate));
}

#[test]
fn openssl_accepts_the_chain_until_the_list_names_it() {
    let authorities = Authorities::new();
    let citizen = authorities.citizen(SoftwareKey::rsa().public());
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let root = &authorities.root;
    save(folder, "root", "x509", root.certificate());
    save(folder, "issuing", "x509", authorities.issuing.certificate());
    save(folder, "citizen", "x509", &citizen.certificate);
    let settings = &authorities.settings;
    let root_list = revocation::issue(root, &authorities.root_key, &[], 1, settings, NOW).unwrap();
    save(folder, "root-crl", "crl", &root_list.der);
    let verify = |revoked: &[Revoked]| {
        let key = &authorities.issuing_key;
        let list = revocation::issue(&authorities.issuing, key, revoked, 7, settings, NOW).unwrap();
        assert_eq!(list.next_update, NOW + Duration::days(7));
        save(folder, "issuing-crl", "crl", &list.der);
        let arguments = [
            "verify",
            "-x509_strict",
            "-crl_check_all",
            "-explicit_policy",
            "-policy",
            "1.3.6.1.4.1.32473.1.1",
            "-attime",
            "1795430000",
            "-CAfile",
            "root.pem",
            "-untrusted",
            "issuing.pem",
            "-CRLfile",
            "root-crl.pem",
            "-CRLfile",
            "issuing-crl.pem",
            "citizen.pem",
        ];
        openssl(folder, &arguments)
    };
    let other = Revoked {
        serial: serial(9),
        revoked_at: NOW,
        reason: RevocationReason::Superseded,
    };
    let this = Revoked {
        serial: citizen.serial,
        revoked_at: NOW,
        reason: RevocationReason::CessationOfOperation,
    };
    verify(&[]).unwrap();
    verify(std::slice::from_ref(&other)).unwrap();
    assert!(
        verify(&[other, this])
            .unwrap_err()
            .contains("certificate revoked")
    );
}

#[test]
fn a_list_has_this_structure() {
    let authorities = Authorities::new();
    let revoked: Vec<_> = RevocationReason::ALL
        .iter()
        .zip(1..)
        .map(|(reason, octet)| Revoked {
            serial: serial(octet),
            revoked_at: datetime!(2026-12-01 00:00 UTC),
            reason: *reason,
        })
        .collect();
    let list = revocation::issue(
        &authorities.issuing,
        &authorities.issuing_key,
        &revoked,
        300,
        &authorities.settings,
        NOW,
    )
    .unwrap();
    insta::assert_snapshot!(outline(&list.der));
}

#[test]
fn openssl_accepts_a_request() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Authorities::new().settings;
    for key in [SoftwareKey::rsa(), SoftwareKey::p256(7)] {
        let citizen = authorities::citizen();
        let prepared = request::prepare(&citizen, key.public(), &settings).unwrap();
        let value = key.value(prepared.scheme(), &prepared.dtbs_r());
        let request = prepared.assemble(value).unwrap();
        fs::write(folder.path().join("request"), request.to_pem().unwrap()).unwrap();
        let arguments = [
            "req", "-verify", "-noout", "-subject", "-in", "request", "-nameopt", "utf8",
        ];
        let subject = openssl(folder.path(), &arguments).unwrap();
        assert!(
            subject.contains("PEÑA LÓPEZ ÍÑIGO - 99999999R"),
            "{subject}"
        );
    }
}

#[test]
fn a_request_with_a_foreign_signature_is_not_made() {
    let settings = Authorities::new().settings;
    let key = SoftwareKey::p256(7);
    let prepared = request::prepare(&authorities::citizen(), key.public(), &settings).unwrap();
    let value = SoftwareKey::p256(8).value(prepared.scheme(), &prepared.dtbs_r());
    assert!(matches!(
        prepared.assemble(value),
        Err(PkiError::Signature(_))
    ));
}

#[test]
fn no_certificate_outlives_its_issuer() {
    let authorities = Authorities::new();
    let key = SoftwareKey::p256(7);
    let late = NOW + Duration::days(365 * 7);
    let citizen = citizen::issue(
        &authorities.issuing,
        &authorities.issuing_key,
        &authorities::citizen(),
        key.public(),
        &authorities.settings,
        serial(3),
        late,
    );
    assert!(matches!(citizen, Err(PkiError::OutlivesIssuer { .. })));
    let issuing = issuing::issue(
        &authorities.root,
        &authorities.root_key,
        key.public(),
        &authorities.settings,
        serial(3),
        NOW + Duration::days(365 * 11),
    );
    assert!(matches!(issuing, Err(PkiError::OutlivesIssuer { .. })));
}

#[test]
fn another_authoritys_key_does_not_sign() {
    let authorities = Authorities::new();
    let citizen = citizen::issue(
        &authorities.issuing,
        &authorities.root_key,
        &authorities::citizen(),
        SoftwareKey::p256(7).public(),
        &authorities.settings,
        serial(3),
        NOW,
    );
    assert!(matches!(citizen, Err(PkiError::WrongKey)));
}

#[test]
fn settings_beyond_the_law_or_the_standards_are_refused() {
    fn refused(change: impl FnOnce(&mut Values)) -> String {
        let mut values = Values::default();
        change(&mut values);
        Settings::new(values).unwrap_err().to_string()
    }
    insta::assert_snapshot!(
        [
            refused(|values| values.country = "Spain".to_owned()),
            refused(|values| values.organization = " ".to_owned()),
            refused(|values| values.root_name = "x".repeat(65)),
            refused(|values| values.issuing_name = values.root_name.clone()),
            refused(|values| values.issuing_label = values.root_label.clone()),
            refused(|values| values.root_years = 21),
            refused(|values| values.issuing_years = 21),
            refused(|values| values.citizen_days = 1827),
            refused(|values| values.crl_days = 0),
            refused(|values| values.citizen_policies = Vec::new()),
            refused(|values| values.citizen_policies = vec!["QCP-n".to_owned()]),
            refused(|values| values.publication = "https://rubrica.example".to_owned()),
            refused(|values| values.ocsp = Some("http://".to_owned())),
            refused(|values| values.practice_statement = Some("cps.pdf".to_owned())),
            refused(|values| values.disclosure = vec![(
                "https://rubrica.example/pds".to_owned(),
                "Spanish".to_owned()
            )]),
        ]
        .join("\n")
    );
    assert!(matches!(
        Settings::new(Values {
            citizen_days: 0,
            ..Values::default()
        }),
        Err(InvalidSettings::Range { .. })
    ));
}

/// The chain as PEM, for import.
fn pem(certificates: &[Vec<u8>]) -> String {
    certificates
        .iter()
        .map(|der| rubrica::domain::pem::encode("CERTIFICATE", der).unwrap())
        .collect()
}

#[test]
fn a_chain_from_outside_is_imported() {
    let key = SoftwareKey::p256(7);
    let chain = Authorities::new().chain(key.public());
    let imported = import_certificate(
        pem(&chain).as_bytes(),
        key.public(),
        &authorities::citizen(),
        NOW,
    )
    .unwrap();
    assert_eq!(imported.certificates, chain);
    assert_eq!(imported.serial, serial(3));
    assert_eq!(
        imported.subject,
        "CN=PEÑA LÓPEZ ÍÑIGO - 99999999R,SN=PEÑA LÓPEZ,GN=ÍÑIGO,SERIALNUMBER=IDCES-99999999R,C=ES"
    );
    assert_eq!(imported.not_after, datetime!(2030-11-22 09:59:59 UTC));
    let alone = import_certificate(&chain[0], key.public(), &authorities::citizen(), NOW).unwrap();
    assert_eq!(alone.certificates, chain[..1]);
}

#[test]
fn a_chain_that_does_not_fit_is_refused() {
    let key = SoftwareKey::p256(7);
    let chain = Authorities::new().chain(key.public());
    let import = |certificates: &[&Vec<u8>], now| {
        let certificates: Vec<_> = certificates.iter().copied().cloned().collect();
        import_certificate(
            pem(&certificates).as_bytes(),
            key.public(),
            &authorities::citizen(),
            now,
        )
        .unwrap_err()
    };
    let [citizen, issuing, root] = chain.as_slice() else {
        panic!("three certificates")
    };
    let other = Authorities::new().citizen(SoftwareKey::p256(8).public());
    let end = datetime!(2030-11-22 09:59:59 UTC);
    let second = Duration::SECOND;
    assert!(matches!(import(&[], NOW), ImportError::Empty));
    assert!(matches!(
        import(&[issuing, citizen], NOW),
        ImportError::Authority
    ));
    assert!(matches!(
        import(&[&other.certificate], NOW),
        ImportError::OtherKey
    ));
    assert!(matches!(
        import(&[citizen, root], NOW),
        ImportError::Order { position: 1 }
    ));
    assert!(matches!(
        import(&[citizen, issuing, issuing], NOW),
        ImportError::Order { position: 2 }
    ));
    assert!(matches!(
        import(&[citizen], NOW - second),
        ImportError::NotYetValid(_)
    ));
    assert!(matches!(
        import(&[citizen], end + second),
        ImportError::Expired(_)
    ));
    assert!(matches!(
        import(&[citizen; 11], NOW),
        ImportError::TooMany(11)
    ));
}

#[test]
fn a_chain_whose_names_fit_and_signatures_do_not_is_refused() {
    let key = SoftwareKey::p256(7);
    let chain = Authorities::new().chain(key.public());
    let other = Authorities::new();
    let forged =
        rubrica::pki::profile::root::issue(&SoftwareKey::p384(9), &other.settings, serial(1), NOW)
            .unwrap();
    let chain = [
        chain[0].clone(),
        chain[1].clone(),
        forged.certificate().to_vec(),
    ];
    assert!(matches!(
        import_certificate(
            pem(&chain).as_bytes(),
            key.public(),
            &authorities::citizen(),
            NOW
        ),
        Err(ImportError::Signature { position: 2 })
    ));
}

/// Why a certificate that openssl made for so many days, with that extension, is refused in its first second.
fn refused(extension: &str, days: &str) -> ImportError {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let new_key = [
        "ecparam",
        "-name",
        "prime256v1",
        "-genkey",
        "-noout",
        "-out",
        "key",
    ];
    openssl(folder, &new_key).unwrap();
    let request = [
        "req",
        "-x509",
        "-new",
        "-key",
        "key",
        "-subj",
        "/CN=Somebody",
    ];
    let citizen = ["-addext", "basicConstraints=CA:FALSE", "-addext", extension];
    let certificate = ["-days", days, "-outform", "DER", "-out", "certificate"];
    let arguments = [request.as_slice(), &citizen, &certificate].concat();
    openssl(folder, &arguments).unwrap();
    let certificate = fs::read(folder.join("certificate")).unwrap();
    let chain = rubrica::ades::CertificateChain::from_der(vec![certificate.clone()]).unwrap();
    let validity = chain.signing_certificate().tbs_certificate().validity();
    let seconds = i64::try_from(validity.not_before.to_unix_duration().as_secs()).unwrap();
    let now = time::OffsetDateTime::from_unix_timestamp(seconds).unwrap();
    import_certificate(
        &certificate,
        chain.public_key(),
        &authorities::citizen(),
        now,
    )
    .unwrap_err()
}

#[test]
fn a_certificate_without_non_repudiation_is_refused() {
    for usage in ["keyUsage=digitalSignature", "extendedKeyUsage=clientAuth"] {
        assert!(matches!(refused(usage, "30"), ImportError::KeyUsage));
    }
}

#[test]
fn a_certificate_for_more_than_five_years_is_refused() {
    let usage = "keyUsage=nonRepudiation";
    let error = refused(usage, "1828");
    assert!(matches!(error, ImportError::TooLong { .. }), "{error:?}");
    // With less it is only somebody else's.
    let error = refused(usage, "1825");
    assert!(matches!(error, ImportError::OtherHolder(_)), "{error:?}");
}

#[test]
fn a_signature_that_is_no_whole_number_of_bytes_is_refused() {
    let key = SoftwareKey::p256(7);
    let untouched = Authorities::new().chain(key.public());
    let import = |chain: &[Vec<u8>]| {
        import_certificate(
            pem(chain).as_bytes(),
            key.public(),
            &authorities::citizen(),
            NOW,
        )
    };
    import(&untouched).unwrap();
    let mut refused = 0;
    // Wherever it says how many bits of the signature do not count.
    for position in 4..untouched[0].len() {
        let mut chain = untouched.clone();
        if chain[0][position] == 0 {
            chain[0][position] = 1;
            assert!(import(&chain).is_err(), "byte {position}");
            refused += 1;
        }
    }
    assert!(refused > 0);
}

proptest! {
    #[test]
    fn import_answers_any_bytes(bytes in any::<Vec<u8>>()) {
        let key = SoftwareKey::p256(7);
        prop_assert!(import_certificate(&bytes, key.public(), &authorities::citizen(), NOW).is_err());
    }

    #[test]
    fn no_changed_bit_passes_import(position in any::<prop::sample::Index>(), bit in 0..8_u32) {
        let key = SoftwareKey::p256(7);
        let mut chain = Authorities::new().chain(key.public());
        let certificate = &mut chain[0];
        // The outermost header is what PEM is made from.
        let position = 4 + position.index(certificate.len() - 4);
        certificate[position] ^= 1 << bit;
        prop_assert!(import_certificate(pem(&chain).as_bytes(), key.public(), &authorities::citizen(), NOW).is_err());
    }
}
