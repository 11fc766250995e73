//! Rotating the KEK: every wrapping key is wrapped anew under a newer one, while the server signs.
//!
//! No signer's key and no seal is touched, so no citizen is needed. Each wrapping key is a step of its own: intent, the HSM,
//! and a row that changes only if the old KEK still wraps it, with the outcome in the same transaction. A stop between any
//! two of them leaves a wrapping key that one KEK or the other opens, and both are on the token; the next run goes on from
//! there, and so may another administrator's at the same time. A signature that read the old row opens it with the old KEK,
//! which stays until it is destroyed on purpose ([`destroy_kek`](crate::service::Service::destroy_kek)).

use std::collections::BTreeMap;

use super::super::journaled::actor;
use super::super::signing::step;
use crate::auth::{Authorized, op};
use crate::domain::id::WrappingKeyId;
use crate::domain::key::KekVersion;
use crate::domain::wrapping::WrappingKey;
use crate::hsm::{HsmError, WrappedKey};
use crate::journal::{Actor, Entry, Event, Outcome};
use crate::service::{Service, ServiceError};
use crate::store::wrapping_keys::Rewrapping;
use crate::store::{StoreError, wrapping_keys};

/// How far a rotation is, and in the end what it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The KEK that wraps now.
    pub to: KekVersion,
    /// Wrapping keys that were to be wrapped anew when it began.
    pub wrapping_keys: u64,
    /// Of these, done, by this process or another.
    pub wrapping_keys_done: u64,
    /// Credentials that depend on them and are not revoked.
    pub credentials: u64,
    /// Of these, done.
    pub credentials_done: u64,
    /// Wrapping keys that could not be wrapped anew. What they have wrapped signs as before, or as little.
    pub failed: Vec<NotRewrapped>,
    /// How many credentials each older KEK still wraps itself, without a wrapping key. They sign as before, as long as that KEK
    /// is on the token; only a new credential takes them off it. Known at the end.
    pub left: BTreeMap<KekVersion, u64>,
}

/// A wrapping key that could not be wrapped anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotRewrapped {
    /// Which one.
    pub id: WrappingKeyId,
    /// The KEK that should wrap it.
    pub kek: KekVersion,
    /// How many credentials depend on it.
    pub credentials: u64,
    /// Why.
    pub reason: String,
}

impl Service {
    /// Wraps every wrapping key under the newest KEK. When some are under an older one, as after a rotation that was
    /// interrupted, that is finished; otherwise the next version is made first. `progress` is told after each.
    pub fn rotate_kek(
        &self,
        authorized: &Authorized<op::ManageHsm>,
        progress: &mut dyn FnMut(&Rotation),
    ) -> Result<Rotation, ServiceError> {
        let by = actor(authorized.actor());
        let mut rotation = Rotation {
            to: self.rotation_target(&by)?,
            wrapping_keys: 0,
            wrapping_keys_done: 0,
            credentials: 0,
            credentials_done: 0,
            failed: Vec::new(),
            left: BTreeMap::new(),
        };
        // More than once: a server that has not seen the new KEK yet may make a wrapping key under the old one.
        loop {
            let left = self.left_to_rewrap(&rotation)?;
            if left.is_empty() {
                break;
            }
            for (_, credentials) in &left {
                rotation.wrapping_keys += 1;
                rotation.credentials += credentials;
            }
            progress(&rotation);
            for (key, credentials) in left {
                match self.rewrap(&by, &key, rotation.to) {
                    Ok(Rewrapping::Kept | Rewrapping::Missed) => {
                        rotation.wrapping_keys_done += 1;
                        rotation.credentials_done += credentials;
                    }
                    Err(error) if is_its_own(&error) => rotation.failed.push(NotRewrapped {
                        id: key.id,
                        kek: key.kek,
                        credentials,
                        reason: error.to_string(),
                    }),
                    Err(error) => return Err(error),
                }
                progress(&rotation);
            }
        }
        let loads = self.inner.store.read(wrapping_keys::loads)?;
        rotation.left = loads
            .into_iter()
            .filter(|(kek, load)| *kek < rotation.to && load.directly > 0)
            .map(|(kek, load)| (kek, load.directly))
            .collect();
        Ok(rotation)
    }

    fn rotation_target(&self, by: &Actor) -> Result<KekVersion, ServiceError> {
        if let Some(newest) = self.inner.hsm.keks()?.last() {
            let older = self
                .inner
                .store
                .read(|connection| wrapping_keys::older_than(connection, *newest))?;
            if !older.is_empty() {
                return Ok(*newest);
            }
        }
        let next = self.next_kek()?;
        match self.make_kek(by.clone(), next) {
            // Another administrator was faster.
            Ok(()) | Err(ServiceError::Hsm(HsmError::KekExists(_))) => Ok(next),
            Err(error) => Err(error),
        }
    }

    /// With the number of credentials that depend on each.
    fn left_to_rewrap(&self, rotation: &Rotation) -> Result<Vec<(WrappingKey, u64)>, ServiceError> {
        Ok(self.inner.store.read(|connection| {
            let mut left = wrapping_keys::older_than(connection, rotation.to)?;
            left.retain(|key| rotation.failed.iter().all(|failed| failed.id != key.id));
            left.into_iter()
                .map(|key| {
                    let credentials = wrapping_keys::depending(connection, key.id)?;
                    Ok::<_, StoreError>((key, credentials))
                })
                .collect::<Result<Vec<_>, _>>()
        })?)
    }

    fn rewrap(
        &self,
        by: &Actor,
        key: &WrappingKey,
        to: KekVersion,
    ) -> Result<Rewrapping, ServiceError> {
        let entry = Entry::new(Event::WrappingKeyRewrapped)
            .by(by.clone())
            .detail(&format!(
                "wrapping key {}, from KEK version {} to {to}",
                key.id, key.kek
            ));
        self.intending(&entry, || {
            step("rewrap-intended");
            let old = WrappedKey::new(key.wrapped.clone());
            let new = self.inner.hsm.rewrap(key.kek, &old, to)?;
            step("rewrapped");
            let rewrapped = WrappingKey {
                kek: to,
                wrapped: new.as_bytes().to_vec(),
                rewrapped_at: Some(self.inner.ambient.now()),
                ..key.clone()
            };
            let kept = self.inner.journal.recording(|connection| {
                let kept = wrapping_keys::rewrap(connection, key.kek, &rewrapped)?;
                let entry = match kept {
                    Rewrapping::Kept => entry.clone(),
                    Rewrapping::Missed => entry.clone().outcome(Outcome::Failed {
                        code: "overtaken".to_owned(),
                    }),
                };
                Ok::<_, ServiceError>((kept, vec![entry]))
            })?;
            step("rewrap-kept");
            Ok(kept)
        })
    }
}

/// Whether the failure is this wrapping key's, and others may go on.
fn is_its_own(error: &ServiceError) -> bool {
    matches!(
        error,
        ServiceError::Hsm(
            HsmError::WrappedKey { .. }
                | HsmError::RewrappedOtherwise { .. }
                | HsmError::KekMissing(_)
        )
    )
}
