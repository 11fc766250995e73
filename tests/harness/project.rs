//! A folder as a newcomer has it after `./SoftHSM-setup.sh`, with a configuration, and the binary run in it.

use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::ops::Range;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};

use rubrica::clock::Ambient;
use rubrica::domain::secret::SecretText;
use rubrica::store::Store;
use serde_json::Value;
use tempfile::TempDir;

use super::database::{self, TestDatabase};
use super::new_token::MODULE;
use super::openssl::openssl;

/// Where servers of these tests listen.
const PORTS: Range<u16> = 12_000..32_000;

/// The folder. Gone with the test.
pub(crate) struct Project {
    folder: TempDir,
    pub(crate) ports: [u16; 3],
    /// A PostgreSQL of its own. Without one the database is a file in the folder, as by default.
    pub(crate) postgres: Option<TestDatabase>,
}

/// How a command ended, and what it said.
pub(crate) struct Ended {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Project {
    /// As it is checked out.
    pub(crate) fn fresh() -> Self {
        let source = Path::new(env!("CARGO_MANIFEST_DIR"));
        let project = Self {
            folder: tempfile::tempdir().unwrap(),
            ports: free_ports(),
            postgres: None,
        };
        for folder in ["hsm-config", "certs"] {
            fs::create_dir(project.path(folder)).unwrap();
        }
        for file in [
            "SoftHSM-setup.sh",
            "hsm-config/softhsm2.conf",
            "certs/server.cnf",
            "certs/app.cnf",
            "certs/citizen.cnf",
        ] {
            fs::copy(source.join(file), project.path(file)).unwrap();
        }
        project
    }

    /// The same for a database of that kind, to which nothing was migrated yet.
    pub(crate) fn fresh_on(database: &TestDatabase) -> Self {
        Self {
            postgres: database.blank(),
            ..Self::fresh()
        }
    }

    /// The API's, the pages' and the operators' address, as the environment gives them to the binary.
    pub(crate) fn addresses(&self) -> [(&'static str, String); 3] {
        let [api, citizen, ops] = self.ports.map(|port| format!("127.0.0.1:{port}"));
        [
            ("RUBRICA_API__LISTEN", api),
            ("RUBRICA_CITIZEN__LISTEN", citizen),
            ("RUBRICA_OPS__LISTEN", ops),
        ]
    }

    /// With a token that the project's own script made.
    pub(crate) fn new() -> Self {
        let project = Self::fresh();
        let made = Command::new(project.path("SoftHSM-setup.sh"))
            .env_remove("SOFTHSM2_CONF")
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(made.success());
        project
    }

    /// The same for a database of that kind, to which nothing was migrated yet.
    pub(crate) fn new_on(database: &TestDatabase) -> Self {
        Self {
            postgres: database.blank(),
            ..Self::new()
        }
    }

    /// Also with a configuration, certificate, database, KEK and authorities: everything `doctor` wants.
    pub(crate) fn in_order() -> Self {
        Self::new().put_in_order()
    }

    /// The same with a database of that kind.
    pub(crate) fn in_order_on(database: &TestDatabase) -> Self {
        Self::new_on(database).put_in_order()
    }

    fn put_in_order(self) -> Self {
        let project = self;
        project.configure("");
        for command in [
            &["database", "migrate"][..],
            &["hsm", "init-kek"],
            &["ca", "init"],
        ] {
            let ended = project.run(command);
            assert_eq!(ended.status, 0, "{command:?}: {}", ended.err);
        }
        project
    }

    /// Writes the configuration, with more lines at the end, and the files it names.
    pub(crate) fn configure(&self, more: &str) {
        self.certify("server");
        self.write("link-key", &format!("{}=\n", "A".repeat(43)), 0o600);
        self.write("rubrica.toml", &self.configuration(more), 0o600);
    }

    /// Makes a key and a certificate that signs itself, by one of the files in `certs/`: `certs/<name>.pem`.
    pub(crate) fn certify(&self, name: &str) {
        let file = |ending| format!("certs/{name}.{ending}");
        let (config, key, certificate) = (file("cnf"), file("key"), file("pem"));
        let mut arguments = vec!["req", "-x509", "-days", "365", "-newkey", "ec"];
        arguments.extend(["-pkeyopt", "ec_paramgen_curve:P-256", "-config", &config]);
        arguments.extend(["-keyout", &key, "-out", &certificate]);
        self.openssl(&arguments).unwrap();
    }

    /// Runs openssl in the folder.
    pub(crate) fn openssl(&self, arguments: &[&str]) -> Result<String, String> {
        openssl(self.folder.path(), arguments)
    }

    /// Runs another tool in the folder.
    pub(crate) fn tool(&self, tool: &str, arguments: &[&str]) -> Ended {
        let output = Command::new(tool)
            .args(arguments)
            .current_dir(self.folder.path())
            .output();
        ended(&output.unwrap_or_else(|error| {
            panic!("{tool}, installed by `./SoftHSM-setup.sh --tests`, does not run: {error}")
        }))
    }

    /// Runs the binary in the folder, as an ordinary process with nothing in its environment.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        ended(&self.command(arguments).output().unwrap())
    }

