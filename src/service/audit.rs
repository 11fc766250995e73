//! Verifying and exporting the journal. Both are acts of an administrator and go into the journal themselves.

use std::io::Write;

use time::{Duration, OffsetDateTime};

use super::journaled::actor;
use super::{Service, ServiceError};
use crate::auth::{Authorized, op};
use crate::domain::key::PublicKey;
use crate::journal::{AuditKey, Entry, Event, Outcome};
use crate::store::{self, StoreError};

pub use crate::journal::{
    Anchor, Archive, Archived, Chain, Exported, Fault, Finding, InvalidAnchor, JournalError, Range,
    Report, Scope, Stray, StrayReason,
};

/// Clocks of nodes differ by less.
const SLACK: Duration = Duration::hours(1);
/// Most signatures told that the journal does not know.
const MOST_UNKNOWN: i64 = 100;

/// What verifying found, in the journal and beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// The chains.
    pub report: Report,
    /// Requests that were signed without the journal knowing: a SAD was spent that no intent names, or they are completed
    /// without an outcome. At most a hundred of each. Who cut rows off the journal without also cutting them off the rest
    /// of the database is found here. What is so old that its rows were archived, or that it was relied on, is signed, and
    /// not looked at.
    pub unknown: Vec<String>,
    /// Whether checkpoints were judged.
    pub checkpoints: Checkpointing,
}

/// Whether the journal's checkpoints were judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checkpointing {
    /// By the audit key.
    Judged,
    /// No: there is no audit key, or the HSM that has it is away.
    NoKey,
}

impl Audit {
    /// Nothing is wrong.
    pub fn is_intact(&self) -> bool {
        self.report.is_intact() && self.unknown.is_empty()
    }
}

impl Service {
    /// How many rows the journal has, for telling how far a verification or an export is.
    pub fn journal_rows(
        &self,
        _authorized: &Authorized<op::ReadJournal>,
    ) -> Result<u64, ServiceError> {
        Ok(self.inner.journal.rows()?)
    }

    /// Reads every row of every node that is in the database and tells what does not fit. `anchors` are ends of chains noted down outside
    /// the database, by an earlier verification or export; `key` judges the checkpoints, the HSM's own when it is
    /// `None`; `progress` is told the number of rows read so far.
    pub fn verify_journal(
        &self,
        authorized: &Authorized<op::ReadJournal>,
        anchors: &[Anchor],
        key: Option<PublicKey>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Audit, ServiceError> {
        let scope = Scope {
            anchors: anchors.to_vec(),
            ..Scope::default()
        };
        self.verify_journal_within(authorized, &scope, key, progress)
    }

    /// The same, together with what was archived, or only what is newer than a moment.
    pub fn verify_journal_within(
        &self,
        authorized: &Authorized<op::ReadJournal>,
        scope: &Scope,
        key: Option<PublicKey>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Audit, ServiceError> {
        let key = key.map_or_else(|| self.audit_key(), AuditKey::Known);
        let report = self.inner.journal.verify_within(scope, &key, progress)?;
        let unknown = self.unknown(signed_until(scope, &report))?;
        let audit = Audit {
            report,
            unknown,
            checkpoints: match key {
                AuditKey::Known(_) => Checkpointing::Judged,
                AuditKey::NotAtHand => Checkpointing::NoKey,
            },
        };
        let report = &audit.report;
        let rows: u64 = report.chains.iter().map(|chain| chain.rows).sum();
        let entry = Entry::new(Event::JournalVerified)
            .by(actor(authorized.actor()))
            .detail(&format!("{rows} rows of {} nodes", report.chains.len()));
        let entry = if audit.is_intact() {
            entry
        } else {
            entry.outcome(Outcome::Failed {
                code: "journal_altered".to_owned(),
            })
        };
        self.inner.journal.append(&[entry])?;
        Ok(audit)
    }

    /// Signatures after a moment that the journal does not know.
    pub(super) fn unknown(
        &self,
        after: Option<OffsetDateTime>,
    ) -> Result<Vec<String>, ServiceError> {
        use store::journal::{unknown_acts, unknown_outcomes};
        let after = after.map(|after| after.saturating_add(SLACK));
        Ok(self.inner.store.read(|connection| {
            let (intent, outcome) = (Event::SignatureIntent, Event::SignatureOutcome);
            let mut unknown = unknown_acts(connection, intent.as_str(), after, MOST_UNKNOWN)?;
            unknown.extend(unknown_outcomes(
                connection,
                outcome.as_str(),
                after,
                MOST_UNKNOWN,
            )?);
            unknown.sort();
            unknown.dedup();
            Ok::<_, StoreError>(unknown)
        })?)
    }

    /// Writes a range of the journal as lines of JSON, whose form [`journal`](crate::journal) tells. `progress` is
    /// told the number of rows written so far.
    pub fn export_journal(
        &self,
        authorized: &Authorized<op::ReadJournal>,
        writer: &mut dyn Write,
        range: &Range,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Exported, ServiceError> {
        let exported = self.inner.journal.export(writer, range, progress)?;
        let entry = Entry::new(Event::JournalExported)
            .by(actor(authorized.actor()))
            .detail(&format!("{} rows", exported.rows));
        self.inner.journal.append(&[entry])?;
        Ok(exported)
    }
}

/// Before this moment rows may be archived, or were relied on.
fn signed_until(scope: &Scope, report: &Report) -> Option<OffsetDateTime> {
    let archived = report
        .chains
        .iter()
        .filter_map(|chain| chain.archived.as_ref()?.signed_at);
    let relied = report
        .chains
        .iter()
        .any(|chain| chain.from.is_some())
        .then_some(scope.since)
        .flatten();
    archived.chain(relied).max()
}
