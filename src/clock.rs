//! Time and randomness, as parameters: the only home of the wall clock and the system's generator.

use std::sync::Arc;

use time::{Duration, OffsetDateTime};

use crate::domain::id::NewId;

/// Tells the time. Implementations must be cheap and never go back by more than the system's clock does.
pub trait Clock: Send + Sync {
    /// The present moment in UTC.
    fn now(&self) -> OffsetDateTime;
}

/// Fills buffers with bytes nobody can guess. Implementations must be cryptographically secure.
pub trait Entropy: Send + Sync {
    /// Fills the whole buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// What every part that needs time or randomness is given.
#[derive(Clone)]
pub struct Ambient {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Gives random bytes.
    pub entropy: Arc<dyn Entropy>,
}

impl Ambient {
    /// The machine's clock and the operating system's generator.
    pub fn system() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
        }
    }

    /// The present moment in UTC, cut to whole microseconds.
    ///
    /// That is what both databases keep. A finer time would read differently before it was stored and after.
    pub fn now(&self) -> OffsetDateTime {
        whole_microseconds(self.clock.now())
    }

    /// A new identifier.
    pub fn id<I: NewId>(&self) -> I {
        I::from_parts(self.now(), self.random())
    }

    /// `N` random bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }
}

fn whole_microseconds(time: OffsetDateTime) -> OffsetDateTime {
    let finer = time.nanosecond().checked_rem(1_000).unwrap_or(0);
    time.saturating_sub(Duration::nanoseconds(finer.into()))
}

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one home of the wall clock")]
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

/// The operating system's generator.
#[derive(Debug, Clone, Copy)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "the one home of randomness")]
    fn fill(&self, buffer: &mut [u8]) {
        // Without its generator the system cannot keep any promise; stopping is the safe answer.
        if let Err(error) = getrandom::fill(buffer) {
            panic!("the operating system's random generator failed: {error}");
        }
    }
}
