//! `[journal]`

use std::time::Duration;

use super::reader::Reader;
use super::section::{Section, section};
use crate::domain::algorithm::KeyAlgorithm;
use crate::service::checkpoints::Checkpoints;

/// No row leaves the database sooner. Who verifies the journal every week sees each twice at least, and requests and their
/// code steps are long over.
const LEAST_RETENTION: Duration = Duration::from_secs(30 * 24 * 60 * 60);

section! {
    /// The record of what was done. A key in the HSM signs it from time to time, so that nobody can change it up to
    /// there without the HSM.
    RawJournal "journal" {
        /// Label of the key that signs it. `rubrica hsm init-kek` makes the key.
        key_label: String = default r#""rubrica-audit""#,
        /// Kind of that key.
        key: KeyAlgorithm = default r#""ec-p256""#,
        /// It is signed after so many rows.
        checkpoint_rows: usize = default "10000",
        /// And at most so long after a row was written.
        checkpoint_every: Duration = default r#""1 min""#,
        /// How long rows stay in the database at least; 30 d is the least. `rubrica audit archive` moves older ones to
        /// files, which are to be kept for as long as the law asks for evidence of signatures.
        retention: Duration = default r#""400 d""#,
    }
}

/// When the journal is signed, and how long its rows stay.
pub struct Journal {
    /// When it is signed, and by which key.
    pub checkpoints: Checkpoints,
    /// How long rows stay in the database at least.
    pub retention: Duration,
}

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Journal> {
    let raw = RawJournal::read(reader)?;
    if raw.checkpoint_rows == 0 {
        reader.unworkable("journal", "checkpoint_rows", "at least 1");
        return None;
    }
    if raw.retention < LEAST_RETENTION {
        reader.unworkable("journal", "retention", "at least 30 d");
        return None;
    }
    Some(Journal {
        checkpoints: Checkpoints {
            key_label: raw.key_label,
            key: raw.key,
            rows: raw.checkpoint_rows,
            every: raw.checkpoint_every,
        },
        retention: raw.retention,
    })
}
