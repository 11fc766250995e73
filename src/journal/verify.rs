//! Finding out who edited, dropped or reordered rows.
//!
//! One chain after the other is read from its beginning, or from the end of what was archived. Nothing is kept of what
//! was passed, so that a billion rows take time and no memory.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use time::OffsetDateTime;

use super::archive::{self, Archive};
use super::report::{Archived, Chain, Fault, Report, Stray};
use super::ties::Ties;
use super::walk::Walk;
use super::{Anchor, Journal, JournalError, PAGE, Sealed, checkpoint};
use crate::domain::key::PublicKey;
use crate::store::archives::StoredArchive;
use crate::store::checkpoints::StoredCheckpoint;
use crate::store::journal::{self as rows, Record};
use crate::store::{self, StoreError, checkpoints};

/// By which key checkpoints are judged.
#[derive(Debug, Clone)]
pub enum AuditKey {
    /// By this one. It must not come from the database.
    Known(PublicKey),
    /// By none: they are not looked at.
    NotAtHand,
}

/// What to verify, and with what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Ends of chains that were noted down outside.
    pub anchors: Vec<Anchor>,
    /// Files with all that was archived, in any order. Without them, each chain is verified from where its archives
    /// end, which is signed.
    pub archives: Vec<PathBuf>,
    /// Rely on what was signed before this moment, as of each chain the newest such checkpoint tells.
    pub since: Option<OffsetDateTime>,
}

/// Files with archives, by node and first row.
pub(super) type Files = BTreeMap<(String, i64), PathBuf>;

/// What all chains are read with.
struct Means<'a> {
    key: &'a AuditKey,
    files: Option<Files>,
    since: Option<OffsetDateTime>,
    ties: Ties,
    done: u64,
    progress: &'a mut dyn FnMut(u64),
}

