//! SoftHSM tokens for tests.
//!
//! `SOFTHSM2_CONF` counts when the first PKCS#11 call of a process is made, and a process has one PKCS#11 context.
//! So the tests of this process share one token, made fresh in the project's token folder; see [`hsm`]. Tests that
//! take the token away, or want none but their own, run alone in a process of their own; see [`alone!`].

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::time::Duration;

use rubrica::clock::Ambient;
use rubrica::domain::secret::SecretText;
use rubrica::hsm::{Hsm, KekVersion, KeyNames, RawSettings, SessionKeys, Settings, WrapName};
use rubrica::service::checkpoints::Checkpoints;
use tempfile::TempDir;

use super::new_token::{self, MODULE};

const LABEL_PREFIX: &str = "rubrica-test-";
const CHILD: &str = "TEST_ALONE_OF_RUBRICA";

/// The token that all tests of this process share. KEK 1 and the audit key are on it. Other tests use it at the same time, so nobody
/// may rely on its object count.
pub(crate) fn hsm() -> Hsm {
    static SHARED: OnceLock<Hsm> = OnceLock::new();
    SHARED
        .get_or_init(|| {
            let configuration = project_configuration();
            remove_stale_tokens(&configuration);
            let label = format!(
                "{LABEL_PREFIX}{}-{}",
                std::process::id(),
                hex::encode(Ambient::system().random::<4>())
            );
            let pin = random_pin();
            initialise(&configuration, &label, &random_pin(), &pin);
            let hsm = Hsm::new(settings(&label, &pin));
            hsm.generate_kek(KekVersion(1)).unwrap();
            let audit = Checkpoints::default();
            hsm.generate_authority_key(&audit.key_label, audit.key)
                .unwrap();
            hsm
        })
        .clone()
}

/// The settings of a token of this process, as the configuration would make them.
pub(crate) fn settings(label: &str, pin: &str) -> Settings {
    let raw = RawSettings {
        module: MODULE.into(),
        token: Some(label.to_owned()),
        slot: None,
        sessions: 4,
        queue: 128,
        call_timeout: Duration::from_secs(10),
        generation_timeout: Duration::from_secs(120),
        wrap: WrapName::AesKeyWrapPad,
        wrap_vendor_mechanism: None,
        session_keys: SessionKeys::Extractable,
        key_names: KeyNames::Omit,
        allow_rsa_2048: true,
    };
    raw.validate(SecretText::new(pin.to_owned())).unwrap()
}

/// A token in a folder of its own. Only a process whose `SOFTHSM2_CONF` is [`configuration`](Self::configuration)
/// sees it.
pub(crate) struct PrivateToken {
    folder: Folder,
    /// Its label.
    pub(crate) label: String,
    /// Its user PIN.
    pub(crate) pin: String,
}

enum Folder {
    Own(TempDir),
    OfParent(PathBuf),
}

impl PrivateToken {
    /// Makes a folder with a configuration, a token and a file `pin` beside it.
    pub(crate) fn new() -> Self {
        let token = Self {
            folder: Folder::Own(tempfile::tempdir().unwrap()),
            label: "rubrica-private".to_owned(),
            pin: random_pin(),
        };
        let tokens = token.tokens();
        fs::create_dir(&tokens).unwrap();
        let template = fs::read_to_string(project().join("hsm-config/softhsm2.conf")).unwrap();
        let configuration = template.replace("@TOKENS@", tokens.to_str().unwrap());
        fs::write(token.configuration(), configuration).unwrap();
        fs::write(token.pin_file(), &token.pin).unwrap();
        let officer = random_pin();
        fs::write(token.path().join("so-pin"), &officer).unwrap();
        initialise(&token.configuration(), &token.label, &officer, &token.pin);
        token
    }

    /// Another hand on the same token, of the process that [`alone!`] runs.
    pub(crate) fn beside(other: &Self) -> Self {
        Self {
            folder: Folder::OfParent(other.path().to_owned()),
            label: other.label.clone(),
            pin: other.pin.clone(),
        }
    }

    /// What `SOFTHSM2_CONF` must name.
    pub(crate) fn configuration(&self) -> PathBuf {
        self.path().join("softhsm2.conf")
    }

    /// The user PIN in a file, as the configuration wants it.
    pub(crate) fn pin_file(&self) -> PathBuf {
        self.path().join("pin")
    }

    /// The security officer's PIN.
    pub(crate) fn officer_pin(&self) -> String {
        fs::read_to_string(self.path().join("so-pin")).unwrap()
    }

    /// Settings that reach it.
    pub(crate) fn settings(&self) -> Settings {
        settings(&self.label, &self.pin)
    }

    /// A handle to it, with KEK 1 made.
    pub(crate) fn hsm(&self) -> Hsm {
        let hsm = Hsm::new(self.settings());
        hsm.generate_kek(KekVersion(1)).unwrap();
        hsm
    }

