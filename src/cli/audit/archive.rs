//! `rubrica audit archive`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::bar;
use crate::auth::op::{ArchiveJournal, ReadJournal};
use crate::cli::office::Office;
use crate::cli::output::{self, Style};
use crate::cli::{Ending, arguments};
use crate::domain::node::NodeName;
use crate::service::archiving::{ArchivedChain, Archiving};
use crate::service::audit::Archive as File;

#[derive(Debug, Args)]
pub(in crate::cli) struct Archive {
    /// The folder for the files, one for each chain and run. It must be there, and outlive the database.
    #[arg(long, value_name = "FOLDER")]
    directory: PathBuf,
    /// Only this node's chain.
    #[arg(long)]
    node: Option<NodeName>,
    /// Only rows from before this moment: a day, or RFC 3339. Without it, all that need not stay.
    #[arg(long, value_name = "TIME", value_parser = arguments::moment)]
    before: Option<OffsetDateTime>,
    /// Answer in JSON, for programs.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Archive, file: Option<&Path>) -> anyhow::Result<Ending> {
    let office = Office::open(file)?;
    let wanted = Archiving {
        folder: arguments.directory.clone(),
        node: arguments.node.clone(),
        before: arguments.before,
    };
    // Each row is written and then dropped.
    let rows = office
        .service
        .journal_rows(&office.authorize(ReadJournal))?
        .saturating_mul(2);
    let bar = bar(rows);
    let authorized = office.authorize(ArchiveJournal);
    let chains = office
        .service
        .archive_journal(&authorized, &wanted, &mut |done| bar.set_position(done))?;
    bar.finish_and_clear();
    match Style::from_flag(arguments.json) {
        Style::Json => output::json(&described(&chains, &wanted.folder))?,
        Style::Table => output::text(&told(&chains, &wanted.folder))?,
    }
    Ok(Ending::Well)
}

fn told(chains: &[ArchivedChain], folder: &Path) -> String {
    let mut lines = Vec::new();
    for chain in chains {
        if let Some(archive) = &chain.finished {
            lines.push(format!(
                "{}: the rest of rows {} to {}, archived before, was dropped",
                chain.node, archive.first, archive.end.seq
            ));
        }
        match &chain.archive {
            Some(archive) => {
                lines.push(format!(
                    "{}: rows {} to {} archived in {}",
                    chain.node,
                    archive.first,
                    archive.end.seq,
                    folder.join(archive.file_name()).display()
                ));
                lines.push(format!("  SHA-256: {}", hex::encode(archive.sha256)));
                lines.push(format!("  end of the archive: {}", archive.end));
            }
            None => lines.push(format!("{}: nothing is due", chain.node)),
        }
    }
    if chains.is_empty() {
        lines.push("the journal is empty".to_owned());
    }
    lines.join("\n")
}

fn described(chains: &[ArchivedChain], folder: &Path) -> Value {
    let archive = |archive: &File| {
        json!({
            "file": folder.join(archive.file_name()),
            "first": archive.first,
            "last": archive.end.seq,
            "end": archive.end.to_string(),
            "sha256": hex::encode(archive.sha256),
        })
    };
    let chains: Value = chains
        .iter()
        .map(|chain| {
            json!({
                "node": chain.node,
                "archive": chain.archive.as_ref().map(archive),
                "finished": chain.finished.as_ref().map(archive),
            })
        })
        .collect();
    json!({ "chains": chains })
}
