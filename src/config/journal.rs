//! `[journal]`

use std::time::Duration;

use super::reader::Reader;
use super::section::{Section, section};
use crate::domain::algorithm::KeyAlgorithm;
use crate::service::checkpoints::Checkpoints;

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
    }
}

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Checkpoints> {
    let raw = RawJournal::read(reader)?;
    if raw.checkpoint_rows == 0 {
        reader.unworkable("journal", "checkpoint_rows", "at least 1");
        return None;
    }
    Some(Checkpoints {
        key_label: raw.key_label,
        key: raw.key,
        rows: raw.checkpoint_rows,
        every: raw.checkpoint_every,
    })
}
