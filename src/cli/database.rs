//! `rubrica database`

use std::path::Path;

use clap::{Args, Subcommand};

use super::{Ending, output};
use crate::{app, config};

/// What to do with the database.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Create the tables, or bring them up to date, and set up the document store; safe to run again, and while other
    /// nodes run.
    Migrate(Migrate),
}

#[derive(Debug, Args)]
pub(super) struct Migrate {
    /// Begin with an empty document store although the database knows documents in another one.
    #[arg(long)]
    new_document_store: bool,
}

pub(super) fn run(command: &Command, file: Option<&Path>) -> anyhow::Result<Ending> {
    let Command::Migrate(arguments) = command;
    let loaded = config::load(file)?;
    if arguments.new_document_store {
        app::migrate_without_documents(&loaded.config)?;
    } else {
        app::migrate(&loaded.config)?;
    }
    output::remark("the database is up to date, and the document store is there");
    Ok(Ending::Well)
}
