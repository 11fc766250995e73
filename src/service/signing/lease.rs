//! One process signs a request: it holds a lease, renews it while it lives, and writes nothing once it has lost it.
//!
//! The lease names the claim, not only the node: a server that is started twice, or wakes from a long sleep, has
//! another identifier than whoever took over, and so has a thread that slept from the one that signs after the request
//! was given back. Every statement that says what became of the request carries it. So the lease can be short, and
//! what a killed process left is ended soon after.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use time::OffsetDateTime;

use super::{Halt, Service, ServiceError, Work, step};
use crate::domain::id::{ClaimId, RequestId};
use crate::domain::request::{Lease, RequestReason, RequestState};
use crate::journal::Entry;
use crate::service::WeakService;
use crate::store::requests::Transition;
use crate::store::{self, AnyConnection, StoreError};

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
#[derive(Default)]
pub(in crate::service) struct Holds {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    held: Vec<Held>,
    /// Whether the thread is there.
    is_renewed: bool,
}

struct Held {
    request: RequestId,
    claim: ClaimId,
    /// When the next sign of life is to be given.
    due: Instant,
    lost: Arc<AtomicBool>,
}

impl Hold {
    /// Keeps a lease that this process has just taken.
    pub(super) fn keep(service: &Service, request: RequestId, claim: ClaimId) -> Self {
        let holds = Arc::clone(&service.holds);
        let lost = Arc::new(AtomicBool::new(false));
        let mut state = holds.state();
        state.held.push(Held {
            request,
            claim,
            due: Instant::now() + BEAT,
            lost: Arc::clone(&lost),
        });
        if !state.is_renewed {
            state.is_renewed = true;
            let (holds, service) = (Arc::clone(&holds), service.weak());
            thread::spawn(move || holds.renew(&service));
        }
        drop(state);
        Self {
            request,
            claim,
            lost,
            holds,
        }
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
        if state.held.is_empty() {
            self.holds.changed.notify_all();
        }
    }
}

impl Holds {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Renews what is due until the service is gone, or nothing was held for a while.
    fn renew(&self, service: &WeakService) {
        let mut state = self.state();
        loop {
            let now = Instant::now();
            let next = state.held.iter().map(|held| held.due).min();
            match next.map(|next| next.saturating_duration_since(now)) {
                Some(Duration::ZERO) => {
                    let due = state.due(now);
                    drop(state);
                    let Some(service) = service.upgrade() else {
                        self.state().is_renewed = false;
                        return;
                    };
                    service.renew(&due);
                    drop(service);
                    state = self.state();
                }
                Some(rest) => state = self.wait(state, rest).0,
                None => {
                    let (waited, idle) = self.wait(state, BEAT);
                    state = waited;
                    if idle && state.held.is_empty() {
                        state.is_renewed = false;
                        return;
                    }
                }
            }
        }
    }

    /// Waits for that time, or until the last hold is given up; whether the time is over.
    fn wait<'a>(
        &self,
        state: MutexGuard<'a, State>,
        time: Duration,
    ) -> (MutexGuard<'a, State>, bool) {
        let waited = self.changed.wait_timeout(state, time);
        let (state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        (state, timeout.timed_out())
    }
}

impl State {
    /// What is due, whose next time is set.
    fn due(&mut self, now: Instant) -> Vec<(RequestId, ClaimId, Arc<AtomicBool>)> {
        let due = self.held.iter_mut().filter(|held| held.due <= now);
        due.map(|held| {
            held.due = now + BEAT;
            (held.request, held.claim, Arc::clone(&held.lost))
        })
        .collect()
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

    /// Gives a sign of life for each of those, in one transaction.
    fn renew(&self, due: &[(RequestId, ClaimId, Arc<AtomicBool>)]) {
        let until = self.inner.ambient.now() + LEASE;
        let renewed = self.inner.store.write::<_, StoreError>(|connection| {
            due.iter()
                .map(|(request, claim, _)| {
                    store::requests::extend_lease(connection, *request, *claim, until)
                })
                .collect::<Result<Vec<_>, _>>()
        });
        match renewed {
            Ok(transitions) => {
                for ((_, _, lost), transition) in due.iter().zip(transitions) {
                    if transition == Transition::Missed {
                        lost.store(true, Ordering::SeqCst);
                    }
                }
            }
            Err(error) => {
                let requests = due.len();
                tracing::warn!(requests, %error, "leases could not be renewed; tried again");
            }
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
            if mark(connection, hold, last)? == Transition::Missed {
                return Ok((Transition::Missed, Vec::new()));
            }
            let Hold { request, claim, .. } = hold;
            let ended = store::requests::conclude(connection, *request, *claim, to, reason, now)?;
            Ok((ended, vec![outcome]))
        })
    }

    /// Nothing was signed: the citizen may approve again.
    pub(in crate::service) fn give_back(&self, hold: &Hold) -> Result<Transition, ServiceError> {
        let Hold { request, claim, .. } = hold;
        let released = self
            .inner
            .store
            .write(|connection| store::requests::release(connection, *request, *claim))?;
        if released == Transition::Missed {
            tracing::warn!(%request, "a request was taken over before it could be given back");
        }
        step("given back");
        Ok(released)
    }
}
