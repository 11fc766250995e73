//! `[api]`

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::config::section::section;

section! {
    /// The REST API for apps, over HTTPS.
    RawApi "api" {
        /// Address and port; 0.0.0.0 stands for all addresses of the machine.
        listen: SocketAddr = default r#""127.0.0.1:8443""#,
        /// PEM file with the certificate, then its chain. It is read anew at SIGHUP.
        certificate: PathBuf = default r#""certs/server.pem""#,
        /// PEM file with the private key, readable by its owner alone.
        key: PathBuf = default r#""certs/server.key""#,
    }
}
