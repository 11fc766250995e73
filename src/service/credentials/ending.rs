//! The end of credentials: the key is deleted, the citizen is told, the revocation list is published.

use super::{CredentialView, entry, view};
use crate::auth::{Authorized, op};
use crate::domain::credential::{Credential, CredentialIssuer, CredentialState, Revocation};
use crate::domain::id::CredentialId;
use crate::domain::revocation::RevocationReason;
use crate::domain::signer::Signer;
use crate::identity::IdentityError;
use crate::journal::{Actor, Entry, Event};
use crate::messages::sms::Sms as Message;
use crate::service::journaled::actor;
use crate::service::{Service, ServiceError};
use crate::store::credentials::{self, Change};

impl Service {
    /// Revokes one credential. It can never sign again: its key is deleted in the same transaction.
    pub fn revoke_credential(
        &self,
        authorized: &Authorized<op::ManageCredentials>,
        id: CredentialId,
        reason: RevocationReason,
    ) -> Result<CredentialView, ServiceError> {
        let credential = self.existing(id)?;
        let signer = self
            .inner
            .identity
            .signer(credential.signer)?
            .ok_or(ServiceError::Registration(IdentityError::NotRegistered))?;
        let revocation = Revocation {
            at: self.inner.ambient.now(),
            reason,
        };
        let by = actor(authorized.actor());
        self.inner.journal.recording(|connection| {
            match credentials::revoke(connection, id, revocation)? {
                Change::Made => Ok(((), vec![ended(&by, &credential, revocation)])),
                Change::NotPossible => Err(ServiceError::CredentialState(CredentialState::Revoked)),
            }
        })?;
        self.after_revocation(&signer, std::slice::from_ref(&credential), revocation);
        view(&self.existing(id)?)
    }

    /// What follows on a revocation that is on record: message to the citizen with date and hour (Ley 6/2020 article 5.3), and
    /// the list. When the HSM is away the list follows with the next round of upkeep; the revocation stands.
    pub(in crate::service) fn after_revocation(
        &self,
        signer: &Signer,
        ended: &[Credential],
        revocation: Revocation,
    ) {
        if ended.is_empty() {
            return;
        }
        if let Err(error) = self.inner.store.erase_remnants() {
            tracing::warn!(%error, "a deleted key may stay in the database's log until the next round of upkeep");
        }
        self.tell(signer, Message::Revoked { at: revocation.at });
        let listed = ended.iter().any(|credential| {
            credential.issuer == CredentialIssuer::BuiltIn && credential.certification.is_some()
        });
        if listed && let Err(error) = self.publish_due_lists() {
            tracing::warn!(%error, "the revocation list could not be issued now; upkeep will do it");
        }
    }
}

/// What the journal says of a credential that was revoked.
pub(in crate::service) fn ended(
    by: &Actor,
    credential: &Credential,
    revocation: Revocation,
) -> Entry {
    entry(Event::CredentialRevoked, by, credential).detail(revocation.reason.as_str())
}
