//! How often somebody may call: a token bucket for each, in this node's memory.

use std::collections::HashMap;
use std::hash::Hash;
use std::mem;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Most buckets of each of the two halves; one takes less than 64 bytes.
const HALF: usize = 32 * 1024;

/// One bucket for each that called lately.
///
/// Their number has a bound: buckets lie in two halves, those in use move to the younger one, and when that is full the
/// older one is given up. Whoever is forgotten so begins with a full bucket, which takes as many callers in between as a
/// half holds.
pub(super) struct Rates<K> {
    per_second: f64,
    burst: f64,
    half: usize,
    buckets: Mutex<Halves<K>>,
}

struct Halves<K> {
    younger: HashMap<K, Bucket>,
    older: HashMap<K, Bucket>,
}

#[derive(Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl<K: Copy + Eq + Hash> Rates<K> {
    pub(super) fn new(per_minute: u32, burst: u32) -> Self {
        Self {
            per_second: f64::from(per_minute.max(1)) / 60.0,
            burst: f64::from(burst.max(1)),
            half: HALF,
            buckets: Mutex::new(Halves {
                younger: HashMap::new(),
                older: HashMap::new(),
            }),
        }
    }

    /// Takes one call from the caller's bucket; when it is empty, says how long until there is one again.
    pub(super) fn take(&self, caller: K, now: Instant) -> Result<(), Duration> {
        let mut halves = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let full = Bucket {
            left: self.burst,
            at: now,
        };
        let bucket = halves.bucket(caller, full, self.half);
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

impl<K: Copy + Eq + Hash> Halves<K> {
    fn bucket(&mut self, caller: K, full: Bucket, half: usize) -> &mut Bucket {
        if !self.younger.contains_key(&caller) && self.younger.len() >= half {
            self.older = mem::take(&mut self.younger);
        }
        let older = &mut self.older;
        self.younger
            .entry(caller)
            .or_insert_with(|| older.remove(&caller).unwrap_or(full))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_let_through_and_then_the_steady_rate() {
        let rates = Rates::new(60, 3);
        let start = Instant::now();
        for _ in 0..3 {
            assert_eq!(rates.take("one", start), Ok(()));
        }
        assert_eq!(rates.take("one", start), Err(Duration::from_secs(1)));
        assert_eq!(rates.take("other", start), Ok(()));
        let later = start + Duration::from_secs(2);
        assert_eq!(rates.take("one", later), Ok(()));
        assert_eq!(rates.take("one", later), Ok(()));
        assert!(rates.take("one", later).is_err());
    }

    #[test]
    fn buckets_are_bounded_and_those_in_use_are_kept() {
        let rates = Rates {
            half: 10,
            ..Rates::new(1, 1)
        };
        let now = Instant::now();
        assert_eq!(rates.take(0, now), Ok(()));
        for caller in 1..1000 {
            assert_eq!(rates.take(caller, now), Ok(()), "{caller}");
            // It keeps calling, so it is not forgotten however many come.
            assert!(rates.take(0, now).is_err(), "{caller}");
            let halves = rates.buckets.lock().unwrap();
            assert!(halves.younger.len() <= 10 && halves.older.len() <= 10);
        }
        assert_eq!(rates.take(1, now), Ok(()), "the first was long forgotten");
    }
}
