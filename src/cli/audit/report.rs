//! What `audit verify` answers.

use serde_json::{Value, json};

use crate::cli::output;
use crate::service::audit::{Audit, Checkpointing, Fault, Finding, Stray, StrayReason};

/// For people.
pub(super) fn told(audit: &Audit) -> String {
    let mut lines = Vec::new();
    for chain in &audit.report.chains {
        let state = if chain.findings.is_empty() {
            "intact"
        } else {
            "NOT INTACT"
        };
        lines.push(format!("{}: {} rows, {state}", chain.node, chain.rows));
        if let Some(archived) = &chain.archived {
            lines.push(format!("  archived up to row {}", archived.end.seq));
            if archived.left > 0 {
                lines.push(format!(
                    "  {} archived rows were not dropped yet; `rubrica audit archive` goes on with it",
                    archived.left
                ));
            }
        }
        if let Some(from) = &chain.from {
            lines.push(format!("  read after row {}", from.seq));
        }
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
    for stray in &audit.report.strays {
        lines.push(stray_sentence(stray));
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
        Fault::ArchiveNotSigned => {
            format!("the record of the archive up to row {seq} is not signed by the audit key")
        }
        Fault::ArchiveUnsealed => {
            format!("the checkpoint of row {seq}, with which the archives end, is gone")
        }
        Fault::ArchiveAbsent { until } => {
            format!("the archive of rows {seq} to {until} is not among the files")
        }
        Fault::ArchiveAltered { until } => {
            format!("the archive of rows {seq} to {until} is not the file that was written")
        }
    }
}

fn stray_sentence(stray: &Stray) -> String {
    let file = stray.file.display();
    match &stray.reason {
        StrayReason::NoRow => format!("{file} does not begin with a row of a journal"),
        StrayReason::Unknown { node, first } => format!(
            "{file} begins with row {first} of {node}, and no archive that begins there is on record"
        ),
        StrayReason::Twice { node, first } => {
            format!("{file} begins with row {first} of {node}, as another of the files does")
        }
    }
}

/// For programs.
pub(super) fn described(audit: &Audit) -> Value {
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
                "archived_up_to": chain.archived.as_ref().map(|archived| archived.end.seq),
                "read_after": chain.from.as_ref().map(|from| from.seq),
                "signed_up_to": chain.sealed.map(|sealed| sealed.seq),
            })
        })
        .collect();
    json!({
        "intact": audit.is_intact(),
        "chains": chains,
        "stray_files": audit.report.strays.iter().map(stray_sentence).collect::<Value>(),
        "unknown_requests": audit.unknown,
        "signatures_judged": audit.checkpoints == Checkpointing::Judged,
    })
}
