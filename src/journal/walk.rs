//! The way through one chain, row by row.

use std::collections::BTreeSet;

use super::report::{Archived, Chain, Fault, Finding};
use super::{Anchor, Sealed, encoding};
use crate::store::journal::{Place, Record};

/// Most findings told for one chain; a chain that was swapped whole has as many as rows.
pub(super) const MOST_FINDINGS: usize = 100;

/// How far it is, and what was found. It remembers no row but the last.
pub(super) struct Walk {
    chain: Chain,
    /// Those that were not passed yet, in the order of the chain.
    anchors: BTreeSet<(i64, [u8; 32])>,
    last: Option<Place>,
    skipping: bool,
}

impl Walk {
    /// At the beginning of a chain.
    pub(super) fn new(node: &str, anchors: BTreeSet<(i64, [u8; 32])>) -> Self {
        Self {
            anchors,
            chain: Chain {
                node: node.to_owned(),
                rows: 0,
                archived: None,
                from: None,
                end: None,
                sealed: None,
                findings: Vec::new(),
                more: 0,
            },
            last: None,
            skipping: false,
        }
    }

    /// Right after a row that is relied on, or, with `None`, at the beginning.
    pub(super) fn after(node: &str, anchor: Option<&Anchor>) -> Self {
        let mut walk = Self::new(node, BTreeSet::new());
        if let Some(anchor) = anchor {
            walk.resume(anchor);
        }
        walk
    }

    /// Goes on right after a row that is relied on. What was noted down of the rows before cannot be compared.
    pub(super) fn resume(&mut self, anchor: &Anchor) {
        let told = self.pass(anchor.seq);
        if told.into_iter().any(|hash| hash != anchor.hash) {
            self.find(anchor.seq, Fault::Rewritten);
        }
        self.last = Some(Place {
            seq: anchor.seq,
            hash: anchor.hash.to_vec(),
        });
    }

    /// Takes the next row as it comes: what lies between was told.
    pub(super) fn skip(&mut self) {
        self.skipping = true;
    }

    /// Goes on after a row that is relied on, of a chain that is not read from its beginning.
    pub(super) fn begin_after(&mut self, anchor: &Anchor) {
        self.resume(anchor);
        self.chain.from = Some(anchor.clone());
    }

    pub(super) fn node(&self) -> &str {
        &self.chain.node
    }

    /// The place of the last row; 0 at the beginning.
    pub(super) fn place(&self) -> i64 {
        self.last.as_ref().map_or(0, |last| last.seq)
    }

    /// The last row, with its hash as it is kept.
    pub(super) fn end(&self) -> Option<Anchor> {
        Anchor::at(&self.chain.node, self.last.clone()?)
    }

    /// What was found so far.
    pub(super) fn findings(&self) -> &[Finding] {
        &self.chain.findings
    }

    /// Adds what must be true of a row that was not passed yet.
    pub(super) fn expect(&mut self, seq: i64, hash: [u8; 32]) {
        self.anchors.insert((seq, hash));
    }

    pub(super) fn seal(&mut self, sealed: Sealed) {
        self.chain.sealed = Some(sealed);
    }

    pub(super) fn archived(&mut self, archived: Archived) {
        self.chain.archived = Some(archived);
    }

    pub(super) fn step(&mut self, record: Record) {
        let expected = self
            .last
            .as_ref()
            .map_or(1, |last| last.seq.saturating_add(1));
        let beginning = [0; 32];
        let before = self
            .last
            .as_ref()
            .map_or(beginning.as_slice(), |last| last.hash.as_slice());
        let linked = record.previous == before;
        if std::mem::take(&mut self.skipping) {
            // Nothing is known of the row before.
        } else if record.seq < expected {
            self.find(record.seq, Fault::Misplaced);
        } else if record.seq > expected {
            let until = record.seq.saturating_sub(1);
            self.find(expected, Fault::Missing { until });
        } else if !linked {
            self.find(record.seq, Fault::Unlinked);
        }
        self.look_at(&record);
        let told = self.pass(record.seq);
        if told.into_iter().any(|hash| record.hash != hash) {
            self.find(record.seq, Fault::Rewritten);
        }
        self.last = Some(Place {
            seq: record.seq,
            hash: record.hash,
        });
    }

    /// Compares a row with its own hash, and counts it.
    pub(super) fn look_at(&mut self, record: &Record) {
        self.chain.rows += 1;
        if encoding::hash(record).is_none_or(|hash| record.hash != hash) {
            self.find(record.seq, Fault::Altered);
        }
    }

    /// Forgets what was noted down up to a row, and gives the hashes that were noted down of that row itself. What is
    /// about a row before is about a missing row, which was found already.
    fn pass(&mut self, seq: i64) -> Vec<[u8; 32]> {
        let mut told = Vec::new();
        while let Some((about, hash)) = self.anchors.first().copied()
            && about <= seq
        {
            self.anchors.pop_first();
            if about == seq {
                told.push(hash);
            }
        }
        told
    }

    pub(super) fn find(&mut self, seq: i64, fault: Fault) {
        if self.chain.findings.len() < MOST_FINDINGS {
            self.chain.findings.push(Finding { seq, fault });
        } else {
            self.chain.more += 1;
        }
    }

    /// At the end of the chain.
    pub(super) fn finish(mut self) -> Chain {
        if let Some(furthest) = self.anchors.last().map(|(seq, _)| *seq) {
            self.find(furthest, Fault::CutOff);
        }
        self.chain.end = self.end();
        self.chain
    }
}
