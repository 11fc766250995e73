//! The thread that does now and then what nobody asks for: see `service::upkeep`.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::AppError;
use crate::service::signing::Abandoned;
use crate::service::{Service, ServiceError};

/// Between two rounds.
const PAUSE: Duration = Duration::from_secs(15);
/// Rounds between two looks at the whole object store: a day of them.
const ROUNDS_PER_SWEEP: u32 = 24 * 60 * 4;

/// The running thread.
pub(super) struct Upkeep {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Upkeep {
    /// Ends what this node left unfinished when it last stopped, and begins the rounds. A database that is away does
    /// not keep the server from starting: the rounds try again.
    pub(super) fn begin(service: Service) -> Result<Self, AppError> {
        match service.recover(Abandoned::AtStart) {
            Ok(_) => {}
            Err(error @ ServiceError::DatabaseAway(_)) => {
                tracing::error!(error = %error, "unfinished requests could not be looked for");
            }
            Err(error) => return Err(error.into()),
        }
        let (stop, stopped) = mpsc::channel();
        let thread = thread::spawn(move || {
            let mut rounds: u32 = 0;
            loop {
                round(&service, rounds.is_multiple_of(ROUNDS_PER_SWEEP));
                rounds = rounds.wrapping_add(1);
                match stopped.recv_timeout(PAUSE) {
                    Err(RecvTimeoutError::Timeout) => {}
                    Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        });
        Ok(Self { stop, thread })
    }

    /// Lets the present round finish.
    pub(super) fn end(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("the upkeep thread had panicked");
        }
    }
}

fn round(service: &Service, sweep: bool) {
    match service.upkeep() {
        Ok(done) => tracing::debug!(?done, "upkeep"),
        Err(error) => {
            tracing::error!(error = %error, "a round of upkeep failed; the next one tries again");
        }
    }
    if sweep && let Err(error) = service.sweep() {
        tracing::error!(error = %error, "left-over objects could not be looked for");
    }
}
