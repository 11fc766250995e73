//! opencryptoki's software token for tests: a second PKCS#11 module that shares no code with SoftHSM.
//!
//! The token is the machine's, since the daemon serves no other, but in a slot that `SoftHSM-setup.sh --tests` makes for
//! these tests alone. It is made anew by each process that uses it, and one process waits for the other. What is
//! configured is the vendor profile as it stands in `hsm-config/`, with that slot and a PIN of the test's.

use std::fs::{self, File};
use std::ops::Deref;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use rubrica::clock::Ambient;
use rubrica::config;
use rubrica::hsm::{Hsm, KekVersion, Settings};

use super::project::Project;

/// The slot of these tests.
const SLOT: &str = "9";
/// Where the daemon keeps its token.
const FOLDER: &str = "/var/lib/opencryptoki/rubrica-tests";
/// What every token of opencryptoki has before it is changed. Nothing is kept on this one.
const OFFICER: &str = "87654321";

/// The token, for one test at a time.
pub(crate) struct Turn {
    hsm: Hsm,
    _lock: MutexGuard<'static, ()>,
}

impl Deref for Turn {
    type Target = Hsm;

    fn deref(&self) -> &Hsm {
        &self.hsm
    }
}

/// The token that the tests of this process use one after the other, with KEK 1. RSA-2048 is allowed.
///
/// One after the other, since the module sometimes lists a token object twice to a process that makes it in one thread
/// and looks for objects in another. The server never does that: the command line makes such keys.
pub(crate) fn hsm() -> Turn {
    static SHARED: OnceLock<Hsm> = OnceLock::new();
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let lock = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let made = || {
        let hsm = Hsm::new(settings());
        hsm.generate_kek(KekVersion(1)).unwrap();
        hsm
    };
    Turn {
        hsm: SHARED.get_or_init(made).clone(),
        _lock: lock,
    }
}

/// The vendor profile's settings, for a fresh token.
pub(crate) fn settings() -> Settings {
    static SETTINGS: OnceLock<Settings> = OnceLock::new();
    SETTINGS
        .get_or_init(|| {
            wait_for_other_processes();
            let pin = random_pin();
            let settings = settings_with(&pin);
            initialise(&settings.module, &pin);
            settings
        })
        .clone()
}

/// The same for the token as it is, by its PIN: for a process that is given the token by another that has it.
pub(crate) fn settings_with(pin: &str) -> Settings {
    let folder = tempfile::tempdir().unwrap();
    write_configuration(folder.path(), pin);
    let file = folder.path().join("rubrica.toml");
    let loaded = config::load(Some(&file)).unwrap();
    let hsm = loaded.config.hsm;
    hsm.settings(hsm.pin.clone().unwrap()).unwrap()
}

/// Takes the token until this process ends: another that made it anew meanwhile would take its keys away.
fn wait_for_other_processes() {
    static FOLDER_LOCK: OnceLock<File> = OnceLock::new();
    FOLDER_LOCK.get_or_init(|| {
        let folder = File::open(FOLDER).unwrap_or_else(|error| {
            panic!("{FOLDER}: {error}; run ./SoftHSM-setup.sh --tests");
        });
        folder.lock().unwrap();
        folder
    });
}

/// The vendor profile as it stands in `hsm-config/`, but for the slot.
pub(crate) fn profile() -> String {
    let profile = Path::new(env!("CARGO_MANIFEST_DIR")).join("hsm-config/opencryptoki.toml");
    changed(
        &fs::read_to_string(profile).unwrap(),
        "slot = 3",
        &format!("slot = {SLOT}"),
    )
}

/// Leaves that profile in a project's folder, with the token's PIN, as `SoftHSM-setup.sh --opencryptoki` does.
pub(crate) fn give(project: &Project, profile_name: &str) {
    project.write(profile_name, &profile(), 0o600);
    fs::create_dir_all(project.path("secrets")).unwrap();
    project.write("secrets/opencryptoki-pin", settings().pin.expose(), 0o600);
}

fn changed(profile: &str, there: &str, wanted: &str) -> String {
    assert!(profile.contains(there), "{there}");
    profile.replace(there, wanted)
}

/// Writes a configuration with the profile in it, and what it names.
fn write_configuration(folder: &Path, pin: &str) {
    let profile = changed(
        &profile(),
        "allow_rsa_2048 = false",
        "allow_rsa_2048 = true",
    );
    let server = "[server]\nnode = \"test\"\nlink_key_file = \"secrets/link-key\"\n";
    fs::write(folder.join("rubrica.toml"), format!("{server}\n{profile}")).unwrap();
    fs::create_dir(folder.join("secrets")).unwrap();
    let link_key = format!("{}=", "A".repeat(43));
    for (name, secret) in [("opencryptoki-pin", pin), ("link-key", &link_key)] {
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let mut file = options.open(folder.join("secrets").join(name)).unwrap();
        std::io::Write::write_all(&mut file, secret.as_bytes()).unwrap();
    }
}

/// Makes the token anew. PINs go by the environment, which other users cannot read.
fn initialise(module: &Path, pin: &str) {
    let first = random_pin();
    let tool = |arguments: &[&str]| {
        let output = Command::new("pkcs11-tool")
            .arg("--module")
            .arg(module)
            .args(["--slot", SLOT])
            .args(arguments)
            .env("OFFICER", OFFICER)
            .env("FIRST", &first)
            .env("PIN", pin)
            .output()
            .expect("pkcs11-tool; run ./SoftHSM-setup.sh --tests");
        assert!(
            output.status.success(),
            "{arguments:?}: {}\nDoes pkcsslotd run? ./SoftHSM-setup.sh --tests starts it.",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    tool(&[
        "--init-token",
        "--label",
        "rubrica",
        "--so-pin",
        "env:OFFICER",
    ]);
    let officer = ["--login", "--login-type", "so", "--so-pin", "env:OFFICER"];
    tool(
        &[
            &["--init-pin", "--new-pin", "env:FIRST"],
            officer.as_slice(),
        ]
        .concat(),
    );
    // A PIN that the security officer set must be changed before use.
    tool(&[
        "--change-pin",
        "--login",
        "--pin",
        "env:FIRST",
        "--new-pin",
        "env:PIN",
    ]);
}

/// The token takes four to eight characters.
fn random_pin() -> String {
    hex::encode(Ambient::system().random::<4>())
}
