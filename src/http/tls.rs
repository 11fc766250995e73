//! TLS 1.2 and 1.3 for the listeners: certificates from files, read anew on demand, and optional client
//! certificates.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::server::{ClientHello, NoClientAuth, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::TlsListener;

mod check;
mod client;
mod self_signed;

pub use check::{Checked, check};
pub use self_signed::{SelfSigned, self_signed};

/// Why a listener has no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file with the certificate cannot be read.
    #[error("the certificate cannot be read from {path}")]
    Certificate {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: pem::Error,
    },
    /// The file holds no certificate.
    #[error("{path} holds no certificate in PEM")]
    NoCertificate {
        /// Which file.
        path: PathBuf,
    },
    /// The file with the private key cannot be read.
    #[error("the private key cannot be read from {path}")]
    Key {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: pem::Error,
    },
    /// Certificate and key do not belong together, or TLS cannot work with them.
    #[error("the certificate and key cannot be used for TLS")]
    Unusable(#[from] rustls::Error),
    /// No key pair or certificate could be made.
    #[error("no self-signed certificate could be made")]
    SelfSigned(#[from] rcgen::Error),
}

/// Whether clients are asked for a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClientCertificates {
    /// Asked for and not demanded; any issuer will do, because apps are known by the certificate itself.
    Optional,
    /// Not asked for.
    Never,
}

/// The certificate shown on a listener. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    files: TlsListener,
    provider: Arc<CryptoProvider>,
    present: Arc<RwLock<Arc<CertifiedKey>>>,
}

impl Shown {
    /// Reads the files of a listener.
    pub(super) fn read(files: &TlsListener) -> Result<Self, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let present = certified_key(files, &provider)?;
        Ok(Self {
            files: files.clone(),
            provider,
            present: Arc::new(RwLock::new(Arc::new(present))),
        })
    }

    /// Reads the files anew. New connections see the result; when reading fails, the old certificate stays.
    pub(super) fn reload(&self) -> Result<(), TlsError> {
        let new = Arc::new(certified_key(&self.files, &self.provider)?);
        *self.present.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    /// What the listener is configured with.
    pub(super) fn server_config(
        &self,
        clients: ClientCertificates,
    ) -> Result<ServerConfig, TlsError> {
        let verifier = match clients {
            ClientCertificates::Optional => client::possession(&self.provider),
            ClientCertificates::Never => Arc::new(NoClientAuth),
        };
        let config = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(Arc::new(self.clone()));
        Ok(config)
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let present = self.present.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&present))
    }
}

fn certified_key(files: &TlsListener, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
    let chain = certificates(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|source| TlsError::Key {
        path: files.key.clone(),
        source,
    })?;
    Ok(CertifiedKey::from_der(chain, key, provider)?)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unreadable = |source| TlsError::Certificate {
        path: path.to_owned(),
        source,
    };
    let chain: Vec<_> = CertificateDer::pem_file_iter(path)
        .map_err(unreadable)?
        .collect::<Result<_, _>>()
        .map_err(unreadable)?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate {
            path: path.to_owned(),
        });
    }
    Ok(chain)
}
