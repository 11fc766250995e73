//! An SMS gateway on loopback that works, or does not, as the test says.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rubrica::notify::{BodyTemplate, GatewaySettings, Settings};
use tempfile::TempDir;

/// A gateway. What it takes lies in a folder as an outbox would have it, so that
/// [`Phones`](super::phones::Phones) find it there.
pub(crate) struct SmsGateway {
    address: SocketAddr,
    folder: TempDir,
    state: Arc<State>,
}

struct State {
    /// What it answers with; it takes the message when this is 2xx.
    status: AtomicU16,
    calls: AtomicUsize,
}

impl SmsGateway {
    /// One that takes every message.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let gateway = Self {
            address: listener.local_addr().unwrap(),
            folder: tempfile::tempdir().unwrap(),
            state: Arc::new(State {
                status: AtomicU16::new(202),
                calls: AtomicUsize::new(0),
            }),
        };
        let (state, folder) = (Arc::clone(&gateway.state), gateway.received());
        // Ends with the process: nothing tells it apart from a gateway that nobody calls.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, &state, &folder);
            }
        });
        gateway
    }

    /// From now on it answers with this status.
    pub(crate) fn answers(&self, status: u16) {
        self.state.status.store(status, Ordering::SeqCst);
    }

    /// How often it was called.
    pub(crate) fn calls(&self) -> usize {
        self.state.calls.load(Ordering::SeqCst)
    }

    /// The server's settings that lead here: two attempts, close together.
    pub(super) fn settings(&self) -> Settings {
        let body = BodyTemplate::new(r#"{"to": "{to}", "text": "{text}"}"#.to_owned()).unwrap();
        let url = format!("http://{}/send", self.address).parse().unwrap();
        let settings = GatewaySettings::new(url, body)
            .and_then(|settings| settings.with_attempts(2))
            .and_then(|settings| settings.with_pause(Duration::from_millis(5)));
        Settings::Http(Box::new(settings.unwrap()))
    }

    /// Where the messages are that it took.
    pub(super) fn received(&self) -> PathBuf {
        self.folder.path().to_owned()
    }
}

fn answer(mut stream: TcpStream, state: &State, folder: &Path) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut length = 0;
    let mut line = String::new();
    while reader.read_line(&mut line).unwrap_or(0) > 0 && line != "\r\n" {
        let header = line.to_ascii_lowercase();
        if let Some(value) = header.strip_prefix("content-length: ") {
            length = value.trim().parse().unwrap();
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let call = state.calls.fetch_add(1, Ordering::SeqCst);
    let status = state.status.load(Ordering::SeqCst);
    if (200..300).contains(&status) {
        fs::write(folder.join(format!("{call:06}.json")), &body).unwrap();
    }
    write!(
        stream,
        "HTTP/1.1 {status} Whatever\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
}
