//! The token that everything is measured on.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use rubrica::clock::Ambient;
use rubrica::hsm::WrapName;
use toml::de::DeTable;

use super::new_token;

/// The slot that `SoftHSM-setup.sh --tests` makes in opencryptoki, and where its token lies.
const SLOT: &str = "9";
const SLOT_FOLDER: &str = "/var/lib/opencryptoki/rubrica-tests";
/// What every token of opencryptoki has before it is changed.
const OFFICER: &str = "87654321";

/// Whose PKCS#11 module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vendor {
    /// SoftHSM 2.
    SoftHsm,
    /// opencryptoki's software token: RSA only, in Debian's build.
    Opencryptoki,
}

impl Vendor {
    /// The product's profile, as an administrator takes it.
    fn profile(self) -> anyhow::Result<String> {
        let file = match self {
            Self::SoftHsm => "softhsm.toml",
            Self::Opencryptoki => "opencryptoki.toml",
        };
        let profiles = Path::new(env!("CARGO_MANIFEST_DIR")).join("hsm-config");
        fs::read_to_string(profiles.join(file)).with_context(|| file.to_owned())
    }

    /// What the profile's table `[hsm]` has under that key.
    fn setting(self, key: &str) -> anyhow::Result<String> {
        let text = self.profile()?;
        let profile = DeTable::parse(&text)?;
        let hsm = profile.get_ref().get("hsm");
        let hsm = hsm.and_then(|hsm| hsm.get_ref().as_table());
        hsm.and_then(|hsm| hsm.get(key)?.get_ref().as_str())
            .map(str::to_owned)
            .with_context(|| format!("the profile of {self:?} has no {key}"))
    }
}

/// How it is found among the slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Selector {
    Label(String),
    Slot(u64),
}

/// A token and how to log in to it.
pub(crate) struct Token {
    pub(crate) vendor: Vendor,
    pub(crate) module: PathBuf,
    pub(crate) selector: Selector,
    pub(crate) pin: String,
    keep: Keep,
}

/// What becomes of it at the end.
enum Keep {
    /// It was made for this run and goes with it.
    Delete,
    /// Keys that are needed later lie on it.
    Always,
    /// One slot for everybody, who wait for each other: it is made anew by the next.
    Slot(#[expect(dead_code, reason = "locked for as long as it is held")] File),
}

impl Token {
    /// A token for this run alone.
    pub(crate) fn for_this_run(vendor: Vendor) -> anyhow::Result<Self> {
        match vendor {
            Vendor::SoftHsm => {
                let label = format!("rubrica-bench-{}", std::process::id());
                Self::softhsm(label, Keep::Delete)
            }
            Vendor::Opencryptoki => Self::opencryptoki(),
        }
    }

    /// A token that stays, and can be used again with [`again`](Self::again).
    pub(crate) fn lasting() -> anyhow::Result<Self> {
        let name = hex::encode(Ambient::system().random::<4>());
        Self::softhsm(format!("rubrica-seeded-{name}"), Keep::Always)
    }

    /// A lasting one.
    pub(crate) fn again(label: String, pin: String) -> anyhow::Result<Self> {
        Ok(Self {
            vendor: Vendor::SoftHsm,
            module: Vendor::SoftHsm.setting("module")?.into(),
            selector: Selector::Label(label),
            pin,
            keep: Keep::Always,
        })
    }

