//! `[ops]`

use std::net::SocketAddr;

use crate::config::section::section;

section! {
    /// Health (/healthz, /readyz) and metrics (/metrics) for operators: plain HTTP, so not to be reachable from outside.
    RawOps "ops" {
        /// Address and port.
        listen: SocketAddr = default r#""127.0.0.1:9464""#,
    }
}