    /// The same, for a test that does more with it.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rubrica"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::null());
        command
    }

    /// Runs it and reads its answer as JSON. It has to do its work.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let ended = self.run(arguments);
        assert_eq!(ended.status, 0, "{arguments:?}: {}{}", ended.out, ended.err);
        serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("{}{}", ended.out, ended.err))
    }

    /// The database that its commands use.
    pub(crate) fn store(&self) -> Store {
        match &self.postgres {
            Some(database) => database.store(),
            None => database::open(&format!(
                "sqlite:{}",
                self.path("data/rubrica.db").display()
            )),
        }
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    /// The mode of a file.
    pub(crate) fn mode(&self, name: &str) -> u32 {
        let metadata = fs::metadata(self.path(name)).unwrap();
        metadata.permissions().mode() & 0o777
    }

    /// The activation code on a receipt.
    pub(crate) fn activation_code(&self, receipt: &str) -> SecretText {
        let receipt = fs::read_to_string(self.path(receipt)).unwrap();
        let code = receipt
            .split_whitespace()
            .find(|word| word.len() == 19 && word.matches('-').count() == 3);
        SecretText::new(code.unwrap().to_owned())
    }

    /// Writes a file with that mode.
    pub(crate) fn write(&self, name: &str, content: &str, mode: u32) {
        let path = self.path(name);
        let _ = fs::remove_file(&path);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// The configuration's text.
    pub(crate) fn configuration(&self, more: &str) -> String {
        let [api, citizen, ops] = self.ports;
        let mut text = format!(
            r#"
[server]
node = "test"
link_key_file = "link-key"
stop_within = "10 s"
[api]
listen = "127.0.0.1:{api}"
[citizen]
listen = "127.0.0.1:{citizen}"
url = "https://localhost/"
[ops]
listen = "127.0.0.1:{ops}"
[hsm]
module = "{MODULE}"
token = "rubrica"
pin_file = "secrets/hsm-pin"
environment = {{ SOFTHSM2_CONF = "{}" }}
"#,
            self.path("tokens/softhsm2.conf").display()
        );
        if let Some(database) = self
            .postgres
            .as_ref()
            .filter(|_| !more.contains("[database]"))
        {
            writeln!(text, "[database]\nurl = \"{}\"", database.url()).unwrap();
        }
        writeln!(text, "{more}").unwrap();
        text
    }
}

pub(crate) fn ended(output: &Output) -> Ended {
    Ended {
        status: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout.clone()).unwrap(),
        err: String::from_utf8(output.stderr.clone()).unwrap(),
    }
}

/// Three that nobody listens at and no other test of this process is given. They lie below those that Linux gives to
/// whoever asks for any (`ip_local_port_range`, from 32768 on): nobody gets one by chance before the server has it.
fn free_ports() -> [u16; 3] {
    static NEXT: OnceLock<AtomicU16> = OnceLock::new();
    let next = NEXT.get_or_init(|| AtomicU16::new(u16::from_be_bytes(Ambient::system().random())));
    [(); 3].map(|()| {
        (0..1000)
            .map(|_| PORTS.start + next.fetch_add(1, Ordering::Relaxed) % (PORTS.end - PORTS.start))
            .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
            .expect("a free port")
    })
}
