//! Certificates from outside: any bytes get an answer, never a panic.
//!
//! `cargo +nightly fuzz run --fuzz-dir tests/fuzz --target-dir target/fuzz certificate_import`

#![no_main]

use libfuzzer_sys::fuzz_target;
use rubrica::ades::CertificateChain;
use rubrica::domain::person::PersonName;
use rubrica::pki::import::import_certificate;
use rubrica::pki::profile::citizen::Citizen;
use rubrica::pki::{Authority, describe_name};
use time::macros::datetime;

fuzz_target!(|data: &[u8]| {
    let _ = Authority::from_der(data);
    let _ = describe_name(data);
    let chain = match std::str::from_utf8(data) {
        Ok(text) => CertificateChain::from_pem(text),
        Err(_) => CertificateChain::from_der(vec![data.to_vec()]),
    };
    // With the key of the first certificate the checks behind the comparison of keys are reached too.
    if let Ok(chain) = chain {
        let holder = Citizen {
            name: PersonName::new("Íñigo", "Peña", Some("López")).expect("a name"),
            national_id: "99999999R".parse().expect("a DNI"),
        };
        let now = datetime!(2027-01-01 00:00 UTC);
        if let Ok(imported) = import_certificate(data, chain.public_key(), &holder, now) {
            assert!(imported.not_before <= now && now <= imported.not_after);
        }
    }
});
