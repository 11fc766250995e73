//! Finding what a killed process left behind.

use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use futures_util::TryStreamExt;
use time::OffsetDateTime;

use super::{Documents, DocumentsError, ObjectKey};

impl Documents {
    /// The keys of all objects that were written before a moment, given one by one. Whoever knows which are in
    /// use can delete the others: a process that was killed between storing bytes and recording them leaves some.
    pub fn written_before<E: From<DocumentsError>>(
        &self,
        moment: OffsetDateTime,
        visit: &mut dyn FnMut(ObjectKey) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut objects = self.store()?.list(None);
        while let Some(object) = self
            .runtime
            .wait(objects.try_next())
            .map_err(DocumentsError::from_store)?
        {
            let key = object
                .location
                .filename()
                .and_then(|name| name.parse().ok());
            let old =
                i128::from(object.last_modified.timestamp()) < i128::from(moment.unix_timestamp());
            if let Some(key) = key.filter(|_| old) {
                visit(key)?;
            }
        }
        Ok(())
    }

    /// Removes what was being written before a moment and never completed. Tells how many files it were. A bucket shows
    /// such parts to nobody and is told by its own rules when to forget them (`AbortIncompleteMultipartUpload`).
    pub fn remove_unfinished(&self, before: OffsetDateTime) -> Result<u64, DocumentsError> {
        let Some(folder) = &self.folder else {
            return Ok(0);
        };
        let seconds = u64::try_from(before.unix_timestamp()).unwrap_or(0);
        let before = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        unfinished(folder.path(), before).map_err(|source| DocumentsError::Folder {
            path: folder.path().to_owned(),
            source,
        })
    }
}

fn unfinished(folder: &Path, before: SystemTime) -> io::Result<u64> {
    let mut removed = 0;
    for shard in std::fs::read_dir(folder)? {
        let shard = shard?;
        if !shard.file_type()?.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(shard.path())? {
            let entry = entry?;
            if is_staged(&entry.file_name()) && entry.metadata()?.modified()? < before {
                std::fs::remove_file(entry.path())?;
                removed += 1;
            }
        }
    }
    Ok(removed)
}

/// Whether a file is one that was being written: `NAME#NUMBER`.
fn is_staged(file_name: &std::ffi::OsStr) -> bool {
    let parts = file_name.to_str().and_then(|name| name.split_once('#'));
    parts.is_some_and(|(_, number)| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}
