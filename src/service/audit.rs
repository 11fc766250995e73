//! Verifying and exporting the journal. Both are acts of an administrator and go into the journal themselves.

use std::io::Write;

use super::journaled::actor;
use super::{Service, ServiceError};
use crate::auth::{Authorized, op};
use crate::journal::{Entry, Event, Outcome};

pub use crate::journal::{
    Anchor, Chain, Exported, Fault, Finding, InvalidAnchor, JournalError, Range, Report,
};

impl Service {
    /// How many rows the journal has, for telling how far a verification or an export is.
    pub fn journal_rows(
        &self,
        _authorized: &Authorized<op::ReadJournal>,
    ) -> Result<u64, ServiceError> {
        Ok(self.inner.journal.rows()?)
    }

    /// Reads every row of every node and tells what does not fit. `anchors` are ends of chains noted down outside
    /// the database, by an earlier verification or export; `progress` is told the number of rows read so far.
    pub fn verify_journal(
        &self,
        authorized: &Authorized<op::ReadJournal>,
        anchors: &[Anchor],
        progress: &mut dyn FnMut(u64),
    ) -> Result<Report, ServiceError> {
        let report = self.inner.journal.verify(anchors, progress)?;
        let rows: u64 = report.chains.iter().map(|chain| chain.rows).sum();
        let entry = Entry::new(Event::JournalVerified)
            .by(actor(authorized.actor()))
            .detail(&format!("{rows} rows of {} nodes", report.chains.len()));
        let entry = if report.is_intact() {
            entry
        } else {
            entry.outcome(Outcome::Failed {
                code: "journal_altered".to_owned(),
            })
        };
        self.inner.journal.append(&[entry])?;
        Ok(report)
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
