//! Writing an archive, so that there is either the whole file under its name or none.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::reading::{digest_of, pass_file};
use super::{Archivable, Archive, ArchiveError, file_name};
use crate::domain::key::PublicKey;
use crate::journal::report::{Fault, Finding};
use crate::journal::walk::Walk;
use crate::journal::{Anchor, AuditKey, Journal, JournalError, PAGE, checkpoint, encoding};
use crate::store::checkpoints::{self, StoredCheckpoint};
use crate::store::journal as rows;

/// A file that has another name until it is whole. It goes away when it does not come to that.
struct Unfinished {
    path: PathBuf,
    out: Option<BufWriter<File>>,
    digest: Sha256,
}

impl Journal {
    /// Writes a part of a chain to a file in that folder, and reads it back from there. Only a part that is intact is
    /// written. `progress` is told the number of rows written so far; when it fails, nothing stays.
    pub fn write_archive(
        &self,
        part: &Archivable,
        key: &PublicKey,
        folder: &Path,
        progress: &mut dyn FnMut(u64) -> Result<(), JournalError>,
    ) -> Result<Archive, JournalError> {
        let begin = part.begin.as_ref();
        let end = &part.checkpoint.end;
        let first = begin.map_or(1, |begin| begin.seq.saturating_add(1));
        let name = file_name(&end.node, first, end.seq);
        let path = folder.join(&name);
        let mut unfinished = Unfinished::begin(folder.join(format!(".{name}.part")))?;
        self.copy(part, key, &mut unfinished, progress)?;
        let sha256 = unfinished.end()?;
        if path.exists() && digest_of(&path)? != sha256 {
            return Err(ArchiveError::Exists { path }.into());
        }
        unfinished.rename(folder, &path)?;
        let archive = Archive {
            first,
            end: end.clone(),
            sha256,
            at: self.ambient.now(),
        };
        read_back(&archive, begin, &path, key)?;
        Ok(archive)
    }

    /// Makes sure that the file of an archive is in that folder as it was written.
    pub fn find_archive(&self, archive: &Archive, folder: &Path) -> Result<(), JournalError> {
        let path = folder.join(archive.file_name());
        let there = path.exists() && digest_of(&path)? == archive.sha256;
        if there {
            Ok(())
        } else {
            Err(ArchiveError::NotThere { path }.into())
        }
    }

    fn copy(
        &self,
        part: &Archivable,
        key: &PublicKey,
        out: &mut Unfinished,
        progress: &mut dyn FnMut(u64) -> Result<(), JournalError>,
    ) -> Result<(), JournalError> {
        let end = &part.checkpoint.end;
        let node = end.node.as_str();
        let mut walk = Walk::after(node, part.begin.as_ref());
        let mut written = 0;
        loop {
            let after = walk.place();
            let (page, signed) = self.store.read(|connection| {
                let page = rows::page(connection, node, after, end.seq, PAGE)?;
                let until = page.last().map_or(after, |last| last.seq);
                let signed = checkpoints::page(connection, node, after, until, PAGE)?;
                Ok::<_, JournalError>((page, signed))
            })?;
            if page.is_empty() {
                break;
            }
            let mut signed = signed.iter().peekable();
            for record in page {
                out.line(&encoding::export_line(&record))?;
                walk.step(record);
                written += 1;
                while let Some(stored) = signed.next_if(|stored| stored.seq <= walk.place()) {
                    judge(&mut walk, stored, key);
                    out.line(&encoding::checkpoint_line(stored))?;
                }
                if let Some(finding) = walk.findings().first() {
                    return Err(not_intact(node, finding.clone()));
                }
            }
            progress(written)?;
        }
        if walk.end().as_ref() != Some(end) {
            let fault = Fault::Missing { until: end.seq };
            let seq = walk.place().saturating_add(1).min(end.seq);
            return Err(not_intact(node, Finding { seq, fault }));
        }
        Ok(())
    }
}

/// A checkpoint must be signed, and about the row that was passed last.
fn judge(walk: &mut Walk, stored: &StoredCheckpoint, key: &PublicKey) {
    match checkpoint::opened(stored, key) {
        None => walk.find(stored.seq, Fault::NotSigned),
        Some(checkpoint) if walk.end().as_ref() != Some(&checkpoint.end) => {
            walk.find(stored.seq, Fault::Rewritten);
        }
        Some(_) => {}
    }
}

fn read_back(
    archive: &Archive,
    begin: Option<&Anchor>,
    path: &Path,
    key: &PublicKey,
) -> Result<(), JournalError> {
    let mut walk = Walk::after(&archive.end.node, begin);
    let key = AuditKey::Known(key.clone());
    pass_file(&mut walk, archive, path, &key, &mut || ())?;
    match walk.findings().first() {
        None => Ok(()),
        Some(finding) => Err(ArchiveError::NotWritten {
            path: path.to_owned(),
            found: finding.to_string(),
        }
        .into()),
    }
}

fn not_intact(node: &str, finding: Finding) -> JournalError {
    ArchiveError::NotIntact {
        node: node.to_owned(),
        finding,
    }
    .into()
}

impl Unfinished {
    fn begin(path: PathBuf) -> Result<Self, JournalError> {
        // Rows name citizens and their browsers.
        let opened = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path);
        match opened {
            Ok(file) => Ok(Self {
                path,
                out: Some(BufWriter::new(file)),
                digest: Sha256::new(),
            }),
            Err(source) => Err(ArchiveError::File { path, source }.into()),
        }
    }

    fn line(&mut self, line: &str) -> Result<(), JournalError> {
        let bytes = [line.as_bytes(), b"\n"].concat();
        self.digest.update(&bytes);
        let written = match &mut self.out {
            Some(out) => out.write_all(&bytes),
            None => Ok(()),
        };
        self.told(written)
    }

    /// All of it is on the disk when this returns. Gives its SHA-256.
    fn end(&mut self) -> Result<[u8; 32], JournalError> {
        let ended = match self.out.take() {
            Some(out) => out
                .into_inner()
                .map_err(io::IntoInnerError::into_error)
                .and_then(|file| file.sync_all()),
            None => Ok(()),
        };
        self.told(ended)?;
        Ok(self.digest.clone().finalize().into())
    }

    /// Gives it its name, which is on the disk too when this returns.
    fn rename(self, folder: &Path, path: &Path) -> Result<(), JournalError> {
        let renamed = fs::rename(&self.path, path).and_then(|()| File::open(folder)?.sync_all());
        renamed.map_err(|source| {
            ArchiveError::File {
                path: path.to_owned(),
                source,
            }
            .into()
        })
    }

    fn told(&self, outcome: io::Result<()>) -> Result<(), JournalError> {
        outcome.map_err(|source| {
            ArchiveError::File {
                path: self.path.clone(),
                source,
            }
            .into()
        })
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Once it was renamed there is nothing left under this name; what stays after a kill is overwritten next time.
        let _ = fs::remove_file(&self.path);
    }
}
