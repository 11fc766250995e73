//! A worker's way to the token: connects when needed and again after a loss.

use std::sync::Arc;
use std::time::Duration;

use super::call::Call;
use super::connection::Connection;
use super::error::{HsmError, Operation};
use super::module::{Access, Renewal};
use super::pool::Shared;

/// How long other workers get to close their sessions before the library is initialised anew.
const RECALL: Duration = Duration::from_secs(1);

/// The connection of one worker, when it has one.
pub(super) struct Link {
    /// The pool's epoch when the connection was last known to be wanted.
    pub(super) epoch: u64,
    /// Set by a job that ended early for others to have their turn, until the next is taken.
    pub(super) gave_way: bool,
    /// The pool this is a way of.
    pub(super) shared: Arc<Shared>,
    connection: Option<Connection>,
    generation: u64,
}

impl Link {
    /// Not connected yet.
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            epoch: 0,
            gave_way: false,
            shared,
            connection: None,
            generation: 0,
        }
    }

    /// Closes the session.
    pub(super) fn close(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.close();
        }
    }

    /// Runs the task; after a loss once more on a new session, and after that once more on a library that was
    /// initialised anew.
    pub(super) fn run<T>(
        &mut self,
        call: &Call,
        access: Access,
        task: &impl Fn(&mut Connection, &Call) -> Result<T, HsmError>,
    ) -> Result<T, HsmError> {
        let was_connected = self.connection.is_some();
        let mut result = self.attempt(call, access, task);
        if was_connected && is_loss(&result) {
            tracing::warn!("an HSM session was lost; opening another");
            result = self.attempt(call, access, task);
        }
        if is_loss(&result) {
            self.epoch = self.shared.recall_sessions();
            match self.shared.module.renew(self.generation, RECALL) {
                Ok(Renewal::Done) => result = self.attempt(call, access, task),
                Ok(Renewal::InUse) => {}
                Err(error) => result = Err(error),
            }
        }
        self.shared.note_away(match &result {
            Err(HsmError::Away { operation, cause }) => {
                tracing::error!(%operation, %cause, "the HSM cannot be reached");
                Some((*operation, cause.clone()))
            }
            _ => None,
        });
        result
    }

    fn attempt<T>(
        &mut self,
        call: &Call,
        access: Access,
        task: &impl Fn(&mut Connection, &Call) -> Result<T, HsmError>,
    ) -> Result<T, HsmError> {
        let module = Arc::clone(&self.shared.module);
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => module.with(Access::Shared, || self.connect(call))?,
        };
        let result = module.with(access, || task(&mut connection, call));
        if is_loss(&result) || connection.spoilt.get() {
            connection.close();
        } else {
            self.connection = Some(connection);
        }
        result
    }

    fn connect(&mut self, call: &Call) -> Result<Connection, HsmError> {
        call.step(Operation::Initialize)?;
        let lease = self.shared.module.lease()?;
        self.generation = lease.generation;
        Connection::open(lease, &self.shared.settings, &self.shared.memory, call)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.close();
    }
}

fn is_loss<T>(result: &Result<T, HsmError>) -> bool {
    result.as_ref().is_err_and(HsmError::is_loss)
}
