//! Finding out who edited, dropped or reordered rows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use super::{Journal, JournalError, PAGE, Sealed, checkpoint, encoding};
use crate::domain::key::PublicKey;
use crate::store::journal::{self as rows, Record, Window};
use crate::store::{StoreError, checkpoints};

/// Most findings told for one chain; a chain that was swapped whole has as many as rows.
const MOST_FINDINGS: usize = 100;

/// A place in a chain and the hash there, noted down outside the database: at the end of an export, or of an
/// earlier verification.
///
/// Written `node:number:hash`, the hash in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// Whose chain.
    pub node: String,
    /// The row's place in the chain.
    pub seq: i64,
    /// The row's hash.
    pub hash: [u8; 32],
}

/// The text is no anchor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an anchor: `node:number:hash` expected, the hash as 64 hexadecimal digits")]
pub struct InvalidAnchor;

/// By which key checkpoints are judged.
#[derive(Debug, Clone)]
pub enum AuditKey {
    /// By this one. It must not come from the database.
    Known(PublicKey),
    /// By none: they are not looked at.
    NotAtHand,
}

/// What verifying found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Each chain, sorted by node.
    pub chains: Vec<Chain>,
}

/// One node's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// Whose.
    pub node: String,
    /// How many rows there are.
    pub rows: u64,
    /// Where it ends. Kept elsewhere, it proves later that nothing up to here was changed or cut off.
    pub end: Option<Anchor>,
    /// Up to where checkpoints sign it; `None` when none does, or no audit key was at hand.
    pub sealed: Option<Sealed>,
    /// What is wrong, in order; at most a hundred.
    pub findings: Vec<Finding>,
    /// How many more there are.
    pub more: u64,
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
    /// Rows from the finding's place up to this one are gone.
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
}

impl Report {
    /// Nothing is wrong.
    pub fn is_intact(&self) -> bool {
        self.chains.iter().all(|chain| chain.findings.is_empty())
    }
}

impl Journal {
    /// Reads every row of every node and tells what does not fit. `anchors` are ends of chains that were noted
    /// down outside; `progress` is told the number of rows read so far.
    ///
    /// A changed, dropped, inserted or reordered row is found from the rows alone, unless all rows after it were
    /// hashed anew or cut off: that takes a checkpoint or an anchor.
    pub fn verify(
        &self,
        anchors: &[Anchor],
        key: &AuditKey,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Report, JournalError> {
        // Before the rows: a checkpoint made meanwhile would speak of rows not read.
        let mut marks = self.marks(anchors, key)?;
        for node in self.store.read(rows::nodes)? {
            marks.entry(node).or_default();
        }
        let mut chains = Vec::new();
        let mut done = 0;
        for (node, marks) in marks {
            let mut walk = Walk::new(node, marks);
            loop {
                let page: Vec<Record> = self.store.read(|connection| {
                    let after = walk.last.as_ref().map(|last| last.seq);
                    rows::page(connection, &walk.chain.node, after, Window::ALL, PAGE)
                })?;
                if page.is_empty() {
                    break;
                }
                for record in page {
                    walk.step(record);
                    done += 1;
                }
                progress(done);
            }
            chains.push(walk.finish());
        }
        Ok(Report { chains })
    }

    /// What rows must be, by node.
    fn marks(
        &self,
        anchors: &[Anchor],
        key: &AuditKey,
    ) -> Result<BTreeMap<String, Marks>, JournalError> {
        let mut marks: BTreeMap<String, Marks> = BTreeMap::new();
        for anchor in anchors {
            note(&mut marks, anchor);
        }
        let AuditKey::Known(key) = key else {
            return Ok(marks);
        };
        let mut after = None;
        loop {
            let page = self
                .store
                .read(|connection| checkpoints::page(connection, after.as_ref(), PAGE))?;
            for stored in &page {
                match checkpoint::opened(stored, key) {
                    Some(checkpoint) => {
                        note(&mut marks, &checkpoint.end).sealed = Some(Sealed {
                            seq: stored.seq,
                            at: checkpoint.at,
                        });
                        for tie in &checkpoint.ties {
                            note(&mut marks, tie);
                        }
                    }
                    None => marks
                        .entry(stored.node.clone())
                        .or_default()
                        .not_signed
                        .push(stored.seq),
                }
            }
            let Some(last) = page.into_iter().next_back() else {
                return Ok(marks);
            };
            after = Some((last.node, last.seq));
        }
    }

    /// How many rows there are, for telling how far a verification or an export is.
    pub fn rows(&self) -> Result<u64, JournalError> {
        let count = self.store.read::<_, StoreError>(rows::count)?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}

/// What is known of a chain beside its rows.
#[derive(Default)]
struct Marks {
    /// Places and hashes. What several checkpoints tell alike is kept once.
    anchors: BTreeSet<(i64, [u8; 32])>,
    sealed: Option<Sealed>,
    not_signed: Vec<i64>,
}

fn note<'a>(marks: &'a mut BTreeMap<String, Marks>, anchor: &Anchor) -> &'a mut Marks {
    let of_node = marks.entry(anchor.node.clone()).or_default();
    of_node.anchors.insert((anchor.seq, anchor.hash));
    of_node
}

