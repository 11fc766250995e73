//! An act of the database and its record in one transaction.

use std::sync::PoisonError;
use std::time::Instant;

use super::{ATTEMPTS, Entry, Head, Journal, JournalError, LOCK_WAIT, rows_of};
use crate::store::journal::{self as rows, Record};
use crate::store::{self, AnyConnection, StoreError};

impl Journal {
    /// Does something in the database and puts it on record in the same transaction: both count, or neither. `act`
    /// gives its result and what is to be recorded of it, which may be nothing.
    ///
    /// For acts that are done where they are decided, in the database. What happens elsewhere, as in the HSM, is
    /// recorded before with [`append`](Self::append). From the wait for a connection to the commit no other entry of this
    /// process is written, so `act` must be short, and must not append anything itself. A statement of it waits no longer
    /// than two seconds for a row that another transaction of PostgreSQL keeps locked; then nothing was done, and the
    /// database counts as away. For the end of the chain and a connection together it waits as long as
    /// [`Settings::wait`](crate::store::Settings::wait) says, and on SQLite as long again for other writers of the file.
    pub fn recording<T, E>(
        &self,
        act: impl FnOnce(&mut AnyConnection) -> Result<(T, Vec<Entry>), E>,
    ) -> Result<T, E>
    where
        E: From<StoreError> + From<JournalError>,
    {
        let since = Instant::now();
        // Nothing half-written is left by a panic: the transaction was rolled back.
        let mut head = self.head.lock().unwrap_or_else(PoisonError::into_inner);
        let (value, records) = self.store.write_waiting(since, LOCK_WAIT, |connection| {
            let (value, entries) = act(connection)?;
            let records = self.put(connection, &head, &entries)?;
            Ok::<_, E>((value, records))
        })?;
        head.wrote(records);
        Ok(value)
    }

    /// The same for an act that seldom has anything to record. It is done without keeping other entries waiting; when it
    /// turns out to have something, it is undone and done again in the transaction of its entries. So `act` may run
    /// twice, and only the last run counts.
    pub fn seldom_recording<T, E>(
        &self,
        act: impl Fn(&mut AnyConnection) -> Result<(T, Vec<Entry>), E>,
    ) -> Result<T, E>
    where
        E: From<StoreError> + From<JournalError>,
    {
        let first = self.store.write(|connection| match act(connection) {
            Ok((value, entries)) if entries.is_empty() => Ok(value),
            Ok(_) => Err(Undone::ToBeRecorded),
            Err(error) => Err(Undone::Failed(error)),
        });
        match first {
            Ok(value) => Ok(value),
            Err(Undone::ToBeRecorded) => self.recording(act),
            Err(Undone::Failed(error)) => Err(error),
        }
    }

    /// Writes entries within a transaction. What else is in it stays when another process of the same name takes the
    /// place first: only the rows are tried again.
    fn put(
        &self,
        connection: &mut AnyConnection,
        head: &Head,
        entries: &[Entry],
    ) -> Result<Vec<Record>, JournalError> {
        let new = rows_of(entries)?;
        if new.is_empty() {
            return Ok(Vec::new());
        }
        for _ in 0..ATTEMPTS {
            let put = store::nested(connection, |connection| {
                let end = self.end(connection, head.last.as_ref())?;
                let records = self.chained(end, &[&new])?;
                rows::insert(connection, &records)?;
                Ok::<_, JournalError>(records)
            });
            match put {
                Err(JournalError::Store(StoreError::Conflict { .. })) => {}
                other => return other,
            }
        }
        Err(JournalError::Contended {
            node: self.node.clone(),
        })
    }
}

/// Why an act was rolled back.
enum Undone<E> {
    /// It has something to record.
    ToBeRecorded,
    /// It did not succeed.
    Failed(E),
}

impl<E: From<StoreError>> From<StoreError> for Undone<E> {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}
