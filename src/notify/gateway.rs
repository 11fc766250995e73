//! A gateway that takes messages as JSON over HTTP.
//!
//! Gateways agree on nothing but that, so address, method, headers and body are the operator's. An answer of 2xx is
//! a message on its way; 408, 425, 429, 5xx, a time-out or a broken connection are tried again after a pause that
//! doubles; anything else is a refusal. Redirections are not followed: a code must not go where nobody configured.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ureq::Agent;
use ureq::http::{HeaderName, HeaderValue, Request};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};
use url::Url;

use super::{BodyTemplate, Sms, SmsError};
use crate::domain::address::is_private;
use crate::domain::secret::SecretText;

/// How the gateway is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GatewayMethod {
    /// POST, as nearly all want.
    #[default]
    Post,
    /// PUT.
    Put,
}

/// Whom the gateway's certificate must come from.
#[derive(Debug, Clone)]
pub enum GatewayRoots {
    /// The public authorities of the web.
    Public,
    /// These alone.
    Only(Vec<Certificate<'static>>),
}

impl GatewayRoots {
    /// The certificates of a PEM file, at least one.
    pub fn from_pem(pem: &[u8]) -> Result<Self, InvalidGateway> {
        let certificates = ureq::tls::parse_pem(pem)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(Ok(certificate)),
                Ok(_) => None,
                Err(error) => Some(Err(InvalidGateway::Roots(Some(Box::new(error))))),
            })
            .collect::<Result<Vec<_>, _>>()?;
        if certificates.is_empty() {
            return Err(InvalidGateway::Roots(None));
        }
        Ok(Self::Only(certificates))
    }
}

/// A header of every call. Its value may be a secret.
#[derive(Debug, Clone)]
pub struct GatewayHeader {
    name: HeaderName,
    value: SecretText,
}

impl GatewayHeader {
    /// Checks name and value (RFC 9110 section 5). White space around the value, as files end with, is dropped.
    pub fn new(name: &str, value: &SecretText) -> Result<Self, InvalidGateway> {
        let invalid = || InvalidGateway::Header {
            name: name.to_owned(),
        };
        let value = SecretText::new(value.expose().trim().to_owned());
        HeaderValue::from_str(value.expose())
            .ok()
            .filter(|_| !value.is_empty())
            .ok_or_else(invalid)?;
        let name = HeaderName::from_bytes(name.as_bytes())
            .ok()
            .ok_or_else(invalid)?;
        Ok(Self { name, value })
    }
}

/// Why a gateway cannot be used as configured.
#[derive(Debug, thiserror::Error)]
pub enum InvalidGateway {
    /// Neither https, nor http on this very machine.
    #[error(
        "the gateway's address must begin with https://; http:// is for 127.0.0.1, [::1] and localhost only"
    )]
    Address,
    /// Not a header.
    #[error("the header `{name}` has a name or value that HTTP does not allow, or no value")]
    Header {
        /// Its name.
        name: String,
    },
    /// The file of authorities is no PEM or holds no certificate.
    #[error("the gateway's authorities are not a PEM file with certificates")]
    Roots(#[source] Option<Box<dyn std::error::Error + Send + Sync>>),
    /// A number out of bounds.
    #[error("`{name}` must be between {least} and {most}")]
    Bounds {
        /// The setting.
        name: &'static str,
        /// Smallest value.
        least: u64,
        /// Largest value.
        most: u64,
    },
}

/// A gateway as configured. The citizen waits for it, so the whole effort is bounded: attempts times time-out, and
/// the pauses.
#[derive(Debug, Clone)]
pub struct GatewaySettings {
    url: Url,
    body: BodyTemplate,
    method: GatewayMethod,
    headers: Vec<GatewayHeader>,
    roots: GatewayRoots,
    attempts: u32,
    timeout: Duration,
    pause: Duration,
}

impl GatewaySettings {
    /// POST to this address, public authorities, three attempts of at most four seconds, pauses of a quarter and
    /// half a second.
    pub fn new(url: Url, body: BodyTemplate) -> Result<Self, InvalidGateway> {
        if !is_private(&url) {
            return Err(InvalidGateway::Address);
        }
        Ok(Self {
            url,
            body,
            method: GatewayMethod::default(),
            headers: Vec::new(),
            roots: GatewayRoots::Public,
            attempts: 3,
            timeout: Duration::from_secs(4),
            pause: Duration::from_millis(250),
        })
    }

    /// Where it is.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Another method.
    #[must_use]
    pub fn with_method(mut self, method: GatewayMethod) -> Self {
        self.method = method;
        self
    }

