//! The thread that does now and then what nobody asks for: see `service::upkeep`.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::service::Service;

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
    /// Starts the thread. Its first round comes at once and ends what stopped processes left unfinished; what one left
    /// a moment ago is still leased, and a later round ends it. Nobody waits for a round, and what fails in one is tried
    /// again in the next.
    pub(super) fn begin(service: Service) -> Self {
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
        Self { stop, thread }
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
    let round = service.upkeep();
    tracing::debug!(?round, "upkeep");
    for error in &round.failed {
        tracing::error!(%error, "a part of upkeep failed; the next round tries again");
    }
    if sweep && let Err(error) = service.sweep() {
        tracing::error!(%error, "left-over objects could not be looked for");
    }
}
