//! The token as administrators see it, and its key-encryption keys.

use std::collections::BTreeMap;

use super::journaled::actor;
use super::signing::step;
use super::{Service, ServiceError};
use crate::auth::{Authorized, op};
use crate::domain::key::KekVersion;
use crate::hsm::HsmError;
use crate::journal::{Actor, Entry, Event};
use crate::store::wrapping_keys;

pub use crate::hsm::{MechanismStatus, ObjectCount, Presence, TokenStatus};
pub use crate::store::wrapping_keys::KekLoad;
pub use destruction::KekKept;
pub use rotation::{NotRewrapped, Rotation};

mod destruction;
mod rotation;

/// What is on the token.
#[derive(Debug, Clone)]
pub struct HsmView {
    /// The token itself.
    pub token: TokenStatus,
    /// The KEK versions on it, lowest first. The last wraps new wrapping keys.
    pub keks: Vec<KekVersion>,
    /// What depends on each KEK, those that are not on the token included.
    pub loads: BTreeMap<KekVersion, KekLoad>,
    /// How many objects it shows.
    pub objects: ObjectCount,
}

/// Whether a KEK is wanted where there is one already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KekWanted {
    /// One is enough.
    First,
    /// A new version, which wraps what is made from now on. The old ones stay: they unwrap theirs.
    Next,
}

/// What became of making a KEK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KekMade {
    /// A new one.
    New(KekVersion),
    /// This one was there, and nothing was done.
    Already(KekVersion),
}

impl Service {
    /// Asks the token.
    pub fn hsm_view(
        &self,
        _authorized: &Authorized<op::ManageHsm>,
    ) -> Result<HsmView, ServiceError> {
        let hsm = &self.inner.hsm;
        Ok(HsmView {
            token: hsm.status()?,
            keks: hsm.keks()?,
            loads: self.inner.store.read(wrapping_keys::loads)?,
            objects: hsm.object_count()?,
        })
    }

    /// Makes a key-encryption key on the token. It can never leave it: without the token, or a copy of it made by the
    /// vendor's own means, no citizen's key can be used again. Makes the key that signs the journal too, where there is
    /// none.
    pub fn init_kek(
        &self,
        authorized: &Authorized<op::ManageHsm>,
        wanted: KekWanted,
    ) -> Result<KekMade, ServiceError> {
        let hsm = &self.inner.hsm;
        self.init_audit_key(authorized.actor())?;
        let version = match (hsm.keks()?.last(), wanted) {
            (Some(there), KekWanted::First) => return Ok(KekMade::Already(*there)),
            (Some(_), KekWanted::Next) | (None, _) => self.next_kek()?,
        };
        self.make_kek(actor(authorized.actor()), version)?;
        Ok(KekMade::New(version))
    }

    /// The newest KEK; the first one is made here when there is none.
    pub(super) fn newest_kek(&self) -> Result<KekVersion, ServiceError> {
        if let Some(newest) = self.inner.hsm.keks()?.into_iter().max() {
            return Ok(newest);
        }
        let first = self.next_kek()?;
        match self.make_kek(Actor::Server, first) {
            // Another node was faster.
            Ok(()) | Err(ServiceError::Hsm(HsmError::KekExists(_))) => Ok(first),
            Err(error) => Err(error),
        }
    }

    /// A version that neither the token nor the database knows. The newest is never destroyed, so none comes twice.
    fn next_kek(&self) -> Result<KekVersion, ServiceError> {
        let on_token = self.inner.hsm.keks()?;
        let loads = self.inner.store.read(wrapping_keys::loads)?;
        let newest = on_token.last().max(loads.keys().last());
        Ok(KekVersion(
            newest.map_or(0, |newest| newest.0).saturating_add(1),
        ))
    }

    fn make_kek(&self, by: Actor, version: KekVersion) -> Result<(), ServiceError> {
        let entry = Entry::new(Event::KekCreated)
            .by(by)
            .detail(&format!("version {version}"));
        self.intending(&entry, || Ok(self.inner.hsm.generate_kek(version)?))?;
        step("kek-made");
        Ok(self.inner.journal.append(&[entry])?)
    }
}
