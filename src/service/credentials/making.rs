//! How a credential comes about: who may have one, the intent, the key, the row, the outcome.

use time::OffsetDateTime;

use super::{CredentialView, Earlier, ended, view};
use crate::activation::{FreshKey, Provisioned};
use crate::domain::algorithm::KeyAlgorithm;
use crate::domain::credential::{Certification, Credential, CredentialIssuer, Revocation};
use crate::domain::id::{CredentialId, SignerId};
use crate::domain::identifier::NationalId;
use crate::domain::level::RegistrationLevel;
use crate::domain::revocation::RevocationReason;
use crate::domain::signer::Signer;
use crate::domain::standing::Refusal;
use crate::domain::wrapping::WrappedBy;
use crate::journal::{Actor, Entry, Event, Outcome};
use crate::pki::profile::citizen;
use crate::service::{Service, ServiceError};
use crate::store::{AnyConnection, StoreError, credentials, signers};

/// A credential in the making.
pub(super) struct Making {
    id: CredentialId,
    by: Actor,
    pub(super) signer: Signer,
    key: KeyAlgorithm,
    event: Event,
    wrapped_by: WrappedBy,
    at: OffsetDateTime,
    wanted: Wanted,
}

/// When the credential is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Always,
    /// Where the citizen has none that can sign.
    UnlessThere,
}

impl Making {
    /// The credential is kept only if, by then, the citizen has none that can sign.
    pub(super) fn unless_there(self) -> Self {
        Self {
            wanted: Wanted::UnlessThere,
            ..self
        }
    }

    pub(super) fn credential(
        &self,
        provisioned: Provisioned,
        issuer: CredentialIssuer,
        request: Option<Vec<u8>>,
        certification: Option<Certification>,
    ) -> Credential {
        Credential {
            id: self.id,
            signer: self.signer.id,
            public_key: provisioned.public_key,
            wrapped_by: provisioned.wrapped_by,
            sealed_key: Some(provisioned.sealed_key),
            issuer,
            request,
            certification,
            created_at: self.at,
            revocation: None,
        }
    }

    fn entry(&self, serial: Option<&str>) -> Entry {
        Entry::new(self.event)
            .by(self.by.clone())
            .signer(self.signer.id)
            .credential(self.id, self.key, serial)
    }
}

impl Service {
    /// Checks that the citizen may have a credential, and records that a key is about to be made.
    pub(super) fn begin_making(
        &self,
        by: Actor,
        national_id: &NationalId,
        key: KeyAlgorithm,
        event: Event,
    ) -> Result<Making, ServiceError> {
        let signer = self.known(national_id)?;
        let now = self.inner.ambient.now();
        entitled(&signer, now)?;
        let making = Making {
            id: self.inner.ambient.id(),
            wrapped_by: self.wrapper(&by)?,
            by,
            signer,
            key,
            event,
            at: now,
            wanted: Wanted::Always,
        };
        let intent = making.entry(None).outcome(Outcome::Intended);
        self.inner.journal.append(&[intent])?;
        Ok(making)
    }

    /// Makes the key, and lets `complete` certify, seal and keep it. That it was kept is on record with the row itself
    /// ([`keep_made`](Self::keep_made)); that it was not is recorded here.
    pub(super) fn finish_making(
        &self,
        making: &Making,
        complete: impl FnOnce(FreshKey) -> Result<Credential, ServiceError>,
    ) -> Result<CredentialView, ServiceError> {
        let fresh = self
            .inner
            .activation
            .generate(making.signer.id, making.id, &making.wrapped_by, making.key)
            .map_err(ServiceError::from);
        match fresh.and_then(complete) {
            Ok(credential) => view(&credential),
            Err(error) => {
                self.not_made(making.entry(None), &error)?;
                Err(error)
            }
        }
    }

    /// Stores a new credential, if the citizen is still the one it was sealed to, and records it. Ends the earlier ones in
    /// the same transaction where that is wished.
    pub(super) fn keep_made(
        &self,
        making: &Making,
        credential: &Credential,
        earlier: Earlier,
    ) -> Result<(), ServiceError> {
        let revocation = Revocation {
            at: self.inner.ambient.now(),
            reason: RevocationReason::Superseded,
        };
        let superseded = self.inner.journal.recording(|connection| {
            still_the_same(connection, &making.signer)?;
            if making.wanted == Wanted::UnlessThere
                && let Some(there) = valid(connection, making.signer.id, making.at)?
            {
                return Err(ServiceError::CredentialThere(there));
            }
            let superseded = match earlier {
                Earlier::Keep => Vec::new(),
                Earlier::Revoke => superseded(connection, credential, revocation)?,
            };
            credentials::insert(connection, credential)?;
            let serial = credential.certification.as_ref();
            let serial = serial.map(|certification| certification.serial.as_str());
            let entries = superseded
                .iter()
                .map(|earlier| ended(&making.by, earlier, revocation))
                .chain([making.entry(serial)])
                .collect();
            Ok::<_, ServiceError>((superseded, entries))
        })?;
        self.after_revocation(&making.signer, &superseded, revocation);
        Ok(())
    }
}

/// The newest of the citizen's credentials that can sign now or, after another node's clock, in a moment.
pub(super) fn valid(
    connection: &mut AnyConnection,
    signer: SignerId,
    now: OffsetDateTime,
) -> Result<Option<CredentialId>, StoreError> {
    let all = credentials::of_signer(connection, signer)?;
    Ok(all
        .iter()
        .find(|credential| {
            let certification = credential.certification.as_ref();
            credential.revocation.is_none()
                && certification.is_some_and(|certification| now <= certification.not_after)
        })
        .map(|credential| credential.id))
}

/// Whether the citizen may have a credential at all.
fn entitled(signer: &Signer, now: OffsetDateTime) -> Result<(), ServiceError> {
    if signer.deregistered_at.is_some() {
        return Err(ServiceError::SignerCannotSign(Refusal::Unknown));
    }
    if signer.activated_at.is_none() {
        return Err(ServiceError::SignerCannotSign(Refusal::NotActivated));
    }
    if signer.level != RegistrationLevel::Advanced {
        return Err(ServiceError::SignerCannotSign(Refusal::BasicLevel));
    }
    Ok(citizen::check_proofing(signer.proofed_at, now)?)
}

/// Refuses when the account was closed or made anew while the key was made: nobody could open the seal.
fn still_the_same(connection: &mut AnyConnection, signer: &Signer) -> Result<(), ServiceError> {
    signers::lock(connection, signer.id)?;
    let now = signers::find(connection, signer.id)?;
    let same = now.is_some_and(|now| {
        now.deregistered_at.is_none() && now.sealing_key.as_bytes() == signer.sealing_key.as_bytes()
    });
    if same {
        Ok(())
    } else {
        Err(ServiceError::SignerCannotSign(Refusal::Unknown))
    }
}

/// Ends the built-in authority's other credentials of the same signer.
fn superseded(
    connection: &mut AnyConnection,
    by: &Credential,
    revocation: Revocation,
) -> Result<Vec<Credential>, StoreError> {
    let mut ended = Vec::new();
    for credential in credentials::of_signer(connection, by.signer)? {
        if credential.issuer == CredentialIssuer::BuiltIn
            && credentials::revoke(connection, credential.id, revocation)?
                == credentials::Change::Made
        {
            ended.push(credential);
        }
    }
    Ok(ended)
}
