//! A certificate for a machine that has none: for demonstrations and tests on loopback.

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, PKCS_ECDSA_P256_SHA256};
use time::{Duration, OffsetDateTime};

use super::TlsError;
use crate::domain::secret::SecretText;

/// A certificate that signed itself, and its key.
pub struct SelfSigned {
    /// The certificate in PEM; clients must be told to trust it.
    pub certificate_pem: String,
    /// The private key (PKCS#8) in PEM.
    pub key_pem: SecretText,
}

/// Makes an ECDSA P-256 certificate for the names and addresses, valid for a year from that time on.
pub fn self_signed(names: &[&str], now: OffsetDateTime) -> Result<SelfSigned, TlsError> {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names)?;
    params
        .distinguished_name
        .push(DnType::CommonName, "Rubrica, self-signed");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.not_before = now - Duration::hours(1);
    params.not_after = now + Duration::days(365);
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let certificate = params.self_signed(&key)?;
    Ok(SelfSigned {
        certificate_pem: certificate.pem(),
        key_pem: SecretText::new(key.serialize_pem()),
    })
}
