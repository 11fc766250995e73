//! One process signs a request: it holds a lease, renews it while it lives, and writes nothing once it has lost it.
//!
//! The lease names the claim, not only the node: a server that is started twice, or wakes from a long sleep, has
//! another identifier than whoever took over, and so has a thread that slept from the one that signs after the request
//! was given back. Every statement that says what became of the request carries it. So the lease can be short, and
//! what a killed process left is ended soon after.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};

use time::{Duration, OffsetDateTime};

use super::{Halt, Service, ServiceError, Work, step};
use crate::domain::id::{ClaimId, RequestId};
use crate::domain::request::{Lease, RequestReason, RequestState};
use crate::journal::Entry;
use crate::store::requests::Transition;
use crate::store::{self, AnyConnection, StoreError};

/// For how long a process holds a request without a sign of life.
const LEASE: Duration = Duration::seconds(30);
/// Most documents marked in the transaction that ends the request.
const MARKED_AT_ONCE: usize = 100;
/// Between two signs of life. Two may fail before the lease is lost.
const BEAT: std::time::Duration = std::time::Duration::from_secs(9);

/// A lease that is renewed by a thread of its own until this is dropped.
pub(in crate::service) struct Hold {
    request: RequestId,
    claim: ClaimId,
    lost: Arc<AtomicBool>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Hold {
    /// Keeps a lease that this process has just taken.
    pub(super) fn keep(service: &Service, request: RequestId, claim: ClaimId) -> Self {
        let lost = Arc::new(AtomicBool::new(false));
        let (stop, stopped) = mpsc::channel();
        let (service, told) = (service.clone(), lost.clone());
        let thread = thread::spawn(move || {
            while stopped.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
                match service.extend(request, claim) {
                    Ok(Transition::Done) => {}
                    Ok(Transition::Missed) => {
                        told.store(true, Ordering::SeqCst);
                        return;
                    }
                    Err(error) => {
                        tracing::warn!(%request, %error, "a lease could not be renewed; tried again");
                    }
                }
            }
        });
        Self {
            request,
            claim,
            lost,
            stop: Some(stop),
            thread: Some(thread),
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
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that renews a lease had panicked");
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
    pub(super) fn lease(&self, now: OffsetDateTime) -> Lease {
        let claim = self.inner.ambient.id();
        Lease {
            node: self.inner.node.to_string(),
            holder: claim,
            claim,
            until: now + LEASE,
        }
    }

    fn extend(&self, request: RequestId, claim: ClaimId) -> Result<Transition, StoreError> {
        let until = self.inner.ambient.now() + LEASE;
        self.inner
            .store
            .write(|connection| store::requests::extend_lease(connection, request, claim, until))
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
    pub(super) fn give_back(&self, hold: &Hold) -> Result<Transition, ServiceError> {
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
