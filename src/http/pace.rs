//! How slowly a client may send a body: without a bound, one that sends a byte now and then keeps its place for ever.

use std::time::{Duration, Instant};

/// The clock of one body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    pause: Duration,
    slowest: u32,
    begun: Instant,
    received: u64,
}

impl Pace {
    /// A body that begins now. It may pause for `pause`, and has that much time in all beyond what `slowest` bytes a
    /// second need.
    pub(super) fn begin(pause: Duration, slowest: u32) -> Self {
        Self {
            pause,
            slowest: slowest.max(1),
            begun: Instant::now(),
            received: 0,
        }
    }

    /// Notes that so many bytes came.
    pub(super) fn received(&mut self, bytes: usize) {
        self.received = self
            .received
            .saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    /// How long the next bytes may take.
    pub(super) fn patience(&self) -> Duration {
        let earned = Duration::from_secs(self.received / u64::from(self.slowest));
        self.pause
            .saturating_add(earned)
            .saturating_sub(self.begun.elapsed())
            .min(self.pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_earned_by_bytes_and_never_more_than_one_pause_at_once() {
        let pause = Duration::from_secs(10);
        let mut pace = Pace {
            pause,
            slowest: 100,
            begun: Instant::now().checked_sub(Duration::from_secs(8)).unwrap(),
            received: 0,
        };
        assert!(pace.patience() <= Duration::from_secs(2));
        pace.received(500);
        let left = pace.patience();
        assert!(left > Duration::from_secs(6) && left <= Duration::from_secs(7));
        pace.received(1_000_000);
        assert_eq!(pace.patience(), pause);
        pace.received = 0;
        pace.begun = Instant::now().checked_sub(Duration::from_secs(60)).unwrap();
        assert_eq!(pace.patience(), Duration::ZERO);
    }
}
