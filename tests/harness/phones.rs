//! The phones of citizens: what arrives in an outbox.

use std::fs;
use std::path::{Path, PathBuf};

use rubrica::domain::secret::SecretText;

/// All phones that one outbox serves.
pub(crate) struct Phones {
    outbox: PathBuf,
}

/// One message.
#[derive(Debug, Clone, serde::Deserialize)]
pub(crate) struct Message {
    pub(crate) to: String,
    pub(crate) text: String,
}

impl Phones {
    pub(crate) fn of(outbox: &Path) -> Self {
        Self {
            outbox: outbox.to_owned(),
        }
    }

    /// Everything that arrived, the oldest first.
    pub(crate) fn messages(&self) -> Vec<Message> {
        self.files().iter().map(|file| read(file)).collect()
    }

    fn files(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(&self.outbox) else {
            return Vec::new();
        };
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.retain(|file| !file.file_name().unwrap().to_str().unwrap().starts_with('.'));
        files.sort_by_key(|file| {
            let modified = fs::metadata(file).unwrap().modified().unwrap();
            (modified, file.clone())
        });
        files
    }

    /// The last message to a phone.
    pub(crate) fn last(&self, to: &str) -> Message {
        // The newest first: an outbox may hold very many.
        let files = self.files();
        let mut messages = files.iter().rev().map(|file| read(file));
        messages.find(|message| message.to == to).unwrap()
    }

    /// The code in the last message to a phone.
    pub(crate) fn code(&self, to: &str) -> SecretText {
        code_in(&self.last(to).text)
    }
}

fn read(file: &Path) -> Message {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

/// The code in a message.
#[track_caller]
pub(crate) fn code_in(text: &str) -> SecretText {
    SecretText::new(found_code(text).unwrap().to_owned())
}

/// The same in one that may have none: its last run of six digits, since an app's name may have some too.
pub(crate) fn found_code(text: &str) -> Option<&str> {
    text.rsplit(|c: char| !c.is_ascii_digit())
        .find(|run| run.len() == 6)
}
