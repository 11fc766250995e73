//! One process signs a request: it holds a lease, renews it while it lives, and writes nothing once it has lost it.
//!
//! The lease names the claim, not only the node: a server that is started twice, or wakes from a long sleep, has
//! another identifier than whoever took over, and so has a thread that slept from the one that signs after the request
//! was given back. Every statement that says what became of the request carries it. So the lease can be short, and
//! what a killed process left is ended soon after.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use time::OffsetDateTime;

use super::{Halt, Service, ServiceError, Work, step};
use crate::clock::Ambient;
use crate::domain::id::{ClaimId, RequestId};
use crate::domain::request::{Lease, RequestReason, RequestState};
use crate::journal::Entry;
use crate::store::requests::Transition;
use crate::store::{self, AnyConnection, Store, StoreError};

/// For how long a process holds a request without a sign of life.
const LEASE: Duration = Duration::from_secs(30);
/// Most documents marked in the transaction that ends the request.
const MARKED_AT_ONCE: usize = 100;
/// Between two signs of life. Two may fail before the lease is lost.
const BEAT: Duration = Duration::from_secs(9);

/// A lease that is renewed until this is dropped.
pub(in crate::service) struct Hold {
    request: RequestId,
    claim: ClaimId,
    lost: Arc<AtomicBool>,
    holds: Arc<Holds>,
}

/// What this process holds. One thread renews all of it: a signature is over before a thread of its own would be worth
/// the making.
pub(in crate::service) struct Holds {
    ambient: Ambient,
    store: Store,
    beat: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: Vec<Held>,
    /// Whether the thread is there.
    is_renewed: bool,
}

/// A lease as the thread knows it.
#[derive(Clone)]
struct Held {
    request: RequestId,
    claim: ClaimId,
    /// When the next sign of life is to be given.
    due: Instant,
    lost: Arc<AtomicBool>,
}

/// The thread's end, should a panic be its end: the next lease that is taken starts another one.
struct Renewing(Weak<Holds>);

impl Hold {
    /// Keeps a lease that this process has just taken.
    pub(super) fn keep(service: &Service, request: RequestId, claim: ClaimId) -> Self {
        service.holds.keep(request, claim)
    }

    /// The request that is held.
    pub(super) fn request(&self) -> RequestId {
        self.request
    }

    /// By which claim.
    pub(super) fn claim(&self) -> ClaimId {
        self.claim
    }

    /// Whether it is known by now that somebody else has the request.
    pub(super) fn check(&self) -> Result<(), Halt> {
        if self.lost.load(Ordering::SeqCst) {
            Err(Halt::Lost)
        } else {
            Ok(())
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut state = self.holds.state();
        state.held.retain(|held| held.claim != self.claim);
    }
}

impl Holds {
    /// Nothing is held yet.
    pub(in crate::service) fn new(ambient: &Ambient, store: &Store) -> Self {
        Self {
            ambient: ambient.clone(),
            store: store.clone(),
            beat: BEAT,
            state: Mutex::default(),
        }
    }

    fn keep(self: &Arc<Self>, request: RequestId, claim: ClaimId) -> Hold {
        let lost = Arc::new(AtomicBool::new(false));
        let mut state = self.state();
        state.held.push(Held {
            request,
            claim,
            due: Instant::now() + self.beat,
            lost: Arc::clone(&lost),
        });
        self.start_renewing(&mut state);
        drop(state);
        Hold {
            request,
            claim,
            lost,
            holds: Arc::clone(self),
        }
    }

