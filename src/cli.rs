//! The command line: one file per subcommand, each a thin hand that calls what the server calls.
//!
//! Secrets are never arguments: they come from files, from the environment or from a terminal that does not show them.
//! Answers go to the standard output, everything else to the standard error output. The exit status is 0 when all went
//! well, 1 when something did not, 2 when the command was not understood.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod app;
mod arguments;
mod audit;
mod ca;
mod config;
mod credential;
mod database;
mod demo;
mod doctor;
mod hsm;
mod office;
mod output;
mod serve;
mod signer;
mod terminal;

/// A cloud remote-signing server: citizens' keys stay in an HSM and sign only what the citizen approves.
#[derive(Debug, Parser)]
#[command(
    name = "rubrica",
    version,
    max_term_width = 100,
    arg_required_else_help = true
)]
pub struct Arguments {
    /// The configuration file; without it ./rubrica.toml is read, if it is there.
    #[arg(
        long,
        global = true,
        env = "RUBRICA_CONFIG",
        hide_env_values = true,
        value_name = "FILE"
    )]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Set everything up on this machine and do the main job once: a citizen signs documents that an app sends.
    ///
    /// It uses the token that ./SoftHSM-setup.sh makes, a server of its own over HTTPS on loopback, and a made-up
    /// citizen. Its data go to a SQLite file of its own, or to the PostgreSQL that `RUBRICA_DATABASE__URL` or the file
    /// given with --config names. The exit status is 1 when a document could not be signed.
    Demo(Box<demo::Arguments>),
    /// Run the server until it is told to stop by SIGTERM or SIGINT; SIGHUP reads the TLS certificates anew.
    Serve,
    /// Register the apps that may ask for signatures.
    #[command(subcommand)]
    App(app::Command),
    /// Make the authorities that issue citizens' certificates, and publish their revocation lists.
    #[command(subcommand)]
    Ca(ca::Command),
    /// Register citizens, and look after their accounts.
    #[command(subcommand)]
    Signer(signer::Command),
    /// Make, certify and revoke the citizens' signing keys.
    #[command(subcommand)]
    Credential(credential::Command),
    /// Verify or export the journal.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Check the configuration, or print one with every key explained.
    #[command(subcommand)]
    Config(config::Command),
    /// Find out what is wrong with the set-up around the server, and what to do about it.
    ///
    /// Nothing is changed. The exit status is 1 when the server could not work.
    Doctor(doctor::Arguments),
    /// See the HSM, and make the keys that wrap the citizens' keys and sign the journal.
    #[command(subcommand)]
    Hsm(hsm::Command),
    /// Prepare the database.
    #[command(subcommand)]
    Database(database::Command),
}

/// How a command that could do its work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// All is well.
    Well,
    /// The answer, which was printed, is that something is not.
    Badly,
}

/// Runs the command of this process's arguments.
pub fn run() -> ExitCode {
    match execute(Arguments::parse()) {
        Ok(Ending::Well) => ExitCode::SUCCESS,
        Ok(Ending::Badly) => ExitCode::FAILURE,
        Err(error) => {
            output::complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn execute(arguments: Arguments) -> anyhow::Result<Ending> {
    let file = arguments.config.as_deref();
    match arguments.command {
        Command::Demo(arguments) => demo::run(&arguments, file),
        Command::Serve => serve::run(file),
        Command::App(command) => app::run(&command, file),
        Command::Ca(command) => ca::run(&command, file),
        Command::Hsm(command) => hsm::run(&command, file),
        Command::Signer(command) => signer::run(&command, file),
        Command::Credential(command) => credential::run(&command, file),
        Command::Audit(command) => audit::run(&command, file),
        Command::Config(command) => config::run(&command, file),
        Command::Doctor(arguments) => doctor::run(&arguments, file),
        Command::Database(command) => database::run(&command, file),
    }
}

#[cfg(test)]
mod tests;
