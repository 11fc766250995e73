//! Checkpoints: signed statements on where chains end.
//!
//! The hashes of a chain have no key, so who writes to the database can hash everything anew. A checkpoint is signed by
//! the audit key, which never leaves the HSM: up to it, a chain cannot be changed without the HSM. It also names where
//! the other nodes' newest checkpoints were, so that the chains hold one another.
//!
//! The statement that is signed is JSON in the canonical form of RFC 8785:
//!
//! ```text
//! {"at":…,"hash":…,"kind":"rubrica.checkpoint.1","node":…,"seq":…,"ties":[{"hash":…,"node":…,"seq":…},…]}
//! ```
//!
//! `at` is a moment as in rows, `hash` the row's hash in hexadecimal, `ties` sorted by node.

use std::time::Instant;

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{Anchor, Journal, JournalError, encoding};
use crate::domain::algorithm::{Digest, KeyAlgorithm};
use crate::domain::key::{DtbsR, PublicKey, SignatureValue, ToSign};
use crate::store::StoreError;
use crate::store::checkpoints::{self as rows, StoredCheckpoint};

const KIND: &str = "rubrica.checkpoint.1";

/// Where a chain ended, to be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The row it speaks of.
    pub end: Anchor,
    /// When it was made.
    pub at: OffsetDateTime,
    /// Where the other nodes' newest checkpoints were.
    pub ties: Vec<Anchor>,
}

/// Up to where a chain is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// The row of the newest checkpoint.
    pub seq: i64,
    /// When that was made.
    pub at: OffsetDateTime,
}

impl Checkpoint {
    /// What an audit key of that kind signs.
    pub fn to_sign(&self, key: KeyAlgorithm) -> ToSign {
        to_sign(&self.statement(), key)
    }

    /// The canonical text.
    pub fn statement(&self) -> String {
        let at = encoding::moment(encoding::to_micros(self.at));
        encoding::canonical(&json!({
            "at": at,
            "hash": hex::encode(self.end.hash),
            "kind": KIND,
            "node": self.end.node,
            "seq": self.end.seq,
            "ties": self.ties.iter().map(Anchor::to_json).collect::<Value>(),
        }))
    }

    /// Reads a statement; `None` when it is none of this kind.
    pub(super) fn read(statement: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(statement).ok()?;
        if value.get("kind")? != KIND {
            return None;
        }
        let at = encoding::read_moment(value.get("at")?.as_str()?)?;
        let ties = value.get("ties")?.as_array()?;
        let read = Self {
            end: Anchor::read(&value)?,
            at,
            ties: ties.iter().map(Anchor::read).collect::<Option<_>>()?,
        };
        (read.statement() == statement).then_some(read)
    }
}

impl Journal {
    /// Where this node's chain ends; `None` when a checkpoint says so already or the chain is empty.
    ///
    /// Only checkpoints signed by `key` count, and a chain that is not as this process wrote it is not signed.
    pub fn checkpoint(&self, key: &PublicKey) -> Result<Option<Checkpoint>, JournalError> {
        let node = self.node.as_str();
        let counted = {
            let mut head = self.head();
            head.looked = Some(Instant::now());
            head.unsigned
        };
        let (end, stored) = self.store.read(|connection| {
            let end = self.end(connection)?;
            Ok::<_, JournalError>((end, rows::newest(connection)?))
        })?;
        {
            let mut head = self.head();
            // What was counted meanwhile may have come after the look.
            head.unsigned -= counted;
            // What another process of this node wrote is remembered too. So the last row that is known is never so old that
            // it was archived.
            if end.seq > 0 {
                head.saw(&end);
            }
        }
        let mut newest = Vec::with_capacity(stored.len());
        for one in &stored {
            if let Some(checkpoint) = opened(one, key) {
                newest.push(checkpoint.end);
            } else {
                tracing::error!(
                    node = one.node,
                    seq = one.seq,
                    "a checkpoint of the journal is not signed by the audit key; run `rubrica audit verify`"
                );
            }
        }
        let covered = newest
            .iter()
            .any(|newest| newest.node == node && newest.seq >= end.seq);
        let hash = end.hash.try_into().ok();
        Ok(hash
            .filter(|_| end.seq > 0 && !covered)
            .map(|hash| Checkpoint {
                end: Anchor {
                    node: node.to_owned(),
                    seq: end.seq,
                    hash,
                },
                at: self.ambient.now(),
                ties: newest
                    .into_iter()
                    .filter(|newest| newest.node != node)
                    .collect(),
            }))
    }

