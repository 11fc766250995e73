//! The journal: an append-only, hash-chained record of what was done, one chain for each node.
//!
//! What must be on record before something happens is appended first: [`Journal::append`] returns when the entries
//! are durable. Nothing here changes a row, none is deleted but those that were archived, and no secret, DNI or NIE goes
//! in.
//!
//! # The chain
//!
//! Rows of a node are numbered from 1. Each holds the hash of the row before (`previous`, 32 zero bytes in the first
//! row) and its own:
//!
//! ```text
//! hash = SHA-256( previous ‖ row )
//! row  = the bytes (UTF-8) of {"at":…,"body":…,"event":…,"node":…,"request":…,"seq":…}
//! ```
//!
//! `row` is JSON in the canonical form of RFC 8785: no white space, members sorted by name at every depth, strings
//! with no escapes but `\"`, `\\`, `\b`, `\f`, `\n`, `\r`, `\t` and, for other characters below U+0020, `\u00xx` in
//! lower case, numbers whole and below 2^53. Its members:
//!
//! | member | value |
//! |---|---|
//! | `at` | string, the moment in UTC as RFC 3339 with six digits below the second: `2026-11-23T10:00:00.500000Z` |
//! | `body` | object, the circumstances ([`Entry`]) |
//! | `event` | string, what happened ([`Event`]) |
//! | `node` | string, the node's name |
//! | `request` | string, the signature request's UUID, or `null` |
//! | `seq` | number, the row's place in the chain |
//!
//! An export ([`Journal::export`]) has one line for each row, ended by a line feed: the same object with two more
//! members, `hash` and `previous`, each 64 lower-case hexadecimal digits. Rows come node by node in the order of
//! `seq`. A line, broken here to fit:
//!
//! ```text
//! {"at":"2026-11-23T10:00:00.000000Z","body":{"actor":{"kind":"administrator","name":"ana"},
//! "app":"01a207d9-2100-7d04-a475-4498e06db5a1","app_name":"Sede","outcome":{"result":"done"}},
//! "event":"app.added","hash":"8440…","node":"alpha","previous":"0000…","request":null,"seq":1}
//! ```
//!
//! To verify one, take both members out, serialise the rest as RFC 8785 says, put the 32 bytes of `previous`
//! before it, and compare the SHA-256 with `hash`; and compare each `previous` with the `hash` of the line before,
//! where that is of the same node and its `seq` is one less. In Python:
//!
//! ```python
//! row = json.loads(line)
//! digest, previous = row.pop("hash"), row.pop("previous")
//! text = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
//! assert hashlib.sha256(bytes.fromhex(previous) + text.encode()).hexdigest() == digest
//! ```
//!
//! # What is found out, and what is not
//!
//! Changing, dropping, inserting or reordering rows is found by [`Journal::verify`] alone. The hashes have no key: who
//! writes to the database can cut off the end of a chain, or hash anew everything after a change. Against that there are
//! four means. A running server remembers the last row it wrote and refuses to go on after anything else
//! ([`JournalError::Rewritten`]). A [`Checkpoint`], signed in the HSM after so many rows and so much time, fixes
//! everything before it, and where the other nodes' chains were. Whoever took the newest checkpoints away too still
//! meets an [`Anchor`], the end of a chain noted down outside the database: each checkpoint writes one to the log. And
//! the rest of the database must not tell of signatures that the journal does not know (see `service::audit`).
//!
//! Old rows go to files ([`Archive`]), by a record that the audit key signs, and the chain goes on from the checkpoint
//! before which they lay. [`Journal::verify_within`] reads them and the database as one chain.
//!
//! What remains: the rows after the newest checkpoint, when the server that wrote them no longer runs and everything
//! that speaks of them is taken away with them; and whoever may also use the audit key.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::clock::Ambient;
use crate::domain::id::RequestId;
use crate::domain::node::NodeName;
use crate::store::journal::{self as rows, Place, Record};
use crate::store::{AnyConnection, Store, StoreError, TransactionNumber};

