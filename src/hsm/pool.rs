//! Worker threads, one session each, behind bounded lanes.
//!
//! A session belongs to one thread (PKCS#11 section 6.7), so jobs go to the threads. Whose turn it is, `lanes` says; a job
//! that is long is a `batch` and gives way. Workers start when they are needed, up to `sessions`. A worker stuck in a call
//! is written off and replaced; when its call comes back it takes its place again if that is free. There are never more
//! than twice `sessions` threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::call::{Call, Stage};
use super::connection::Connection;
use super::error::{AwayCause, HsmError, Operation};
use super::lanes::{Lane, Lanes};
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
    /// As many as wait in the lanes, to be looked at between two signatures without the lock.
    waiting: AtomicUsize,
    /// Goes up when all sessions must be closed.
    epoch: AtomicU64,
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
    /// Lanes with jobs that wait or are at work.
    pub lanes: usize,
    /// Jobs that wait in the lane with the most.
    pub longest_lane: usize,
    /// How often, up to now, a batch has given its session to somebody who waited.
    pub gave_way: u64,
    /// How many jobs, up to now, were turned away because there was no place for them to wait.
    pub turned_away: u64,
}

type Work = Box<dyn FnOnce(&mut Link, &Call) + Send>;

/// What a worker does once.
pub(super) struct Job {
    /// How far it is.
    pub(super) call: Arc<Call>,
    /// What is done.
    pub(super) work: Work,
}

struct State {
    lanes: Lanes<Job>,
    workers: usize,
    idle: usize,
    /// Workers whose batch gave way, until they take the next job.
    giving_way: usize,
    stuck: usize,
    closed: bool,
    gave_way: u64,
    turned_away: u64,
    away: Option<(Instant, Operation, AwayCause)>,
}

impl Pool {
    /// No thread and no session yet.
    pub(super) fn new(settings: Settings) -> Self {
        let module = Module::shared(&settings.module);
        let lanes = Lanes::new(settings.queue);
        Self {
            shared: Arc::new(Shared {
                settings,
                module,
                memory: Arc::default(),
                state: Mutex::new(State {
                    lanes,
                    workers: 0,
                    idle: 0,
                    giving_way: 0,
                    stuck: 0,
                    closed: false,
                    gave_way: 0,
                    turned_away: 0,
                    away: None,
                }),
                waiting: AtomicUsize::new(0),
                epoch: AtomicU64::new(0),
                wake: Condvar::new(),
                ended: Condvar::new(),
            }),
        }
    }

    /// The settings it was made from.
    pub(super) fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// What its workers share.
    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// How busy it is now.
    pub(super) fn load(&self) -> Load {
        let state = self.shared.state();
        Load {
            workers: state.workers,
            idle: state.idle,
            stuck: state.stuck,
            queued: state.lanes.waiting(),
            lanes: state.lanes.busy(),
            longest_lane: state.lanes.longest(),
            gave_way: state.gave_way,
            turned_away: state.turned_away,
        }
    }

    /// Runs `task` for that lane's owner on a session and waits for it. No single step of it may take longer than `limit`. The task may
    /// run a second time after a lost session, so it must not leave anything behind on the token.
    pub(super) fn run<T, F>(&self, lane: Lane, limit: Duration, task: F) -> Result<T, HsmError>
    where
        T: Send + 'static,
        F: Fn(&mut Connection, &Call) -> Result<T, HsmError> + Send + 'static,
    {
        self.run_with(lane, Access::Shared, limit, task)
    }

    /// The same for a task that makes something that stays on the token.
    pub(super) fn run_alone<T, F>(
        &self,
        lane: Lane,
        limit: Duration,
        task: F,
    ) -> Result<T, HsmError>
    where
        T: Send + 'static,
        F: Fn(&mut Connection, &Call) -> Result<T, HsmError> + Send + 'static,
    {
        self.run_with(lane, Access::Exclusive, limit, task)
    }

