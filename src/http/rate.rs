//! How often an app may call: a token bucket for each, in this node's memory.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::id::AppId;

/// One bucket for each app that called. Apps are few, so buckets are never taken away.
pub(super) struct Rates {
    per_second: f64,
    burst: f64,
    buckets: Mutex<HashMap<AppId, Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Rates {
    pub(super) fn new(per_minute: u32, burst: u32) -> Self {
        Self {
            per_second: f64::from(per_minute.max(1)) / 60.0,
            burst: f64::from(burst.max(1)),
            buckets: Mutex::new(HashMap::new()),
        }
    }

    /// Takes one call from the app's bucket; when it is empty, says how long until there is one again.
    pub(super) fn take(&self, app: AppId, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(app).or_insert(Bucket {
            left: self.burst,
            at: now,
        });
        let passed = now.saturating_duration_since(bucket.at).as_secs_f64();
        bucket.left = (bucket.left + passed * self.per_second).min(self.burst);
        bucket.at = now;
        if bucket.left < 1.0 {
            return Err(Duration::from_secs_f64(
                ((1.0 - bucket.left) / self.per_second).ceil(),
            ));
        }
        bucket.left -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_let_through_and_then_the_steady_rate() {
        let rates = Rates::new(60, 3);
        let app: AppId = "0199c0de-0000-7000-8000-000000000001".parse().unwrap();
        let other: AppId = "0199c0de-0000-7000-8000-000000000002".parse().unwrap();
        let start = Instant::now();
        for _ in 0..3 {
            assert_eq!(rates.take(app, start), Ok(()));
        }
        assert_eq!(rates.take(app, start), Err(Duration::from_secs(1)));
        assert_eq!(rates.take(other, start), Ok(()));
        let later = start + Duration::from_secs(2);
        assert_eq!(rates.take(app, later), Ok(()));
        assert_eq!(rates.take(app, later), Ok(()));
        assert!(rates.take(app, later).is_err());
    }
}