mod anchor;
mod archive;
mod checkpoint;
mod encoding;
mod entry;
mod event;
mod export;
mod recording;
mod report;
mod ties;
mod verify;
mod walk;

pub use anchor::{Anchor, InvalidAnchor};
pub use archive::{Archivable, Archive, ArchiveError};
pub use checkpoint::{Checkpoint, Sealed};
pub use entry::{Actor, ArchiveEntry, DocumentEntry, DocumentResult, Entry, Outcome};
pub use event::{Event, FactorUsed};
pub use export::{Exported, Range};
pub use report::{Archived, Chain, Fault, Finding, Report, Stray, StrayReason};
pub use verify::{AuditKey, Scope};

/// Rows read at once.
const PAGE: i64 = 500;
/// How often to try again when another process of the same node took the place.
const ATTEMPTS: u32 = 200;
/// How long a statement of a transaction that writes the chain waits for a lock of PostgreSQL, because all other entries of
/// this process wait for it. Shorter than PostgreSQL takes to look for a deadlock (`deadlock_timeout`, 1 s): of two nodes
/// whose transactions want each other's rows, one or both give up as if the database were away, and callers may try again.
const LOCK_WAIT: Duration = Duration::from_millis(700);

/// The journal of this node. Clones share it.
#[derive(Clone)]
pub struct Journal {
    store: Store,
    ambient: Ambient,
    node: NodeName,
    head: Arc<Mutex<Head>>,
}

/// How far the chain is, and how much of it no checkpoint covers.
struct Head {
    /// The last row that is known to be durable.
    last: Option<Place>,
    /// The last row of a transaction that several callers share, which may still fail.
    ahead: Option<(TransactionNumber, Place)>,
    unsigned: usize,
    /// When a checkpoint was last thought of. The command line writes into the same chain, so time alone is a reason
    /// to look.
    looked: Option<Instant>,
}

/// An entry, ready to be chained.
struct Row {
    event: String,
    request_id: Option<String>,
    body: String,
}

