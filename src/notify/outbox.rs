//! The outbox: a folder with one JSON file for each message.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use zeroize::Zeroizing;

use super::Sms;

/// A folder for messages, readable by its owner only.
#[derive(Debug, Clone)]
pub struct Outbox {
    folder: PathBuf,
}

/// The outbox could not be used.
#[derive(Debug, thiserror::Error)]
#[error("failed to {act} in the SMS outbox `{}`", folder.display())]
pub struct OutboxError {
    act: &'static str,
    folder: PathBuf,
    source: io::Error,
}

/// What a file holds: `{"to": "+34600123456", "text": "…", "at": "2026-11-23T10:00:00Z"}`.
#[derive(Serialize)]
struct File<'a> {
    to: &'a str,
    text: &'a str,
    at: &'a str,
}

impl Outbox {
    /// In this folder, which is made when it is missing.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes the folder when it is missing, and keeps others out of it.
    pub fn prepare(&self) -> Result<(), OutboxError> {
        if !self.folder.is_dir() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&self.folder)
                .map_err(self.failed("make the folder"))?;
        }
        let mode = fs::metadata(&self.folder)
            .map_err(self.failed("read the folder's rights"))?
            .permissions()
            .mode();
        if mode & 0o077 != 0 {
            fs::set_permissions(&self.folder, Permissions::from_mode(0o700))
                .map_err(self.failed("close the folder to others"))?;
        }
        Ok(())
    }

    /// Writes one file, whole or not at all. Its name begins with the time, so that names sort by age.
    pub(super) fn put(
        &self,
        sms: &Sms,
        at: OffsetDateTime,
        random: [u8; 8],
    ) -> Result<(), OutboxError> {
        self.prepare()?;
        let broken = |error: time::error::Format| io::Error::other(error);
        let stamp = at
            .format(format_description!(
                "[year][month][day]T[hour][minute][second].[subsecond digits:6]Z"
            ))
            .map_err(broken)
            .map_err(self.failed("name a message"))?;
        let written = at
            .format(&Rfc3339)
            .map_err(broken)
            .map_err(self.failed("date a message"))?;
        let content = serde_json::to_vec(&File {
            to: sms.to.as_str(),
            text: sms.text.expose(),
            at: &written,
        })
        .map(Zeroizing::new)
        .map_err(io::Error::from)
        .map_err(self.failed("encode a message"))?;
        let name = format!("{stamp}-{}.json", hex::encode(random));
        let unfinished = self.folder.join(format!(".{name}"));
        write(&unfinished, &content)
            .and_then(|()| fs::rename(&unfinished, self.folder.join(&name)))
            .inspect_err(|_| {
                // Nothing half written stays; the first failure is the one to tell.
                let _ = fs::remove_file(&unfinished);
            })
            .map_err(self.failed("write a message"))
    }

    fn failed(&self, act: &'static str) -> impl FnOnce(io::Error) -> OutboxError + use<> {
        let folder = self.folder.clone();
        move |source| OutboxError {
            act,
            folder,
            source,
        }
    }
}

fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::secret::SecretText;
    use time::macros::datetime;

    fn sms(text: &str) -> Sms {
        Sms {
            to: "600123456".parse().unwrap(),
            text: SecretText::new(text.to_owned()),
        }
    }

    #[test]
    fn a_message_is_one_file_only_its_owner_can_read() {
        let home = tempfile::tempdir().unwrap();
        let outbox = Outbox::new(home.path().join("data/outbox"));
        let at = datetime!(2026-11-23 10:00:00.25 UTC);
        outbox
            .put(&sms("Código: 123456 «ñ»"), at, [0xab; 8])
            .unwrap();
        let files: Vec<_> = fs::read_dir(outbox.folder())
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(files.len(), 1);
        assert_eq!(
            files[0].file_name(),
            "20261123T100000.250000Z-abababababababab.json"
        );
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&files[0].path()), 0o600);
        assert_eq!(mode(outbox.folder()), 0o700);
        let content: serde_json::Value =
            serde_json::from_slice(&fs::read(files[0].path()).unwrap()).unwrap();
        assert_eq!(
            content,
            serde_json::json!({
                "to": "+34600123456",
                "text": "Código: 123456 «ñ»",
                "at": "2026-11-23T10:00:00.25Z"
            })
        );
    }

    #[test]
    fn a_folder_open_to_others_is_closed() {
        let home = tempfile::tempdir().unwrap();
        fs::set_permissions(home.path(), Permissions::from_mode(0o755)).unwrap();
        let outbox = Outbox::new(home.path().to_owned());
        outbox
            .put(&sms("x"), datetime!(2026-11-23 10:00 UTC), [1; 8])
            .unwrap();
        let mode = fs::metadata(home.path()).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o700);
    }

    #[test]
    fn what_cannot_be_written_is_told_with_the_folder_and_without_the_text() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        fs::write(&file, "").unwrap();
        let outbox = Outbox::new(file.join("outbox"));
        let error = outbox
            .put(&sms("123456"), datetime!(2026-11-23 10:00 UTC), [1; 8])
            .unwrap_err();
        assert!(error.to_string().contains("outbox"), "{error}");
        assert!(!format!("{error:?}").contains("123456"));
    }
}
