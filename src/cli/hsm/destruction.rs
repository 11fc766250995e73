//! `rubrica hsm destroy-kek`

use std::path::Path;

use clap::Args;

use crate::auth::op::ManageHsm;
use crate::cli::Ending;
use crate::cli::office::Office;
use crate::cli::output;
use crate::cli::terminal::Consent;
use crate::domain::key::KekVersion;

#[derive(Debug, Args)]
pub(in crate::cli) struct DestroyKek {
    /// Which version, as `hsm status` shows it.
    version: u32,
    /// Do not ask whether it is meant.
    #[arg(long)]
    yes: bool,
}

pub(super) fn destroy(arguments: &DestroyKek, file: Option<&Path>) -> anyhow::Result<Ending> {
    let office = Office::open(file)?;
    let authorized = office.authorize(ManageHsm);
    let version = KekVersion(arguments.version);
    // Nobody is asked for what would be refused.
    office.service.check_kek_unused(&authorized, version)?;
    output::remark(&format!(
        "A backup of the database from before the last rotation needs KEK version {version}: without it, no citizen's key \
         in that backup can be used again."
    ));
    Consent::from_flag(arguments.yes).obtain(&format!(
        "KEK version {version} will be destroyed; that cannot be undone."
    ))?;
    office.service.destroy_kek(&authorized, version)?;
    output::remark(&format!("KEK version {version} is destroyed"));
    Ok(Ending::Well)
}
