//! A node's beginning and end, in its own chain of the journal.

use super::{Service, ServiceError};
use crate::journal::{Actor, Entry, Event};

impl Service {
    /// Notes that this node serves from now on.
    pub fn note_started(&self, version: &str) -> Result<(), ServiceError> {
        self.note(Event::ServerStarted, version)
    }

    /// Notes that this node was told to stop. A chain that goes on with a start instead tells of a crash.
    pub fn note_stopped(&self) -> Result<(), ServiceError> {
        self.note(Event::ServerStopped, "")
    }

    fn note(&self, event: Event, detail: &str) -> Result<(), ServiceError> {
        let entry = Entry::new(event).by(Actor::Server).detail(detail);
        Ok(self.inner.journal.append(&[entry])?)
    }
}
