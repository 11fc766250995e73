//! An act of the database and its record in one transaction.

use super::{ATTEMPTS, Entry, Journal, JournalError, LOCK_WAIT, rows_of};
use crate::store::journal::{self as rows, Place};
use crate::store::{self, AnyConnection, StoreError, TransactionNumber};

#[cfg(doc)]
use crate::store::Store;

impl Journal {
    /// Does something in the database and puts it on record in the same transaction: both count, or neither. `act`
    /// gives its result and what is to be recorded of it, which may be nothing.
    ///
    /// For acts that are done where they are decided, in the database. What happens elsewhere, as in the HSM, is
    /// recorded before with [`append`](Self::append). All acts of this process are done one after the other, and those that
    /// come at the same time share a transaction ([`Store::write_together`]). So `act` must be short, and must not append
    /// anything itself. A statement of it waits no longer than 0.7 seconds for a row that another transaction of PostgreSQL
    /// keeps locked; then nothing was done, and the database counts as away.
    pub fn recording<T, E>(
        &self,
        act: impl FnOnce(&mut AnyConnection) -> Result<(T, Vec<Entry>), E>,
    ) -> Result<T, E>
    where
        E: From<StoreError> + From<JournalError>,
    {
        let (value, written) =
            self.store
                .write_together(LOCK_WAIT, |connection, transaction| {
                    let (value, entries) = act(connection)?;
                    let written = self.put(connection, transaction, &entries)?;
                    Ok::<_, E>((value, written))
                })?;
        if let Some((rows, end)) = written {
            self.head().wrote(rows, &end);
        }
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

    /// Writes entries within a transaction; gives how many rows they are, and the last one. What else is in the
    /// transaction stays when another process of the same name takes the place first: only the rows are tried again.
    fn put(
        &self,
        connection: &mut AnyConnection,
        transaction: TransactionNumber,
        entries: &[Entry],
    ) -> Result<Option<(usize, Place)>, JournalError> {
        let new = rows_of(entries)?;
        if new.is_empty() {
            return Ok(None);
        }
        // Where an earlier part of this transaction ended, the chain ends.
        let mut ahead = {
            let ahead = self.head().ahead.clone();
            ahead.and_then(|(of, end)| (of == transaction).then_some(end))
        };
        for _ in 0..ATTEMPTS {
            let end = match ahead.take() {
                Some(end) => end,
                None => self.end(connection)?,
            };
            let (records, end) = self.chained(end, &new)?;
            let put = match records.as_slice() {
                [record] => rows::insert(connection, record),
                records => store::nested(connection, |connection| {
                    rows::insert_all(connection, records)
                }),
            };
            match put {
                Ok(()) => {
                    self.head().ahead = Some((transaction, end.clone()));
                    return Ok(Some((new.len(), end)));
                }
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
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
