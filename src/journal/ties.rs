//! What checkpoints of other nodes tell of a chain.

use std::collections::{BTreeMap, BTreeSet};

use super::report::{Chain, Fault, Finding};
use super::walk::{MOST_FINDINGS, Walk};
use super::{Anchor, Journal, JournalError, archive};
use crate::store::{archives, journal as rows};

/// Ties that were looked at. Of those that hold only the last of each node is remembered.
#[derive(Default)]
pub(super) struct Ties {
    last: BTreeMap<String, Anchor>,
    broken: BTreeMap<String, Broken>,
}

/// What does not hold of one node's chain.
#[derive(Default)]
struct Broken {
    /// The furthest row that is gone.
    gone: Option<i64>,
    rewritten: BTreeSet<i64>,
}

impl Ties {
    /// Compares a tie with the row it is about. One about a row that was archived holds by the checkpoint at the end of the
    /// archive.
    pub(super) fn look(&mut self, journal: &Journal, tie: &Anchor) -> Result<(), JournalError> {
        // Until the other node makes a new checkpoint, all of this node tell the same.
        if self.last.get(&tie.node) == Some(tie) {
            return Ok(());
        }
        self.last.insert(tie.node.clone(), tie.clone());
        let (there, archive) = journal.store.read(|connection| {
            let there = rows::hash_at(connection, &tie.node, tie.seq)?;
            let archive = if there.is_none() {
                archives::newest(connection, &tie.node)?
            } else {
                None
            };
            Ok::<_, JournalError>((there, archive))
        })?;
        let archived = archive
            .and_then(|stored| archive::opened(&stored, None))
            .map(|archive| archive.end);
        let found = match (&there, &archived) {
            (Some(hash), _) => Some(hash.as_slice()),
            (None, Some(end)) if end.seq == tie.seq => Some(end.hash.as_slice()),
            (None, Some(end)) if end.seq > tie.seq => return Ok(()),
            (None, _) => None,
        };
        if found.is_some_and(|hash| hash == tie.hash) {
            return Ok(());
        }
        let broken = self.broken.entry(tie.node.clone()).or_default();
        if found.is_none() {
            broken.gone = broken.gone.max(Some(tie.seq));
        } else if broken.rewritten.len() < MOST_FINDINGS {
            broken.rewritten.insert(tie.seq);
        }
        Ok(())
    }

    /// Adds to each chain what it did not show itself.
    pub(super) fn tell(self, chains: &mut Vec<Chain>) {
        for (node, broken) in self.broken {
            if !chains.iter().any(|chain| chain.node == node) {
                chains.push(Walk::after(&node, None).finish());
            }
            let chain = chains.iter_mut().find(|chain| chain.node == node);
            let Some(chain) = chain else {
                continue;
            };
            for seq in broken.rewritten {
                add(chain, seq, Fault::Rewritten);
            }
            // A row that is gone before the end was found on the way.
            if let Some(seq) = broken.gone
                && chain.end.as_ref().is_none_or(|end| end.seq < seq)
                && !chain
                    .findings
                    .iter()
                    .any(|finding| finding.fault == Fault::CutOff && finding.seq >= seq)
            {
                add(chain, seq, Fault::CutOff);
            }
        }
        chains.sort_by(|a, b| a.node.cmp(&b.node));
    }
}

fn add(chain: &mut Chain, seq: i64, fault: Fault) {
    let finding = Finding { seq, fault };
    if chain.findings.contains(&finding) {
        return;
    }
    if chain.findings.len() < MOST_FINDINGS {
        chain.findings.push(finding);
    } else {
        chain.more += 1;
    }
}
