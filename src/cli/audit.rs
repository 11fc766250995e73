//! `rubrica audit`: the journal.

use std::fs::{self, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::office::Office;
use super::output::{self, Style};
use super::{Ending, arguments};
use crate::auth::op::ReadJournal;
use crate::domain::key::PublicKey;
use crate::domain::node::NodeName;
use crate::domain::pem;
use crate::service::audit::{Anchor, Audit, Checkpointing, Fault, Finding, Range};

const PEM_LABEL: &str = "PUBLIC KEY";

/// What to do with the journal.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check that no row was changed, dropped, inserted or moved. The exit status is 1 when one was, or when the
    /// signatures on the journal could not be judged.
    Verify(Verify),
    /// Write the journal, or a part of it, as lines of JSON.
    Export(Export),
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
    let bar = bar(office.service.journal_rows(&authorized)?);
    let audit = office
        .service
        .verify_journal(&authorized, &anchors, key, &mut |done| {
            bar.set_position(done);
        })?;
    bar.finish_and_clear();
    match Style::from_flag(arguments.json) {
        Style::Json => output::json(&described(&audit))?,
        Style::Table => output::text(&told(&audit))?,
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

fn told(audit: &Audit) -> String {
    let mut lines = Vec::new();
    for chain in &audit.report.chains {
        let state = if chain.findings.is_empty() {
            "intact"
        } else {
            "NOT INTACT"
        };
        lines.push(format!("{}: {} rows, {state}", chain.node, chain.rows));
        for finding in &chain.findings {
            lines.push(format!("  {}", sentence(finding)));
        }
        if chain.more > 0 {
            lines.push(format!("  and {} more", chain.more));
        }
        if let Some(sealed) = &chain.sealed {
            lines.push(format!(
                "  signed up to row {}, at {}",
                sealed.seq,
                output::moment(sealed.at)
            ));
        }
        if let Some(end) = &chain.end {
            lines.push(format!("  end of the chain: {end}"));
        }
    }
    if audit.report.chains.is_empty() {
        lines.push("the journal is empty".to_owned());
    }
    for request in &audit.unknown {
        lines.push(format!(
            "request {request} was signed, and the journal does not know of it: rows were cut off"
        ));
    }
    if audit.checkpoints == Checkpointing::NoKey {
        lines.push(
            "signatures on the journal were not judged: no audit key is at hand (see --key)"
                .to_owned(),
        );
    }
    lines.join("\n")
}

fn sentence(finding: &Finding) -> String {
    let seq = finding.seq;
    match finding.fault {
        Fault::Missing { until } if until == seq => format!("row {seq} is missing"),
        Fault::Missing { until } => format!("rows {seq} to {until} are missing"),
        Fault::Altered => format!("row {seq} was altered"),
        Fault::Unlinked => format!("row {seq} does not follow from the row before it"),
        Fault::Misplaced => format!("row {seq} is no row of a chain"),
        Fault::NotSigned => format!("the checkpoint of row {seq} is not signed by the audit key"),
        Fault::CutOff => format!("the chain once had row {seq}; it was cut off"),
        Fault::Rewritten => {
            format!("row {seq} is not the one that was noted down: the chain was written anew")
        }
    }
}

fn described(audit: &Audit) -> Value {
    let chains: Value = audit
        .report
        .chains
        .iter()
        .map(|chain| {
            json!({
                "node": chain.node,
                "rows": chain.rows,
                "end": chain.end.as_ref().map(ToString::to_string),
                "findings": chain
                    .findings
                    .iter()
                    .map(|finding| json!({"seq": finding.seq, "words": sentence(finding)}))
                    .collect::<Value>(),
                "more": chain.more,
                "signed_up_to": chain.sealed.map(|sealed| sealed.seq),
            })
        })
        .collect();
    json!({
        "intact": audit.is_intact(),
        "chains": chains,
        "unknown_requests": audit.unknown,
        "signatures_judged": audit.checkpoints == Checkpointing::Judged,
    })
}