    /// Takes the token away, as a pulled device or a lost network would.
    pub(crate) fn pull_out(&self) {
        fs::rename(self.tokens(), self.path().join("pulled-out")).unwrap();
        fs::create_dir(self.tokens()).unwrap();
    }

    /// Puts it back.
    pub(crate) fn put_back(&self) {
        fs::remove_dir_all(self.tokens()).unwrap();
        fs::rename(self.path().join("pulled-out"), self.tokens()).unwrap();
    }

    /// Takes the key files away and leaves the token's own: half of what a copy or a mount brings back.
    pub(crate) fn hide_keys(&self) {
        let hidden = self.path().join("hidden");
        fs::create_dir(&hidden).unwrap();
        for key in key_files(&self.token()) {
            fs::rename(&key, hidden.join(key.file_name().unwrap())).unwrap();
        }
    }

    /// Brings the other half.
    pub(crate) fn show_keys(&self) {
        let hidden = self.path().join("hidden");
        for key in key_files(&hidden) {
            fs::rename(&key, self.token().join(key.file_name().unwrap())).unwrap();
        }
        fs::remove_dir(hidden).unwrap();
    }

    /// The one token's folder.
    fn token(&self) -> PathBuf {
        let mut folders = fs::read_dir(self.tokens()).unwrap();
        folders.next().unwrap().unwrap().path()
    }

    fn tokens(&self) -> PathBuf {
        self.path().join("tokens")
    }

    fn path(&self) -> &Path {
        match &self.folder {
            Folder::Own(folder) => folder.path(),
            Folder::OfParent(folder) => folder,
        }
    }
}

fn key_files(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.retain(|file| {
        let kind = file.extension().is_some_and(|kind| kind == "object");
        kind && file.file_stem().is_some_and(|stem| stem != "token")
    });
    files
}

/// Runs the body of a test in a process of its own that sees one private token and nothing else. The first word
/// is the test's name.
macro_rules! alone {
    ($test:ident, $body:expr) => {
        $crate::harness::softhsm::run_alone(concat!(module_path!(), "::", stringify!($test)), $body)
    };
}
pub(crate) use alone;

/// See [`alone!`].
#[expect(
    clippy::disallowed_methods,
    reason = "how the child learns that it is one"
)]
pub(crate) fn run_alone(test: &str, body: impl FnOnce(&PrivateToken)) {
    let (_, test) = test.split_once("::").unwrap();
    if std::env::var(CHILD).as_deref() == Ok(test) {
        let configuration = PathBuf::from(std::env::var("SOFTHSM2_CONF").unwrap());
        let folder = configuration.parent().unwrap().to_path_buf();
        let pin = fs::read_to_string(folder.join("pin")).unwrap();
        body(&PrivateToken {
            folder: Folder::OfParent(folder),
            label: "rubrica-private".to_owned(),
            pin,
        });
        return;
    }
    let token = PrivateToken::new();
    let child = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(CHILD, test)
        .env("SOFTHSM2_CONF", token.configuration())
        .output()
        .unwrap();
    let said = text(&child);
    assert!(child.status.success(), "in its own process:\n{said}");
    assert!(said.contains("1 passed"), "no such test: {test}\n{said}");
}

fn initialise(configuration: &Path, label: &str, officer: &str, pin: &str) {
    let made = new_token::make(Some(configuration), label, officer, pin);
    let output = made.expect("`script` of Debian's bsdutils");
    assert!(output.status.success(), "{}", text(&output));
}

/// Removes the tokens of test processes that are gone.
fn remove_stale_tokens(configuration: &Path) {
    let slots = softhsm2_util(configuration, &["--show-slots"]);
    for line in slots.lines() {
        let Some(label) = line.trim().strip_prefix("Label:").map(str::trim) else {
            continue;
        };
        let process = label
            .strip_prefix(LABEL_PREFIX)
            .and_then(|rest| rest.split('-').next());
        if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            // Another test process may remove it at the same time.
            softhsm2_util(configuration, &["--delete-token", "--token", label]);
        }
    }
}

fn softhsm2_util(configuration: &Path, arguments: &[&str]) -> String {
    let output = Command::new("softhsm2-util")
        .args(arguments)
        .env("SOFTHSM2_CONF", configuration)
        .output()
        .expect("softhsm2-util; run ./SoftHSM-setup.sh --tests");
    text(&output)
}

fn project_configuration() -> PathBuf {
    let configuration = project().join("tokens/softhsm2.conf");
    assert!(
        configuration.exists(),
        "{} is missing; run ./SoftHSM-setup.sh --tests",
        configuration.display()
    );
    configuration
}

fn project() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn random_pin() -> String {
    hex::encode(Ambient::system().random::<8>())
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
