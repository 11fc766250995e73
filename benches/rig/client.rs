//! A caller over TLS that costs little: one connection that is kept, HTTP/1.1, one call at a time.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

const PATIENCE: Duration = Duration::from_secs(300);
/// Bytes of a body sent at once.
const PIECE: usize = 64 * 1024;

/// After so long without a call another connection is made: the server closes those that nobody uses.
const IDLE: Duration = Duration::from_secs(2);

/// A connection to one listener.
pub(crate) struct Client {
    stream: Stream,
    address: SocketAddr,
    trust: Arc<ClientConfig>,
    used: Instant,
}

type Stream = BufReader<StreamOwned<ClientConnection, TcpStream>>;

/// What was answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// A body of known length.
pub(crate) struct Body<'a> {
    pub(crate) kind: &'a str,
    pub(crate) size: u64,
    pub(crate) reader: &'a mut dyn Read,
}

/// Whom callers trust.
pub(crate) fn trust(certificate: &Path) -> anyhow::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&fs::read(certificate)?)?)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(Arc::new(
        ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth(),
    ))
}

impl Client {
    pub(crate) fn connect(address: SocketAddr, trust: &Arc<ClientConfig>) -> anyhow::Result<Self> {
        Ok(Self {
            stream: connected(address, trust)?,
            address,
            trust: Arc::clone(trust),
            used: Instant::now(),
        })
    }

    /// `headers` are whole lines.
    pub(crate) fn call(
        &mut self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: Option<Body<'_>>,
    ) -> anyhow::Result<Answer> {
        if self.used.elapsed() >= IDLE {
            self.stream = connected(self.address, &self.trust)?;
        }
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.address);
        for header in headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        if let Some(body) = &body {
            write!(
                head,
                "Content-Type: {}\r\nContent-Length: {}\r\n",
                body.kind, body.size
            )?;
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        if let Some(body) = body {
            let mut left = body.size;
            let piece = u64::try_from(PIECE)?;
            while left > 0 {
                let count = body.reader.take(left.min(piece)).read_to_end(&mut bytes)?;
                if count == 0 {
                    bail!("the body is shorter than was said");
                }
                left -= u64::try_from(count)?;
                // A short body goes out with its head.
                self.stream.get_mut().write_all(&bytes)?;
                bytes.clear();
            }
        }
        self.stream.get_mut().write_all(&bytes)?;
        self.stream.get_mut().flush()?;
        let answer = self.answer();
        self.used = Instant::now();
        answer
    }

    fn answer(&mut self) -> anyhow::Result<Answer> {
        let status = self.line()?;
        let status = status
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .with_context(|| format!("no answer but {status:?}"))?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            match line.split_once(':') {
                Some((name, value)) => {
                    headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
                }
                None if line.is_empty() => break,
                None => bail!("{line:?} is no header"),
            }
        }
        let mut answer = Answer {
            status,
            headers,
            body: Vec::new(),
        };
        if answer.header("transfer-encoding") == Some("chunked") {
            loop {
                let size = u64::from_str_radix(&self.line()?, 16)?;
                (&mut self.stream)
                    .take(size)
                    .read_to_end(&mut answer.body)?;
                self.line()?;
                if size == 0 {
                    break;
                }
            }
        } else if let Some(size) = answer.header("content-length") {
            let size: u64 = size.parse()?;
            answer.body.reserve(usize::try_from(size.min(1 << 20))?);
            (&mut self.stream)
                .take(size)
                .read_to_end(&mut answer.body)?;
        }
        Ok(answer)
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        line.truncate(line.trim_end().len());
        Ok(line)
    }
}

fn connected(address: SocketAddr, trust: &Arc<ClientConfig>) -> anyhow::Result<Stream> {
    let name = ServerName::from(address.ip());
    let session = ClientConnection::new(Arc::clone(trust), name)?;
    let socket = TcpStream::connect(address)?;
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    Ok(BufReader::new(StreamOwned::new(session, socket)))
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    /// Names and values of the cookies it sets; an empty value takes one away.
    pub(crate) fn cookies(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers
            .iter()
            .filter(|(name, _)| name == "set-cookie")
            .filter_map(|(_, value)| value.split(';').next()?.split_once('='))
    }

    pub(crate) fn json(&self) -> anyhow::Result<serde_json::Value> {
        Ok(serde_json::from_slice(&self.body)?)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
