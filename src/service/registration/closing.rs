//! The end of an account: by resignation, by death, or by the office. Its credentials end with it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{ServiceError, about};
use crate::auth::{Authorized, op};
use crate::domain::algorithm::named;
use crate::domain::credential::{Credential, Revocation};
use crate::domain::id::SignerId;
use crate::domain::identifier::NationalId;
use crate::domain::revocation::RevocationReason;
use crate::domain::signer::Signer;
use crate::journal::{self, Entry, Event};
use crate::service::Service;
use crate::service::credentials::ended;
use crate::service::journaled::actor;
use crate::service::signing::step;
use crate::store::credentials::{self, Change};
use crate::store::{AnyConnection, StoreError, signers};

named!(
    /// Why an account is closed.
    ClosingReason {
        /// The citizen does not want it any more.
        Resignation = "resignation",
        /// The citizen died.
        Death = "death",
        /// The office found a reason, such as a change of identity.
        ExOfficio = "ex-officio",
    }
);

impl Service {
    /// Closes an account and revokes its credentials. The citizen is told, unless there is nobody to tell.
    /// Gives the account and how many credentials ended.
    pub fn deregister_signer(
        &self,
        authorized: &Authorized<op::RegisterSigner>,
        national_id: &NationalId,
        reason: ClosingReason,
    ) -> Result<(Signer, usize), ServiceError> {
        let by = authorized.actor();
        let signer = self.registered(national_id)?;
        let revocation = match reason {
            ClosingReason::Resignation | ClosingReason::Death => {
                RevocationReason::CessationOfOperation
            }
            ClosingReason::ExOfficio => RevocationReason::PrivilegeWithdrawn,
        };
        let told = match reason {
            // The phone may be anybody's by now.
            ClosingReason::Death => Signer {
                phone: None,
                ..signer
            },
            ClosingReason::Resignation | ClosingReason::ExOfficio => signer,
        };
        let revocation = Revocation {
            at: self.inner.ambient.now(),
            reason: revocation,
        };
        // One transaction: an account that is closed has no credential left, and the citizen is told of each end while the
        // phone is still known.
        let (closed, revoked) = self.inner.journal.recording(|connection| {
            let closed = self.inner.identity.deregister(connection, told.id)?;
            let revoked = revoke_all(connection, told.id, revocation)?;
            let entry = about(by, Event::SignerDeregistered, &closed).detail(reason.as_str());
            let mut entries = vec![entry];
            entries.extend(all_ended(&actor(by), &revoked, revocation));
            Ok::<_, ServiceError>(((closed, revoked), entries))
        })?;
        step("closed");
        self.after_revocation(&told, &revoked, revocation);
        Ok((closed, revoked.len()))
    }

    /// Revokes what a closed account still has; the keys are deleted with it. Closing leaves nothing: this is for rows
    /// that came about otherwise, as in a database put together from two backups.
    pub(in crate::service) fn revoke_left(&self, signer: &Signer) -> Result<usize, ServiceError> {
        let revocation = Revocation {
            at: self.inner.ambient.now(),
            reason: RevocationReason::CessationOfOperation,
        };
        let revoked = self.inner.journal.recording(|connection| {
            let revoked = revoke_all(connection, signer.id, revocation)?;
            let entries = all_ended(&journal::Actor::Server, &revoked, revocation);
            Ok::<_, ServiceError>((revoked, entries))
        })?;
        self.after_revocation(signer, &revoked, revocation);
        Ok(revoked.len())
    }
}

/// Revokes what is not revoked yet, and gives it.
pub(super) fn revoke_all(
    connection: &mut AnyConnection,
    signer: SignerId,
    revocation: Revocation,
) -> Result<Vec<Credential>, StoreError> {
    // Whoever is making one for this signer is waited for.
    signers::lock(connection, signer)?;
    let mut revoked = Vec::new();
    for credential in credentials::of_signer(connection, signer)? {
        if credentials::revoke(connection, credential.id, revocation)? == Change::Made {
            revoked.push(credential);
        }
    }
    Ok(revoked)
}

/// What the journal says of that.
pub(super) fn all_ended(
    by: &journal::Actor,
    revoked: &[Credential],
    revocation: Revocation,
) -> Vec<Entry> {
    let entries = revoked
        .iter()
        .map(|credential| ended(by, credential, revocation));
    entries.collect()
}