/// The way through one chain.
struct Walk {
    chain: Chain,
    /// Those that were not passed yet.
    anchors: BTreeSet<(i64, [u8; 32])>,
    last: Option<Last>,
}

struct Last {
    seq: i64,
    hash: Vec<u8>,
}

impl Walk {
    fn new(node: String, marks: Marks) -> Self {
        let mut walk = Self {
            anchors: marks.anchors,
            chain: Chain {
                node,
                rows: 0,
                end: None,
                sealed: marks.sealed,
                findings: Vec::new(),
                more: 0,
            },
            last: None,
        };
        for seq in marks.not_signed {
            walk.find(seq, Fault::NotSigned);
        }
        walk
    }

    fn step(&mut self, record: Record) {
        self.chain.rows += 1;
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
        if record.seq < expected {
            self.find(record.seq, Fault::Misplaced);
        } else if record.seq > expected {
            let until = record.seq.saturating_sub(1);
            self.find(expected, Fault::Missing { until });
        } else if !linked {
            self.find(record.seq, Fault::Unlinked);
        }
        let hash = encoding::hash(&record);
        if hash.is_none_or(|hash| record.hash != hash) {
            self.find(record.seq, Fault::Altered);
        }
        let mut rewritten = false;
        // One about a row before this one is about a missing row, which was found already.
        while let Some((seq, hash)) = self.anchors.first().copied()
            && seq <= record.seq
        {
            self.anchors.pop_first();
            rewritten |= seq == record.seq && record.hash != hash;
        }
        if rewritten {
            self.find(record.seq, Fault::Rewritten);
        }
        self.last = Some(Last {
            seq: record.seq,
            hash: record.hash,
        });
    }

    fn finish(mut self) -> Chain {
        if let Some(furthest) = self.anchors.last().map(|(seq, _)| *seq) {
            self.find(furthest, Fault::CutOff);
        }
        self.chain.end = self.last.and_then(|last| {
            Some(Anchor {
                node: self.chain.node.clone(),
                seq: last.seq,
                hash: last.hash.try_into().ok()?,
            })
        });
        self.chain
    }

    fn find(&mut self, seq: i64, fault: Fault) {
        if self.chain.findings.len() < MOST_FINDINGS {
            self.chain.findings.push(Finding { seq, fault });
        } else {
            self.chain.more += 1;
        }
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
        }
    }
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.node, self.seq, hex::encode(self.hash))
    }
}

impl FromStr for Anchor {
    type Err = InvalidAnchor;

    fn from_str(text: &str) -> Result<Self, InvalidAnchor> {
        let mut parts = text.trim().splitn(3, ':');
        let mut next = || parts.next().ok_or(InvalidAnchor);
        let node = next()?.to_owned();
        let seq = next()?.parse().ok().ok_or(InvalidAnchor)?;
        let mut hash = [0; 32];
        hex::decode_to_slice(next()?, &mut hash)
            .ok()
            .ok_or(InvalidAnchor)?;
        Ok(Self { node, seq, hash })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_is_an_anchor_or_refused(text in "\\PC*|[a-z]{0,3}:[0-9-]{0,20}:[0-9a-f]{60,66}") {
            if let Ok(anchor) = text.parse::<Anchor>() {
                prop_assert_eq!(anchor.to_string().parse(), Ok(anchor));
            }
        }
    }

    #[test]
    fn an_anchor_reads_back() {
        let anchor = Anchor {
            node: "alpha-1.example".to_owned(),
            seq: 42,
            hash: [0xC3; 32],
        };
        assert_eq!(anchor.to_string().parse(), Ok(anchor));
        assert_eq!("alpha:1:abc".parse::<Anchor>(), Err(InvalidAnchor));
    }
}
