//! Destroying an old KEK, once nothing needs it any more.

use time::{Duration, OffsetDateTime};

use super::super::journaled::actor;
use crate::auth::{Authorized, op};
use crate::domain::key::KekVersion;
use crate::hsm::HsmError;
use crate::journal::{Entry, Event};
use crate::service::{Service, ServiceError};
use crate::store::{StoreError, wrapping_keys};

/// A signature under way may have read a wrapping key as the old KEK wraps it. It is through with it long before this is over.
const UNDER_WAY: Duration = Duration::minutes(5);

/// Why a KEK stays on the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KekKept {
    /// It wraps what is made from now on.
    #[error("it is the newest; `rubrica hsm rotate-kek` makes another first")]
    Newest,
    /// Wrapping keys are under it.
    #[error(
        "it wraps {wrapping_keys} wrapping keys of {credentials} credentials; `rubrica hsm rotate-kek` puts them under the \
         newest"
    )]
    WrapsWrappingKeys {
        /// How many.
        wrapping_keys: u64,
        /// How many credentials depend on them.
        credentials: u64,
    },
    /// It wraps the keys of credentials itself, and only their citizens could change that.
    #[error(
        "it wraps the keys of {credentials} credentials itself; `rubrica credential issue` gives their citizens new ones, \
         and `rubrica credential revoke` ends the old"
    )]
    WrapsCredentials {
        /// How many.
        credentials: u64,
    },
    /// A wrapping key was wrapped anew a moment ago.
    #[error("signatures that are under way may need it still; try again after {until}")]
    JustRotated {
        /// Until when it stays.
        until: OffsetDateTime,
    },
}

impl Service {
    /// Refuses when that KEK is not on the token, or something needs it.
    pub fn check_kek_unused(
        &self,
        _authorized: &Authorized<op::ManageHsm>,
        version: KekVersion,
    ) -> Result<(), ServiceError> {
        let on_token = self.inner.hsm.keks()?;
        if !on_token.contains(&version) {
            return Err(ServiceError::Hsm(HsmError::KekMissing(version)));
        }
        if on_token.last() == Some(&version) {
            return Err(kept(version, KekKept::Newest));
        }
        let (loads, last) = self.inner.store.read(|connection| {
            let loads = wrapping_keys::loads(connection)?;
            Ok::<_, StoreError>((loads, wrapping_keys::last_rewrapping(connection)?))
        })?;
        let load = loads.get(&version).copied().unwrap_or_default();
        if load.wrapping_keys > 0 {
            return Err(kept(
                version,
                KekKept::WrapsWrappingKeys {
                    wrapping_keys: load.wrapping_keys,
                    credentials: load.credentials,
                },
            ));
        }
        if load.directly > 0 {
            let credentials = load.directly;
            return Err(kept(version, KekKept::WrapsCredentials { credentials }));
        }
        match last.map(|last| last + UNDER_WAY) {
            Some(until) if self.inner.ambient.now() < until => {
                Err(kept(version, KekKept::JustRotated { until }))
            }
            _ => Ok(()),
        }
    }

    /// Destroys an old KEK that nothing needs. It cannot be undone, and a backup of the database from before the rotation
    /// needs it.
    pub fn destroy_kek(
        &self,
        authorized: &Authorized<op::ManageHsm>,
        version: KekVersion,
    ) -> Result<(), ServiceError> {
        self.check_kek_unused(authorized, version)?;
        let entry = Entry::new(Event::KekDestroyed)
            .by(actor(authorized.actor()))
            .detail(&format!("version {version}"));
        self.intending(&entry, || Ok(self.inner.hsm.destroy_kek(version)?))?;
        Ok(self.inner.journal.append(&[entry])?)
    }
}

fn kept(version: KekVersion, why: KekKept) -> ServiceError {
    ServiceError::KekKept { version, why }
}
