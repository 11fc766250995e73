//! What came of it: a short table for people, the same in JSON for programs.

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use serde_json::{Value, json};

use super::app::{Outcome, Signed};
use super::place::Place;
use super::steps::Step;
use crate::cli::output::Table;
use crate::domain::document::{Format, Packaging};

/// What became of each document, and how long each step took.
pub(super) struct Report<'a> {
    place: &'a Place,
    outcomes: Vec<Outcome>,
    steps: Vec<Step>,
}

impl<'a> Report<'a> {
    /// Of a demo that came to its end.
    pub(super) fn new(place: &'a Place, outcomes: Vec<Outcome>, steps: Vec<Step>) -> Self {
        Self {
            place,
            outcomes,
            steps,
        }
    }

    /// Whether nothing was refused.
    pub(super) fn all_signed(&self) -> bool {
        self.outcomes.iter().all(|outcome| outcome.result.is_ok())
    }

    /// For people.
    pub(super) fn told(&self) -> String {
        let mut text = String::new();
        let mut steps = Table::new(["STEP", "TIME"]);
        for step in &self.steps {
            let millis = step.took.as_secs_f64() * 1000.0;
            steps.row([step.name.to_owned(), format!("{millis:>7.0} ms")]);
        }
        text.push_str(&steps.render());

        let mut files = Table::new(["SIGNED FILE", "FORMAT AND LEVEL", "SHA-256"]);
        let has_pdf = self.outcomes.iter().any(|outcome| {
            let signed = outcome.result.as_ref();
            signed.is_ok_and(|signed| signed.format == Format::Pades)
        });
        let mut checks = String::new();
        let mut refusals = String::new();
        for outcome in &self.outcomes {
            match &outcome.result {
                Ok(signed) => {
                    let file = shown(&self.place.out().join(&signed.file));
                    files.row([file, level(signed), signed.sha256.clone()]);
                    checks.push_str("  ");
                    checks.push_str(&self.check(outcome, signed));
                    checks.push('\n');
                }
                Err(refusal) => {
                    let path = outcome.document.path.display();
                    refusals.push_str(&format_refusal(
                        &path.to_string(),
                        &refusal.code,
                        &refusal.detail,
                    ));
                }
            }
        }
        if !checks.is_empty() {
            text.push('\n');
            text.push_str(&files.render());
            text.push_str("\nCheck them with tools that share nothing with this program:\n");
            text.push_str(&checks);
            if has_pdf {
                text.push_str("  (pdfsig, of Debian's poppler-utils, cannot be told of this trust anchor and says that it is not trusted)\n");
            }
            let ca = shown(&self.place.anchor());
            let chain = shown(&self.place.chain());
            text.push_str("\nTrust anchor ");
            text.push_str(&ca);
            text.push_str(", chain ");
            text.push_str(&chain);
            text.push('\n');
        }
        if !refusals.is_empty() {
            text.push_str("\nNot signed:\n");
            text.push_str(&refusals);
        }
        text
    }

    /// For programs.
    pub(super) fn described(&self) -> Value {
        let out = self.place.out();
        let documents: Value = self
            .outcomes
            .iter()
            .map(|outcome| match &outcome.result {
                Ok(signed) => json!({
                    "document": text(&outcome.document.path),
                    "state": "signed",
                    "file": text(&out.join(&signed.file)),
                    "level": signed.level,
                    "format": signed.format.as_str(),
                    "packaging": signed.packaging.map(Packaging::as_str),
                    "size": signed.size,
                    "sha256": signed.sha256,
                    "check": self.check(outcome, signed),
                }),
                Err(refusal) => json!({
                    "document": text(&outcome.document.path),
                    "state": "refused",
                    "reason": refusal.code,
                    "detail": refusal.detail,
                }),
            })
            .collect();
        let steps: Value = self
            .steps
            .iter()
            .map(|step| json!({"step": step.name, "seconds": step.took.as_secs_f64()}))
            .collect();
        json!({
            "folder": text(out),
            "trust_anchor": text(&self.place.anchor()),
            "chain": text(&self.place.chain()),
            "documents": documents,
            "steps": steps,
        })
    }

    /// A command to paste into a shell.
    fn check(&self, outcome: &Outcome, signed: &Signed) -> String {
        let out = self.place.out();
        let file = quoted(&out.join(&signed.file));
        match signed.format {
            Format::Pades => format!("pdfsig {file}"),
            Format::Cades => {
                let content = match signed.packaging {
                    Some(Packaging::Detached) => {
                        format!(" -content {}", quoted(&outcome.document.path))
                    }
                    Some(Packaging::Enveloping) | None => String::new(),
                };
                format!(
                    "openssl cms -verify -cades -binary -inform DER -in {file}{content} -CAfile {} -out /dev/null",
                    quoted(&self.place.anchor())
                )
            }
        }
    }
}

fn level(signed: &Signed) -> String {
    match signed.packaging {
        Some(packaging) => format!("{}, {packaging}", signed.level),
        None => signed.level.clone(),
    }
}

fn format_refusal(path: &str, code: &str, detail: &str) -> String {
    format!("  {path}: {detail} ({code})\n")
}

/// From here when it is below here, as people would write it.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().ok();
    let short = here
        .as_deref()
        .and_then(|here| path.strip_prefix(here).ok());
    short.unwrap_or(path).display().to_string()
}

/// A path as JSON can hold it: what is not UTF-8 in a name is replaced.
fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// For a POSIX shell.
pub(super) fn quoted(path: &Path) -> String {
    let here = std::env::current_dir().ok();
    let short = here
        .as_deref()
        .and_then(|here| path.strip_prefix(here).ok());
    let mut bytes = short.unwrap_or(path).as_os_str().as_bytes().to_vec();
    let plain =
        |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'-' | b'_' | b'+' | b',');
    let dashed = bytes.starts_with(b"-");
    if dashed {
        bytes.splice(..0, *b"./");
    }
    if !bytes.is_empty() && !dashed && bytes.iter().all(plain) {
        return String::from_utf8_lossy(&bytes).into_owned();
    }
    let mut word = String::from("'");
    for chunk in bytes.utf8_chunks() {
        word.push_str(&chunk.valid().replace('\'', r"'\''"));
        for byte in chunk.invalid() {
            // Only printf can name a byte that is no text.
            let _ = write!(word, "'\"$(printf '\\{byte:03o}')\"'");
        }
    }
    word.push('\'');
    word
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn a_name_with_anything_in_it_is_one_word_of_the_shell() {
        for name in ["a b", "it's", "$(x)", "-out", "ñ", "plain.pdf"] {
            let command = format!("printf %s {}", quoted(Path::new(name)));
            let output = std::process::Command::new("sh")
                .args(["-c", &command])
                .output()
                .unwrap();
            let word = String::from_utf8(output.stdout).unwrap();
            assert_eq!(word.trim_start_matches("./"), name);
        }
        let name = b"\xf1o's\xff\x80.txt";
        let command = format!("printf %s {}", quoted(Path::new(OsStr::from_bytes(name))));
        let output = std::process::Command::new("sh")
            .args(["-c", &command])
            .output()
            .unwrap();
        assert_eq!(output.stdout, name);
    }
}
