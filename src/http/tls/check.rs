//! Looking at a listener's certificate and key without serving with them.

use rustls::client::verify_server_name;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;

use super::{TlsError, TlsListener, certified_key};

/// A certificate that TLS works with, and whose key is the one beside it.
pub struct Checked {
    certificate: CertificateDer<'static>,
}

/// Reads certificate and key as the server does.
pub fn check(files: &TlsListener) -> Result<Checked, TlsError> {
    let key = certified_key(files, &aws_lc_rs::default_provider())?;
    let certificate = key.end_entity_cert()?.clone().into_owned();
    Ok(Checked { certificate })
}

impl Checked {
    /// The server's own certificate, in DER.
    pub fn der(&self) -> &[u8] {
        &self.certificate
    }

    /// Whether browsers take it for a host's.
    pub fn is_for(&self, host: &str) -> bool {
        let name = ServerName::try_from(host.trim_matches(['[', ']']));
        let certificate = ParsedCertificate::try_from(&self.certificate);
        match (certificate, name) {
            (Ok(certificate), Ok(name)) => verify_server_name(&certificate, &name).is_ok(),
            _ => false,
        }
    }
}
