//! `[citizen]`

use std::net::SocketAddr;
use std::path::PathBuf;

use url::Url;

use crate::config::section::section;

section! {
    /// The citizens' pages, over HTTPS.
    RawCitizen "citizen" {
        /// Address and port.
        listen: SocketAddr = default r#""127.0.0.1:8444""#,
        /// PEM file with the certificate, then its chain.
        certificate: PathBuf = default r#""certs/server.pem""#,
        /// PEM file with the private key, readable by its owner alone.
        key: PathBuf = default r#""certs/server.key""#,
        /// How citizens reach the pages from outside; approval links begin with it. Without it, the address and port
        /// above, which only serves on one machine.
        url: Url = optional r#""https://firma.example/""#,
        /// Whom citizens may ask, shown at the foot of every page: a telephone number, its hours, an address.
        help_desk: String = optional r#""060, from Monday to Friday""#,
    }
}
