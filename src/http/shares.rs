//! How many uploads one app may have under way, so that no app takes all places.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::id::AppId;

type Counts = Mutex<HashMap<AppId, u32>>;

/// What each app has under way on this node.
pub(super) struct Shares {
    most: u32,
    counts: Arc<Counts>,
}

/// One upload under way, until dropped.
pub(super) struct Share {
    app: AppId,
    counts: Arc<Counts>,
}

impl Shares {
    /// So many for each app.
    pub(super) fn new(most: u32) -> Self {
        Self {
            most: most.max(1),
            counts: Arc::default(),
        }
    }

    /// Another one for that app; `None` when it has all it may have.
    pub(super) fn take(&self, app: AppId) -> Option<Share> {
        let mut counts = lock(&self.counts);
        let count = counts.entry(app).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Share {
            app,
            counts: Arc::clone(&self.counts),
        })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut counts = lock(&self.counts);
        if let Some(count) = counts.get_mut(&self.app) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(&self.app);
            }
        }
    }
}

fn lock(counts: &Counts) -> MutexGuard<'_, HashMap<AppId, u32>> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_has_its_share_and_no_more() {
        let shares = Shares::new(2);
        let app: AppId = "0199c0de-0000-7000-8000-000000000001".parse().unwrap();
        let other: AppId = "0199c0de-0000-7000-8000-000000000002".parse().unwrap();
        let first = shares.take(app);
        let second = shares.take(app);
        assert!(first.is_some() && second.is_some());
        assert!(shares.take(app).is_none());
        assert!(shares.take(other).is_some());
        drop(first);
        assert!(shares.take(app).is_some());
        drop(second);
        assert!(lock(&shares.counts).is_empty());
    }
}
