//! Signs in memory with a software key, as the server does with an HSM.

use std::io::Cursor;

use rubrica::ades::pades::{self, Input, Options, Prepared};
use rubrica::ades::pdf::RandomAccess;
use rubrica::ades::{AdesError, Assembled, CertificateChain, Original};
use rubrica::domain::algorithm::{Hasher, KeyAlgorithm, SignatureScheme};
use time::macros::datetime;

use crate::harness::software_key::SoftwareKey;

/// The certificate of `SoftwareKey::p256(7)`, in force from 2026 to 2046.
const CERTIFICATE: &str = include_str!("certificate.pem");

/// The scheme of the key.
pub(super) fn scheme() -> SignatureScheme {
    KeyAlgorithm::EcP256.default_scheme()
}

/// Signs a whole document; gives the signed file.
pub(crate) fn sign(document: &[u8], options: Options) -> Result<Vec<u8>, AdesError> {
    let mut hasher = Hasher::new(scheme().digest);
    hasher.update(document);
    let prepared = prepare(&mut Cursor::new(document), hasher, options)?;
    let assembled = assemble(prepared)?;
    assert_eq!(assembled.original, Original::Included);
    assert!(assembled.prefix.is_empty());
    Ok([document, assembled.suffix.as_slice()].concat())
}

/// Prepares with the test's certificate and a fixed time.
pub(super) fn prepare(
    source: &mut dyn RandomAccess,
    original: Hasher,
    options: Options,
) -> Result<Prepared, AdesError> {
    let input = Input {
        chain: CertificateChain::from_pem(CERTIFICATE)?,
        scheme: scheme(),
        original,
        signing_time: datetime!(2026-11-23 04:10:00 UTC),
        options,
    };
    pades::prepare(source, input)
}

/// Signs what is prepared.
pub(super) fn assemble(prepared: Prepared) -> Result<Assembled, AdesError> {
    let value = SoftwareKey::p256(7).value(prepared.scheme(), &prepared.dtbs_r());
    let value = prepared.verified(value)?;
    prepared.assemble(value)
}

/// Options with a field.
pub(super) fn into_field(name: &str) -> Options {
    Options {
        field: Some(name.parse().unwrap()),
        ..Options::default()
    }
}
