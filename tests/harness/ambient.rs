//! A clock that moves when it is told to, and bytes that are the same in every run.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use rubrica::clock::{Ambient, Clock, Entropy, SystemEntropy};
use rubrica::domain::algorithm::{Digest, DigestAlgorithm};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

/// When every test clock begins.
pub(crate) const BEGINNING: OffsetDateTime = datetime!(2026-11-23 10:00:00 UTC);

/// Every moment has a part finer than a database keeps, as the machine's clock has.
const FINER: Duration = Duration::nanoseconds(594);

/// Shows [`BEGINNING`] and a little until it is moved.
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    /// Moves it on, or back.
    pub(crate) fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.whole_microseconds()).unwrap();
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> OffsetDateTime {
        BEGINNING + Duration::microseconds(self.0.load(Ordering::SeqCst)) + FINER
    }
}

/// Different bytes at each call, the same in every run.
struct Sequence(AtomicU64);

impl Entropy for Sequence {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            let number = self.0.fetch_add(1, Ordering::SeqCst).to_be_bytes();
            let block = Digest::of(DigestAlgorithm::Sha256, &number);
            for (to, from) in chunk.iter_mut().zip(block.bytes()) {
                *to = *from;
            }
        }
    }
}

/// An ambient whose every value is known beforehand, and the clock in it.
pub(crate) fn known() -> (Ambient, Arc<TestClock>) {
    let clock = Arc::new(TestClock(AtomicI64::new(0)));
    let ambient = Ambient {
        clock: clock.clone(),
        entropy: Arc::new(Sequence(AtomicU64::new(0))),
    };
    (ambient, clock)
}

/// A clock that moves when it is told to, and bytes that nobody can guess.
pub(crate) fn moving() -> (Ambient, Arc<TestClock>) {
    let clock = Arc::new(TestClock(AtomicI64::new(0)));
    let ambient = Ambient {
        clock: clock.clone(),
        entropy: Arc::new(SystemEntropy),
    };
    (ambient, clock)
}
