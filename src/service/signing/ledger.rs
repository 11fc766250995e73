//! Spending a SAD: in one transaction it is found that it may be, recorded that it was, and put into the journal what
//! it will sign. So no SAD is spent, and the HSM not asked, without the intent on record.

use std::cell::Cell;

use time::OffsetDateTime;

use super::{Hold, ServiceError, step};
use crate::activation::{SadLedger, SadLedgerError, Spending};
use crate::domain::credential::Credential;
use crate::domain::id::{ClaimId, RequestId};
use crate::domain::standing::Refusal;
use crate::journal::{Entry, Journal};
use crate::store::requests::Transition;
use crate::store::{self, AnyConnection, StoreError};

/// Writes each spent SAD into the database.
pub(super) struct Ledger<'a> {
    journal: &'a Journal,
    request: RequestId,
    claim: ClaimId,
    /// As it was when it was chosen.
    credential: &'a Credential,
    /// What the SAD is spent for.
    intent: Entry,
    objection: Cell<Option<Objection>>,
}

/// Why a SAD was not spent though it was good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Objection {
    /// Another process has the request.
    NotHeld,
    /// The database holds what cannot be read; it will not be read the next time either.
    Unreadable,
    /// The signer may not sign any more, or not with this credential.
    Standing(Refusal),
}

impl<'a> Ledger<'a> {
    /// For a request that is held.
    pub(super) fn new(
        journal: &'a Journal,
        hold: &Hold,
        credential: &'a Credential,
        intent: Entry,
    ) -> Self {
        Self {
            journal,
            request: hold.request(),
            claim: hold.claim(),
            credential,
            intent,
            objection: Cell::new(None),
        }
    }

    /// What stood in the way, when the SAD was refused.
    pub(super) fn objection(&self) -> Option<Objection> {
        self.objection.get()
    }

    fn spend_or_object(&self, spending: Spending) -> Result<Option<Objection>, ServiceError> {
        let Spending {
            sad,
            credential,
            at,
        } = spending;
        self.journal.recording(|connection| {
            let hold = store::requests::keep_hold(connection, self.request, self.claim)?;
            if hold == Transition::Missed {
                return Ok((Some(Objection::NotHeld), Vec::new()));
            }
            if let Err(refusal) = self.still_good(connection, at)? {
                return Ok((Some(Objection::Standing(refusal)), Vec::new()));
            }
            let (request, claim) = (self.request, self.claim);
            store::sads::spend(connection, sad, request, claim, credential, at)?;
            Ok((None, vec![self.intent.clone()]))
        })
    }

    /// Whether the signer may still sign with the very key that was chosen. Nobody can take that away from here until the
    /// transaction ends: whoever revokes, blocks or closes waits for the signer's row.
    fn still_good(
        &self,
        connection: &mut AnyConnection,
        now: OffsetDateTime,
    ) -> Result<Result<(), Refusal>, StoreError> {
        let chosen = self.credential;
        let Some(locked) = store::signers::find_locked(connection, chosen.signer)? else {
            return Ok(Err(Refusal::Unknown));
        };
        if let Err(refusal) = locked.signer.standing(now) {
            return Ok(Err(refusal));
        }
        let present = store::credentials::sealed_key(connection, chosen.id)?;
        let good =
            present.is_some() && present == chosen.sealed_key && chosen.usable(now).is_some();
        Ok(if good {
            Ok(())
        } else {
            Err(Refusal::NoCredential)
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
            Err(ServiceError::Store(StoreError::Conflict { .. })) => {
                Err(SadLedgerError::AlreadySpent)
            }
            // A journal that cannot be written to is like one that is away: nothing was signed.
            Err(error) if error.is_temporary() || matches!(error, ServiceError::Journal(_)) => {
                Err(SadLedgerError::Unavailable(Box::new(error)))
            }
            Err(error) => {
                tracing::error!(%error, "whether a SAD may be spent cannot be found out");
                self.objection.set(Some(Objection::Unreadable));
                Err(SadLedgerError::Refused)
            }
        }
    }
}
