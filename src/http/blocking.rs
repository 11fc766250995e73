//! The crossing from asynchronous to synchronous code that every use case takes.
//!
//! Everything from `service` down blocks its thread. What does not block, such as the clock, is asked without crossing.
//! Documents cross on their own, piece by piece: on their way in through the channel of `api::upload` to a use case that
//! is on this side already; on their way out by `stream`, which reads for a client that has taken the piece before, so
//! the number of connections bounds it. A [`Gate`] lets a fixed number of such calls run, lets a
//! fixed number wait, and turns the others away at once with 503: a queue without end would only make every
//! caller time out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use actix_web::web;
use tokio::sync::Semaphore;

use super::error::Code;
use super::problem::Problem;

/// Bounds how many blocking calls run and wait. Clones share the bounds.
#[derive(Clone)]
pub struct Gate {
    places: Arc<Semaphore>,
    inside: Arc<AtomicU32>,
    most: u32,
}

/// Counts a call as inside until dropped.
struct Inside(Arc<AtomicU32>);

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Gate {
    /// So many at once, and so many waiting.
    pub fn new(at_once: u32, waiting: u32) -> Self {
        let places = usize::try_from(at_once).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            places: Arc::new(Semaphore::new(places.clamp(1, Semaphore::MAX_PERMITS))),
            inside: Arc::new(AtomicU32::new(0)),
            most: at_once.saturating_add(waiting),
        }
    }

    /// Runs a blocking call on a thread made for such. It goes on to its end when the client goes away: a
    /// signature that was begun is finished.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let inside = Inside(Arc::clone(&self.inside));
        if self.inside.fetch_add(1, Ordering::AcqRel) >= self.most {
            return Err(Problem::new(Code::Busy));
        }
        let Ok(place) = Arc::clone(&self.places).acquire_owned().await else {
            return Err(Problem::new(Code::Busy));
        };
        let span = tracing::Span::current();
        web::block(move || {
            let _kept = (place, inside);
            span.in_scope(work)
        })
        .await
        .map_err(Problem::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_full_gate_turns_callers_away_and_recovers() {
        let gate = Gate::new(1, 1);
        let (release, wait) = std::sync::mpsc::channel::<()>();
        let running = gate.clone();
        let first =
            actix_web::rt::spawn(async move { running.run(move || wait.recv()).await.map(drop) });
        let waiting = gate.clone();
        let second = actix_web::rt::spawn(async move { waiting.run(|| ()).await });
        while gate.inside.load(Ordering::Acquire) < 2 {
            tokio::task::yield_now().await;
        }
        let refused = gate.run(|| ()).await.unwrap_err();
        assert_eq!(refused.code(), Code::Busy);
        release.send(()).unwrap();
        first.await.unwrap().unwrap();
        second.await.unwrap().unwrap();
        gate.run(|| ()).await.unwrap();
    }

    #[actix_web::test]
    async fn a_panic_inside_is_an_internal_error_and_frees_the_place() {
        let gate = Gate::new(1, 0);
        let problem = gate.run(|| -> () { panic!("on purpose") }).await;
        assert_eq!(problem.unwrap_err().code(), Code::InternalError);
        gate.run(|| ()).await.unwrap();
    }
}
