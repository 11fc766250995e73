//! What the commands print: answers on the standard output, remarks and complaints on the standard error output.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use indicatif::ProgressBar;
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::service::ServiceError;

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

/// Rows under headings, the columns as wide as their longest entry.
#[derive(Debug)]
pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// With these headings.
    pub(super) fn new<const N: usize>(headings: [&str; N]) -> Self {
        Self {
            rows: vec![headings.map(str::to_owned).to_vec()],
        }
    }

    /// One more row.
    pub(super) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(Vec::from(cells));
    }

    /// As text, each line ended.
    pub(super) fn render(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|column| {
                let cells = self.rows.iter().filter_map(|row| row.get(column));
                cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
            })
            .collect();
        let mut text = String::new();
        for row in &self.rows {
            let cells = row.iter().zip(&widths);
            let line: Vec<_> = cells
                .map(|(cell, width)| format!("{cell:<width$}"))
                .collect();
            text.push_str(line.join("  ").trim_end());
            text.push('\n');
        }
        text
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
        Style::Json => json(value),
        Style::Table => Ok(text(&table(value))?),
    }
}

/// Prints an answer for programs.
pub(super) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    Ok(text(&serde_json::to_string_pretty(value)?)?)
}

/// A file for what is for everybody, such as certificates, requests and revocation lists. It is opened before the act whose
/// outcome goes into it, so that nothing is made that then has no place to go.
#[derive(Debug)]
pub(super) struct PublicFile {
    path: PathBuf,
    file: File,
    /// Made here and empty yet: it goes away when nothing comes.
    blank: bool,
}

impl PublicFile {
    /// Makes it, or opens the one that is there, whose content stays until [`write`](Self::write).
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let blank = !path.exists();
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            blank,
        })
    }

    /// The same for an option that may be absent.
    pub(super) fn open_named(path: Option<&PathBuf>) -> anyhow::Result<Option<Self>> {
        path.map(|path| Self::open(path)).transpose()
    }

    /// Writes it, in place of what was there.
    pub(super) fn write(mut self, content: &[u8]) -> anyhow::Result<()> {
        let mut replace = || {
            // A pipe or a terminal has no length.
            if self.file.metadata()?.is_file() {
                self.file.set_len(0)?;
            }
            self.file.write_all(content)
        };
        let replaced: io::Result<()> = replace();
        self.blank = false;
        replaced.with_context(|| format!("{} cannot be written", self.path.display()))
    }
}

impl Drop for PublicFile {
    fn drop(&mut self) {
        if self.blank {
            // That an empty file stays is no further failure.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The members of an object, one a line; those without a value are left out.
pub(super) fn facts(value: &Value) -> String {
    let members: Vec<_> = value
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| {
            let shown = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            (name.replace('_', " "), shown)
        })
        .collect();
    let width = members
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or(0);
    members
        .iter()
        .map(|(name, value)| format!("{name:<width$}  {value}"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// A moment as answers show it (RFC 3339), to the second.
pub(super) fn moment(at: OffsetDateTime) -> String {
    at.replace_nanosecond(0)
        .unwrap_or(at)
        .format(&Rfc3339)
        .unwrap_or_else(|_| at.to_string())
}

/// Does what may take long, such as a token making an RSA-4096 key: many seconds. On a terminal one sees meanwhile that
/// something goes on; elsewhere nothing is shown.
pub(super) fn working<T>(what: &'static str, work: impl FnOnce() -> T) -> T {
    let bar = ProgressBar::new_spinner().with_message(what);
    bar.enable_steady_tick(Duration::from_millis(100));
    let value = work();
    bar.finish_and_clear();
    value
}

/// Tells something that is no answer.
pub(super) fn remark(words: &str) {
    // Nobody is left to tell when the error output is closed.
    let _ = writeln!(io::stderr().lock(), "{words}");
}

/// Tells why a command could not do its work, with the causes behind.
pub(super) fn complain(error: &anyhow::Error) {
    remark(&format!("error: {}", reason(error)));
}

/// An error with the causes behind it, and the fields it is about.
pub(super) fn reason(error: &anyhow::Error) -> String {
    let mut words = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // Some errors tell their cause themselves.
        if !words.contains(&cause) {
            words.push_str(": ");
            words.push_str(&cause);
        }
    }
    if let Some(ServiceError::Invalid(fields)) = error.downcast_ref() {
        for field in fields {
            let name = field.pointer.trim_start_matches('/').replace('/', ".");
            // Writing to a string cannot fail.
            let _ = write!(words, "\n  {name}: {}", field.detail);
        }
    }
    if let Some(ServiceError::HsmAway(_)) = error.downcast_ref() {
        words.push_str("\n  rubrica doctor finds out why");
    }
    words
}