/// What can go wrong with the journal.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The database failed; nothing was appended, unless it went away during the commit.
    #[error("the journal could not be read or written")]
    Store(#[from] StoreError),
    /// Other processes took the next place each time.
    #[error(
        "other processes write as node {node} too: give each server a `server.node` of its own"
    )]
    Contended {
        /// The name they share.
        node: NodeName,
    },
    /// The row this process wrote last is not there as it was written.
    #[error(
        "row {seq} of node {node} in the journal is not what this server wrote: rows were removed or changed. \
         Run `rubrica audit verify`; after a restart the server goes on from what is there"
    )]
    Rewritten {
        /// Whose chain.
        node: NodeName,
        /// The row's place.
        seq: i64,
    },
    /// There is a checkpoint of this row that the audit key did not sign.
    #[error(
        "the checkpoint of row {seq} of node {node} in the journal was forged; run `rubrica audit verify`"
    )]
    ForgedCheckpoint {
        /// Whose chain.
        node: NodeName,
        /// The row's place.
        seq: i64,
    },
    /// An entry could not be turned into JSON.
    #[error("a journal entry could not be encoded")]
    Encoding(#[source] serde_json::Error),
    /// A part of the journal could not be archived.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The writer of an export failed.
    #[error("the export could not be written")]
    Output(#[source] std::io::Error),
}

impl Journal {
    /// The journal of `node`, which no other running server may be called.
    pub fn new(store: Store, ambient: Ambient, node: NodeName) -> Self {
        Self {
            store,
            ambient,
            node,
            head: Arc::new(Mutex::new(Head {
                last: None,
                ahead: None,
                unsigned: 0,
                // What an earlier process wrote may not be signed.
                looked: None,
            })),
        }
    }

    /// In which browsers an event of a request happened: one for each entry, at most `most` of them. For deciding what
    /// need not be noted again, never for proving anything.
    pub fn browsers(
        &self,
        request: RequestId,
        event: Event,
        most: u32,
    ) -> Result<Vec<Option<String>>, JournalError> {
        let bodies = self.store.read(|connection| {
            rows::bodies(connection, &request.to_string(), event.as_str(), most)
        })?;
        let browser = |body: &String| {
            let body: serde_json::Value = serde_json::from_str(body).ok()?;
            Some(body.get("browser")?.as_str()?.to_owned())
        };
        Ok(bodies.iter().map(browser).collect())
    }

    /// Appends entries, all or none. They are durable when this returns. Callers that come at the same time share a
    /// transaction and a wait for the disk.
    ///
    /// Takes part in a transaction of its own: never call it inside [`Store::write`], which would wait for itself. When
    /// the database goes away during the commit, nobody can say whether the entries count; appending them again may then
    /// put them twice.
    pub fn append(&self, entries: &[Entry]) -> Result<(), JournalError> {
        if entries.is_empty() {
            return Ok(());
        }
        self.recording(|_| Ok(((), entries.to_vec())))
    }

    /// Whether it is time for a checkpoint: this process wrote so many rows since the last one, or it is so long ago.
    pub fn checkpoint_due(&self, rows: usize, age: Duration) -> bool {
        let head = self.head();
        head.unsigned >= rows || head.looked.is_none_or(|looked| looked.elapsed() >= age)
    }

    /// What is known of the chain. A panic while it was held left nothing half-written in it.
    fn head(&self) -> MutexGuard<'_, Head> {
        self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the chain ends, after a look at whether this process's last row is still there.
    fn end(&self, connection: &mut AnyConnection) -> Result<Place, JournalError> {
        let node = self.node.as_str();
        let last = self.head().last.clone();
        let end = rows::end(connection, node)?;
        if let Some(last) = last
            && end.as_ref() != Some(&last)
            && rows::hash_at(connection, node, last.seq)?.as_ref() != Some(&last.hash)
        {
            return Err(JournalError::Rewritten {
                node: self.node.clone(),
                seq: last.seq,
            });
        }
        Ok(end.unwrap_or_else(|| Place {
            seq: 0,
            hash: vec![0; 32],
        }))
    }

    /// The records of these rows after that end, and the new end.
    fn chained(&self, end: Place, rows: &[Row]) -> Result<(Vec<Record>, Place), JournalError> {
        let mut end = end;
        let mut records = Vec::with_capacity(rows.len());
        for row in rows {
            let mut record = Record {
                node: self.node.to_string(),
                seq: end.seq.saturating_add(1),
                at: encoding::to_micros(self.ambient.now()),
                event: row.event.clone(),
                request_id: row.request_id.clone(),
                body: row.body.clone(),
                previous: end.hash,
                hash: Vec::new(),
            };
            record.hash = encoding::hash(&record)
                .ok_or(StoreError::Corrupt {
                    what: "a time",
                    source: "the clock shows no year that can be written".into(),
                })?
                .to_vec();
            end = Place {
                seq: record.seq,
                hash: record.hash.clone(),
            };
            records.push(record);
        }
        Ok((records, end))
    }
}

impl Head {
    /// This row is durable.
    fn saw(&mut self, end: &Place) {
        if self.last.as_ref().is_none_or(|last| last.seq < end.seq) {
            self.last = Some(end.clone());
        }
    }

    /// So many rows up to this one are durable. Those who shared a transaction say so in any order.
    fn wrote(&mut self, rows: usize, end: &Place) {
        self.unsigned += rows;
        self.saw(end);
    }
}

fn rows_of(entries: &[Entry]) -> Result<Vec<Row>, JournalError> {
    let row = |entry: &Entry| {
        let body = serde_json::to_value(entry).map_err(JournalError::Encoding)?;
        Ok(Row {
            event: entry.event.to_string(),
            request_id: entry.request.map(|request| request.to_string()),
            body: encoding::canonical(&body),
        })
    };
    entries.iter().map(row).collect()
}
