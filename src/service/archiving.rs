//! Archiving the journal: old rows go to a file, and from the database.
//!
//! One chain after the other: the rows up to a signed checkpoint are written to a file, which is read back from the disk; a
//! record of it is signed in the HSM and put into the database with an entry in the journal; only then are the rows
//! dropped, slice by slice. Whoever stops in between leaves either the rows, and perhaps a file that counts for nothing, or a
//! record by which the next run drops the rest. Of several archivers each chain has one at a time, by a lease that it asks
//! to be prolonged as it goes on.

use std::path::{Path, PathBuf};

use time::{Duration, OffsetDateTime};

use super::journaled::actor;
use super::signing::step;
use super::{Service, ServiceError};
use crate::auth::{Authorized, op};
use crate::domain::id::ArchiverId;
use crate::domain::key::PublicKey;
use crate::domain::node::NodeName;
use crate::journal::{Archive, ArchiveError, Entry, Event, JournalError};
use crate::store::requests;

/// How long an archiver has a chain without saying that it goes on.
const LEASE: Duration = Duration::minutes(2);
/// Clocks of nodes differ by less.
const SLACK: Duration = Duration::hours(1);

/// What to archive, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archiving {
    /// The folder for the files. It must be there.
    pub folder: PathBuf,
    /// One chain only.
    pub node: Option<NodeName>,
    /// Only rows from before this moment; without it, all that need not stay.
    pub before: Option<OffsetDateTime>,
}

/// What became of one chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedChain {
    /// Whose.
    pub node: String,
    /// An archive of an earlier run, the rest of whose rows was dropped now.
    pub finished: Option<Archive>,
    /// The new archive; `None` when there was nothing to archive.
    pub archive: Option<Archive>,
}

/// The chain that this process archives. Given back when dropped.
struct Lease<'a> {
    service: &'a Service,
    node: &'a str,
    holder: ArchiverId,
    /// When to ask for more.
    renew_at: OffsetDateTime,
}