    /// Headers of every call, beside `Content-Type: application/json`, which one of them may replace.
    #[must_use]
    pub fn with_headers(mut self, headers: Vec<GatewayHeader>) -> Self {
        self.headers = headers;
        self
    }

    /// Other authorities.
    #[must_use]
    pub fn with_roots(mut self, roots: GatewayRoots) -> Self {
        self.roots = roots;
        self
    }

    /// `attempts`: how often a message is tried, 1 to 10.
    pub fn with_attempts(mut self, attempts: u8) -> Result<Self, InvalidGateway> {
        within("attempts", attempts.into(), 1, 10)?;
        self.attempts = attempts.into();
        Ok(self)
    }

    /// `timeout`: longest single attempt, 100 ms to 30 s.
    pub fn with_timeout(mut self, timeout: Duration) -> Result<Self, InvalidGateway> {
        within_ms("timeout", timeout, 100, 30_000)?;
        self.timeout = timeout;
        Ok(self)
    }

    /// `pause`: before the second attempt; it doubles before each further one; 1 ms to 10 s.
    pub fn with_pause(mut self, pause: Duration) -> Result<Self, InvalidGateway> {
        within_ms("pause", pause, 1, 10_000)?;
        self.pause = pause;
        Ok(self)
    }
}

/// The gateway, with its connections.
#[derive(Clone)]
pub struct Gateway {
    settings: Arc<GatewaySettings>,
    agent: Agent,
}

impl Gateway {
    pub(super) fn new(settings: GatewaySettings) -> Self {
        let roots = match &settings.roots {
            GatewayRoots::Public => RootCerts::WebPki,
            GatewayRoots::Only(certificates) => RootCerts::from(certificates.clone()),
        };
        let tls = TlsConfig::builder()
            .root_certs(roots)
            .unversioned_rustls_crypto_provider(Arc::new(
                rustls::crypto::aws_lc_rs::default_provider(),
            ))
            .build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            // Taken from the environment otherwise, which is read by `config` alone.
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .timeout_global(Some(settings.timeout))
            .user_agent("rubrica")
            .build()
            .new_agent();
        Self {
            settings: Arc::new(settings),
            agent,
        }
    }

    pub(super) fn send(&self, sms: &Sms) -> Result<(), SmsError> {
        let mut pause = self.settings.pause;
        let mut attempts = 1;
        loop {
            let failure = match self.attempt(sms) {
                Ok(status) if (200..300).contains(&status) => return Ok(()),
                Ok(status) if is_passing(status) => Failure::Answer(status).into(),
                Ok(status) => return Err(SmsError::Refused { status }),
                Err(error) => error,
            };
            if attempts == self.settings.attempts {
                return Err(SmsError::Unreachable {
                    attempts,
                    source: failure,
                });
            }
            tracing::debug!(to = %sms.to, attempts, error = %failure, "the gateway is tried again");
            thread::sleep(pause);
            pause = pause.saturating_mul(2);
            attempts += 1;
        }
    }

    fn attempt(&self, sms: &Sms) -> Result<u16, Box<dyn std::error::Error + Send + Sync>> {
        let settings = &self.settings;
        let body = settings.body.fill(sms.to.as_str(), sms.text.expose());
        let mut request = Request::builder()
            .method(match settings.method {
                GatewayMethod::Post => "POST",
                GatewayMethod::Put => "PUT",
            })
            .uri(settings.url.as_str())
            .body(body.as_str())?;
        let headers = request.headers_mut();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        for header in &settings.headers {
            let mut value = HeaderValue::from_str(header.value.expose())?;
            value.set_sensitive(true);
            headers.insert(header.name.clone(), value);
        }
        Ok(self.agent.run(request)?.status().as_u16())
    }
}

/// The gateway answered that it cannot now.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("it answered with status {0}")]
    Answer(u16),
}

/// Request Timeout, Too Early, Too Many Requests (RFC 9110, 8470, 6585), and the server's own failures.
fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599)
}

fn within(name: &'static str, value: u64, least: u64, most: u64) -> Result<(), InvalidGateway> {
    if (least..=most).contains(&value) {
        Ok(())
    } else {
        Err(InvalidGateway::Bounds { name, least, most })
    }
}

fn within_ms(
    name: &'static str,
    value: Duration,
    least: u64,
    most: u64,
) -> Result<(), InvalidGateway> {
    let millis = u64::try_from(value.as_millis()).unwrap_or(u64::MAX);
    within(name, millis, least, most)
}
