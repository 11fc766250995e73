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
        let change = self
            .inner
            .store
            .write(|connection| credentials::revoke(connection, id, revocation))?;
        if change == Change::NotPossible {
            return Err(ServiceError::CredentialState(CredentialState::Revoked));
        }
        let by = actor(authorized.actor());
        self.after_revocation(&by, &signer, std::slice::from_ref(&credential), revocation)?;
        view(&self.existing(id)?)
    }

    /// What follows on a revocation: journal, message to the citizen with date and hour (Ley 6/2020 article 5.3), and
    /// the list. When the HSM is away the list follows with the next round of upkeep; the revocation stands.
    pub(in crate::service) fn after_revocation(
        &self,
        by: &Actor,
        signer: &Signer,
        ended: &[Credential],
        revocation: Revocation,
    ) -> Result<(), ServiceError> {
        if ended.is_empty() {
            return Ok(());
        }
        let entries: Vec<Entry> = ended
            .iter()
            .map(|credential| {
                entry(Event::CredentialRevoked, by, credential).detail(revocation.reason.as_str())
            })
            .collect();
        self.inner.journal.append(&entries)?;
        self.tell(signer, Message::Revoked { at: revocation.at });
        let listed = ended.iter().any(|credential| {
            credential.issuer == CredentialIssuer::BuiltIn && credential.certification.is_some()
        });
        if listed && let Err(error) = self.publish_due_lists() {
            tracing::warn!(%error, "the revocation list could not be issued now; upkeep will do it");
        }
        Ok(())
    }
}
