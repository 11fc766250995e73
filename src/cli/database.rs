//! `rubrica database`

use std::path::Path;

use clap::Subcommand;

use super::{Ending, output};
use crate::{app, config};

/// What to do with the database.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Create the tables, or bring them up to date, and set up the document store; safe to run again, and while other
    /// nodes run.
    Migrate,
}

pub(super) fn run(command: &Command, file: Option<&Path>) -> anyhow::Result<Ending> {
    let Command::Migrate = command;
    let loaded = config::load(file)?;
    app::migrate(&loaded.config)?;
    output::remark("the database is up to date, and the document store is there");
    Ok(Ending::Well)
}
