//! The nodes of one service: which are there, and which of them does what one does for all.

use std::sync::atomic::{AtomicU32, Ordering};

use time::Duration;

use super::{Service, ServiceError};
use crate::store::duties::Again;
pub use crate::store::duties::Holder;
use crate::store::{duties, nodes};

/// How long a node counts as running after it said so, and has upkeep to itself: twice the time between two rounds, and a
/// little.
const PRESENT: Duration = Duration::seconds(40);
/// After this long the name of a node that ended without a word is forgotten.
const FORGOTTEN: Duration = Duration::days(1);
/// Between two times of what is done once a day, whoever does it.
const DAILY: Duration = Duration::days(1);

/// What one node does for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// [`Service::upkeep`]. Who has it keeps it; when that node stops, another takes it over.
    Upkeep,
    /// [`Service::sweep`] and [`Service::look_at_all_closed`]. It is due again a day after somebody took it.
    Daily,
}

impl Duty {
    fn name(self) -> &'static str {
        match self {
            Self::Upkeep => "upkeep",
            Self::Daily => "daily",
        }
    }
}

/// How many nodes share the limits on calls; one, until something else is known.
#[derive(Debug)]
pub(super) struct Sharers(AtomicU32);

impl Default for Sharers {
    fn default() -> Self {
        Self(AtomicU32::new(1))
    }
}

impl Service {
    /// Says that this node is running, and learns how many are. To be called again and again.
    pub fn attend(&self) -> Result<(), ServiceError> {
        let now = self.inner.ambient.now();
        let node = self.inner.node.as_str();
        let running = self.inner.store.write(|connection| {
            nodes::saw(connection, node, now)?;
            nodes::seen_since(connection, now - PRESENT)
        })?;
        self.sharers.0.store(running.max(1), Ordering::Relaxed);
        Ok(())
    }

    /// How many nodes were running at the last look.
    pub fn nodes(&self) -> u32 {
        self.sharers.0.load(Ordering::Relaxed)
    }

    /// Asks for a duty.
    pub fn take_duty(&self, duty: Duty) -> Result<Holder, ServiceError> {
        let now = self.inner.ambient.now();
        let node = self.inner.node.as_str();
        let (again, until) = match duty {
            Duty::Upkeep => (Again::MayBe, now + PRESENT),
            Duty::Daily => (Again::WhenLapsed, now + DAILY),
        };
        Ok(self
            .inner
            .store
            .write(|connection| duties::take(connection, duty.name(), node, again, now, until))?)
    }

    /// Gives a duty back that could not be done: whoever asks next may try.
    pub fn give_back_duty(&self, duty: Duty) -> Result<(), ServiceError> {
        let node = self.inner.node.as_str();
        Ok(self
            .inner
            .store
            .write(|connection| duties::release(connection, duty.name(), node))?)
    }

    /// Says that this node ends: others need not wait for it.
    pub fn leave(&self) -> Result<(), ServiceError> {
        let since = self.inner.ambient.now() - FORGOTTEN;
        let node = self.inner.node.as_str();
        Ok(self.inner.store.write(|connection| {
            duties::release(connection, Duty::Upkeep.name(), node)?;
            nodes::forget(connection, node, since)
        })?)
    }
}
