//! What the commands print: answers on the standard output, remarks and complaints on the standard error output.

use std::io::{self, Write};

use serde::Serialize;

/// How an answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// For people.
    Table,
    /// For programs.
    Json,
}

impl Style {
    /// From the `--json` flag.
    pub(super) fn from_flag(json: bool) -> Self {
        if json { Self::Json } else { Self::Table }
    }
}

/// Prints an answer.
pub(super) fn text(answer: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(answer.as_bytes())?;
    if !answer.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    out.flush()
}

/// Prints an answer for programs, or for people the table made of it.
pub(super) fn answer<T: Serialize>(
    style: Style,
    value: &T,
    table: impl FnOnce(&T) -> String,
) -> anyhow::Result<()> {
    match style {
        Style::Json => text(&serde_json::to_string_pretty(value)?)?,
        Style::Table => text(&table(value))?,
    }
    Ok(())
}

/// Tells something that is no answer.
pub(super) fn remark(words: &str) {
    // Nobody is left to tell when the error output is closed.
    let _ = writeln!(io::stderr().lock(), "{words}");
}

/// Tells why a command could not do its work, with the causes behind.
pub(super) fn complain(error: &anyhow::Error) {
    let mut words = format!("error: {error}");
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // Some errors tell their cause themselves.
        if !words.contains(&cause) {
            words.push_str(": ");
            words.push_str(&cause);
        }
    }
    remark(&words);
}
