//! Callers over real TLS: they trust the test server's certificate and nothing else.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::Value;
use ureq::http::{HeaderMap, Method, Request};
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};
use ureq::{Agent, AsSendBody, SendBody};

/// A client certificate with its key, in PEM.
#[derive(Clone)]
pub(crate) struct ClientIdentity {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

/// Somebody who calls one listener, with or without something to show.
#[derive(Clone)]
pub(crate) struct Client {
    agent: Agent,
    base: String,
    trusted: String,
    headers: Vec<(String, String)>,
}

/// A TLS connection.
pub(crate) struct Line(rustls::StreamOwned<rustls::ClientConnection, TcpStream>);

/// What was answered, read to its end.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// A body that ended before its announced end.
#[derive(Debug)]
pub(crate) struct BrokenOff {
    pub(crate) received: usize,
}

impl Client {
    /// Trusts that certificate; `base` is like `https://127.0.0.1:1234`.
    pub(crate) fn new(base: &str, trusted: &str, identity: Option<&ClientIdentity>) -> Self {
        let root = Certificate::from_pem(trusted.as_bytes()).unwrap();
        let client = identity.map(|identity| {
            ClientCert::new_with_certs(
                &[Certificate::from_pem(identity.certificate.as_bytes()).unwrap()],
                PrivateKey::from_pem(identity.key.as_bytes()).unwrap(),
            )
        });
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(provider)
            .root_certs(RootCerts::Specific(Arc::new(vec![root])))
            .client_cert(client)
            .build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .into();
        Self {
            agent,
            base: base.to_owned(),
            trusted: trusted.to_owned(),
            headers: Vec::new(),
        }
    }

    /// The same caller, who sends this header with each call.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut with = self.clone();
        with.headers.push((name.to_owned(), value.to_owned()));
        with
    }

    /// The same caller with a bearer token.
    pub(crate) fn bearer(&self, token: &str) -> Self {
        self.with("Authorization", &format!("Bearer {token}"))
    }

    /// Host and port of the listener.
    pub(crate) fn address(&self) -> String {
        self.base.strip_prefix("https://").unwrap().to_owned()
    }

    /// A connection in the test's own hands, to send on it what no client would.
    pub(crate) fn line(&self) -> Line {
        let address = self.address();
        let mut roots = rustls::RootCertStore::empty();
        let trusted = CertificateDer::from_pem_slice(self.trusted.as_bytes()).unwrap();
        roots.add(trusted).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let session = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
        let socket = TcpStream::connect(address).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        Line(rustls::StreamOwned::new(session, socket))
    }

    /// Whether the listener shows a new connection the certificate that this caller trusts.
    pub(crate) fn greets(&self) -> bool {
        let Line(mut stream) = self.line();
        stream.conn.complete_io(&mut stream.sock).is_ok()
    }

    /// The cookies it keeps, as one header carries them.
    pub(crate) fn cookies(&self) -> String {
        let jar = self.agent.cookie_jar_lock();
        let cookies: Vec<_> = jar
            .iter()
            .map(|cookie| format!("{}={}", cookie.name(), cookie.value()))
            .collect();
        cookies.join("; ")
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.call("GET", path, SendBody::none())
    }

    /// Gets a body, which may break off, also before its head has come.
    pub(crate) fn fetch(&self, path: &str) -> Result<Vec<u8>, BrokenOff> {
        let mut request = Request::get(format!("{}{path}", self.base));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let Ok(mut response) = self.agent.run(request.body(()).unwrap()) else {
            return Err(BrokenOff { received: 0 });
        };
        assert_eq!(response.status().as_u16(), 200);
        let mut body = Vec::new();
        match response.body_mut().as_reader().read_to_end(&mut body) {
            Ok(_) => Ok(body),
            Err(_) => Err(BrokenOff {
                received: body.len(),
            }),
        }
    }

    pub(crate) fn post(&self, path: &str, kind: &str, body: impl AsSendBody) -> Answer {
        self.with("Content-Type", kind).call("POST", path, body)
    }

    pub(crate) fn post_json(&self, path: &str, body: &Value) -> Answer {
        self.post(path, "application/json", body.to_string())
    }

    /// Any method; `path` may also be a whole address on the same host.
    pub(crate) fn call(&self, method: &str, path: &str, body: impl AsSendBody) -> Answer {
        self.try_call(method, path, body).unwrap()
    }

    /// The same to a server that may be gone before all of its answer has come.
    pub(crate) fn try_call(
        &self,
        method: &str,
        path: &str,
        body: impl AsSendBody,
    ) -> Result<Answer, ureq::Error> {
        let mut request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).unwrap())
            .uri(if path.starts_with("https:") {
                path.to_owned()
            } else {
                format!("{}{path}", self.base)
            });
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(body).unwrap();
        let mut response = self.agent.run(request)?;
        Ok(Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response
                .body_mut()
                .with_config()
                .limit(1 << 30)
                .read_to_vec()?,
        })
    }
}

impl Line {
    /// Sends bytes; a server that does not want more may have hung up.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes);
        let _ = self.0.flush();
    }

    /// The next line of the answer's head, the first one being its status.
    pub(crate) fn status_line(&mut self) -> String {
        let mut line = Vec::new();
        let mut byte = [0];
        while !line.ends_with(b"\r\n") {
            match self.0.read(&mut byte) {
                Ok(1) => line.extend_from_slice(&byte),
                other => panic!("no answer after {line:?}: {other:?}"),
            }
        }
        String::from_utf8(line).unwrap()
    }

    /// Everything until the server hangs up.
    pub(crate) fn rest(&mut self) -> String {
        let mut answer = Vec::new();
        // Closing without TLS's own goodbye is no matter here.
        let _ = self.0.read_to_end(&mut answer);
        String::from_utf8(answer).unwrap()
    }
}

impl Answer {
    /// The body as text.
    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!(
                "{} is no JSON: {error}: {}",
                self.status,
                String::from_utf8_lossy(&self.body)
            )
        })
    }

    /// The value at a JSON Pointer (RFC 6901) of the body; null when there is none.
    pub(crate) fn at(&self, pointer: &str) -> Value {
        self.json().pointer(pointer).cloned().unwrap_or_default()
    }

    /// One header, empty when absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The `code` of the problem, after a look at whether it is a whole one (RFC 9457).
    #[track_caller]
    pub(crate) fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.at("/status"), self.status);
        assert_eq!(self.at("/request_id"), self.header("x-request-id"));
        assert!(self.at("/title").is_string());
        let code = self.at("/code").as_str().unwrap().to_owned();
        assert_eq!(self.at("/type"), format!("/docs#{code}"));
        (self.status, code)
    }

    /// Which places of the request the problem names.
    pub(crate) fn pointers(&self) -> Vec<String> {
        self.at("/errors")
            .as_array()
            .into_iter()
            .flatten()
            .map(|error| {
                error
                    .get("pointer")
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned()
            })
            .collect()
    }
}