    /// The tables `[hsm]` and `[journal]`, in that order, as the vendor's profile has them, but with this token, and with
    /// other values for these keys of `[hsm]`.
    pub(crate) fn tables(&self, other: &[(&str, String)]) -> anyhow::Result<String> {
        let which = match &self.selector {
            Selector::Label(label) => ("token", format!("{label:?}")),
            Selector::Slot(slot) => ("slot", slot.to_string()),
        };
        let own = [&[which], other].concat();
        let text = self.vendor.profile()?;
        let profile = DeTable::parse(&text)?;
        let mut tables = String::new();
        for (name, own) in [("hsm", own.as_slice()), ("journal", &[])] {
            writeln!(tables, "[{name}]")?;
            let table = profile.get_ref().get(name);
            let table = table.and_then(|table| table.get_ref().as_table());
            for (key, value) in table.into_iter().flatten() {
                let key = key.get_ref();
                if own.iter().all(|(other, _)| key != other) {
                    let value = text.get(value.span()).context("no value")?;
                    writeln!(tables, "{key} = {value}")?;
                }
            }
            for (key, value) in own {
                writeln!(tables, "{key} = {value}")?;
            }
        }
        Ok(tables)
    }

    /// How the vendor's profile has keys wrapped.
    pub(crate) fn wrap(&self) -> anyhow::Result<WrapName> {
        let name = self.vendor.setting("wrap")?;
        Ok(name.parse()?)
    }

    fn softhsm(label: String, keep: Keep) -> anyhow::Result<Self> {
        let pin = hex::encode(Ambient::system().random::<16>());
        let made = new_token::make(None, &label, &pin, &pin)
            .context("`script` of Debian's bsdutils cannot be started")?;
        if !made.status.success() {
            bail!(
                "no token could be made; run ./SoftHSM-setup.sh first\n{}{}",
                String::from_utf8_lossy(&made.stdout),
                String::from_utf8_lossy(&made.stderr)
            );
        }
        let mut token = Self::again(label, pin)?;
        token.keep = keep;
        Ok(token)
    }

    /// PINs go by the environment, which other users cannot read.
    fn opencryptoki() -> anyhow::Result<Self> {
        let folder = File::open(SLOT_FOLDER)
            .with_context(|| format!("{SLOT_FOLDER}; run ./SoftHSM-setup.sh --tests"))?;
        // Whoever made the token anew meanwhile would take its keys away.
        folder.lock()?;
        let [first, pin] = [(); 2].map(|()| hex::encode(Ambient::system().random::<4>()));
        let module = PathBuf::from(Vendor::Opencryptoki.setting("module")?);
        let tool = |arguments: &[&str]| {
            let output = Command::new("pkcs11-tool")
                .arg("--module")
                .arg(&module)
                .args(["--slot", SLOT])
                .args(arguments)
                .env("OFFICER", OFFICER)
                .env("FIRST", &first)
                .env("PIN", &pin)
                .output()
                .context("pkcs11-tool; run ./SoftHSM-setup.sh --tests")?;
            if !output.status.success() {
                bail!(
                    "{arguments:?}: {}\nDoes pkcsslotd run? ./SoftHSM-setup.sh --tests starts it.",
                    String::from_utf8_lossy(&output.stderr)
                );
            }
            Ok(())
        };
        let officer = ["--so-pin", "env:OFFICER"];
        tool(&[&["--init-token", "--label", "rubrica"], officer.as_slice()].concat())?;
        let login = ["--login", "--login-type", "so"];
        let first_pin = ["--init-pin", "--new-pin", "env:FIRST"];
        tool(&[first_pin.as_slice(), &login, &officer].concat())?;
        // A PIN that the security officer set must be changed before use.
        tool(&[
            "--change-pin",
            "--login",
            "--pin",
            "env:FIRST",
            "--new-pin",
            "env:PIN",
        ])?;
        Ok(Self {
            vendor: Vendor::Opencryptoki,
            module,
            selector: Selector::Slot(SLOT.parse()?),
            pin,
            keep: Keep::Slot(folder),
        })
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        let (Keep::Delete, Selector::Label(label)) = (&self.keep, &self.selector) else {
            return;
        };
        let deleted = Command::new("softhsm2-util")
            .args(["--delete-token", "--token", label])
            .stdout(Stdio::null())
            .status();
        if !deleted.is_ok_and(|status| status.success()) {
            eprintln!("the token {label} stays; delete it with softhsm2-util");
        }
    }
}