impl Service {
    /// Writes old rows of the journal to files and drops them from the database. `progress` is told how many rows were
    /// written or dropped so far.
    ///
    /// Rows go that a signed checkpoint covers which is older than the journal's retention and than every request that has
    /// not ended. The chain's last row always stays. Fails with [`ArchiveError`].
    pub fn archive_journal(
        &self,
        authorized: &Authorized<op::ArchiveJournal>,
        wanted: &Archiving,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Vec<ArchivedChain>, ServiceError> {
        let key = self
            .audit_public_key()?
            .ok_or_else(|| refused(ArchiveError::NoKey))?;
        let before = self.archivable_before(wanted.before)?;
        // Once rows are archived, nobody looks for them any more.
        let unknown = self.unknown(self.inner.journal.archived_until()?)?;
        if let Some(request) = unknown.into_iter().next() {
            return Err(refused(ArchiveError::Unknown { request }));
        }
        let entry = Entry::new(Event::JournalArchived).by(actor(authorized.actor()));
        let nodes = match &wanted.node {
            Some(node) => vec![node.to_string()],
            None => self.inner.journal.chains()?,
        };
        let mut done = 0;
        let mut chains = Vec::with_capacity(nodes.len());
        for node in nodes {
            let mut lease = Lease::take(self, &node)?;
            step("archive-begun");
            let mut tell = |rows: u64| {
                done += rows;
                progress(done);
            };
            let folder = &wanted.folder;
            let finished = self.finish_archive(&mut lease, folder, &key, &mut tell)?;
            let archive = self.archive(&mut lease, folder, &key, before, &entry, &mut tell)?;
            drop(lease);
            chains.push(ArchivedChain {
                node,
                finished,
                archive,
            });
        }
        Ok(chains)
    }

    /// Rows from before this moment may go.
    fn archivable_before(
        &self,
        wanted: Option<OffsetDateTime>,
    ) -> Result<OffsetDateTime, ServiceError> {
        let now = self.inner.ambient.now();
        let retention = self.inner.settings.journal_retention;
        let retention = Duration::try_from(retention).unwrap_or(Duration::MAX);
        let allowed = now.saturating_sub(retention);
        if wanted.is_some_and(|wanted| wanted > allowed) {
            return Err(refused(ArchiveError::TooYoung { allowed }));
        }
        // What is shown of a request, and what is recovered of it, is decided by its rows.
        let open = self.inner.store.read(requests::oldest_open)?;
        let open = open.map(|oldest| oldest.saturating_sub(SLACK));
        let before = wanted.unwrap_or(allowed);
        Ok(open.map_or(before, |open| open.min(before)))
    }

    /// Drops what a run that was stopped has left of its archive.
    fn finish_archive(
        &self,
        lease: &mut Lease<'_>,
        folder: &Path,
        key: &PublicKey,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Option<Archive>, ServiceError> {
        let Some(archive) = self.inner.journal.newest_archive(lease.node, key)? else {
            return Ok(None);
        };
        let Some(from) = self.inner.journal.first_left(&archive)? else {
            return Ok(None);
        };
        self.inner.journal.find_archive(&archive, folder)?;
        self.drop_rows(lease, &archive, from, progress)?;
        Ok(Some(archive))
    }

    fn archive(
        &self,
        lease: &mut Lease<'_>,
        folder: &Path,
        key: &PublicKey,
        before: OffsetDateTime,
        entry: &Entry,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Option<Archive>, ServiceError> {
        let journal = &self.inner.journal;
        let Some(part) = journal.archivable(lease.node, before, key)? else {
            return Ok(None);
        };
        let mut told = 0;
        let archive = journal.write_archive(&part, key, folder, &mut |written| {
            progress(written - told);
            told = written;
            lease.keep()
        })?;
        step("archive-written");
        let to_sign = archive.to_sign(key.algorithm());
        let label = &self.inner.settings.checkpoints.key_label;
        let signature =
            self.inner
                .hsm
                .sign_with_authority(label, to_sign.scheme, &to_sign.dtbs_r)?;
        let entry = entry.clone().archive(&archive);
        journal.record_archive(
            &archive,
            key,
            &signature,
            lease.holder,
            lease.until(),
            &entry,
        )?;
        step("archive-recorded");
        self.drop_rows(lease, &archive, archive.first, progress)?;
        Ok(Some(archive))
    }

    fn drop_rows(
        &self,
        lease: &mut Lease<'_>,
        archive: &Archive,
        from: i64,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), ServiceError> {
        let mut next = Some(from);
        while let Some(from) = next {
            lease.keep()?;
            next = self.inner.journal.drop_slice(archive, from)?;
            let until = next.unwrap_or(archive.end.seq.saturating_add(1));
            progress(until.saturating_sub(from).unsigned_abs());
            step("archive-slice-dropped");
        }
        step("archive-dropped");
        Ok(())
    }
}

impl<'a> Lease<'a> {
    fn take(service: &'a Service, node: &'a str) -> Result<Self, JournalError> {
        let ambient = &service.inner.ambient;
        let mut lease = Self {
            service,
            node,
            holder: ambient.id(),
            renew_at: ambient.now(),
        };
        let journal = &service.inner.journal;
        journal.hold_for_archiving(node, lease.holder, lease.until())?;
        lease.renewed();
        Ok(lease)
    }

    /// Asks for more time when a good part of it is over.
    fn keep(&mut self) -> Result<(), JournalError> {
        let Service { inner, .. } = self.service;
        if inner.ambient.now() >= self.renew_at {
            let until = self.until();
            inner
                .journal
                .keep_for_archiving(self.node, self.holder, until)?;
            self.renewed();
        }
        Ok(())
    }

    fn until(&self) -> OffsetDateTime {
        self.service.inner.ambient.now().saturating_add(LEASE)
    }

    fn renewed(&mut self) {
        self.renew_at = self.service.inner.ambient.now().saturating_add(LEASE / 4);
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let journal = &self.service.inner.journal;
        if let Err(error) = journal.release_for_archiving(self.node, self.holder) {
            tracing::warn!(%error, node = self.node, "others can archive the chain only in two minutes");
        }
    }
}

fn refused(error: ArchiveError) -> ServiceError {
    ServiceError::Journal(error.into())
}
