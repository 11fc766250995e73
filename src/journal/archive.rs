//! Archives: parts of a chain that were written to a file and dropped from the database.
//!
//! An archive has the rows of one chain from where the archive before it ended up to a row that a [`Checkpoint`] signs.
//! Its lines are those of an export; after each row that is signed comes one with the checkpoint, the last of which ends the
//! file:
//!
//! ```text
//! {"checkpoint":{"key":…,"node":…,"seq":…,"signature":…,"statement":…}}
//! ```
//!
//! `key` is the identifier of the audit key and `signature` the signature value, both in hexadecimal; `statement` is the
//! text that is signed. So an archive can be judged with nothing but the audit key.
//!
//! Once the file is on the disk and was read back, a record of it is signed by the audit key, and goes into the database
//! together with an entry in the journal ([`ArchiveEntry`](super::ArchiveEntry)). Only then are the rows dropped. The
//! record is what tells rows that were archived from rows that somebody deleted; nobody makes one without the HSM. It is
//! JSON in the canonical form of RFC 8785:
//!
//! ```text
//! {"at":…,"first":…,"hash":…,"kind":"rubrica.archive.1","node":…,"seq":…,"sha256":…}
//! ```
//!
//! `at` is when it was made, `first` and `seq` the first and the last row, `hash` the hash of the last row and `sha256` that
//! of the file. The checkpoint of the last row stays in the database: the chain goes on from it.

use std::io;
use std::path::PathBuf;

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::checkpoint::{signed_by, to_sign};
use super::{
    Anchor, Checkpoint, Entry, Finding, Journal, JournalError, PAGE, anchor, checkpoint, encoding,
};
use crate::domain::algorithm::KeyAlgorithm;
use crate::domain::id::ArchiverId;
use crate::domain::key::{PublicKey, SignatureValue, ToSign};
use crate::store::archives::{self as records, Holding, StoredArchive};
use crate::store::checkpoints::{self, StoredCheckpoint};
use crate::store::journal as rows;

mod file;
mod reading;

pub(super) use reading::{pass_file, sorted};

const KIND: &str = "rubrica.archive.1";
/// Rows dropped in one transaction.
const SLICE: i64 = 1_000;

/// A part of a chain in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// Its first row.
    pub first: i64,
    /// Its last row, which a checkpoint signs.
    pub end: Anchor,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    /// When it was made.
    pub at: OffsetDateTime,
}

/// A part of a chain that may be archived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archivable {
    /// Where the archive before it ended; `None` when there is none.
    pub begin: Option<Anchor>,
    /// What signs its last row.
    pub checkpoint: Checkpoint,
}

/// Why nothing was archived, or nothing more.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Without it nothing says that the rows are the true ones.
    #[error(
        "the HSM has no audit key, so nothing in the journal is signed; `rubrica hsm init-kek` makes it"
    )]
    NoKey,
    /// Rows must stay for longer.
    #[error("rows since {allowed} must stay in the database; journal.retention says for how long")]
    TooYoung {
        /// Older ones may go.
        allowed: OffsetDateTime,
    },
    /// Another process is at it.
    #[error(
        "another process archives the chain of node {node}; it has time until {until}, unless it asks for more"
    )]
    Busy {
        /// Whose chain.
        node: String,
        /// When its time is over.
        until: OffsetDateTime,
    },
    /// This process took so long that another began.
    #[error("another process went on with archiving the chain of node {node}")]
    Overtaken {
        /// Whose chain.
        node: String,
    },
    /// What does not verify is not archived.
    #[error(
        "the chain of node {node} is not intact, so nothing of it is dropped: {finding}; run `rubrica audit verify`"
    )]
    NotIntact {
        /// Whose chain.
        node: String,
        /// What was found first.
        finding: Finding,
    },
    /// The journal lacks entries that the rest of the database tells of.
    #[error(
        "request {request} was signed, and the journal does not know of it, so nothing is dropped; run `rubrica audit verify`"
    )]
    Unknown {
        /// Which request, the first of them.
        request: String,
    },
    /// A record in the database that the audit key did not sign.
    #[error(
        "the record of the archive of node {node} up to row {seq} is not signed by the audit key; run `rubrica audit verify`"
    )]
    RecordForged {
        /// Whose chain.
        node: String,
        /// Its last row.
        seq: i64,
    },
    /// The file could not be written or read.
    #[error("{} cannot be written or read", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is another file of that name.
    #[error("{} exists and has another content; move it away", path.display())]
    Exists {
        /// Which one.
        path: PathBuf,
    },
    /// What was read back is not what was written.
    #[error("{} is not what was written to it: {found}; nothing was dropped", path.display())]
    NotWritten {
        /// Which one.
        path: PathBuf,
        /// What is wrong.
        found: String,
    },
    /// Rows were about to be dropped, and the file with them is not there as it was written.
    #[error("{} must be there, as it was written, before the rest of its rows is dropped", path.display())]
    NotThere {
        /// Which one.
        path: PathBuf,
    },
}

