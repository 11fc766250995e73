//! The HSM: module, token, PIN, mechanisms and the key that wraps keys.

use std::fs;
use std::path::Path;

use super::{Finding, told};
use crate::config::process;
use crate::domain::key::KekVersion;
use crate::domain::secret::SecretText;
use crate::hsm::{AwayCause, Hsm, HsmError, PinTries, Settings, TokenSelector, TokenStatus};

/// What no kind of key can do without.
const ESSENTIAL: [&str; 2] = ["making KEKs", "wrapping signer keys"];
/// Where SoftHSM finds its configuration.
const SOFTHSM2_CONF: &str = "SOFTHSM2_CONF";

/// Logs in once at most: a wrong PIN is not tried again, since wrong tries lock the token.
/// `needed` are the KEKs that citizens' keys are under.
pub(super) fn examine(
    config: &crate::config::Hsm,
    audit_label: &str,
    needed: &[KekVersion],
) -> Vec<Finding> {
    let Some(pin) = config.pin.clone() else {
        return vec![Finding::warning(
            "hsm.pin_file",
            "no PIN is configured, so the HSM was not looked at; the server asks for it on the terminal",
            "name a file with hsm.pin_file or set RUBRICA_HSM__PIN, so that the server starts by itself",
        )];
    };
    let settings = match settings(config, pin) {
        Ok(settings) => settings,
        Err(finding) => return vec![finding],
    };
    let mut findings = softhsm(&settings.module);
    if findings.iter().any(Finding::is_wrong) {
        return findings;
    }
    let token = settings.token.clone();
    let hsm = Hsm::new(settings);
    match hsm.status() {
        Err(error) => findings.push(away(&token, &error)),
        Ok(status) => {
            findings.push(Finding::fine("hsm.token", introduced(&status)));
            findings.extend(mechanisms(&status));
            findings.extend(keks(&hsm, needed));
            findings.push(audit_key(&hsm, audit_label));
        }
    }
    findings
}

fn settings(config: &crate::config::Hsm, pin: SecretText) -> Result<Settings, Finding> {
    config
        .settings(pin)
        .map_err(|error| Finding::wrong("hsm", told(&error), "correct the section [hsm]"))
}

/// SoftHSM alone needs a file of its own; without it, it sees the system's tokens or none.
fn softhsm(module: &Path) -> Vec<Finding> {
    let is_softhsm = module
        .file_name()
        .is_some_and(|name| name.to_string_lossy().contains("softhsm"));
    if !is_softhsm {
        return Vec::new();
    }
    let about = "hsm.environment";
    let make = "run ./SoftHSM-setup.sh, and name its tokens/softhsm2.conf in full: \
                environment = { SOFTHSM2_CONF = \"…/tokens/softhsm2.conf\" }";
    let Some(path) = process::variable(SOFTHSM2_CONF) else {
        return vec![Finding::warning(
            about,
            format!("{SOFTHSM2_CONF} is not set, so SoftHSM takes the system's tokens"),
            make,
        )];
    };
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            return vec![Finding::wrong(
                about,
                format!("{SOFTHSM2_CONF} names {path}, which cannot be read: {error}"),
                make,
            )];
        }
    };
    let folder = text.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == "directories.tokendir").then(|| value.trim().to_owned())
    });
    match folder {
        Some(folder) if !Path::new(&folder).is_dir() => vec![Finding::wrong(
            about,
            format!("{path} names the token folder {folder}, which is not there"),
            "run ./SoftHSM-setup.sh again: it corrects the folder after the project was moved",
        )],
        Some(folder) => vec![super::folders::examine(about, Path::new(&folder))],
        None => vec![Finding::wrong(
            about,
            format!("{path} has no line directories.tokendir = …"),
            "write it anew from hsm-config/softhsm2.conf",
        )],
    }
}

fn introduced(status: &TokenStatus) -> String {
    let label = match status.label.trim() {
        "" => "the token".to_owned(),
        label => format!("the token \"{label}\""),
    };
    let maker = format!("{} {}", status.manufacturer.trim(), status.model.trim());
    format!("{label} is there and takes the PIN ({})", maker.trim())
}

