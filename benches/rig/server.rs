//! The server in a process of its own: `rubrica serve`, built as it is delivered.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::place::Place;

const PATIENCE: Duration = Duration::from_secs(60);

/// A running server. Dropping it stops it.
pub(crate) struct Server {
    child: Child,
    pub(crate) api: SocketAddr,
    pub(crate) citizen: SocketAddr,
}

/// What the process holds in memory, in bytes (`VmRSS` and `VmHWM` of proc(5)).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    pub(crate) resident: u64,
    /// The most since the last [`Server::forget_peak`].
    pub(crate) peak: u64,
}

impl Server {
    /// Starts it in that place and waits until it answers.
    pub(crate) fn start(place: &Place) -> anyhow::Result<Self> {
        Self::begin(place, "bench", &mut Self::command())
    }

    /// The same as a node of that name, one of several on the place's PostgreSQL, which knows the connections by the name.
    pub(crate) fn node(place: &Place, node: &str) -> anyhow::Result<Self> {
        let url = format!("{}&application_name={node}", place.postgres()?.url());
        let mut command = Self::command();
        command
            .env("RUBRICA_SERVER__NODE", node)
            .env("RUBRICA_DATABASE__URL", url);
        Self::begin(place, node, &mut command)
    }

    fn command() -> Command {
        Command::new(env!("CARGO_BIN_EXE_rubrica"))
    }

    fn begin(place: &Place, node: &str, command: &mut Command) -> anyhow::Result<Self> {
        let log = place.log(node);
        let mut child = command
            .arg("--config")
            .arg(place.configuration())
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?)
            .spawn()?;
        let patience = Instant::now() + PATIENCE;
        loop {
            let text = fs::read_to_string(&log)?;
            if let Some((api, citizen)) = addresses(&text) {
                return Ok(Self {
                    child,
                    api,
                    citizen,
                });
            }
            if child.try_wait()?.is_some() || Instant::now() >= patience {
                // Whether it still runs or not, nothing of it shall stay.
                let _ = child.kill();
                child.wait()?;
                bail!("the server did not start:\n{text}");
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn memory(&self) -> anyhow::Result<Memory> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse::<u64>().ok());
            number
                .map(|kib| kib * 1024)
                .with_context(|| format!("the kernel does not tell {name}"))
        };
        Ok(Memory {
            resident: of("VmRSS:")?,
            peak: of("VmHWM:")?,
        })
    }

    /// From now on the peak counts anew (`clear_refs` of proc(5)).
    pub(crate) fn forget_peak(&self) -> anyhow::Result<()> {
        let file = format!("/proc/{}/clear_refs", self.child.id());
        fs::write(&file, "5").with_context(|| format!("{file} cannot be written"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let told = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        let ended = told.and_then(|_| self.child.wait());
        if !ended.is_ok_and(|status| status.success()) {
            eprintln!("the server did not end well; its log is gone with its folder");
        }
    }
}

/// The addresses in the line that says that it serves.
fn addresses(log: &str) -> Option<(SocketAddr, SocketAddr)> {
    log.lines().find_map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        let fields = line.get("fields").unwrap_or(&line);
        let address = |name| fields.get(name)?.as_str()?.parse().ok();
        Some((address("api")?, address("citizen")?))
    })
}
