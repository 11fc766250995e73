//! What verifying tells.

use std::fmt;
use std::path::PathBuf;

use time::OffsetDateTime;

use super::{Anchor, Sealed};

/// What verifying found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Each chain, sorted by node.
    pub chains: Vec<Chain>,
    /// Files that are no archive of this journal.
    pub strays: Vec<Stray>,
}

/// One node's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// Whose.
    pub node: String,
    /// How many rows were read, in the database and in archives.
    pub rows: u64,
    /// What was archived of it.
    pub archived: Option<Archived>,
    /// The signed row after which reading began, where it was not the chain's beginning.
    pub from: Option<Anchor>,
    /// Where it ends. Kept elsewhere, it proves later that nothing up to here was changed or cut off.
    pub end: Option<Anchor>,
    /// Up to where checkpoints sign it; `None` when none does, or no audit key was at hand.
    pub sealed: Option<Sealed>,
    /// What is wrong, in order; at most a hundred.
    pub findings: Vec<Finding>,
    /// How many more there are.
    pub more: u64,
}

/// The part of a chain that was archived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archived {
    /// Its last row.
    pub end: Anchor,
    /// When that was signed; `None` when the checkpoint is not there.
    pub signed_at: Option<OffsetDateTime>,
    /// How many of its rows are still in the database: whoever archived was interrupted.
    pub left: u64,
}

/// A file that is no archive of this journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// Which one.
    pub file: PathBuf,
    /// Why not.
    pub reason: StrayReason,
}

/// Why a file is no archive of this journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StrayReason {
    /// Its first line is no row.
    NoRow,
    /// No archive is on record that begins there.
    Unknown {
        /// In whose chain.
        node: String,
        /// With which row.
        first: i64,
    },
    /// Another file has the same rows.
    Twice {
        /// Of whose chain.
        node: String,
        /// From which row on.
        first: i64,
    },
}

/// Something wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where.
    pub seq: i64,
    /// What.
    pub fault: Fault,
}

/// What can be wrong with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Rows from the finding's place up to this one are gone, and no archive of them is on record.
    Missing {
        /// The last of them.
        until: i64,
    },
    /// Its hash is not that of its content.
    Altered,
    /// It does not carry the hash of the row before.
    Unlinked,
    /// Its number lies before the chain's beginning.
    Misplaced,
    /// The checkpoint of this row is not signed by the audit key.
    NotSigned,
    /// An anchor or checkpoint tells of this row, and it is gone with all after it.
    CutOff,
    /// An anchor or checkpoint tells another hash of this row: the chain was written anew.
    Rewritten,
    /// The record of the archive that ends with this row is not signed by the audit key.
    ArchiveNotSigned,
    /// The chain is archived up to this row, and the checkpoint of it is gone.
    ArchiveUnsealed,
    /// No file with the archive that begins with this row was given.
    ArchiveAbsent {
        /// Its last row.
        until: i64,
    },
    /// The archive that begins with this row is not the file that was written.
    ArchiveAltered {
        /// Its last row.
        until: i64,
    },
}

impl Report {
    /// Nothing is wrong.
    pub fn is_intact(&self) -> bool {
        self.strays.is_empty() && self.chains.iter().all(|chain| chain.findings.is_empty())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seq = self.seq;
        match self.fault {
            Fault::Missing { until } if until == seq => write!(f, "row {seq} is missing"),
            Fault::Missing { until } => write!(f, "rows {seq} to {until} are missing"),
            Fault::Altered => write!(
                f,
                "row {seq} was changed: its hash is not that of its content"
            ),
            Fault::Unlinked => write!(
                f,
                "row {seq} does not follow the row before: it carries another hash of it"
            ),
            Fault::Misplaced => {
                write!(f, "row {seq} is numbered before the beginning of the chain")
            }
            Fault::NotSigned => write!(
                f,
                "the checkpoint of row {seq} is not signed by the audit key"
            ),
            Fault::CutOff => write!(
                f,
                "row {seq} is gone, with all after it: it was there when its hash was noted down"
            ),
            Fault::Rewritten => write!(
                f,
                "row {seq} was written anew: it had another hash when that was noted down"
            ),
            Fault::ArchiveNotSigned => write!(
                f,
                "the record of the archive up to row {seq} is not signed by the audit key"
            ),
            Fault::ArchiveUnsealed => write!(
                f,
                "the checkpoint of row {seq}, up to which the chain is archived, is gone"
            ),
            Fault::ArchiveAbsent { until } => {
                write!(
                    f,
                    "the archive of rows {seq} to {until} is not among the files"
                )
            }
            Fault::ArchiveAltered { until } => write!(
                f,
                "the archive of rows {seq} to {until} is not the file that was written"
            ),
        }
    }
}
