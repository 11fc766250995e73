//! The SMS gateway: takes the server's messages over HTTP, as in production, and keeps the code of each phone.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::Context;
use rubrica::domain::secret::SecretText;

/// A gateway on loopback. It ends with the process.
#[derive(Clone)]
pub(crate) struct Gateway {
    address: SocketAddr,
    codes: Arc<Mutex<HashMap<String, String>>>,
}

impl Gateway {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let gateway = Self {
            address: listener.local_addr()?,
            codes: Arc::default(),
        };
        let answering = gateway.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let gateway = answering.clone();
                // A caller that hangs up ends its connection and nothing else.
                thread::spawn(move || gateway.answer(stream).ok());
            }
        });
        Ok(gateway)
    }

    /// For `sms.url`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/send", self.address)
    }

    /// Takes the last code that was sent to that phone.
    pub(crate) fn code(&self, phone: &str) -> anyhow::Result<SecretText> {
        self.codes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(phone)
            .map(SecretText::new)
            .context("no code came")
    }

    /// Many calls on one connection, one after the other.
    fn answer(&self, mut stream: TcpStream) -> anyhow::Result<()> {
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream.try_clone()?);
        loop {
            let mut length = 0;
            let mut line = String::new();
            while reader.read_line(&mut line)? > 0 && line != "\r\n" {
                let header = line.to_ascii_lowercase();
                if let Some(value) = header.strip_prefix("content-length:") {
                    length = value.trim().parse()?;
                }
                line.clear();
            }
            if line.is_empty() {
                return Ok(());
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body)?;
            self.keep(&serde_json::from_slice(&body)?);
            stream.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")?;
        }
    }

    /// Messages without a code tell what became of an account.
    fn keep(&self, message: &serde_json::Value) {
        let member = |name| message.get(name).and_then(|value| value.as_str());
        let (Some(phone), Some(text)) = (member("to"), member("text")) else {
            return;
        };
        let code = text
            .rsplit(|c: char| !c.is_ascii_digit())
            .find(|run| run.len() == 6);
        if let Some(code) = code {
            self.codes
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(phone.to_owned(), code.to_owned());
        }
    }
}