    fn run_with<T, F>(
        &self,
        lane: Lane,
        access: Access,
        limit: Duration,
        task: F,
    ) -> Result<T, HsmError>
    where
        T: Send + 'static,
        F: Fn(&mut Connection, &Call) -> Result<T, HsmError> + Send + 'static,
    {
        let call = Arc::new(Call::new(self.shared.settings.call_delay));
        let (sender, receiver) = sync_channel(1);
        let work: Work = Box::new(move |link, call| {
            let result = link.run(call, access, &task);
            // A caller that has gone needs no answer.
            drop(sender.send(result));
        });
        let job = Job {
            call: Arc::clone(&call),
            work,
        };
        self.shared.submit(lane, job)?;
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
            self.shared.write_off(call, seen.operation);
            return Err(HsmError::Timeout(seen.operation));
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.closed = true;
        state.lanes.clear();
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
    /// Makes every idle worker close its session now and every busy one after its job; a batch gives way for it. Gives the
    /// new epoch.
    pub(super) fn recall_sessions(&self) -> u64 {
        let _held = self.state();
        let epoch = self.epoch.fetch_add(1, Ordering::Relaxed) + 1;
        self.wake.notify_all();
        epoch
    }

    /// Whether sessions of that epoch must be closed.
    pub(super) fn recalls(&self, epoch: u64) -> bool {
        self.epoch.load(Ordering::Relaxed) != epoch
    }

    /// Notes that the token was reached, or why it was not.
    pub(super) fn note_away(&self, away: Option<(Operation, AwayCause)>) {
        self.state().away = away.map(|(operation, cause)| (Instant::now(), operation, cause));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Takes a job in, if the token was there when it was last looked for and the lane has a place.
    pub(super) fn submit(self: &Arc<Self>, lane: Lane, job: Job) -> Result<(), HsmError> {
        let mut state = self.state();
        if let Some((since, operation, cause)) = &state.away
            && since.elapsed() < KNOCK_PAUSE
        {
            return Err(HsmError::Away {
                operation: *operation,
                cause: cause.clone(),
            });
        }
        if !state.lanes.has_place(lane, self.ready(&state)) {
            state.turned_away += 1;
            return Err(HsmError::Busy);
        }
        let staffed = self.enqueue(&mut state, lane, job);
        if state.workers == 0 {
            state.lanes.take_back(lane);
            self.note_waiting(&state);
            return Err(HsmError::Away {
                operation: Operation::Submit,
                cause: staffed.err().unwrap_or(AwayCause::Hanging),
            });
        }
        Ok(())
    }

    /// Takes the rest of a job in again that gave way. It had its place.
    pub(super) fn resume(self: &Arc<Self>, lane: Lane, job: Job) {
        let mut state = self.state();
        if !state.closed {
            told(self.enqueue(&mut state, lane, job));
        }
    }

    /// Takes a job in that is only worth doing on a session that has nothing else to do.
    pub(super) fn offer(self: &Arc<Self>, lane: Lane, job: Job) {
        let mut state = self.state();
        if !state.closed && self.ready(&state) > state.lanes.waiting() {
            told(self.enqueue(&mut state, lane, job));
        }
    }

    /// Whether a session has nothing to do, or could be had.
    pub(super) fn has_idle(&self) -> bool {
        let state = self.state();
        self.ready(&state) > state.lanes.waiting()
    }

    /// Whether somebody waits.
    pub(super) fn somebody_waits(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    /// Whether it is the turn of somebody who waits, and not of that lane's owner; nor is any session free for him. If so,
    /// whoever asked is counted as making his free.
    pub(super) fn must_give_way(&self, lane: Lane) -> bool {
        let mut state = self.state();
        let wanted = state.lanes.waiting() > state.free() + state.giving_way
            && state.lanes.come_before(lane, Instant::now());
        if wanted {
            state.giving_way += 1;
            state.gave_way += 1;
        }
        wanted
    }

    /// How many sessions are about to take what waits.
    fn ready(&self, state: &State) -> usize {
        let sessions = self.settings.sessions.get();
        state.free() + sessions.saturating_sub(state.workers)
    }

    fn enqueue(self: &Arc<Self>, state: &mut State, lane: Lane, job: Job) -> Result<(), AwayCause> {
        state.lanes.push(lane, job);
        self.note_waiting(state);
        let staffed = self.staff(state);
        self.wake.notify_one();
        staffed
    }

    fn note_waiting(&self, state: &State) {
        self.waiting.store(state.lanes.waiting(), Ordering::Relaxed);
    }

    /// Starts another worker when there is more to do than idle workers.
    fn staff(self: &Arc<Self>, state: &mut State) -> Result<(), AwayCause> {
        if state.lanes.waiting() > state.free() {
            self.start_worker(state)
        } else {
            Ok(())
        }
    }

    fn start_worker(self: &Arc<Self>, state: &mut State) -> Result<(), AwayCause> {
        let sessions = self.settings.sessions.get();
        if state.workers >= sessions || state.workers + state.stuck >= 2 * sessions {
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
    pub(super) fn write_off(self: &Arc<Self>, call: &Call, operation: Operation) {
        tracing::error!(%operation, "the HSM did not answer in time; the session is replaced");
        let mut state = self.state();
        // Its lane does not pay for a call that may never come back.
        state.lanes.end(call.number(), Instant::now());
        state.workers = state.workers.saturating_sub(1);
        state.stuck += 1;
        if let Err(cause) = self.staff(&mut state) {
            tracing::error!(%cause, "no replacement for a stuck HSM session");
        }
        if state.workers == 0 {
            // Nobody will ever take these; their callers learn it by the closed channel.
            state.lanes.clear();
            self.note_waiting(&state);
        }
    }

    fn work(self: Arc<Self>) {
        let mut link = Link::new(Arc::clone(&self));
        while let Some(job) = self.next(&mut link) {
            if !job.call.start() {
                self.end(&job.call);
                continue;
            }
            let work = AssertUnwindSafe(|| (job.work)(&mut link, &job.call));
            if catch_unwind(work).is_err() {
                link.close();
            }
            self.end(&job.call);
            if !job.call.finish() && !self.take_place_again(&mut link) {
                return;
            }
        }
        link.close();
        let mut state = self.state();
        state.workers = state.workers.saturating_sub(1);
        self.ended.notify_all();
    }

    /// The job is no longer at work.
    fn end(&self, call: &Call) {
        self.state().lanes.end(call.number(), Instant::now());
    }

    fn next(&self, link: &mut Link) -> Option<Job> {
        let mut state = self.state();
        state.has_given_way(link);
        loop {
            if state.closed {
                return None;
            }
            let epoch = self.epoch.load(Ordering::Relaxed);
            if link.epoch != epoch {
                link.epoch = epoch;
                drop(state);
                link.close();
                state = self.state();
                continue;
            }
            if let Some(job) = state.lanes.pop(Instant::now(), |job| job.call.number()) {
                self.note_waiting(&state);
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
        state.has_given_way(link);
        state.stuck = state.stuck.saturating_sub(1);
        let free = !state.closed && state.workers < self.settings.sessions.get();
        if free {
            state.workers += 1;
        }
        free
    }
}

impl State {
    /// Workers without a job, those included that have only just begun.
    fn free(&self) -> usize {
        self.workers.saturating_sub(self.lanes.at_work())
    }

    /// The session of a batch that gave way is now free.
    fn has_given_way(&mut self, link: &mut Link) {
        if std::mem::take(&mut link.gave_way) {
            self.giving_way = self.giving_way.saturating_sub(1);
        }
    }
}

/// The job waits for the workers that there are.
fn told(staffed: Result<(), AwayCause>) {
    if let Err(cause) = staffed {
        tracing::error!(%cause, "no thread for another HSM session");
    }
}
