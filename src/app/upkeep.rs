//! The threads that do now and then what nobody asks for: see `service::upkeep`. One node at a time does it for all.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::service::nodes::{Duty, Holder};
use crate::service::upkeep::Left;
use crate::service::{Service, ServiceError};

/// Between two rounds.
const PAUSE: Duration = Duration::from_secs(15);
/// Between two looks at whether the object store is to be swept.
const BETWEEN_SWEEPS: Duration = Duration::from_secs(15 * 60);

/// The running threads.
pub(super) struct Upkeep {
    service: Service,
    rounds: Thread,
    sweeps: Thread,
}

struct Thread {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Upkeep {
    /// Starts the threads. The first round comes at once and ends what stopped processes left unfinished; what one left
    /// a moment ago is still leased, and a later round ends it. Nobody waits for a round, and what fails in one is tried
    /// again in the next. Sweeping has a thread of its own: it takes as long as there are objects.
    pub(super) fn begin(service: Service) -> Self {
        let (rounds, sweeps) = (service.clone(), service.clone());
        Self {
            service,
            rounds: Thread::begin(move |stopped| {
                loop {
                    let pause = match round(&rounds) {
                        Left::Something => Duration::ZERO,
                        Left::Nothing => PAUSE,
                    };
                    if is_over(stopped, pause) {
                        return;
                    }
                }
            }),
            sweeps: Thread::begin(move |stopped| {
                loop {
                    sweep(&sweeps);
                    if is_over(stopped, BETWEEN_SWEEPS) {
                        return;
                    }
                }
            }),
        }
    }

    /// Lets the present round finish, and leaves the rest to other nodes. A sweep that goes on ends with the process, which
    /// harms nothing.
    pub(super) fn end(self) {
        drop(self.sweeps);
        drop(self.rounds.stop);
        if self.rounds.thread.join().is_err() {
            tracing::error!("the upkeep thread had panicked");
        }
        if let Err(error) = self.service.leave() {
            tracing::warn!(%error, "other nodes take this one's place only in a minute");
        }
    }
}

impl Thread {
    fn begin(work: impl FnOnce(&Receiver<()>) + Send + 'static) -> Self {
        let (stop, stopped) = mpsc::channel();
        let thread = thread::spawn(move || work(&stopped));
        Self { stop, thread }
    }
}

fn is_over(stopped: &Receiver<()>, pause: Duration) -> bool {
    match stopped.recv_timeout(pause) {
        Err(RecvTimeoutError::Timeout) => false,
        Ok(()) | Err(RecvTimeoutError::Disconnected) => true,
    }
}

fn round(service: &Service) -> Left {
    if let Err(error) = service.attend() {
        tracing::error!(%error, "other nodes could not be told that this one is running");
    }
    if !is_on_duty(service.take_duty(Duty::Upkeep)) {
        return Left::Nothing;
    }
    let round = service.upkeep();
    tracing::debug!(?round, "upkeep");
    for error in &round.failed {
        tracing::error!(%error, "a part of upkeep failed; the next round tries again");
    }
    // What fails might fail again at once.
    if round.failed.is_empty() {
        round.left
    } else {
        Left::Nothing
    }
}

fn sweep(service: &Service) {
    if is_on_duty(service.take_duty(Duty::Sweep))
        && let Err(error) = service.sweep()
    {
        tracing::error!(%error, "left-over objects could not be looked for; that comes again in a day");
    }
}

fn is_on_duty(taken: Result<Holder, ServiceError>) -> bool {
    match taken {
        Ok(holder) => holder == Holder::Asker,
        Err(error) => {
            tracing::error!(%error, "it could not be found out which node does upkeep");
            false
        }
    }
}