impl Archive {
    /// What the file is called.
    pub fn file_name(&self) -> String {
        file_name(&self.end.node, self.first, self.end.seq)
    }

    /// What an audit key of that kind signs.
    pub fn to_sign(&self, key: KeyAlgorithm) -> ToSign {
        to_sign(&self.statement(), key)
    }

    fn statement(&self) -> String {
        let at = encoding::moment(encoding::to_micros(self.at));
        encoding::canonical(&json!({
            "at": at,
            "first": self.first,
            "hash": hex::encode(self.end.hash),
            "kind": KIND,
            "node": self.end.node,
            "seq": self.end.seq,
            "sha256": hex::encode(self.sha256),
        }))
    }

    /// Reads a statement; `None` when it is none of this kind.
    fn read(statement: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(statement).ok()?;
        if value.get("kind")? != KIND {
            return None;
        }
        let read = Self {
            first: value.get("first")?.as_i64()?,
            end: Anchor::read(&value)?,
            sha256: anchor::hash(value.get("sha256")?)?,
            at: encoding::read_moment(value.get("at")?.as_str()?)?,
        };
        (read.statement() == statement).then_some(read)
    }
}

/// The archive that a record is about; with a key, only if that key signed it.
pub(super) fn opened(stored: &StoredArchive, key: Option<&PublicKey>) -> Option<Archive> {
    let archive = Archive::read(&stored.statement)?;
    if let Some(key) = key {
        signed_by(key, &stored.statement, &stored.signature).then_some(())?;
    }
    (archive.end.node == stored.node && archive.end.seq == stored.seq).then_some(archive)
}

fn file_name(node: &str, first: i64, last: i64) -> String {
    format!("{node}-{first}-{last}.jsonl")
}

impl Journal {
    /// The names of all chains, sorted.
    pub fn chains(&self) -> Result<Vec<String>, JournalError> {
        Ok(self.store.read(rows::nodes)?)
    }

    /// Makes that archiver the chain's only one until a moment, or fails with [`ArchiveError::Busy`].
    pub fn hold_for_archiving(
        &self,
        node: &str,
        holder: ArchiverId,
        until: OffsetDateTime,
    ) -> Result<(), JournalError> {
        let now = self.ambient.now();
        let held = self
            .store
            .write(|connection| records::hold(connection, node, holder, now, until))?;
        match held {
            Holding::Held => Ok(()),
            Holding::Busy { until } => Err(ArchiveError::Busy {
                node: node.to_owned(),
                until,
            }
            .into()),
        }
    }

    /// Lets it go on until a later moment; fails with [`ArchiveError::Overtaken`] when another took the chain.
    pub fn keep_for_archiving(
        &self,
        node: &str,
        holder: ArchiverId,
        until: OffsetDateTime,
    ) -> Result<(), JournalError> {
        let kept = self
            .store
            .write(|connection| records::keep(connection, node, holder, until))?;
        if kept { Ok(()) } else { Err(overtaken(node)) }
    }

    /// Lets others archive the chain.
    pub fn release_for_archiving(
        &self,
        node: &str,
        holder: ArchiverId,
    ) -> Result<(), JournalError> {
        Ok(self
            .store
            .write(|connection| records::release(connection, node, holder))?)
    }

    /// Rows of before this moment may have been archived, of one chain or another; `None` when none was.
    pub fn archived_until(&self) -> Result<Option<OffsetDateTime>, JournalError> {
        self.store.read(|connection| {
            let mut until = None;
            for node in records::nodes(connection)? {
                let newest = records::newest(connection, &node)?;
                let seq = newest.map_or(0, |newest| newest.seq);
                let signed = checkpoints::find(connection, &node, seq)?
                    .and_then(|stored| Checkpoint::read(&stored.statement));
                until = until.max(signed.map(|signed| signed.at));
            }
            Ok(until)
        })
    }

    /// The newest archive of a chain; `None` while there is none.
    pub fn newest_archive(
        &self,
        node: &str,
        key: &PublicKey,
    ) -> Result<Option<Archive>, JournalError> {
        let stored = self
            .store
            .read(|connection| records::newest(connection, node))?;
        let Some(stored) = stored else {
            return Ok(None);
        };
        match opened(&stored, Some(key)) {
            Some(archive) => Ok(Some(archive)),
            None => Err(ArchiveError::RecordForged {
                node: node.to_owned(),
                seq: stored.seq,
            }
            .into()),
        }
    }

    /// What may be archived of a chain: everything up to the newest checkpoint that `key` signed before a moment. The
    /// chain's last row always stays.
    pub fn archivable(
        &self,
        node: &str,
        before: OffsetDateTime,
        key: &PublicKey,
    ) -> Result<Option<Archivable>, JournalError> {
        let begin = self.newest_archive(node, key)?.map(|archive| archive.end);
        let end = self
            .store
            .read(|connection| rows::end(connection, node))?
            .map_or(0, |end| end.seq);
        let signed = self.signed_before(node, before, key, end.saturating_sub(1))?;
        Ok(signed
            .filter(|(_, signed)| {
                begin
                    .as_ref()
                    .is_none_or(|begin| begin.seq < signed.end.seq)
            })
            .map(|(_, checkpoint)| Archivable { begin, checkpoint }))
    }

