//! `[citizen]`

use std::net::SocketAddr;
use std::path::PathBuf;

use url::Url;

use crate::config::section::section;
use crate::http::{Network, ProxyHeader};

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
        /// Addresses or networks of the proxies in front of the pages, such as ["10.0.0.5", "10.1.0.0/24"]. Only they
        /// are believed about whom they call for; citizens behind a proxy that is not here count as one address.
        proxies: Vec<Network> = default "[]",
        /// Where they write that: "x-forwarded-for" or "forwarded" (RFC 7239).
        proxy_header: ProxyHeader = default r#""x-forwarded-for""#,
        /// Whom citizens may ask, shown at the foot of every page: a telephone number, its hours, an address.
        help_desk: String = optional r#""060, from Monday to Friday""#,
    }
}
