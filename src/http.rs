//! HTTP: three listeners (apps, citizens, operations), TLS, routes, limits, and errors as answers.
//!
//! Nothing is decided here but what belongs to HTTP. Handlers read a request, call one use case of
//! [`Service`](crate::service::Service) over the [crossing](blocking) from asynchronous to synchronous code, and write
//! the answer. Start reading at [`router`] for what there is, at [`error`] for what can go wrong.
//!
//! # The limit of problem documents
//!
//! Whatever becomes a request is answered with a problem document or a page when it fails, also where the framework
//! refuses it. What never becomes one is answered by actix-http's connection code itself, which has no place for a
//! body, a header or a handler of ours: 400 for bytes that are no HTTP, 431 for a head of more than 128 KiB, 408 for
//! a head that does not arrive within [`Limits::head_within`]. These have an empty body and no `X-Request-Id`, and
//! stand neither in the log nor in the metrics. After each
//! of them the connection is closed.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

pub mod api;
pub mod blocking;
mod call;
pub mod citizen;
mod disposition;
pub mod error;
mod frame;
pub mod ops;
mod origin;
mod pace;
mod problem;
mod publication;
mod rate;
pub mod router;
mod server;
mod shared;
mod shares;
mod stream;
pub mod tls;

pub use call::CallId;
pub use origin::{InvalidNetwork, Network, Proxies, ProxyHeader};
pub use problem::Problem;
pub use server::{Bound, Running, ServeError, bind};
pub use shared::Shared;

use pace::Pace;

/// Addresses, certificates and limits.
#[derive(Debug, Clone)]
pub struct Settings {
    /// For apps.
    pub api: TlsListener,
    /// For citizens.
    pub citizen: TlsListener,
    /// For operators: health and metrics, without TLS, so not to be reachable from outside.
    pub ops: SocketAddr,
    /// Who passes citizens' calls on.
    pub citizen_proxies: Proxies,
    /// Whom citizens may ask, in words for every page, such as a telephone number and its hours.
    pub help_desk: Option<String>,
    /// How much is taken at once.
    pub limits: Limits,
    /// How long calls under way may take to finish after the signal to stop.
    pub stop_within: Duration,
}

/// An address and the certificate shown there.
#[derive(Debug, Clone)]
pub struct TlsListener {
    /// Port 0 takes a free one.
    pub address: SocketAddr,
    /// PEM file with the certificate, then its chain.
    pub certificate: PathBuf,
    /// PEM file with the private key.
    pub key: PathBuf,
}

/// How much is taken at once.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Largest body of a multipart call in bytes, all documents together.
    pub body_bytes: u64,
    /// Largest body of a JSON call in bytes.
    pub json_bytes: u64,
    /// How long a client may take to send the head of a request.
    pub head_within: Duration,
    /// Longest pause within a body.
    pub pause: Duration,
    /// Bytes a second that a body must come at, beyond one pause. Only the time that the client is waited for counts.
    pub slowest: u32,
    /// Use cases run at once, on each listener.
    pub calls_at_once: u32,
    /// Calls that may wait for one of those places, on each listener; further ones are told to come back.
    pub calls_waiting: u32,
    /// New requests received at once, all apps together. They have places of their own, because a client's line decides
    /// how long they take.
    pub uploads_at_once: u32,
    /// New requests of one app at once. Their places are taken before the body is read, so they also bound the bodies
    /// of JSON that are held while they arrive.
    pub uploads_per_app: u32,
    /// Connections open at once, on each listener.
    pub connections: u32,
    /// Calls an app may make in the long run.
    pub calls_per_minute: u32,
    /// Calls an app may make at once after a pause.
    pub burst: u32,
    /// Calls on the citizens' pages from one place, which is an IPv4 address or the /64 of an IPv6 one, in the long run.
    pub place_per_minute: u32,
    /// The same at once after a pause.
    pub place_burst: u32,
}

impl Limits {
    /// How slowly one body may come.
    fn pace(&self) -> Pace {
        Pace::new(self.pause, self.slowest)
    }

    /// Threads that blocking calls may need, with some for files that are sent.
    fn threads(&self) -> usize {
        let places = self.calls_at_once.saturating_add(self.uploads_at_once);
        usize::try_from(places)
            .unwrap_or(usize::MAX)
            .saturating_add(64)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 256 * 1024 * 1024,
            json_bytes: 8 * 1024 * 1024,
            head_within: Duration::from_secs(10),
            pause: Duration::from_secs(20),
            slowest: 16 * 1024,
            calls_at_once: 64,
            calls_waiting: 256,
            uploads_at_once: 64,
            uploads_per_app: 32,
            connections: 4096,
            calls_per_minute: 1200,
            burst: 200,
            place_per_minute: 600,
            place_burst: 200,
        }
    }
}