impl Journal {
    /// Reads every row of every node that is in the database and tells what does not fit. `anchors` are ends of chains
    /// that were noted down outside; `progress` is told the number of rows read so far.
    ///
    /// A changed, dropped, inserted or reordered row is found from the rows alone, unless all rows after it were
    /// hashed anew or cut off: that takes a checkpoint or an anchor.
    pub fn verify(
        &self,
        anchors: &[Anchor],
        key: &AuditKey,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Report, JournalError> {
        let scope = Scope {
            anchors: anchors.to_vec(),
            ..Scope::default()
        };
        self.verify_within(&scope, key, progress)
    }

    /// The same, together with what was archived, or only what is newer than a moment.
    pub fn verify_within(
        &self,
        scope: &Scope,
        key: &AuditKey,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Report, JournalError> {
        let (files, strays) = match scope.archives.as_slice() {
            [] => (None, Vec::new()),
            paths => {
                let (files, strays) = self.sorted(paths)?;
                (Some(files), strays)
            }
        };
        let mut means = Means {
            key,
            files,
            since: scope.since,
            ties: Ties::default(),
            done: 0,
            progress,
        };
        let mut chains = Vec::new();
        for node in self.nodes(&scope.anchors, key)? {
            let chain = loop {
                let archives = self.archives_of(&node)?;
                let noted = scope.anchors.iter().filter(|anchor| anchor.node == node);
                let noted = noted.map(|anchor| (anchor.seq, anchor.hash)).collect();
                let chain = self.walk(Walk::new(&node, noted), &archives, &mut means)?;
                // Rows that were archived meanwhile were gone before they were read.
                if self.archives_of(&node)? == archives {
                    break chain;
                }
            };
            chains.push(chain);
        }
        means.ties.tell(&mut chains);
        Ok(Report { chains, strays })
    }

    /// How many rows there are, for telling how far a verification or an export is. It is reckoned from the ends of the
    /// chains.
    pub fn rows(&self) -> Result<u64, JournalError> {
        let rows = self.store.read::<_, StoreError>(|connection| {
            let mut rows: i64 = 0;
            for node in rows::nodes(connection)? {
                let first = rows::first(connection, &node)?;
                let last = rows::end(connection, &node)?;
                if let (Some(first), Some(last)) = (first, last) {
                    let span = last.seq.saturating_sub(first).saturating_add(1);
                    rows = rows.saturating_add(span);
                }
            }
            Ok(rows)
        })?;
        Ok(u64::try_from(rows).unwrap_or(0))
    }

    /// All chains that anything is known of, sorted.
    fn nodes(&self, anchors: &[Anchor], key: &AuditKey) -> Result<BTreeSet<String>, JournalError> {
        let mut nodes: BTreeSet<String> =
            anchors.iter().map(|anchor| anchor.node.clone()).collect();
        self.store.read::<_, StoreError>(|connection| {
            nodes.extend(rows::nodes(connection)?);
            nodes.extend(store::archives::nodes(connection)?);
            if let AuditKey::Known(_) = key {
                nodes.extend(checkpoints::nodes(connection)?);
            }
            Ok(())
        })?;
        Ok(nodes)
    }

    fn archives_of(&self, node: &str) -> Result<Vec<StoredArchive>, JournalError> {
        Ok(self
            .store
            .read(|connection| store::archives::of_node(connection, node))?)
    }

    /// Which archive each file holds, as its first line tells, and the files that hold none of this journal.
    fn sorted(&self, paths: &[PathBuf]) -> Result<(Files, Vec<Stray>), JournalError> {
        archive::sorted(paths, |node| {
            let known = self.archives_of(node)?;
            let firsts = known
                .iter()
                .filter_map(|stored| archive::opened(stored, None));
            Ok(firsts.map(|archive| archive.first).collect())
        })
    }

    fn walk(
        &self,
        mut walk: Walk,
        archives: &[StoredArchive],
        means: &mut Means<'_>,
    ) -> Result<Chain, JournalError> {
        // Before the rows: a checkpoint made meanwhile would speak of rows not read.
        let node = walk.node().to_owned();
        let newest = self
            .store
            .read(|connection| checkpoints::up_to(connection, &node, i64::MAX, 1))?;
        let newest = newest.first().map_or(0, |newest| newest.seq);

        let mut end: Option<Archive> = None;
        for stored in archives {
            let key = match means.key {
                AuditKey::Known(key) => Some(key),
                AuditKey::NotAtHand => None,
            };
            let Some(archive) = archive::opened(stored, key) else {
                walk.find(stored.seq, Fault::ArchiveNotSigned);
                continue;
            };
            self.pass_archive(&mut walk, &archive, end.as_ref(), means)?;
            end = Some(archive);
        }
        if let Some(archive) = &end {
            self.pass_rest(&mut walk, archive, means)?;
        }
        if let (Some(since), AuditKey::Known(key)) = (means.since, means.key)
            && let Some((_, signed)) = self.signed_before(&node, since, key, newest)?
            && signed.end.seq > walk.place()
        {
            self.begin_at(&mut walk, &signed.end)?;
            walk.seal(Sealed {
                seq: signed.end.seq,
                at: signed.at,
            });
        }
        self.pass_rows(&mut walk, newest, means)?;
        Ok(walk.finish())
    }

    /// One archive: its file, where files were given; otherwise it is relied on.
    fn pass_archive(
        &self,
        walk: &mut Walk,
        archive: &Archive,
        before: Option<&Archive>,
        means: &mut Means<'_>,
    ) -> Result<(), JournalError> {
        let expected = before.map_or(1, |before| before.end.seq.saturating_add(1));
        let until = archive.first.saturating_sub(1);
        if archive.first > expected {
            walk.find(expected, Fault::Missing { until });
        } else if archive.first < expected {
            walk.find(archive.first, Fault::Misplaced);
        }
        let Some(files) = &means.files else {
            walk.resume(&archive.end);
            return Ok(());
        };
        match files.get(&(archive.end.node.clone(), archive.first)) {
            Some(path) => {
                if archive.first > expected {
                    // What is missing was told; the file is judged by itself.
                    walk.skip();
                }
                let (done, progress) = (&mut means.done, &mut *means.progress);
                let ties = archive::pass_file(walk, archive, path, means.key, &mut || {
                    *done += 1;
                    if done.is_multiple_of(PAGE.unsigned_abs()) {
                        progress(*done);
                    }
                })?;
                for tie in ties {
                    means.ties.look(self, &tie)?;
                }
            }
            None => walk.find(
                archive.first,
                Fault::ArchiveAbsent {
                    until: archive.end.seq,
                },
            ),
        }
        walk.resume(&archive.end);
        Ok(())
    }

    /// The checkpoint at the end of what was archived, and rows of it that are still in the database.
    fn pass_rest(
        &self,
        walk: &mut Walk,
        archive: &Archive,
        means: &mut Means<'_>,
    ) -> Result<(), JournalError> {
        let end = &archive.end;
        let stored = self
            .store
            .read(|connection| checkpoints::find(connection, &end.node, end.seq))?;
        let mut signed_at = None;
        match (&stored, means.key) {
            (None, _) => walk.find(end.seq, Fault::ArchiveUnsealed),
            (Some(stored), AuditKey::Known(key)) => match checkpoint::opened(stored, key) {
                Some(checkpoint) => {
                    if checkpoint.end.hash != end.hash {
                        walk.find(end.seq, Fault::Rewritten);
                    }
                    signed_at = Some(checkpoint.at);
                    walk.seal(Sealed {
                        seq: end.seq,
                        at: checkpoint.at,
                    });
                    for tie in &checkpoint.ties {
                        means.ties.look(self, tie)?;
                    }
                }
                None => walk.find(end.seq, Fault::NotSigned),
            },
            (Some(stored), AuditKey::NotAtHand) => {
                signed_at = checkpoint::Checkpoint::read(&stored.statement).map(|read| read.at);
            }
        }
        let mut left = 0;
        let mut last: Option<Record> = None;
        loop {
            let after = last.as_ref().map_or(i64::MIN, |last| last.seq);
            let page = self
                .store
                .read(|connection| rows::page(connection, &end.node, after, end.seq, PAGE))?;
            if page.is_empty() {
                break;
            }
            for record in page {
                left += 1;
                if record.seq < 1 {
                    walk.find(record.seq, Fault::Misplaced);
                }
                // That rows before it are gone is as it should be.
                if let Some(last) = &last
                    && last.seq.saturating_add(1) == record.seq
                    && last.hash != record.previous
                {
                    walk.find(record.seq, Fault::Unlinked);
                }
                walk.look_at(&record);
                if record.seq == end.seq && record.hash != end.hash {
                    walk.find(record.seq, Fault::Rewritten);
                }
                last = Some(record);
            }
        }
        walk.archived(Archived {
            end: end.clone(),
            signed_at,
            left,
        });
        Ok(())
    }

    /// Relies on everything before a signed row, if it is there as it was signed.
    fn begin_at(&self, walk: &mut Walk, signed: &Anchor) -> Result<(), JournalError> {
        let there = self
            .store
            .read(|connection| rows::hash_at(connection, &signed.node, signed.seq))?;
        match there {
            Some(hash) if hash == signed.hash => {}
            Some(_) => walk.find(signed.seq, Fault::Rewritten),
            None => walk.find(signed.seq, Fault::Missing { until: signed.seq }),
        }
        walk.begin_after(signed);
        Ok(())
    }

    /// The rows in the database from here on, with the checkpoints up to the newest.
    fn pass_rows(
        &self,
        walk: &mut Walk,
        newest: i64,
        means: &mut Means<'_>,
    ) -> Result<(), JournalError> {
        let mut sealing = walk.place();
        let mut after = if walk.end().is_some() {
            walk.place()
        } else {
            i64::MIN
        };
        loop {
            let page = self
                .store
                .read(|connection| rows::page(connection, walk.node(), after, i64::MAX, PAGE))?;
            let Some(end) = page.last() else {
                break;
            };
            after = end.seq;
            // One about a row that is not there is about a missing row, which is found anyway.
            let there: BTreeSet<i64> = page.iter().map(|record| record.seq).collect();
            let until = after.min(newest);
            self.pass_checkpoints(walk, sealing, until, means, &mut |walk, end| {
                if there.contains(&end.seq) {
                    walk.expect(end.seq, end.hash);
                }
            })?;
            sealing = sealing.max(until);
            for record in page {
                walk.step(record);
                means.done += 1;
            }
            (means.progress)(means.done);
        }
        // What they speak of was there once. Only the furthest is told.
        let mut furthest = None;
        self.pass_checkpoints(walk, sealing, newest, means, &mut |_, end| {
            furthest = Some((end.seq, end.hash));
        })?;
        if let Some((seq, hash)) = furthest {
            walk.expect(seq, hash);
        }
        Ok(())
    }

    /// Judges the checkpoints of a stretch and tells where those that are good say the chain was.
    fn pass_checkpoints(
        &self,
        walk: &mut Walk,
        after: i64,
        until: i64,
        means: &mut Means<'_>,
        told: &mut dyn FnMut(&mut Walk, &Anchor),
    ) -> Result<(), JournalError> {
        let AuditKey::Known(key) = means.key else {
            return Ok(());
        };
        let mut after = after;
        while after < until {
            let page: Vec<StoredCheckpoint> = self.store.read(|connection| {
                checkpoints::page(connection, walk.node(), after, until, PAGE)
            })?;
            let Some(last) = page.last() else {
                break;
            };
            after = last.seq;
            for stored in &page {
                let Some(checkpoint) = checkpoint::opened(stored, key) else {
                    walk.find(stored.seq, Fault::NotSigned);
                    continue;
                };
                told(walk, &checkpoint.end);
                walk.seal(Sealed {
                    seq: stored.seq,
                    at: checkpoint.at,
                });
                for tie in &checkpoint.ties {
                    means.ties.look(self, tie)?;
                }
            }
        }
        Ok(())
    }
}
