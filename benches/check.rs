//! What `cargo test` does with the harness: on each module it measures a few rows as quickly as it can. The figures are not
//! judged; that it gets them, and comes to a good end, is.

use std::process::Command;

use anyhow::{Context, bail, ensure};
use serde_json::Value;

use super::rig::arguments::{Arguments, BENCH};

/// Rows that both modules can measure.
const ROWS: [&str; 3] = ["batch-rsa", "single-rsa", "path-single-rsa"];

/// The modules, each with the name of its test.
const TESTS: [(&str, &str); 2] = [
    ("the_harness_runs_on_softhsm", "softhsm"),
    ("the_harness_runs_on_opencryptoki", "opencryptoki"),
];

/// Runs the tests that are wanted: those whose names have a word in them that was given, or all.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let names = arguments.names();
    let wanted = TESTS.into_iter().filter(|(test, _)| {
        names.is_empty() || names.iter().any(|name| test.contains(name.as_str()))
    });
    for (test, module) in wanted {
        measure(module).with_context(|| format!("{test} failed"))?;
        println!("test {test} ... ok");
    }
    Ok(())
}

/// In a process of its own, so that its end counts too.
fn measure(module: &str) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("rows.json");
    let mut command = Command::new(std::env::current_exe()?);
    command.args([BENCH, "--quick", "--module", module, "--json"]);
    command.arg(&file);
    for row in ROWS {
        command.args(["--only", row]);
    }
    let output = command.output()?;
    ensure!(
        output.status.success(),
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let told: Value = serde_json::from_slice(&std::fs::read(&file)?)?;
    let rows = told.get("rows").and_then(Value::as_array);
    let rows = rows.context("there are no rows")?;
    ensure!(rows.len() == ROWS.len(), "not each row is there: {told:#}");
    for row in rows {
        if !row
            .get("value")
            .is_some_and(|value| value.as_f64() > Some(0.0))
        {
            bail!("a row was not measured: {row:#}");
        }
    }
    Ok(())
}
