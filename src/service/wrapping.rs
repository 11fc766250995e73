//! Which key wraps a new signer's key.
//!
//! The newest wrapping key under the newest KEK, as long as it has room; then another is made. To count what it serves at
//! each issuing would cost more than the issuing, and a counter in its row would make all issuing wait for that row. So a
//! process counts once and then takes places without asking again, for a while. Processes that issue at the same time may
//! overfill a key by a few thousand, and two that find it full may each make a new one: neither does harm.

use std::sync::{Mutex, PoisonError};

use super::{Service, ServiceError};
use crate::domain::key::KekVersion;
use crate::domain::wrapping::{CREDENTIALS_PER_WRAPPING_KEY, WrappedBy, WrappingKey};
use crate::hsm::SessionKeys;
use crate::journal::{Actor, Entry, Event};
use crate::store::{StoreError, wrapping_keys};

/// So many places are taken before the next count.
const PLACES: u32 = 1024;

/// The wrapping key that this process gives to new credentials.
#[derive(Default)]
pub(super) struct InUse(Mutex<Option<Places>>);

struct Places {
    key: WrappingKey,
    left: u32,
}

impl Service {
    /// What is to wrap a new signer's key.
    pub(super) fn wrapper(&self, by: &Actor) -> Result<WrappedBy, ServiceError> {
        let kek = self.newest_kek()?;
        match self.inner.hsm.session_keys() {
            SessionKeys::WrapWithTrusted => Ok(WrappedBy::Kek(kek)),
            SessionKeys::Extractable => self.wrapping_key(by, kek).map(WrappedBy::WrappingKey),
        }
    }

    /// One place of a wrapping key under that KEK.
    fn wrapping_key(&self, by: &Actor, kek: KekVersion) -> Result<WrappingKey, ServiceError> {
        // Held while a key is made, so that the threads of one process make one.
        let mut in_use = self
            .wrapping
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let known = in_use
            .as_mut()
            .filter(|places| places.key.kek == kek && places.left > 0);
        let places = match known {
            Some(places) => places,
            None => in_use.insert(self.places(by, kek)?),
        };
        places.left -= 1;
        Ok(places.key.clone())
    }

    fn places(&self, by: &Actor, kek: KekVersion) -> Result<Places, ServiceError> {
        let newest = self.inner.store.read(|connection| {
            let Some(key) = wrapping_keys::newest(connection, kek)? else {
                return Ok(None);
            };
            let served = wrapping_keys::served(connection, key.id)?;
            Ok::<_, StoreError>(Some((key, served)))
        })?;
        if let Some((key, served)) = newest {
            let room = u64::from(CREDENTIALS_PER_WRAPPING_KEY).saturating_sub(served);
            let left = u32::try_from(room).unwrap_or(PLACES).min(PLACES);
            if left > 0 {
                return Ok(Places { key, left });
            }
        }
        Ok(Places {
            key: self.make_wrapping_key(by, kek)?,
            left: PLACES,
        })
    }

    fn make_wrapping_key(&self, by: &Actor, kek: KekVersion) -> Result<WrappingKey, ServiceError> {
        let ambient = &self.inner.ambient;
        let id = ambient.id();
        let entry = Entry::new(Event::WrappingKeyCreated)
            .by(by.clone())
            .detail(&format!("wrapping key {id}, wrapped by KEK version {kek}"));
        self.intending(&entry, || {
            let wrapped = self.inner.hsm.generate_wrapping_key(kek)?;
            let key = WrappingKey {
                id,
                kek,
                wrapped: wrapped.as_bytes().to_vec(),
                created_at: ambient.now(),
                rewrapped_at: None,
            };
            self.inner.journal.recording(|connection| {
                wrapping_keys::insert(connection, &key)?;
                Ok::<_, ServiceError>((key.clone(), vec![entry.clone()]))
            })
        })
    }
}
