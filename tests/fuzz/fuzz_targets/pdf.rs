//! Any bytes are signed or refused; what is signed reads back with one signature more.
//!
//! `cargo +nightly fuzz run --fuzz-dir tests/fuzz pdf`, with PDFs in `tests/fuzz/corpus/pdf` to start from.

#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use rubrica::ades::CertificateChain;
use rubrica::ades::pades::{self, Input, Options};
use rubrica::ades::pdf::inspect;
use rubrica::domain::algorithm::{Hasher, KeyAlgorithm};
use rubrica::domain::key::SignatureValue;
use time::macros::datetime;

fuzz_target!(|document: &[u8]| {
    let Ok(before) = inspect(&mut Cursor::new(document)) else {
        return;
    };
    let scheme = KeyAlgorithm::EcP256.default_scheme();
    let mut original = Hasher::new(scheme.digest);
    original.update(document);
    let input = Input {
        chain: CertificateChain::from_pem(include_str!("../../pades/certificate.pem")).unwrap(),
        scheme,
        original,
        signing_time: datetime!(2026-11-23 04:10:00 UTC),
        options: Options::default(),
    };
    let Ok(prepared) = pades::prepare(&mut Cursor::new(document), input) else {
        return;
    };
    let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
    let value: p256::ecdsa::Signature = key.sign_prehash(prepared.dtbs_r().0.bytes()).unwrap();
    let value = SignatureValue(value.to_der().as_bytes().to_vec());
    let value = prepared.verified(value).unwrap();
    let suffix = prepared.assemble(value).unwrap().suffix;
    let signed = [document, &suffix].concat();
    let after = inspect(&mut Cursor::new(&signed)).unwrap();
    assert_eq!(after.signatures.len(), before.signatures.len() + 1);
    assert_eq!(after.xref_form, before.xref_form);
});
