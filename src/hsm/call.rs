//! What the caller and the worker know of one job, so that either can let go of it.
//!
//! PKCS#11 calls have no time-out. The worker notes each step before it takes it; the caller watches the notes and
//! gives up when they stand still. A worker that finds its caller gone takes no further step: nothing is signed for
//! somebody who has been told that it failed.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use super::error::{HsmError, Operation};
use super::module::lock;

static CALLS: AtomicU64 = AtomicU64::new(0);

/// One job on its way.
pub(super) struct Call {
    number: u64,
    progress: Mutex<Progress>,
    delay: Duration,
}

/// How far a call has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Progress {
    /// Whose turn it is.
    pub(super) stage: Stage,
    /// What is being done.
    pub(super) operation: Operation,
    /// How many steps were taken.
    pub(super) steps: u64,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// It waits for a worker.
    Queued,
    /// A worker has it.
    Running,
    /// The worker is through with it.
    Done,
    /// The caller no longer waits.
    Abandoned,
}

impl Call {
    /// A job that waits; before each of its steps it will wait so long again.
    pub(super) fn new(delay: Duration) -> Self {
        Self {
            number: CALLS.fetch_add(1, Ordering::Relaxed),
            progress: Mutex::new(Progress {
                stage: Stage::Queued,
                operation: Operation::Submit,
                steps: 0,
            }),
            delay,
        }
    }

    /// Which call of this process it is.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// How far it is.
    pub(super) fn progress(&self) -> Progress {
        *lock(&self.progress)
    }

    /// Worker: takes the job; false when its caller has gone.
    pub(super) fn start(&self) -> bool {
        self.turn(Stage::Queued, Stage::Running)
    }

    /// Worker: notes the next step, before taking it.
    pub(super) fn step(&self, operation: Operation) -> Result<(), HsmError> {
        let mut progress = lock(&self.progress);
        if progress.stage == Stage::Abandoned {
            return Err(HsmError::Timeout(operation));
        }
        progress.operation = operation;
        progress.steps += 1;
        drop(progress);
        if !self.delay.is_zero() {
            thread::sleep(self.delay);
        }
        Ok(())
    }

    /// Worker: through with it; false when its caller had gone meanwhile.
    pub(super) fn finish(&self) -> bool {
        self.turn(Stage::Running, Stage::Done)
    }

    /// Caller: waits no longer, if nothing has moved since `seen`.
    pub(super) fn abandon(&self, seen: Progress) -> bool {
        let mut progress = lock(&self.progress);
        let still = *progress == seen && progress.stage != Stage::Done;
        if still {
            progress.stage = Stage::Abandoned;
        }
        still
    }

    /// Caller: no longer wants it; false when a worker has it already.
    pub(super) fn cancel(&self) -> bool {
        self.turn(Stage::Queued, Stage::Abandoned)
    }

    fn turn(&self, from: Stage, to: Stage) -> bool {
        let mut progress = lock(&self.progress);
        let expected = progress.stage == from;
        if expected {
            progress.stage = to;
        }
        expected
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn an_abandoned_job_is_never_started() {
        let call = Call::new(Duration::ZERO);
        assert!(call.abandon(call.progress()));
        assert!(!call.start());
    }

    #[test]
    fn an_abandoned_job_takes_no_further_step() {
        let call = Call::new(Duration::ZERO);
        assert!(call.start());
        call.step(Operation::Unwrap).unwrap();
        assert!(call.abandon(call.progress()));
        assert!(matches!(
            call.step(Operation::Sign),
            Err(HsmError::Timeout(Operation::Sign))
        ));
        assert!(!call.finish());
    }

    #[test]
    fn a_delay_is_waited_before_each_step() {
        let call = Call::new(Duration::from_millis(20));
        assert!(call.start());
        let begun = Instant::now();
        call.step(Operation::Unwrap).unwrap();
        call.step(Operation::Sign).unwrap();
        assert!(begun.elapsed() >= Duration::from_millis(40));
    }

    #[test]
    fn a_job_that_moves_is_not_abandoned() {
        let call = Call::new(Duration::ZERO);
        let seen = call.progress();
        assert!(call.start());
        assert!(!call.abandon(seen));
        assert!(call.finish());
        assert!(!call.abandon(call.progress()));
    }
}
