//! The threads that do now and then what nobody asks for: see `service::upkeep`. One node at a time does it for all.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::service::nodes::{Duty, Holder};
use crate::service::upkeep::{Left, Upkeep as Round};
use crate::service::{Service, ServiceError};

/// Between two rounds, and two signs of life.
const PAUSE: Duration = Duration::from_secs(15);
/// Between two looks at whether it is time for what is done once a day.
const BETWEEN_LOOKS: Duration = Duration::from_secs(15 * 60);

/// The running threads.
pub(super) struct Upkeep {
    service: Service,
    presence: Thread,
    rounds: Thread,
    days: Thread,
}

struct Thread {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Upkeep {
    /// Starts the threads. The first round comes at once and ends what stopped processes left unfinished; what one left
    /// a moment ago is still leased, and a later round ends it. Nobody waits for a round, and what fails in one is tried
    /// again in the next. What is done once a day has a thread of its own, since it takes as long as there are objects, and
    /// so have the signs of life: a node that is at work for long is there all the same.
    pub(super) fn begin(service: Service) -> Self {
        let [presence, rounds, days] = [(); 3].map(|()| service.clone());
        Self {
            service,
            presence: Thread::begin(move || {
                attend(&presence);
                PAUSE
            }),
            rounds: Thread::begin(move || match round(&rounds) {
                Left::Something => Duration::ZERO,
                Left::Nothing => PAUSE,
            }),
            days: Thread::begin(move || {
                once_a_day(&days);
                BETWEEN_LOOKS
            }),
        }
    }

    /// Lets the present round finish, and leaves the rest to other nodes. What is done once a day ends with the process,
    /// which harms nothing.
    pub(super) fn end(self) {
        drop(self.days);
        self.presence.end();
        self.rounds.end();
        if let Err(error) = self.service.leave() {
            tracing::warn!(%error, "other nodes take this one's place only in a minute");
        }
    }
}

impl Thread {
    /// Does something at once, and again after each pause that it asks for.
    fn begin(work: impl Fn() -> Duration + Send + 'static) -> Self {
        let (stop, stopped) = mpsc::channel();
        let thread = thread::spawn(move || while !is_over(&stopped, work()) {});
        Self { stop, thread }
    }

    fn end(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("a thread of upkeep had panicked");
        }
    }
}

fn is_over(stopped: &Receiver<()>, pause: Duration) -> bool {
    match stopped.recv_timeout(pause) {
        Err(RecvTimeoutError::Timeout) => false,
        Ok(()) | Err(RecvTimeoutError::Disconnected) => true,
    }
}

fn attend(service: &Service) {
    if let Err(error) = service.attend() {
        tracing::error!(%error, "other nodes could not be told that this one is running");
    }
}

fn round(service: &Service) -> Left {
    if !is_on_duty(service.take_duty(Duty::Upkeep)) {
        return Left::Nothing;
    }
    let round = service.upkeep();
    tracing::debug!(?round, "upkeep");
    tell_failures(&round, "the next round tries again");
    // What fails might fail again at once.
    if round.failed.is_empty() {
        round.left
    } else {
        Left::Nothing
    }
}

fn tell_failures(round: &Round, outlook: &'static str) {
    for error in &round.failed {
        tracing::error!(%error, outlook, "a part of upkeep failed");
    }
}

fn once_a_day(service: &Service) {
    if !is_on_duty(service.take_duty(Duty::Daily)) {
        return;
    }
    let closed = service.look_at_all_closed();
    tell_failures(
        &closed,
        "accounts that were closed long ago are looked at again in a day",
    );
    if let Err(error) = service.sweep() {
        tracing::error!(%error, "left-over objects could not be looked for; that is tried again in a quarter of an hour");
        if let Err(error) = service.give_back_duty(Duty::Daily) {
            tracing::error!(%error, "and it will be tried only in a day");
        }
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
