//! `rubrica signer register`

use std::path::{Path, PathBuf};

use clap::Args;
use time::Date;

use super::{phone, receipt};
use crate::auth::op::RegisterSigner;
use crate::cli::arguments;
use crate::cli::office::Office;
use crate::cli::output;
use crate::cli::terminal::Destination;
use crate::domain::email::Email;
use crate::domain::identifier::NationalId;
use crate::domain::language::Language;
use crate::domain::level::{ProofingMethod, RegistrationLevel};
use crate::domain::person::PersonName;
use crate::domain::phone::Phone;
use crate::service::registration::{NewSigner, RegistrationAct};

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The citizen's DNI or NIE.
    #[arg(value_name = "DNI")]
    signer: NationalId,
    /// Given name, as on the identity document.
    #[arg(long, value_name = "NAME")]
    given_name: String,
    /// First surname.
    #[arg(long, value_name = "NAME")]
    surname: String,
    /// Second surname, where there is one.
    #[arg(long, value_name = "NAME")]
    second_surname: Option<String>,
    /// The phone that codes go to. One phone, one citizen.
    #[arg(long)]
    phone: Phone,
    /// The citizen's e-mail address; asked again at activation.
    #[arg(long)]
    email: Option<Email>,
    /// How the identity was proofed.
    #[arg(long, value_parser = arguments::named(ProofingMethod::ALL, ProofingMethod::as_str))]
    method: ProofingMethod,
    /// What the proofing is worth. Only advanced may sign.
    #[arg(long, value_parser = arguments::named(RegistrationLevel::ALL, RegistrationLevel::as_str))]
    level: RegistrationLevel,
    /// The day the identity was proofed; today when left out.
    #[arg(long, value_name = "DAY", value_parser = arguments::day)]
    proofed_on: Option<Date>,
    /// The language of the receipt and of messages.
    #[arg(long, default_value = "es", value_parser = arguments::named(Language::ALL, Language::as_str))]
    language: Language,
    /// Register somebody anew who has an account, for instance after losing both password and activation code. All
    /// credentials from before are revoked.
    #[arg(long)]
    renew: bool,
    /// Write the receipt with the activation code to a new file that only its owner can read; `-` stands for the
    /// standard output. Without it, the receipt is shown on the terminal.
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
}

pub(super) fn run(given: &Arguments, file: Option<&Path>) -> anyhow::Result<()> {
    let name = PersonName::new(
        &given.given_name,
        &given.surname,
        given.second_surname.as_deref(),
    )?;
    let office = Office::open(file)?;
    Destination::check(given.receipt.as_deref(), "--receipt")?;
    let new = NewSigner {
        national_id: given.signer.clone(),
        name,
        phone: given.phone.clone(),
        email: given.email.clone(),
        language: given.language,
        method: given.method,
        level: given.level,
        proofed_at: given
            .proofed_on
            .unwrap_or_else(|| office.service.ambient().now().date()),
    };
    let act = if given.renew {
        RegistrationAct::Renewal
    } else {
        RegistrationAct::First
    };
    let authorized = office.authorize(RegisterSigner);
    let service = &office.service;
    // Before a code is sent to the holder of the phone.
    service.check_registration(&authorized, &new, act)?;
    let claim = phone::claim(&office, &given.signer, &given.phone)?;
    let destination = Destination::choose(given.receipt.as_deref(), "--receipt")?;
    let done = match act {
        RegistrationAct::First => service.register_signer(&authorized, new, &claim)?,
        RegistrationAct::Renewal => service.renew_registration(&authorized, new, &claim)?,
    };
    output::remark(&format!("registered as signer {}", done.signer.id));
    receipt::give(&office, &done, destination)
}