fn mechanisms(status: &TokenStatus) -> Vec<Finding> {
    let missing: Vec<_> = status
        .missing()
        .map(|mechanism| {
            let words = format!("the token lacks {} ({})", mechanism.name, mechanism.purpose);
            if ESSENTIAL.contains(&mechanism.purpose) {
                Finding::wrong(
                    "hsm.module",
                    words,
                    "no citizen's key can be made or used; choose another hsm.wrap, as the profiles in hsm-config show",
                )
            } else {
                Finding::warning(
                    "hsm.module",
                    words,
                    "keys or signatures of that kind will be refused; the others work",
                )
            }
        })
        .collect();
    if missing.is_empty() {
        return vec![Finding::fine(
            "hsm.module",
            "it has every mechanism that is used",
        )];
    }
    missing
}

fn audit_key(hsm: &Hsm, label: &str) -> Finding {
    match hsm.authority_key(label) {
        Ok(Some(_)) => Finding::fine(
            "journal.key_label",
            format!("the audit key {label:?} is on the token"),
        ),
        Ok(None) => Finding::warning(
            "journal.key_label",
            format!("no audit key {label:?} is on the token, so the journal is not signed"),
            "make it with: rubrica hsm init-kek",
        ),
        Err(error) => Finding::wrong(
            "journal.key_label",
            told(&error),
            "see what the HSM's own tools say",
        ),
    }
}

fn keks(hsm: &Hsm, needed: &[KekVersion]) -> Vec<Finding> {
    let versions = match hsm.keks() {
        Ok(versions) => versions,
        Err(error) => {
            return vec![Finding::wrong(
                "KEK",
                told(&error),
                "see what the HSM's own tools say",
            )];
        }
    };
    let missing = needed.iter().filter(|version| !versions.contains(version));
    let missing = missing.map(|version| {
        Finding::wrong(
            "KEK",
            format!("version {version}, which citizens' keys are under, is not on the token"),
            "name the token that has it (hsm.token), or let the vendor's tools restore it from the HSM's backup; \
             `rubrica hsm status` shows how many credentials cannot sign meanwhile",
        )
    });
    std::iter::once(kek(hsm, &versions))
        .chain(missing)
        .collect()
}

/// Every version is looked at: the old ones still open the keys they have wrapped.
fn kek(hsm: &Hsm, versions: &[KekVersion]) -> Finding {
    let Some(version) = versions.last() else {
        return Finding::wrong(
            "KEK",
            "no key-encryption key is on the token",
            "make it with: rubrica hsm init-kek",
        );
    };
    let unfit = versions
        .iter()
        .find_map(|version| hsm.check_kek(*version).err());
    match unfit {
        None => Finding::fine("KEK", format!("version {version} is on the token")),
        Some(error @ HsmError::KekUnprotected { .. }) => Finding::wrong(
            "KEK",
            told(&error),
            "make another with: rubrica hsm init-kek --new-version; keys that this one has wrapped cannot be used, \
             and may be known to whoever had the PIN: issue those credentials anew",
        ),
        Some(error) => Finding::wrong("KEK", told(&error), "see what the HSM's own tools say"),
    }
}

fn away(token: &TokenSelector, error: &HsmError) -> Finding {
    let words = told(error);
    match error {
        HsmError::Module { .. } => Finding::wrong(
            "hsm.module",
            words,
            "name the vendor's PKCS#11 library by its full path; for SoftHSM, ./SoftHSM-setup.sh installs it",
        ),
        HsmError::WrongPin { tries, .. } => Finding::wrong(
            "hsm.pin_file",
            words,
            match tries {
                PinTries::Locked => "let the security officer set a new PIN",
                _ => {
                    "write the token's user PIN to the file; do not try often: wrong tries lock the token"
                }
            },
        ),
        HsmError::Away {
            cause: AwayCause::TokenAbsent(_),
            ..
        } => Finding::wrong(
            match token {
                TokenSelector::Label(_) => "hsm.token",
                TokenSelector::Slot(_) => "hsm.slot",
            },
            words,
            "see which tokens there are: pkcs11-tool --module MODULE --list-slots; for SoftHSM, run ./SoftHSM-setup.sh",
        ),
        _ => Finding::wrong(
            "hsm",
            words,
            "see whether the HSM is switched on, reachable from this machine, and what its own tools say",
        ),
    }
}
