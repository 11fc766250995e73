//! Worker threads, one session each, behind a bounded queue.
//!
//! A session belongs to one thread (PKCS#11 section 6.7), so jobs go to the threads. Workers start when they are
//! needed, up to `sessions`. A worker stuck in a call is written off and replaced; when its call comes back it
//! takes its place again if that is free. There are never more than twice `sessions` threads.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::call::{Call, Stage};
use super::connection::Connection;
use super::error::{AwayCause, HsmError, Operation};
use super::link::Link;
use super::memory::Memory;
use super::module::{Access, Module, lock};
use super::settings::Settings;

/// How long calls are answered at once with the last failure to connect, so that an absent HSM is not knocked at
/// by every request.
const KNOCK_PAUSE: Duration = Duration::from_millis(500);
/// How long the end of a pool waits for its sessions to close.
const CLOSING: Duration = Duration::from_secs(2);

/// The workers of one token. Dropping it ends them.
pub(super) struct Pool {
    shared: Arc<Shared>,
}

/// What callers and workers share.
pub(super) struct Shared {
    /// How to reach the token.
    pub(super) settings: Settings,
    /// The library.
    pub(super) module: Arc<Module>,
    /// What is remembered of the token.
    pub(super) memory: Arc<Memory>,
    state: Mutex<State>,
    wake: Condvar,
    ended: Condvar,
}

/// How busy the workers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Threads that work or wait for work.
    pub workers: usize,
    /// Of these, waiting.
    pub idle: usize,
    /// Threads in calls that did not come back in time.
    pub stuck: usize,
    /// Jobs that wait.
    pub queued: usize,
}

type Work = Box<dyn FnOnce(&mut Link, &Call) + Send>;

struct Job {
    call: Arc<Call>,
    work: Work,
}

struct State {
    queue: VecDeque<Job>,
    workers: usize,
    idle: usize,
    stuck: usize,
    closed: bool,
    /// Goes up when all sessions must be closed.
    epoch: u64,
    away: Option<(Instant, Operation, AwayCause)>,
}

impl Pool {
    /// No thread and no session yet.
    pub(super) fn new(settings: Settings) -> Self {
        let module = Module::shared(&settings.module);
        Self {
            shared: Arc::new(Shared {
                settings,
                module,
                memory: Arc::default(),
                state: Mutex::new(State {
                    queue: VecDeque::new(),
                    workers: 0,
                    idle: 0,
                    stuck: 0,
                    closed: false,
                    epoch: 0,
                    away: None,
                }),
                wake: Condvar::new(),
                ended: Condvar::new(),
            }),
        }
    }

    /// The settings it was made from.
    pub(super) fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// How busy it is now.
    pub(super) fn load(&self) -> Load {
        let state = self.shared.state();
        Load {
            workers: state.workers,
            idle: state.idle,
            stuck: state.stuck,
            queued: state.queue.len(),
        }
    }

    /// Runs `task` on a session and waits for it. No single step of it may take longer than `limit`. The task may
    /// run a second time after a lost session, so it must not leave anything behind on the token.
    pub(super) fn run<T, F>(&self, limit: Duration, task: F) -> Result<T, HsmError>
    where
        T: Send + 'static,
        F: Fn(&mut Connection, &Call) -> Result<T, HsmError> + Send + 'static,
    {
        self.run_with(Access::Shared, limit, task)
    }

    /// The same for a task that makes something that stays on the token.
    pub(super) fn run_alone<T, F>(&self, limit: Duration, task: F) -> Result<T, HsmError>
    where
        T: Send + 'static,
        F: Fn(&mut Connection, &Call) -> Result<T, HsmError> + Send + 'static,
    {
        self.run_with(Access::Exclusive, limit, task)
    }

    fn run_with<T, F>(&self, access: Access, limit: Duration, task: F) -> Result<T, HsmError>
    where
        T: Send + 'static,
        F: Fn(&mut Connection, &Call) -> Result<T, HsmError> + Send + 'static,
    {
        let call = Arc::new(Call::new());
        let (sender, receiver) = sync_channel(1);
        let work: Work = Box::new(move |link, call| {
            let result = link.run(call, access, &task);
            // A caller that has gone needs no answer.
            drop(sender.send(result));
        });
        self.shared.submit(Job {
            call: Arc::clone(&call),
            work,
        })?;
        self.wait(&call, &receiver, limit)
    }

