//! `rubrica hsm`

use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Ending;
use super::office::Office;
use super::output::{self, Style, Table};
use crate::auth::op::ManageHsm;
use crate::service::wrapping_keys::{HsmView, KekMade, KekWanted, Presence};

/// What to do with the HSM.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make the key on the token that wraps the citizens' keys, unless there is one.
    InitKek(InitKek),
    /// Show the token, what it can do, and which key-encryption keys are on it.
    Status(Status),
}

#[derive(Debug, Args)]
pub(super) struct InitKek {
    /// Make a new version where there is one already; it wraps the keys made from now on, and the old ones stay.
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
    match office.service.init_kek(&authorized, wanted)? {
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
    let keks: Vec<_> = view.keks.iter().map(ToString::to_string).collect();
    let keks = match keks.as_slice() {
        [] => "none; make one with: rubrica hsm init-kek".to_owned(),
        versions => format!("version {}", versions.join(", ")),
    };
    format!(
        "token     {} ({} {}, serial {}, firmware {})\nobjects   {} on the token\nKEK       {keks}\n\n{}",
        token.label.trim(),
        token.manufacturer.trim(),
        token.model.trim(),
        token.serial.trim(),
        token.firmware,
        view.objects.token,
        table.render()
    )
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
    json!({
        "label": token.label.trim(),
        "manufacturer": token.manufacturer.trim(),
        "model": token.model.trim(),
        "serial": token.serial.trim(),
        "firmware": token.firmware,
        "token_objects": view.objects.token,
        "keks": view.keks.iter().map(|version| version.0).collect::<Vec<_>>(),
        "mechanisms": mechanisms,
    })
}
