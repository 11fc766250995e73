//! Other signers on the same token, side by side with the server: EU DSS and pyHanko, as `benches/peers/install` puts
//! them into `target/peers/`. Each runs as a process that is warm when it is measured, with a key that stays on the token.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};
use cryptoki::context::Pkcs11;
use rubrica::domain::algorithm::KeyAlgorithm;
use tempfile::TempDir;

use super::figures::{Stage, THREADS};
use super::report::Row;
use super::rig::document::Sample;
use super::rig::token::{Selector, Token};

const INSTALL: &str = "not measured: run benches/peers/install";
/// The document of the comparison, in bytes.
const SMALL: u64 = 10_000;
/// How long a peer may take to begin, or for one round.
const LONGEST: Duration = Duration::from_secs(60);

/// What belongs to the peers on this token.
pub(crate) struct Peers {
    /// Their document and the first file that each signed.
    folder: TempDir,
    slot: u64,
    label: String,
    /// Those that are warm, by peer and key.
    running: BTreeMap<(&'static str, &'static str), Peer>,
}

/// A peer that is warm.
struct Peer {
    child: Child,
    /// `None` once it was told to end.
    input: Option<ChildStdin>,
    /// What it says.
    lines: Receiver<String>,
}

impl Peers {
    /// The server's batches over the peer, in turn.
    pub(crate) fn compare(
        stage: &mut Stage<'_>,
        row: &mut Row,
        peer: &'static str,
        key: KeyAlgorithm,
    ) -> anyhow::Result<()> {
        let installed = installed();
        if !installed.join("dss/peer.jar").exists() || !installed.join("venv").exists() {
            row.missing(INSTALL);
            return Ok(());
        }
        stage.check_possible(key)?;
        stage.scene()?;
        if stage.peers().is_none() {
            let made = Self::new(stage.token())?;
            *stage.peers() = Some(made);
        }
        let mut peers = stage.peers().take().context("the peers are gone")?;
        let compared = peers.in_turn(stage, row, peer, key, &installed);
        // Their keys are on the token, however it went.
        *stage.peers() = Some(peers);
        compared
    }

    fn in_turn(
        &mut self,
        stage: &Stage<'_>,
        row: &mut Row,
        peer: &'static str,
        key: KeyAlgorithm,
        installed: &Path,
    ) -> anyhow::Result<()> {
        let (rounds, seconds) = if stage.plan.quick { (2, 1.0) } else { (5, 5.0) };
        let (module, pin) = (&stage.token().module, &stage.token().pin);
        let running = self.warm(installed, peer, key, module, pin, stage.plan.quick)?;
        for round in 0..rounds {
            if stage.is_late(round) {
                break;
            }
            let scene = stage.scene()?;
            let waiting = super::figures::batches(scene, key, stage.plan.batches)?;
            let theirs = running.per_second(seconds)?;
            let ours = super::figures::confirm(scene, &waiting)?;
            row.add(ours.per_second / theirs);
            row.latencies(ours.latencies);
            row.note(format!("{:.0}/s and {theirs:.1}/s", ours.per_second));
        }
        Ok(())
    }

    fn new(token: &Token) -> anyhow::Result<Self> {
        let Selector::Label(label) = &token.selector else {
            bail!("the peers are compared on SoftHSM");
        };
        let folder = tempfile::tempdir()?;
        fs::write(
            folder.path().join("document.pdf"),
            Sample::pdf(SMALL).bytes()?,
        )?;
        let library = std::mem::ManuallyDrop::new(Pkcs11::new(&token.module)?);
        let slot = library
            .get_slots_with_token()?
            .into_iter()
            .find(|slot| {
                let info = library.get_token_info(*slot);
                info.is_ok_and(|info| info.label() == label)
            })
            .context("the token is not there")?;
        let peers = Self {
            folder,
            slot: slot.id(),
            label: label.clone(),
            running: BTreeMap::new(),
        };
        peers.make_keys(token)?;
        Ok(peers)
    }

