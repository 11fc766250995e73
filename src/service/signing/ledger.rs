//! Spending a SAD: in one transaction it is found that it may be, and recorded that it was.

use std::cell::Cell;

use super::step;
use crate::activation::{SadLedger, SadLedgerError, Spending};
use crate::domain::id::{ProcessId, RequestId};
use crate::store::requests::Transition;
use crate::store::{self, Store, StoreError};

/// Writes each spent SAD into the database.
pub(super) struct Ledger<'a> {
    store: &'a Store,
    request: RequestId,
    holder: ProcessId,
    objection: Cell<Option<Objection>>,
}

/// Why a SAD was not spent though it was good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Objection {
    /// Another process has the request.
    NotHeld,
}

impl<'a> Ledger<'a> {
    /// For a request that this process signs.
    pub(super) fn new(store: &'a Store, request: RequestId, holder: ProcessId) -> Self {
        Self {
            store,
            request,
            holder,
            objection: Cell::new(None),
        }
    }

    /// What stood in the way, when the SAD was refused.
    pub(super) fn objection(&self) -> Option<Objection> {
        self.objection.get()
    }

    fn spend_or_object(&self, spending: Spending) -> Result<Option<Objection>, StoreError> {
        let Spending {
            sad,
            credential,
            at,
        } = spending;
        self.store.write(|connection| {
            let hold = store::requests::keep_hold(connection, self.request, self.holder)?;
            if hold == Transition::Missed {
                return Ok(Some(Objection::NotHeld));
            }
            store::sads::spend(connection, sad, self.request, credential, at)?;
            Ok(None)
        })
    }
}

impl SadLedger for Ledger<'_> {
    fn spend(&self, spending: Spending) -> Result<(), SadLedgerError> {
        match self.spend_or_object(spending) {
            Ok(None) => {
                step("spent");
                Ok(())
            }
            Ok(Some(objection)) => {
                self.objection.set(Some(objection));
                Err(SadLedgerError::Refused)
            }
            Err(StoreError::Conflict { .. }) => Err(SadLedgerError::AlreadySpent),
            Err(error) => Err(SadLedgerError::Unavailable(Box::new(error))),
        }
    }
}
