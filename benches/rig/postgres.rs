//! A PostgreSQL in a folder, with its usual, durable settings, reached by a Unix socket.
//!
//! The server is the child of a small shell that waits on a pipe from this process: however this process ends, the pipe
//! closes, and the shell stops the server.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

const INSTALL: &str = "PostgreSQL is missing: run ./SoftHSM-setup.sh --tests";
const PATIENCE: Duration = Duration::from_secs(60);
const SUPERVISOR: &str = r#"
log=$1; shift
"$@" </dev/null >>"$log" 2>&1 & server=$!
read -r _
kill -INT "$server" 2>/dev/null; wait "$server"
"#;

/// A running server. Dropping it stops it; its data stay.
pub(crate) struct Postgres {
    socket: PathBuf,
    log: PathBuf,
    supervisor: Child,
    pipe: Option<ChildStdin>,
}

/// What the server notes beside its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notes {
    /// What it notes by default.
    Usual,
    /// How often each statement ran (`pg_stat_statements`), and in its log every wait for a lock that takes longer than a
    /// millisecond, with who waited for whom.
    Everything,
}

impl Postgres {
    /// Makes the cluster when the folder is not there, and starts the server.
    pub(crate) fn start(folder: &Path, notes: Notes) -> anyhow::Result<Self> {
        let programs = programs()?;
        let account = account()?;
        let data = folder.join("data");
        if !folder.exists() {
            fs::create_dir(folder)?;
            if let Some((user, group)) = account {
                chown(folder, Some(user), Some(group))?;
                open_way(folder)?;
            }
            let mut initdb = Command::new(programs.join("initdb"));
            initdb
                .args(["--no-instructions", "--auth=trust", "--username=rubrica"])
                .args(["--encoding=UTF8", "--locale=C", "--pgdata"])
                .arg(&data);
            let made = as_account(&mut initdb, account).output().context(INSTALL)?;
            if !made.status.success() {
                bail!("initdb failed:\n{}", String::from_utf8_lossy(&made.stderr));
            }
        }
        // A socket's path has at most 107 bytes.
        let socket = std::env::temp_dir().join(format!("rubrica-pg-{}", socket_name(folder)?));
        fs::create_dir_all(&socket)?;
        if let Some((user, group)) = account {
            chown(&socket, Some(user), Some(group))?;
        }
        let mut shell = Command::new("sh");
        shell
            .args(["-c", SUPERVISOR, "sh"])
            .arg(folder.join("log"))
            .arg(programs.join("postgres"))
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(&socket)
            .args([
                "-h",
                "",
                "-p",
                "5432",
                "-c",
                "shared_buffers=1GB",
                "-c",
                "max_wal_size=8GB",
            ])
            .process_group(0)
            .stdin(Stdio::piped());
        if notes == Notes::Everything {
            for setting in [
                "shared_preload_libraries=pg_stat_statements",
                "log_lock_waits=on",
                "deadlock_timeout=1ms",
                "log_connections=on",
                "log_line_prefix=[%p] ",
            ] {
                shell.args(["-c", setting]);
            }
        }
        let mut supervisor = as_account(&mut shell, account).spawn()?;
        let server = Self {
            pipe: supervisor.stdin.take(),
            supervisor,
            socket,
            log: folder.join("log"),
        };
        server.await_readiness(&programs, folder)?;
        Ok(server)
    }

    /// For `database.url`.
    pub(crate) fn url(&self) -> String {
        format!(
            "postgres:///postgres?host={}&port=5432&user=rubrica",
            self.socket.display()
        )
    }

    /// Its log.
    pub(crate) fn log(&self) -> anyhow::Result<String> {
        Ok(String::from_utf8_lossy(&fs::read(&self.log)?).into_owned())
    }

    /// Runs SQL with `psql`, as a client of that name, and gives what it printed.
    pub(crate) fn run(&self, client: &str, sql: &str) -> anyhow::Result<String> {
        let output = Command::new("psql")
            .args([
                "-X",
                "-q",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-p",
                "5432",
            ])
            .args(["-U", "rubrica", "-d", "postgres", "-h"])
            .arg(&self.socket)
            .args(["-c", sql])
            .env("PGAPPNAME", client)
            .output()
            .context(INSTALL)?;
        if !output.status.success() {
            bail!("psql: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    fn await_readiness(&self, programs: &Path, folder: &Path) -> anyhow::Result<()> {
        let patience = Instant::now() + PATIENCE;
        loop {
            let asked = Command::new(programs.join("pg_isready"))
                .arg("-q")
                .arg("-h")
                .arg(&self.socket)
                .args(["-p", "5432"])
                .status()?;
            if asked.success() {
                return Ok(());
            }
            if Instant::now() >= patience {
                bail!(
                    "PostgreSQL did not start:\n{}",
                    fs::read_to_string(folder.join("log")).unwrap_or_default()
                );
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.pipe.take());
        let stopped = self.supervisor.wait();
        if let Err(error) = stopped.and_then(|_| fs::remove_dir(&self.socket)) {
            eprintln!("after PostgreSQL: {error}");
        }
    }
}

/// The newest version's programs, where Debian puts them.
fn programs() -> anyhow::Result<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").context(INSTALL)?;
    versions
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let programs = entry.path().join("bin");
            let complete = programs.join("initdb").exists();
            complete.then_some((version, programs))
        })
        .max()
        .map(|(_, programs)| programs)
        .context(INSTALL)
}

/// PostgreSQL refuses to run as root; its package brings an account for it.
fn account() -> anyhow::Result<Option<(u32, u32)>> {
    if fs::metadata("/proc/self")?.uid() != 0 {
        return Ok(None);
    }
    let accounts = fs::read_to_string("/etc/passwd")?;
    let line = accounts
        .lines()
        .find_map(|line| line.strip_prefix("postgres:"))
        .context(INSTALL)?;
    let mut numbers = line.split(':').skip(1);
    let mut number = || numbers.next().and_then(|field| field.parse().ok());
    Ok(Some((
        number().context(INSTALL)?,
        number().context(INSTALL)?,
    )))
}

fn as_account(command: &mut Command, account: Option<(u32, u32)>) -> &mut Command {
    if let Some((user, group)) = account {
        command.uid(user).gid(group);
    }
    command.current_dir("/")
}

/// Lets PostgreSQL's account through to the folder, not into what is beside it.
fn open_way(folder: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    if let Some(above) = folder.parent() {
        let mut permissions = fs::metadata(above)?.permissions();
        permissions.set_mode(permissions.mode() | 0o011);
        fs::set_permissions(above, permissions)?;
    }
    Ok(())
}

/// The folder's inode tells folders apart.
fn socket_name(folder: &Path) -> anyhow::Result<u64> {
    Ok(fs::metadata(folder)?.ino())
}