    /// Keeps a signed checkpoint. One that another process of this node made of the same row stays.
    pub fn keep_checkpoint(
        &self,
        checkpoint: &Checkpoint,
        key: &PublicKey,
        signature: &SignatureValue,
    ) -> Result<(), JournalError> {
        let stored = StoredCheckpoint {
            node: checkpoint.end.node.clone(),
            seq: checkpoint.end.seq,
            statement: checkpoint.statement(),
            key: hex::encode(key.identifier()),
            signature: signature.0.clone(),
        };
        let inserted = self
            .store
            .write(|connection| rows::insert(connection, &stored));
        match inserted {
            Ok(()) => {}
            Err(StoreError::Conflict { .. }) => {
                let there = self
                    .store
                    .read(|connection| rows::find(connection, &stored.node, stored.seq))?;
                if there.is_none_or(|there| opened(&there, key).is_none()) {
                    return Err(JournalError::ForgedCheckpoint {
                        node: self.node.clone(),
                        seq: stored.seq,
                    });
                }
            }
            Err(error) => return Err(error.into()),
        }
        // Beside the database, as far as the log travels: an anchor.
        tracing::info!(anchor = %checkpoint.end, "the journal was signed");
        Ok(())
    }
}

/// The checkpoint, if that key signed it and it is about that row.
pub(super) fn opened(stored: &StoredCheckpoint, key: &PublicKey) -> Option<Checkpoint> {
    let checkpoint = Checkpoint::read(&stored.statement)?;
    signed_by(key, &stored.statement, &stored.signature).then_some(())?;
    (checkpoint.end.node == stored.node && checkpoint.end.seq == stored.seq).then_some(checkpoint)
}

/// Whether that key signed the statement.
pub(super) fn signed_by(key: &PublicKey, statement: &str, signature: &[u8]) -> bool {
    let ToSign { scheme, dtbs_r } = to_sign(statement, key.algorithm());
    let signature = SignatureValue(signature.to_vec());
    key.verify(scheme, &dtbs_r, &signature).is_ok()
}

/// What an audit key of that kind signs of a statement.
pub(super) fn to_sign(statement: &str, key: KeyAlgorithm) -> ToSign {
    let scheme = key.default_scheme();
    ToSign {
        scheme,
        dtbs_r: DtbsR(Digest::of(scheme.digest, statement.as_bytes())),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn checkpoint() -> Checkpoint {
        let anchor = |node: &str, seq| Anchor {
            node: node.to_owned(),
            seq,
            hash: [0xAB; 32],
        };
        Checkpoint {
            end: anchor("alpha", 7),
            at: datetime!(2026-11-23 10:00:00.25 UTC),
            ties: vec![anchor("beta", 3)],
        }
    }

    #[test]
    fn a_statement_is_canonical_and_reads_back() {
        let ab = "ab".repeat(32);
        let statement = checkpoint().statement();
        assert_eq!(
            statement,
            format!(
                r#"{{"at":"2026-11-23T10:00:00.250000Z","hash":"{ab}","kind":"rubrica.checkpoint.1","node":"alpha","seq":7,"ties":[{{"hash":"{ab}","node":"beta","seq":3}}]}}"#
            )
        );
        assert_eq!(Checkpoint::read(&statement), Some(checkpoint()));
    }

    #[test]
    fn what_is_no_statement_of_this_form_is_not_read() {
        let statement = checkpoint().statement();
        for (from, to) in [
            ("checkpoint.1", "checkpoint.2"),
            ("\"seq\":7,", ""),
            ("\"seq\":7", "\"seq\": 7"),
            ("{\"at\"", "{\"a\":0,\"at\""),
            ("abab", "ab"),
        ] {
            let other = statement.replacen(from, to, 1);
            assert_ne!(other, statement);
            assert_eq!(Checkpoint::read(&other), None, "{other}");
        }
    }
}
