//! pyHanko, the second engine for whole signatures.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::worker::Worker;
use super::{Exhibit, Kind};
use crate::harness::foreign::installed;

pub(super) fn judge(exhibit: &Exhibit) -> Result<(), String> {
    static WORKER: OnceLock<Worker> = OnceLock::new();
    let worker = WORKER.get_or_init(|| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign/pyhanko_judge.py");
        let mut python = Command::new(installed("venv/bin/python"));
        python.arg(script);
        Worker::start(python)
    });
    let kind = match exhibit.kind {
        Kind::Pades => "pades",
        Kind::Enveloping(_) => "enveloping",
        Kind::Detached(_) => "detached",
    };
    let answer = worker.ask(
        &json!({
            "kind": kind,
            "file": exhibit.file,
            "original": exhibit.original(),
            "anchor": exhibit.anchor,
            "lenient": exhibit.allowed("pyHanko").is_some(),
            // Python's reader of dates knows no `Z` in older versions.
            "at": exhibit.moment().replace('Z', "+00:00"),
        })
        .to_string(),
    )?;
    let said = answer
        .get("said")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let accepted = answer.get("accepted") == Some(&Value::Bool(true));
    let whole = match exhibit.kind {
        Kind::Pades if exhibit.earlier > 0 => return among_strangers(exhibit, said),
        Kind::Pades => said.contains(":INTACT:TRUSTED,UNTOUCHED"),
        Kind::Enveloping(_) | Kind::Detached(_) => said.contains("INTACT:TRUSTED"),
    };
    if accepted && whole {
        Ok(())
    } else {
        Err(answer.to_string())
    }
}

/// Its verdict on the whole is a refusal when it trusts one signer and not the others; what it says of each tells more.
fn among_strangers(exhibit: &Exhibit, said: &str) -> Result<(), String> {
    let count = |words: &str| said.matches(words).count();
    let good = count(":INTACT:TRUSTED,UNTOUCHED") == exhibit.signatures
        && count(":INTACT:UNTRUSTED,EXTENDED_WITH_FORM_FILLING,ACCEPTABLE_MODIFICATIONS")
            == exhibit.earlier
        && count(":INTACT:") == exhibit.signatures + exhibit.earlier
        && count(":INVALID") == 0;
    if good { Ok(()) } else { Err(said.to_owned()) }
}