    /// Starts the thread unless it is there. It keeps nothing alive while it sleeps.
    fn start_renewing(self: &Arc<Self>, state: &mut State) {
        if state.is_renewed {
            return;
        }
        let holds = Arc::downgrade(self);
        let started = thread::Builder::new()
            .name("leases".to_owned())
            .spawn(move || Renewing(holds).run());
        match started {
            Ok(_) => state.is_renewed = true,
            Err(error) => {
                tracing::error!(%error, "no thread could be started that renews leases; the next signature tries again");
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Renews what is due, and says how long to wait for what is next. When nothing is held the thread is over.
    fn beat(&self) -> Option<Duration> {
        let due = self.state().due(self.beat);
        if !due.is_empty() {
            self.renew(&due);
        }
        let mut state = self.state();
        let next = state.held.iter().map(|held| held.due).min();
        state.is_renewed = next.is_some();
        next.map(|next| next.saturating_duration_since(Instant::now()))
    }

    /// Gives a sign of life for each of those. One after the other: who holds the rows of several requests may wait for
    /// whoever ends one of them and waits for another.
    fn renew(&self, due: &[Held]) {
        let until = self.ambient.now() + LEASE;
        for held in due {
            let Held { request, claim, .. } = *held;
            let renewed = self.store.write::<_, StoreError>(|connection| {
                store::requests::extend_lease(connection, request, claim, until)
            });
            match renewed {
                Ok(Transition::Done) => {}
                Ok(Transition::Missed) => held.lost.store(true, Ordering::SeqCst),
                Err(error) => {
                    tracing::warn!(%request, %error, "a lease could not be renewed; tried again");
                }
            }
        }
    }
}

impl State {
    /// What is due, whose next time is set.
    fn due(&mut self, beat: Duration) -> Vec<Held> {
        let now = Instant::now();
        let due = self.held.iter_mut().filter(|held| held.due <= now);
        due.map(|held| {
            held.due = now + beat;
            held.clone()
        })
        .collect()
    }
}

impl Renewing {
    /// What was taken last is due last, so whoever sleeps until the first is due is late for nobody.
    fn run(self) {
        while let Some(wait) = self.0.upgrade().and_then(|holds| holds.beat()) {
            thread::sleep(wait);
        }
    }
}

impl Drop for Renewing {
    fn drop(&mut self) {
        if thread::panicking()
            && let Some(holds) = self.0.upgrade()
        {
            holds.state().is_renewed = false;
        }
    }
}

/// Writes what became of documents into their rows, while the request is held.
fn mark(
    connection: &mut AnyConnection,
    hold: &Hold,
    work: &[Work],
) -> Result<Transition, StoreError> {
    let kept = store::requests::keep_hold(connection, hold.request, hold.claim)?;
    if kept == Transition::Done {
        work.iter().try_for_each(|work| work.mark(connection))?;
    }
    Ok(kept)
}

impl Service {
    /// A new claim, for as long as a lease lasts.
    pub(in crate::service) fn lease(&self, now: OffsetDateTime) -> Lease {
        let claim = self.inner.ambient.id();
        Lease {
            node: self.inner.node.to_string(),
            holder: claim,
            claim,
            until: now + LEASE,
        }
    }

    /// Says what became of every document and ends the request, on record with `outcome`, unless somebody else is to
    /// say it. Where there are many documents, the first are marked beforehand: nobody's entries wait for long.
    pub(super) fn end(
        &self,
        hold: &Hold,
        work: &[Work],
        to: RequestState,
        reason: Option<RequestReason>,
        outcome: Entry,
    ) -> Result<Transition, ServiceError> {
        let mut parts: Vec<_> = work.chunks(MARKED_AT_ONCE).collect();
        let last = parts.pop().unwrap_or_default();
        for part in parts {
            let mark = |connection: &mut _| mark(connection, hold, part);
            if self.inner.store.write::<_, StoreError>(mark)? == Transition::Missed {
                return Ok(Transition::Missed);
            }
            step("marked");
        }
        let now = self.inner.ambient.now();
        self.inner.journal.recording(|connection| {
            let Hold { request, claim, .. } = hold;
            let ended = store::requests::conclude(connection, *request, *claim, to, reason, now)?;
            if ended == Transition::Missed {
                return Ok((ended, Vec::new()));
            }
            last.iter().try_for_each(|work| work.mark(connection))?;
            Ok((ended, vec![outcome]))
        })
    }

    /// Nothing was signed: the citizen may approve again, and the app can read why.
    pub(in crate::service) fn give_back(
        &self,
        hold: &Hold,
        reason: Option<RequestReason>,
    ) -> Result<Transition, ServiceError> {
        let Hold { request, claim, .. } = hold;
        let released = self
            .inner
            .store
            .write(|connection| store::requests::release(connection, *request, *claim, reason))?;
        if released == Transition::Missed {
            tracing::warn!(%request, "a request was taken over before it could be given back");
        }
        step("given back");
        Ok(released)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::clock::{Clock, SystemEntropy};
    use crate::domain::secret::SecretText;

    /// Breaks down whenever it is asked, and counts how often.
    #[derive(Default)]
    struct Broken(AtomicUsize);

    impl Clock for Broken {
        fn now(&self) -> OffsetDateTime {
            self.0.fetch_add(1, Ordering::SeqCst);
            panic!("as if a fault of this program showed here")
        }
    }

    fn holds(clock: Arc<Broken>, beat: Duration) -> Arc<Holds> {
        let ambient = Ambient {
            clock,
            entropy: Arc::new(SystemEntropy),
        };
        let settings = store::Settings {
            url: SecretText::new("sqlite:/nowhere/at/all.db".to_owned()),
            connections: 1,
            wait: Duration::from_millis(1),
            statement_timeout: Duration::from_secs(1),
        };
        Arc::new(Holds {
            beat,
            ..Holds::new(&ambient, &Store::open(&settings).unwrap())
        })
    }

    fn keep(holds: &Arc<Holds>) -> Hold {
        let ambient = Ambient::system();
        holds.keep(ambient.id(), ambient.id())
    }

    fn wait_until(is_so: impl Fn() -> bool) {
        for _ in 0..1000 {
            if is_so() {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("that did not come");
    }

    #[test]
    fn after_a_panic_the_next_lease_is_renewed_and_those_before_it_too() {
        let clock = Arc::new(Broken::default());
        let holds = holds(Arc::clone(&clock), Duration::from_millis(1));
        for panics in 1..=2 {
            let kept = keep(&holds);
            wait_until(|| !holds.state().is_renewed);
            assert_eq!(clock.0.load(Ordering::SeqCst), panics);
            drop(kept);
        }
    }

    #[test]
    fn the_thread_ends_with_the_last_lease() {
        let holds = holds(Arc::default(), Duration::from_millis(1));
        let kept = keep(&holds);
        assert!(holds.state().is_renewed);
        drop(kept);
        wait_until(|| !holds.state().is_renewed);
    }

    #[test]
    fn a_thread_that_sleeps_keeps_nothing_alive() {
        let holds = holds(Arc::default(), Duration::from_secs(3600));
        let kept = keep(&holds);
        let left = Arc::downgrade(&holds);
        drop((kept, holds));
        wait_until(|| left.upgrade().is_none());
    }
}
