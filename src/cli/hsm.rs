//! `rubrica hsm`

use std::collections::BTreeSet;
use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Ending;
use super::office::Office;
use super::output::{self, Style, Table};
use crate::auth::op::ManageHsm;
use crate::service::ServiceError;
use crate::service::keks::{HsmView, KekMade, KekWanted, Presence, TokenStatus};

mod destruction;
mod rotation;

/// What to do with the HSM.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make the keys on the token that are not there yet: the key-encryption key (KEK), which wraps the citizens' keys,
    /// and the audit key, which signs the journal.
    InitKek(InitKek),
    /// Show the token, what it can do, and which key-encryption keys are on it, with what each carries.
    Status(Status),
    /// Wrap every wrapping key under the newest key-encryption key, while the server signs; makes a new version first,
    /// unless an earlier rotation is to be finished. The old version stays on the token.
    RotateKek(rotation::RotateKek),
    /// Destroy an old version of the key-encryption key that nothing needs any more.
    DestroyKek(destruction::DestroyKek),
}

#[derive(Debug, Args)]
pub(super) struct InitKek {
    /// Make a new version of the KEK where there is one already; it wraps what is made from now on, and `rotate-kek` puts
    /// the rest under it.
    #[arg(long)]
    new_version: bool,
}

#[derive(Debug, Args)]
pub(super) struct Status {
    /// Answer in JSON, for programs.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &Command, file: Option<&Path>) -> anyhow::Result<Ending> {
    match command {
        Command::InitKek(arguments) => init_kek(arguments, file),
        Command::Status(arguments) => status(arguments, file),
        Command::RotateKek(arguments) => rotation::rotate(arguments, file),
        Command::DestroyKek(arguments) => destruction::destroy(arguments, file),
    }
}

fn init_kek(arguments: &InitKek, file: Option<&Path>) -> anyhow::Result<Ending> {
    let wanted = if arguments.new_version {
        KekWanted::Next
    } else {
        KekWanted::First
    };
    let office = Office::open(file)?;
    let authorized = office.authorize(ManageHsm);
    let (had_audit_key, made) = output::working("making the keys", || {
        let had_audit_key = office.service.audit_public_key()?.is_some();
        let made = office.service.init_kek(&authorized, wanted)?;
        Ok::<_, ServiceError>((had_audit_key, made))
    })?;
    if !had_audit_key {
        output::remark("the audit key, which signs the journal, is on the token");
    }
    match made {
        KekMade::New(version) => output::remark(&format!("KEK version {version} is on the token")),
        KekMade::Already(version) => output::remark(&format!(
            "KEK version {version} was on the token already; --new-version makes another"
        )),
    }
    Ok(Ending::Well)
}

fn status(arguments: &Status, file: Option<&Path>) -> anyhow::Result<Ending> {
    let office = Office::open(file)?;
    let view = office.service.hsm_view(&office.authorize(ManageHsm))?;
    match Style::from_flag(arguments.json) {
        Style::Json => output::json(&described(&view))?,
        Style::Table => output::text(&told(&view))?,
    }
    Ok(Ending::Well)
}

fn told(view: &HsmView) -> String {
    let token = &view.token;
    let mut table = Table::new(["MECHANISM", "FOR", "STATE"]);
    for mechanism in &token.mechanisms {
        let state = match mechanism.presence {
            Presence::Present => "there",
            Presence::Missing => "MISSING",
        };
        table.row([
            mechanism.name.clone(),
            mechanism.purpose.to_owned(),
            state.to_owned(),
        ]);
    }
    format!(
        "token     {}\nobjects   {} on the token\n{}\n{}",
        name(token),
        view.objects.token,
        keks(view),
        table.render()
    )
}

/// Each version that is on the token or that something needs, and what depends on it.
fn keks(view: &HsmView) -> String {
    let versions: BTreeSet<_> = view.keks.iter().chain(view.loads.keys()).collect();
    if versions.is_empty() {
        return "KEK       none; make one with: rubrica hsm init-kek\n".to_owned();
    }
    let mut table = Table::new(["\nKEK", "STATE", "WRAPPING KEYS", "CREDENTIALS"]);
    for version in versions {
        let load = view.loads.get(version).copied().unwrap_or_default();
        let state = if !view.keks.contains(version) {
            "MISSING"
        } else if view.keks.last() == Some(version) {
            "newest"
        } else {
            "there"
        };
        table.row([
            format!("version {version}"),
            state.to_owned(),
            load.wrapping_keys.to_string(),
            (load.credentials + load.directly).to_string(),
        ]);
    }
    table.render()
}

/// The token's label and, as far as it can be read, what it is: some tokens tell nothing of themselves.
fn name(token: &TokenStatus) -> String {
    let product = format!("{} {}", token.manufacturer.trim(), token.model.trim());
    let mut facts = vec![product.trim().to_owned()];
    for (name, fact) in [("serial", &token.serial), ("firmware", &token.firmware)] {
        // Where nothing is known, 0.0 stands for the firmware.
        if !matches!(fact.trim(), "" | "0.0") {
            facts.push(format!("{name} {}", fact.trim()));
        }
    }
    facts.retain(|fact| !fact.is_empty());
    let facts = facts.join(", ");
    match token.label.trim() {
        "" => format!("without a readable label ({facts})"),
        label => format!("{label} ({facts})"),
    }
}

fn described(view: &HsmView) -> Value {
    let token = &view.token;
    let mechanisms: Value = token
        .mechanisms
        .iter()
        .map(|mechanism| {
            json!({
                "name": mechanism.name,
                "purpose": mechanism.purpose,
                "present": mechanism.presence == Presence::Present,
            })
        })
        .collect();
    let loads: Value = view
        .loads
        .iter()
        .map(|(version, load)| {
            json!({
                "kek_version": version.0,
                "on_token": view.keks.contains(version),
                "wrapping_keys": load.wrapping_keys,
                "credentials": load.credentials,
                "credentials_without_wrapping_key": load.directly,
            })
        })
        .collect();
    json!({
        "label": token.label.trim(),
        "manufacturer": token.manufacturer.trim(),
        "model": token.model.trim(),
        "serial": token.serial.trim(),
        "firmware": token.firmware,
        "token_objects": view.objects.token,
        "keks": view.keks.iter().map(|version| version.0).collect::<Vec<_>>(),
        "depending": loads,
        "mechanisms": mechanisms,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(label: &str, model: &str, serial: &str, firmware: &str) -> TokenStatus {
        TokenStatus {
            manufacturer: "IBM  ".to_owned(),
            model: model.to_owned(),
            label: label.to_owned(),
            serial: serial.to_owned(),
            firmware: firmware.to_owned(),
            mechanisms: Vec::new(),
            sessions_open: None,
            sessions_limit: None,
        }
    }

    #[test]
    fn of_a_token_only_what_it_tells_is_shown() {
        assert_eq!(
            name(&token("rubrica   ", "SoftTok ", "123", "1.0")),
            "rubrica (IBM SoftTok, serial 123, firmware 1.0)"
        );
        assert_eq!(
            name(&token("", "", "", "0.0")),
            "without a readable label (IBM)"
        );
    }
}
