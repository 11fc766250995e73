//! A PostgreSQL of the tests' own: in a private folder, on a Unix socket, gone when the tests are.
//!
//! The server is the child of a small shell that waits on a pipe from this process. However this process
//! ends, by a panic or by `kill -9` too, the pipe closes; the shell then stops the server and removes the
//! folder. What a shell left that was killed itself is cleared away by the next run.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

const INSTALL: &str = "PostgreSQL is missing: run `./SoftHSM-setup.sh --tests`";
/// Names the socket. Told to both sides, so that nobody's environment counts.
const PORT: &str = "5432";
const FOLDER: &str = "rubrica-postgres-";
/// Runs the server until its standard input closes; until then `stop` and `start` do what they say. `$1` is the
/// folder, the rest is the server's command.
const SUPERVISOR: &str = r#"
folder=$1; shift
cd "$folder" || exit 1
start() { "$server_program" "$@" </dev/null >>"$folder/log" 2>&1 & server=$!; }
stop() { kill -QUIT "$server" 2>/dev/null; wait "$server"; }
server_program=$1; shift
start "$@"
while read -r command; do
    case $command in
        start) start "$@" ;;
        stop) stop; echo stopped ;;
    esac
done
stop
cd / && rm -rf "$folder"
"#;

/// A running server. Dropping it stops it.
pub(crate) struct Postgres {
    folder: PathBuf,
    supervisor: Child,
    /// Held open for as long as the server shall run.
    pipe: Option<ChildStdin>,
}

impl Postgres {
    /// Makes a cluster and starts a server on it; takes about a second.
    pub(crate) fn start() -> Self {
        let programs = programs();
        let account = account();
        remove_leftovers();
        let folder = new_folder(account.as_ref());
        let data = folder.join("data");
        let mut initdb = Command::new(programs.join("initdb"));
        initdb
            .args(["--no-sync", "--no-instructions", "--auth=trust"])
            .args(["--username=rubrica", "--encoding=UTF8", "--locale=C"])
            .arg("--pgdata")
            .arg(&data);
        run_as(&mut initdb, account.as_ref());
        let made = initdb.output().expect("initdb starts");
        assert!(
            made.status.success(),
            "initdb failed:\n{}",
            String::from_utf8_lossy(&made.stderr)
        );

        let mut shell = Command::new("sh");
        shell
            .args(["-c", SUPERVISOR, "sh"])
            .arg(&folder)
            .arg(programs.join("postgres"))
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(&folder)
            .args(["-h", "", "-p", PORT, "-F", "-N", "300"])
            .args(["-c", "synchronous_commit=off", "-c", "full_page_writes=off"])
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        run_as(&mut shell, account.as_ref());
        let mut supervisor = shell.spawn().expect("sh starts");
        let server = Self {
            pipe: supervisor.stdin.take(),
            supervisor,
            folder,
        };
        server.await_readiness();
        server
    }

    /// The address of one of its databases, for `database.url`.
    pub(crate) fn url(&self, database: &str) -> String {
        format!(
            "postgres:///{database}?host={}&port={PORT}&user=rubrica",
            self.folder.display()
        )
    }

    /// Runs one statement as the server's owner.
    pub(crate) fn administer(&self, statement: &str) {
        PgConnection::establish(&self.url("postgres"))
            .unwrap()
            .batch_execute(statement)
            .unwrap();
    }

    /// Stops the server as a crash would, and keeps its data.
    pub(crate) fn interrupt(&mut self) {
        self.tell("stop");
        let said = self.supervisor.stdout.as_mut().unwrap();
        let mut line = [0; b"stopped\n".len()];
        said.read_exact(&mut line).unwrap();
        assert_eq!(&line, b"stopped\n");
    }

    /// Starts it again.
    pub(crate) fn resume(&mut self) {
        self.tell("start");
        self.await_readiness();
    }

    fn tell(&mut self, command: &str) {
        writeln!(self.pipe.as_mut().unwrap(), "{command}").unwrap();
    }

    /// Stops it now, in the midst of whatever it does, and waits until it is gone.
    pub(crate) fn stop(&mut self) {
        if self.pipe.take().is_some() {
            self.supervisor.wait().unwrap();
        }
    }

    fn await_readiness(&self) {
        let patience = Instant::now() + Duration::from_secs(30);
        while PgConnection::establish(&self.url("postgres")).is_err() {
            assert!(
                Instant::now() < patience,
                "PostgreSQL did not start:\n{}",
                fs::read_to_string(self.folder.join("log")).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The user and group PostgreSQL runs as.
struct Account {
    user: u32,
    group: u32,
}

/// The newest version's programs, where Debian puts them.
fn programs() -> PathBuf {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .expect(INSTALL)
        .filter_map(|entry| {
            let entry = entry.unwrap();
            let version = entry.file_name().to_str()?.parse().ok()?;
            let programs = entry.path().join("bin");
            programs
                .join("initdb")
                .exists()
                .then_some((version, programs))
        })
        .collect();
    versions.sort();
    versions.pop().expect(INSTALL).1
}

/// PostgreSQL refuses to run as root; its package brings an account for it.
fn account() -> Option<Account> {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return None;
    }
    let accounts = fs::read_to_string("/etc/passwd").unwrap();
    let mut fields = accounts
        .lines()
        .find_map(|line| line.strip_prefix("postgres:"))
        .expect(INSTALL)
        .split(':')
        .skip(1);
    let mut number = || fields.next().and_then(|field| field.parse().ok());
    Some(Account {
        user: number().unwrap(),
        group: number().unwrap(),
    })
}

fn run_as(command: &mut Command, account: Option<&Account>) {
    if let Some(account) = account {
        command.uid(account.user).gid(account.group);
    }
    command.current_dir("/");
}

/// A folder of this process. Its name tells whose it is and is short, for a socket's path has at most 107 bytes.
fn new_folder(account: Option<&Account>) -> PathBuf {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("{FOLDER}{}-{number}", std::process::id()));
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    if let Some(account) = account {
        std::os::unix::fs::chown(&folder, Some(account.user), Some(account.group)).unwrap();
    }
    folder
}

/// Stops servers and removes folders whose tests ended without their supervisor.
fn remove_leftovers() {
    for entry in fs::read_dir(std::env::temp_dir()).unwrap().flatten() {
        let name = entry.file_name();
        let owner = name
            .to_str()
            .and_then(|name| name.strip_prefix(FOLDER))
            .and_then(|rest| rest.split('-').next());
        let Some(owner) = owner else { continue };
        if Path::new("/proc").join(owner).exists() {
            continue;
        }
        // A supervisor at work needs a moment.
        std::thread::sleep(Duration::from_millis(500));
        let lock = fs::read_to_string(entry.path().join("data/postmaster.pid"));
        if let Some(server) = lock.iter().flat_map(|text| text.lines()).next() {
            let command = fs::read(Path::new("/proc").join(server).join("cmdline"));
            let ours = String::from_utf8_lossy(&command.unwrap_or_default())
                .contains(entry.path().to_str().unwrap());
            if ours {
                let _ = Command::new("kill").args(["-QUIT", server]).status();
            }
        }
        let _ = fs::remove_dir_all(entry.path());
    }
}