    /// The newest checkpoint of a chain that `key` signed before a moment, about a row written before it and no later than
    /// `most`.
    pub(super) fn signed_before(
        &self,
        node: &str,
        moment: OffsetDateTime,
        key: &PublicKey,
        most: i64,
    ) -> Result<Option<(StoredCheckpoint, Checkpoint)>, JournalError> {
        let micros = encoding::to_micros(moment);
        let last = self
            .store
            .read(|connection| rows::last_before(connection, node, micros))?;
        let mut seq = last.unwrap_or(0).min(most);
        loop {
            let page = self
                .store
                .read(|connection| checkpoints::up_to(connection, node, seq, PAGE))?;
            let Some(lowest) = page.last() else {
                return Ok(None);
            };
            seq = lowest.seq.saturating_sub(1);
            for stored in page {
                if let Some(signed) = checkpoint::opened(&stored, key)
                    && signed.at < moment
                {
                    return Ok(Some((stored, signed)));
                }
            }
        }
    }

    /// Puts an archive on record, whose file is on the disk: its signed record and an entry, in one transaction. Fails with
    /// [`ArchiveError::Overtaken`] when another archiver has the chain.
    pub fn record_archive(
        &self,
        archive: &Archive,
        key: &PublicKey,
        signature: &SignatureValue,
        holder: ArchiverId,
        until: OffsetDateTime,
        entry: &Entry,
    ) -> Result<(), JournalError> {
        let node = archive.end.node.as_str();
        let stored = StoredArchive {
            node: node.to_owned(),
            seq: archive.end.seq,
            statement: archive.statement(),
            key: hex::encode(key.identifier()),
            signature: signature.0.clone(),
        };
        self.recording(|connection| {
            if !records::keep(connection, node, holder, until)? {
                return Err(overtaken(node));
            }
            let before = records::newest(connection, node)?.map_or(0, |newest| newest.seq);
            if before.saturating_add(1) != archive.first {
                return Err(overtaken(node));
            }
            records::insert(connection, &stored)?;
            Ok::<_, JournalError>(((), vec![entry.clone()]))
        })
    }

    /// The first row of an archive that is still in the database; `None` when all are gone.
    pub fn first_left(&self, archive: &Archive) -> Result<Option<i64>, JournalError> {
        let left = self.store.read(|connection| {
            let before = archive.first.saturating_sub(1);
            rows::page(connection, &archive.end.node, before, archive.end.seq, 1)
        })?;
        Ok(left.first().map(|record| record.seq))
    }

    /// Drops the rows of an archive that is on record, with their checkpoints, from one on and at most a thousand of them.
    /// Tells from which to go on; `None` when that was the end. The checkpoint of the last row stays.
    pub fn drop_slice(&self, archive: &Archive, from: i64) -> Result<Option<i64>, JournalError> {
        let Anchor { node, seq: end, .. } = &archive.end;
        let from = from.max(archive.first);
        let last = from.saturating_add(SLICE - 1).min(*end);
        self.store.write(|connection| {
            rows::delete(connection, node, from, last)?;
            // From the row before: the checkpoint at the end of the archive before is needed no longer.
            let signed = last.min(end.saturating_sub(1));
            checkpoints::delete(connection, node, from.saturating_sub(1), signed)?;
            Ok::<_, JournalError>(())
        })?;
        Ok((last < *end).then_some(last.saturating_add(1)))
    }
}

fn overtaken(node: &str) -> JournalError {
    ArchiveError::Overtaken {
        node: node.to_owned(),
    }
    .into()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn archive() -> Archive {
        Archive {
            first: 8,
            end: Anchor {
                node: "alpha".to_owned(),
                seq: 20,
                hash: [0xAB; 32],
            },
            sha256: [0xCD; 32],
            at: datetime!(2026-11-23 10:00:00.25 UTC),
        }
    }

    #[test]
    fn a_record_is_canonical_and_reads_back() {
        let (ab, cd) = ("ab".repeat(32), "cd".repeat(32));
        let statement = archive().statement();
        assert_eq!(
            statement,
            format!(
                r#"{{"at":"2026-11-23T10:00:00.250000Z","first":8,"hash":"{ab}","kind":"rubrica.archive.1","node":"alpha","seq":20,"sha256":"{cd}"}}"#
            )
        );
        assert_eq!(Archive::read(&statement), Some(archive()));
        for (from, to) in [
            ("archive.1", "archive.2"),
            ("\"first\":8,", ""),
            ("\"seq\":20", "\"seq\": 20"),
            ("cdcd", "cd"),
        ] {
            let other = statement.replacen(from, to, 1);
            assert_ne!(other, statement);
            assert_eq!(Archive::read(&other), None, "{other}");
        }
    }
}