    /// Keys that stay, with certificates of their own, made by Java's own means.
    fn make_keys(&self, token: &Token) -> anyhow::Result<()> {
        let configuration = self.folder.path().join("pkcs11.cfg");
        let text = format!(
            "name = bench\nlibrary = {}\nslot = {}\n",
            token.module.display(),
            self.slot
        );
        fs::write(&configuration, text)?;
        for (alias, kind) in [
            ("peer-rsa-3072", ["-keyalg", "RSA", "-keysize", "3072"]),
            ("peer-ec-p256", ["-keyalg", "EC", "-groupname", "secp256r1"]),
        ] {
            let made = Command::new("keytool")
                .args(["-genkeypair", "-alias", alias])
                .args(kind)
                .args(["-dname", "CN=Benchmark", "-keystore", "NONE"])
                .args(["-storetype", "PKCS11", "-storepass:env", "PIN"])
                .args(["-addprovider", "SunPKCS11", "-providerarg"])
                .arg(&configuration)
                .env("PIN", &token.pin)
                .output()
                .context("keytool of the Java that EU DSS runs on")?;
            if !made.status.success() {
                bail!("keytool: {}", String::from_utf8_lossy(&made.stdout));
            }
        }
        Ok(())
    }

    /// Starts a peer and lets it run until its just-in-time compiler and its caches have seen the work.
    fn warm(
        &mut self,
        installed: &Path,
        peer: &'static str,
        key: KeyAlgorithm,
        module: &Path,
        pin: &str,
        quick: bool,
    ) -> anyhow::Result<&mut Peer> {
        let folder = self.folder.path();
        let name = format!("peer-{}", key.as_str());
        let (mut command, threads) = if peer == "dss" {
            let jars = installed.join("dss");
            let mut command = Command::new("java");
            command
                .arg("-cp")
                .arg(format!(
                    "{}/peer.jar:{}/lib/*",
                    jars.display(),
                    jars.display()
                ))
                .arg("Peer")
                .arg(module)
                .arg(self.slot.to_string());
            (command, THREADS)
        } else {
            let mut command = Command::new(installed.join("venv/bin/python"));
            command
                .arg(concat!(
                    env!("CARGO_MANIFEST_DIR"),
                    "/benches/peers/pyhanko_peer.py"
                ))
                .arg(module)
                .arg(&self.label);
            // Its library opens the module without locks: two threads sometimes crash it, or go round in it for ever.
            (command, 1)
        };
        command
            .arg(&name)
            .arg(threads.to_string())
            .arg(folder.join("document.pdf"))
            .arg(folder.join(format!("{peer}-{}.pdf", key.as_str())))
            .env("PIN", pin)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let input = child.stdin.take();
        let output = child.stdout.take().context("the peer has no output")?;
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut started = Peer {
            child,
            input,
            lines,
        };
        if started.line()? != "ready" {
            bail!("{peer} does not begin");
        }
        started.warm_up(if quick { 4 } else { 20 })?;
        self.running.insert((peer, key.as_str()), started);
        self.running
            .get_mut(&(peer, key.as_str()))
            .context("the peer is gone")
    }
}

impl Peer {
    /// Lets it sign until that becomes no quicker: for so many seconds at most, and for half of them at least.
    fn warm_up(&mut self, most: u32) -> anyhow::Result<()> {
        let mut before = 0.0_f64;
        for second in 0..most {
            let now = self.per_second(1.0)?;
            if second >= most / 2 && now < before * 1.03 {
                break;
            }
            before = before.max(now);
        }
        Ok(())
    }

    /// Signs for so long; gives how many in a second.
    fn per_second(&mut self, seconds: f64) -> anyhow::Result<f64> {
        let input = self.input.as_mut().context("the peer was ended")?;
        writeln!(input, "{seconds}")?;
        input.flush()?;
        Ok(self.line()?.parse()?)
    }

    fn line(&mut self) -> anyhow::Result<String> {
        match self.lines.recv_timeout(LONGEST) {
            Ok(line) => Ok(line),
            Err(RecvTimeoutError::Disconnected) => bail!("the peer ended"),
            Err(RecvTimeoutError::Timeout) => {
                self.child.kill()?;
                bail!("the peer said nothing for {LONGEST:?}")
            }
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.input.take());
        if let Err(error) = self.child.wait() {
            eprintln!("a peer does not end: {error}");
        }
    }
}

/// Beside what cargo builds.
fn installed() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("peers")
}
