//! `rubrica signer`: the registration office.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;
use time::Date;

use super::office::Office;
use super::output::{self, Style, moment};
use super::terminal::{Consent, Destination, ask_secret};
use super::{Ending, arguments};
use crate::auth::op::{ManageAccount, RegisterSigner};
use crate::domain::email::Email;
use crate::domain::identifier::NationalId;
use crate::domain::phone::Phone;
use crate::domain::standing::Refusal;
use crate::service::registration::{ClosingReason, LevelEvidence, SignerView};

mod phone;
mod receipt;
mod register;

/// What to do with the citizens' accounts.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Register a citizen whose identity was proofed, and write the receipt with the activation code.
    Register(Box<register::Arguments>),
    /// Show what is registered, and whether the citizen can sign.
    Show(Show),
    /// Raise a citizen to advanced level, which alone may sign.
    RaiseLevel(RaiseLevel),
    /// Register a new phone for a citizen's codes.
    ChangePhone(ChangePhone),
    /// Write a receipt with a new activation code, for a citizen who is present and types the password.
    ///
    /// Credentials stay usable and the old code is worth nothing. Who has neither code nor password is registered
    /// anew: `signer register --renew`.
    NewCode(NewCode),
    /// Take the block of wrong passwords or SMS codes away; the password stays as it is.
    ///
    /// A blocked activation code is replaced by a new one: `signer new-code`, or `signer register --renew`.
    Unblock(Who),
    /// Close an account for good and revoke its credentials.
    Deregister(Deregister),
}

#[derive(Debug, Args)]
pub(super) struct Who {
    /// The citizen's DNI or NIE.
    #[arg(value_name = "DNI")]
    signer: NationalId,
}

#[derive(Debug, Args)]
pub(super) struct Show {
    #[command(flatten)]
    who: Who,
    /// Answer in JSON, for programs.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct RaiseLevel {
    #[command(flatten)]
    who: Who,
    /// How the identity was proofed.
    #[arg(long, value_enum)]
    evidence: Evidence,
    /// The day it was proofed; today when left out.
    #[arg(long, value_name = "DAY", value_parser = arguments::day)]
    on: Option<Date>,
}

/// What raises a citizen to advanced level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Evidence {
    /// The citizen came to an office.
    InPerson,
    /// The citizen identified with an electronic certificate or DNIe.
    Certificate,
    /// A public employee reviewed the recording of the video identification.
    VideoReviewed,
}

#[derive(Debug, Args)]
pub(super) struct ChangePhone {
    #[command(flatten)]
    who: Who,
    /// The new number.
    #[arg(value_name = "PHONE")]
    phone: Phone,
}

#[derive(Debug, Args)]
pub(super) struct NewCode {
    #[command(flatten)]
    who: Who,
    /// Write the receipt to a new file that only its owner can read; `-` stands for the standard output.
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Deregister {
    #[command(flatten)]
    who: Who,
    /// Why.
    #[arg(long, value_name = "REASON", value_parser = arguments::named(ClosingReason::ALL, ClosingReason::as_str))]
    reason: ClosingReason,
    /// Do not ask whether it is meant.
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(command: &Command, file: Option<&Path>) -> anyhow::Result<Ending> {
    match command {
        Command::Register(arguments) => register::run(arguments, file)?,
        Command::Show(arguments) => show(arguments, file)?,
        Command::RaiseLevel(arguments) => raise_level(arguments, file)?,
        Command::ChangePhone(arguments) => {
            let office = Office::open(file)?;
            let (id, phone) = (&arguments.who.signer, &arguments.phone);
            let claim = phone::claim(&office, id, phone)?;
            let authorized = office.authorize(RegisterSigner);
            office
                .service
                .change_phone(&authorized, id, phone, &claim)?;
            output::remark("codes go to the new phone from now on");
        }
        Command::NewCode(arguments) => {
            let office = Office::open(file)?;
            let receipt = arguments.receipt.as_deref();
            Destination::check(receipt, "--receipt")?;
            let password = ask_secret(
                "the citizen's password",
                "only the citizen can have a new code made, by typing the password",
            )?;
            let destination = Destination::choose(receipt, "--receipt")?;
            let given = office.service.reissue_activation_code(
                &office.authorize(ManageAccount),
                &arguments.who.signer,
                &password,
            )?;
            receipt::give(&office, &given, destination)?;
        }
        Command::Unblock(who) => {
            let office = Office::open(file)?;
            let authorized = office.authorize(ManageAccount);
            office.service.unblock_signer(&authorized, &who.signer)?;
            output::remark("the citizen can try the password again");
        }
        Command::Deregister(arguments) => {
            Consent::from_flag(arguments.yes).obtain(
                "This closes the account for good and deletes the citizen's signing keys.",
            )?;
            let office = Office::open(file)?;
            let (_, revoked) = office.service.deregister_signer(
                &office.authorize(RegisterSigner),
                &arguments.who.signer,
                arguments.reason,
            )?;
            output::remark(&format!(
                "the account is closed; {revoked} of its credentials were revoked"
            ));
        }
    }
    Ok(Ending::Well)
}

fn raise_level(arguments: &RaiseLevel, file: Option<&Path>) -> anyhow::Result<()> {
    let office = Office::open(file)?;
    let day = arguments
        .on
        .unwrap_or_else(|| office.service.ambient().now().date());
    let evidence = match arguments.evidence {
        Evidence::InPerson => LevelEvidence::InPerson(day),
        Evidence::Certificate => LevelEvidence::Certificate(day),
        Evidence::VideoReviewed => LevelEvidence::VideoReviewed,
    };
    let authorized = office.authorize(RegisterSigner);
    let id = &arguments.who.signer;
    office.service.raise_level(&authorized, id, evidence)?;
    output::remark("the citizen is registered at advanced level");
    Ok(())
}

fn show(arguments: &Show, file: Option<&Path>) -> anyhow::Result<()> {
    let office = Office::open(file)?;
    let authorized = office.authorize(RegisterSigner);
    let SignerView { signer, standing } =
        office.service.signer(&authorized, &arguments.who.signer)?;
    let answer = json!({
        "id": signer.id,
        "national_id": signer.national_id.as_str(),
        "name": signer.name.full(),
        "phone": signer.phone.as_ref().map(Phone::as_str),
        "email": signer.email.as_ref().map(Email::as_str),
        "language": signer.language.as_str(),
        "level": signer.level.as_str(),
        "method": signer.method.as_str(),
        "proofed_at": signer.proofed_at.to_string(),
        "registered_at": moment(signer.registered_at),
        "activated_at": signer.activated_at.map(moment),
        "password_expires_at": signer.password_expires_at.map(moment),
        "last_access_at": signer.last_access_at.map(moment),
        "blocked_at": signer.blocked_at.map(moment),
        "activation_blocked_at": signer.activation_blocked_at.map(moment),
        "can_sign": standing.is_ok(),
        "refusal": standing.err().map(Refusal::as_str),
    });
    output::answer(Style::from_flag(arguments.json), &answer, output::facts)
}
