//! How often somebody may call: a token bucket for each, in this node's memory. The nodes of one service share what
//! is allowed in equal parts, so that however calls are spread over them, no more get through than one node would let;
//! only a burst is at least one call on each.

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

    /// Takes one call from the caller's bucket on one of so many nodes; when it is empty, says how long until there is one
    /// again.
    pub(super) fn take(&self, caller: K, nodes: u32, now: Instant) -> Result<(), Duration> {
        let nodes = f64::from(nodes.max(1));
        let (per_second, burst) = (self.per_second / nodes, (self.burst / nodes).max(1.0));
        let mut halves = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let full = Bucket {
            left: burst,
            at: now,
        };
        let bucket = halves.bucket(caller, full, self.half);
        let passed = now.saturating_duration_since(bucket.at).as_secs_f64();
        bucket.left = (bucket.left + passed * per_second).min(burst);
        bucket.at = now;
        if bucket.left < 1.0 {
            return Err(Duration::from_secs_f64(
                ((1.0 - bucket.left) / per_second).ceil(),
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
            assert_eq!(rates.take("one", 1, start), Ok(()));
        }
        assert_eq!(rates.take("one", 1, start), Err(Duration::from_secs(1)));
        assert_eq!(rates.take("other", 1, start), Ok(()));
        let later = start + Duration::from_secs(2);
        assert_eq!(rates.take("one", 1, later), Ok(()));
        assert_eq!(rates.take("one", 1, later), Ok(()));
        assert!(rates.take("one", 1, later).is_err());
    }

    #[test]
    fn nodes_share_what_is_allowed() {
        let start = Instant::now();
        let nodes = [Rates::new(600, 10), Rates::new(600, 10)];
        let let_through = |now| {
            let calls = nodes.iter().flat_map(|rates| (0..100).map(move |_| rates));
            calls
                .filter(|rates| rates.take("one", 2, now).is_ok())
                .count()
        };
        assert_eq!(let_through(start), 10);
        assert_eq!(let_through(start + Duration::from_millis(400)), 4);
        // One of them is left.
        let [left, _] = &nodes;
        let later = start + Duration::from_millis(800);
        assert_eq!(
            (0..100)
                .filter(|_| left.take("one", 1, later).is_ok())
                .count(),
            4
        );
    }

    #[test]
    fn buckets_are_bounded_and_those_in_use_are_kept() {
        let rates = Rates {
            half: 10,
            ..Rates::new(1, 1)
        };
        let now = Instant::now();
        assert_eq!(rates.take(0, 1, now), Ok(()));
        for caller in 1..1000 {
            assert_eq!(rates.take(caller, 1, now), Ok(()), "{caller}");
            // It keeps calling, so it is not forgotten however many come.
            assert!(rates.take(0, 1, now).is_err(), "{caller}");
            let halves = rates.buckets.lock().unwrap();
            assert!(halves.younger.len() <= 10 && halves.older.len() <= 10);
        }
        assert_eq!(
            rates.take(1, 1, now),
            Ok(()),
            "the first was long forgotten"
        );
    }
}
