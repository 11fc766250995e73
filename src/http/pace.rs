//! How slowly a client may send a body: without a bound, one that sends a byte now and then keeps its place for ever.

use std::time::{Duration, Instant};

use tokio::time::error::Elapsed;
use tokio::time::timeout;

/// What one body may still cost in time. Only the time spent in [`wait`](Self::wait) counts: while the server hashes
/// and writes what came, it is not the client that is slow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    pause: Duration,
    slowest: u32,
    waited: Duration,
    received: u64,
}

impl Pace {
    /// Of a body that has not begun. It may pause for `pause`, and has that much time in all beyond what `slowest`
    /// bytes a second need.
    pub(super) fn new(pause: Duration, slowest: u32) -> Self {
        Self {
            pause,
            slowest: slowest.max(1),
            waited: Duration::ZERO,
            received: 0,
        }
    }

    /// Waits for what the client sends next, as long as it may take.
    pub(super) async fn wait<T>(&mut self, next: impl Future<Output = T>) -> Result<T, Elapsed> {
        let begun = Instant::now();
        let came = timeout(self.patience(), next).await;
        self.waited = self.waited.saturating_add(begun.elapsed());
        came
    }

    /// Notes that so many bytes came.
    pub(super) fn received(&mut self, bytes: usize) {
        self.received = self
            .received
            .saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    /// How long the next bytes may take.
    fn patience(&self) -> Duration {
        let earned = Duration::from_secs(self.received / u64::from(self.slowest));
        self.pause
            .saturating_add(earned)
            .saturating_sub(self.waited)
            .min(self.pause)
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[test]
    fn time_is_earned_by_bytes_and_never_more_than_one_pause_at_once() {
        let pause = Duration::from_secs(10);
        let mut pace = Pace::new(pause, 100);
        pace.waited = Duration::from_secs(8);
        assert_eq!(pace.patience(), Duration::from_secs(2));
        pace.received(500);
        assert_eq!(pace.patience(), Duration::from_secs(7));
        pace.received(1_000_000);
        assert_eq!(pace.patience(), pause);
        pace.received = 0;
        pace.waited = Duration::from_secs(60);
        assert_eq!(pace.patience(), Duration::ZERO);
    }

    #[actix_web::test]
    async fn only_waiting_for_the_client_costs_time() {
        let pause = Duration::from_millis(200);
        let mut pace = Pace::new(pause, 100);
        pace.wait(ready(())).await.unwrap();
        // As long as it takes to write what came.
        tokio::time::sleep(pause * 2).await;
        assert!(pace.patience() > pause / 2);
        pace.wait(tokio::time::sleep(pause / 2)).await.unwrap();
        assert!(pace.patience() <= pause / 2);
        pace.wait(pending::<()>()).await.unwrap_err();
        assert_eq!(pace.patience(), Duration::ZERO);
    }
}
