//! `rubrica config`

use std::path::Path;

use clap::Subcommand;

use super::{Ending, output};
use crate::config;

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Say everything that is wrong with the configuration, or print what is in force, without secrets.
    Check,
    /// Print a configuration file with every key, its explanation and its default.
    Default,
}

pub(super) fn run(command: &Command, file: Option<&Path>) -> anyhow::Result<Ending> {
    match command {
        Command::Check => check(file),
        Command::Default => {
            output::text(&config::example())?;
            Ok(Ending::Well)
        }
    }
}

fn check(file: Option<&Path>) -> anyhow::Result<Ending> {
    let loaded = config::load(file)?;
    for warning in &loaded.warnings {
        output::remark(&format!("warning: {warning}"));
    }
    output::text(&loaded.effective())?;
    match &loaded.file {
        Some(path) => output::remark(&format!("{} is in order", path.display())),
        None => output::remark("no file was read; the environment and the defaults are in order"),
    }
    Ok(Ending::Well)
}