    fn wait<T>(
        &self,
        call: &Call,
        receiver: &Receiver<Result<T, HsmError>>,
        limit: Duration,
    ) -> Result<T, HsmError> {
        let queue_limit = self.shared.settings.call_timeout;
        let mut seen = call.progress();
        let mut since = Instant::now();
        loop {
            match receiver.recv_timeout(limit.min(queue_limit)) {
                Ok(result) => return result,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(HsmError::Away {
                        operation: seen.operation,
                        cause: AwayCause::WorkerGone,
                    });
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            let now = call.progress();
            if now != seen {
                (seen, since) = (now, Instant::now());
                continue;
            }
            let patience = match seen.stage {
                Stage::Queued => queue_limit,
                Stage::Running | Stage::Done | Stage::Abandoned => limit,
            };
            if since.elapsed() < patience || !call.abandon(seen) {
                continue;
            }
            if seen.stage == Stage::Queued {
                return Err(HsmError::Busy);
            }
            self.shared.write_off();
            tracing::error!(operation = %seen.operation, "the HSM did not answer in time; the session is replaced");
            return Err(HsmError::Timeout(seen.operation));
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.closed = true;
        state.queue.clear();
        self.shared.wake.notify_all();
        // Sessions should be closed before the process ends; a stuck one is left to its fate.
        drop(
            self.shared
                .ended
                .wait_timeout_while(state, CLOSING, |state| state.workers > 0),
        );
    }
}

impl Shared {
    /// Makes every idle worker close its session now and every busy one after its job. Gives the new epoch.
    pub(super) fn recall_sessions(&self) -> u64 {
        let mut state = self.state();
        state.epoch += 1;
        self.wake.notify_all();
        state.epoch
    }

    /// Notes that the token was reached, or why it was not.
    pub(super) fn note_away(&self, away: Option<(Operation, AwayCause)>) {
        self.state().away = away.map(|(operation, cause)| (Instant::now(), operation, cause));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn submit(self: &Arc<Self>, job: Job) -> Result<(), HsmError> {
        let mut state = self.state();
        if let Some((since, operation, cause)) = &state.away
            && since.elapsed() < KNOCK_PAUSE
        {
            return Err(HsmError::Away {
                operation: *operation,
                cause: cause.clone(),
            });
        }
        let sessions = self.settings.sessions.get();
        let ready = state.idle + sessions.saturating_sub(state.workers);
        if state.queue.len() >= ready + self.settings.queue {
            return Err(HsmError::Busy);
        }
        state.queue.push_back(job);
        let started = self.staff(&mut state);
        if state.workers == 0 {
            state.queue.pop_back();
            return Err(HsmError::Away {
                operation: Operation::Submit,
                cause: started.err().unwrap_or(AwayCause::Hanging),
            });
        }
        self.wake.notify_one();
        Ok(())
    }

    /// Starts another worker when there is more to do than idle workers.
    fn staff(self: &Arc<Self>, state: &mut State) -> Result<(), AwayCause> {
        let sessions = self.settings.sessions.get();
        let wanted = state.queue.len() > state.idle
            && state.workers < sessions
            && state.workers + state.stuck < 2 * sessions;
        if !wanted {
            return Ok(());
        }
        let shared = Arc::clone(self);
        thread::Builder::new()
            .name("hsm".to_owned())
            .spawn(move || shared.work())
            .map_err(|error| AwayCause::Thread(error.kind()))?;
        state.workers += 1;
        Ok(())
    }

    /// Takes a worker out of the count whose call does not come back, and replaces it if work waits.
    fn write_off(self: &Arc<Self>) {
        let mut state = self.state();
        state.workers = state.workers.saturating_sub(1);
        state.stuck += 1;
        if let Err(cause) = self.staff(&mut state) {
            tracing::error!(%cause, "no replacement for a stuck HSM session");
        }
        if state.workers == 0 {
            // Nobody will ever take these; their callers learn it by the closed channel.
            state.queue.clear();
        }
    }

    fn work(self: Arc<Self>) {
        let mut link = Link::new(Arc::clone(&self));
        while let Some(job) = self.next(&mut link) {
            if !job.call.start() {
                continue;
            }
            let work = AssertUnwindSafe(|| (job.work)(&mut link, &job.call));
            if catch_unwind(work).is_err() {
                link.close();
            }
            if !job.call.finish() && !self.take_place_again(&mut link) {
                return;
            }
        }
        link.close();
        let mut state = self.state();
        state.workers = state.workers.saturating_sub(1);
        self.ended.notify_all();
    }

    fn next(&self, link: &mut Link) -> Option<Job> {
        let mut state = self.state();
        loop {
            if state.closed {
                return None;
            }
            if link.epoch != state.epoch {
                link.epoch = state.epoch;
                drop(state);
                link.close();
                state = self.state();
                continue;
            }
            if let Some(job) = state.queue.pop_front() {
                return Some(job);
            }
            state.idle += 1;
            state = self
                .wake
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }

    /// After a call that came back too late. The session that hung is not trusted again.
    fn take_place_again(&self, link: &mut Link) -> bool {
        link.close();
        let mut state = self.state();
        state.stuck = state.stuck.saturating_sub(1);
        let free = !state.closed && state.workers < self.settings.sessions.get();
        if free {
            state.workers += 1;
        }
        free
    }
}
