//! The citizen's telephone: the folder that the server's messages are written to.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::domain::secret::SecretText;

/// How long a message may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);

/// A message as the outbox keeps it.
#[derive(Deserialize)]
pub(super) struct Message {
    /// Which phone it is for.
    pub(super) to: String,
    /// What it says.
    pub(super) text: String,
}

/// A folder of messages, and which of them were read.
pub(super) struct Outbox {
    folder: PathBuf,
    code_digits: u32,
    read: BTreeSet<OsString>,
}

impl Outbox {
    /// With what is there already counting as read. Codes have so many digits.
    pub(super) fn new(folder: &Path, code_digits: u32) -> anyhow::Result<Self> {
        let mut outbox = Self {
            folder: folder.to_owned(),
            code_digits,
            read: BTreeSet::new(),
        };
        outbox.read = outbox.names()?;
        Ok(outbox)
    }

    /// The messages that came since the last look, oldest first.
    pub(super) fn new_messages(&mut self) -> anyhow::Result<Vec<Message>> {
        let names = self.names()?;
        let new: Vec<_> = names.difference(&self.read).cloned().collect();
        let texts = new
            .iter()
            .map(|name| {
                let path = self.folder.join(name);
                let content = std::fs::read(&path)
                    .with_context(|| format!("{} cannot be read", path.display()))?;
                serde_json::from_slice(&content)
                    .with_context(|| format!("{} is no message", path.display()))
            })
            .collect::<anyhow::Result<_>>()?;
        self.read.extend(new);
        Ok(texts)
    }

    /// Waits for the next message with a code in it.
    pub(super) fn next_code(&mut self) -> anyhow::Result<SecretText> {
        let begun = Instant::now();
        let digits = usize::try_from(self.code_digits)?;
        while begun.elapsed() < PATIENCE {
            let messages = self.new_messages()?;
            let found = messages
                .iter()
                .rev()
                .find_map(|message| code(&message.text, digits));
            if let Some(code) = found {
                return Ok(SecretText::new(code.to_owned()));
            }
            sleep(PAUSE);
        }
        bail!("no SMS code came to {}", self.folder.display());
    }

    fn names(&self) -> anyhow::Result<BTreeSet<OsString>> {
        if !self.folder.exists() {
            return Ok(BTreeSet::new());
        }
        let mut names = BTreeSet::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let name = entry?.file_name();
            // Those that begin with a dot are still being written.
            if !name.to_string_lossy().starts_with('.') {
                names.insert(name);
            }
        }
        Ok(names)
    }
}

/// The last run of exactly so many digits: an app's name, which comes before the code, may have some too.
fn code(text: &str, digits: usize) -> Option<&str> {
    text.rsplit(|c: char| !c.is_ascii_digit())
        .find(|run| run.len() == digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_told_from_other_numbers() {
        let text = "Biblioteca: 2 documents, 4F2A-91C0. Your code: 052913. Valid until 10:35.";
        assert_eq!(code(text, 6), Some("052913"));
        let numbered = "Code to sign 2 documents for Biblioteca 618070: 237130. Check E958-279E.";
        assert_eq!(code(numbered, 6), Some("237130"));
        assert_eq!(code("call 600123456", 6), None);
    }

    #[test]
    fn a_message_is_read_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut outbox = Outbox::new(folder.path(), 6).unwrap();
        let message =
            r#"{"to":"+34600123456","text":"code 111111","at":"2026-11-23T06:11:17.123456Z"}"#;
        std::fs::write(folder.path().join("1.json"), message).unwrap();
        assert_eq!(outbox.next_code().unwrap().expose(), "111111");
        assert_eq!(outbox.new_messages().unwrap().len(), 0);
    }
}
