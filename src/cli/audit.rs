//! `rubrica audit`: the journal.

use std::fs::{self, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use time::OffsetDateTime;

use super::office::Office;
use super::output::{self, Style};
use super::{Ending, arguments};
use crate::auth::op::ReadJournal;
use crate::domain::key::PublicKey;
use crate::domain::node::NodeName;
use crate::domain::pem;
use crate::service::audit::{Anchor, Checkpointing, Range, Scope};

mod archive;
mod report;

const PEM_LABEL: &str = "PUBLIC KEY";

/// What to do with the journal.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check that no row was changed, dropped, inserted or moved. The exit status is 1 when one was, or when the
    /// signatures on the journal could not be judged.
    Verify(Verify),
    /// Write the journal, or a part of it, as lines of JSON.
    Export(Export),
    /// Write old rows to files, and drop them from the database. What is left verifies as before, and together with the
    /// files as one unbroken chain.
    ///
    /// Of each chain goes what is older than `journal.retention` and signed. A file is written whole, read back from the
    /// disk and put on record before its rows are dropped. A run that was stopped is finished by the next.
    Archive(archive::Archive),
    /// Show the public half of the key that signs the journal, in PEM. Keep it outside the database.
    Key,
}

#[derive(Debug, Args)]
pub(super) struct Verify {
    /// File with ends of chains that an earlier `audit verify` or `audit export` told, one on each line. They show
    /// what the rows alone cannot: that the end of a chain was cut off or written anew.
    #[arg(long, value_name = "FILE")]
    anchors: Option<PathBuf>,
    /// PEM file of the audit key, as `audit key` tells it, for judging the signatures on the journal without the HSM.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Files that `audit archive` has written: all of them, in any order. Without them each chain is verified from
    /// where its archives end.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    archive: Vec<PathBuf>,
    /// Rely on what was signed before this moment, and read only what came after: a day, or RFC 3339.
    #[arg(long, value_name = "TIME", value_parser = arguments::moment)]
    since: Option<OffsetDateTime>,
    /// Answer in JSON, for programs.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Export {
    /// Write to this file; without it, to the standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Only this node's chain.
    #[arg(long)]
    node: Option<NodeName>,
    /// Only from this moment on: a day, or RFC 3339.
    #[arg(long, value_name = "TIME", value_parser = arguments::moment)]
    from: Option<OffsetDateTime>,
    /// Only before this moment.
    #[arg(long, value_name = "TIME", value_parser = arguments::moment)]
    until: Option<OffsetDateTime>,
}

pub(super) fn run(command: &Command, file: Option<&Path>) -> anyhow::Result<Ending> {
    match command {
        Command::Verify(arguments) => verify(arguments, file),
        Command::Export(arguments) => export(arguments, file),
        Command::Archive(arguments) => archive::run(arguments, file),
        Command::Key => key(file),
    }
}

fn verify(arguments: &Verify, file: Option<&Path>) -> anyhow::Result<Ending> {
    let anchors = match &arguments.anchors {
        Some(path) => read_anchors(path)?,
        None => Vec::new(),
    };
    let key = arguments.key.as_deref().map(read_key).transpose()?;
    let office = Office::open(file)?;
    let authorized = office.authorize(ReadJournal);
    let scope = Scope {
        anchors,
        archives: arguments.archive.clone(),
        since: arguments.since,
    };
    let bar = bar(office.service.journal_rows(&authorized)?);
    let audit = office
        .service
        .verify_journal_within(&authorized, &scope, key, &mut |done| {
            bar.set_position(done);
        })?;
    bar.finish_and_clear();
    match Style::from_flag(arguments.json) {
        Style::Json => output::json(&report::described(&audit))?,
        Style::Table => output::text(&report::told(&audit))?,
    }
    Ok(
        if audit.is_intact() && audit.checkpoints == Checkpointing::Judged {
            Ending::Well
        } else {
            Ending::Badly
        },
    )
}

fn export(arguments: &Export, file: Option<&Path>) -> anyhow::Result<Ending> {
    let office = Office::open(file)?;
    let authorized = office.authorize(ReadJournal);
    let range = Range {
        node: arguments.node.clone(),
        from: arguments.from,
        until: arguments.until,
    };
    let bar = bar(office.service.journal_rows(&authorized)?);
    let mut writer: Box<dyn Write> = match &arguments.output {
        Some(path) => {
            // It names citizens and their browsers.
            let file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(path)
                .with_context(|| format!("{} cannot be written", path.display()))?;
            Box::new(BufWriter::new(file))
        }
        None => Box::new(BufWriter::new(io::stdout().lock())),
    };
    let exported =
        office
            .service
            .export_journal(&authorized, &mut writer, &range, &mut |done| {
                bar.set_position(done);
            })?;
    writer.flush()?;
    bar.finish_and_clear();
    output::remark(&format!("{} rows", exported.rows));
    for end in &exported.ends {
        output::remark(&format!("end of the chain: {end}"));
    }
    Ok(Ending::Well)
}

fn key(file: Option<&Path>) -> anyhow::Result<Ending> {
    let office = Office::open(file)?;
    let key = office
        .service
        .audit_public_key()?
        .context("the HSM has no audit key; `rubrica hsm init-kek` makes it")?;
    output::text(pem::encode(PEM_LABEL, key.spki())?.trim_end())?;
    Ok(Ending::Well)
}

fn read_key(path: &Path) -> anyhow::Result<PublicKey> {
    let text =
        fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let spki = pem::decode(PEM_LABEL, &text)
        .with_context(|| format!("{} holds no public key in PEM", path.display()))?;
    Ok(PublicKey::from_spki(&spki)?)
}

fn read_anchors(path: &Path) -> anyhow::Result<Vec<Anchor>> {
    let text =
        fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| {
            line.parse()
                .with_context(|| format!("{}: {line:?}", path.display()))
        })
        .collect()
}

/// Shown on a terminal only.
fn bar(rows: u64) -> ProgressBar {
    let bar = ProgressBar::new(rows);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} rows ({eta} left)") {
        bar.set_style(style);
    }
    bar
}
