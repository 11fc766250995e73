//! Many digests signed with one wrapped key, in slices, on one session or on several.
//!
//! A batch of ten thousand would keep a session for twenty seconds. So it gives way: while somebody waits whose turn it
//! is, it destroys its key, goes to the end of its lane, and unwraps the key again when its turn comes. While nobody
//! waits it keeps its session, and the key is unwrapped once. A slice is as long as it takes for the unwrapping to be a
//! fortieth of it, and has sixteen signatures at least: 30 ms for RSA-3072 on SoftHSM, 20 ms for P-256. So giving way costs
//! 2.5 % at the most.
//!
//! Where sessions have nothing to do, they help. Each *share* of a batch is a job that unwraps the key for itself
//! and takes one digest after another; the values come to lie in the order of the digests. A share asks for another one
//! while the work is worth another unwrapping and the token does not get slower by it: on a machine whose cores are all
//! busy more threads only cost. As soon as somebody waits, all shares but the last end at their next signature.
//!
//! Whoever asked is given each value when it is there, in whichever order, and does something with it while the token makes
//! the next.
//!
//! A failure that may pass ends the batch, and the digests without a value are [`HsmError::NotReached`]. Values that were
//! made are kept: they are signatures, and whoever approved them wants them.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::call::{Call, Progress, Stage};
use super::connection::Connection;
use super::error::{AwayCause, HsmError, Operation};
use super::generate;
use super::lanes::Lane;
use super::link::Link;
use super::module::{Access, lock};
use super::pool::{Job, Pool, Shared};
use super::sign::{self, WrappedSigning};
use crate::domain::key::{SignatureValue, ToSign};

/// A slice lasts so many times as long as its unwrapping took.
const SLICE: u32 = 40;
/// But no less than this, so that a token that unwraps in no time is not kept busy with that alone.
const SHORTEST_SLICE: Duration = Duration::from_millis(10);
/// And no longer than this, so that nobody waits for long on a token that unwraps slowly.
const LONGEST_SLICE: Duration = Duration::from_millis(200);
/// Signatures in a slice, and for each share of a batch, at least: on a busy machine the clock tells little of what an
/// unwrapping costs.
const LEAST: u32 = 16;
/// Between two looks whether another share would help.
const LOOK: Duration = Duration::from_millis(10);

/// A signature value, or why there is none.
type Value = Result<SignatureValue, HsmError>;

/// What all shares of a batch work on.
struct Batch {
    job: WrappedSigning,
    /// Of each step of its shares.
    delay: Duration,
    state: Mutex<State>,
    /// Told when a value is there, and when the last share has ended.
    changed: Condvar,
}

struct State {
    /// The first digest that nobody has taken yet.
    next: usize,
    /// Those that were taken and given back.
    returned: Vec<usize>,
    /// Values that were not handed on yet, with their places.
    made: VecDeque<(usize, Value)>,
    /// Which digests have their value.
    settled: Vec<bool>,
    shares: Vec<Member>,
    /// Why the batch ends before every digest has its value.
    ended: Option<HsmError>,
    /// How long a signature took when they were made fastest.
    fastest: Option<Duration>,
}

/// A share that waits or is at work, as its batch knows it.
struct Member {
    call: Arc<Call>,
    /// It was told that there is nothing more for it; only its key is still to be destroyed.
    through: bool,
}

/// The part of one session in a batch.
struct Share {
    batch: Arc<Batch>,
    lane: Lane,
    call: Arc<Call>,
}

/// A digest in somebody's hands. Dropped without a value it is given back.
struct Taken<'a> {
    batch: &'a Batch,
    place: usize,
    settled: bool,
}

/// Why a share stops.
enum Stop {
    /// No digest is left to be taken.
    Exhausted,
    /// Somebody else's turn has come; that was counted.
    GivesWay,
    /// All sessions are to be closed.
    Recalled,
}

impl Pool {
    /// Signs with a wrapped key for that lane's owner. `each` is given every value, or why there is none, with the place of
    /// its digest.
    pub(super) fn sign(
        &self,
        lane: Lane,
        job: WrappedSigning,
        each: &mut dyn FnMut(usize, Value),
    ) -> Result<(), HsmError> {
        if job.to_sign.is_empty() {
            return Ok(());
        }
        let batch = Arc::new(Batch::new(job, self.settings().call_delay));
        let first = Share::new(&batch, lane);
        self.shared().submit(lane, first.into_job())?;
        self.wait_for(&batch, each);
        batch.give_rest(each)
    }

    /// Hands on the values that come, until no share is left; one that does not come back in time is given up.
    fn wait_for(&self, batch: &Batch, each: &mut dyn FnMut(usize, Value)) {
        let limit = self.settings().call_timeout;
        let mut seen: Vec<(u64, Progress, Instant)> = Vec::new();
        let mut patience = Duration::ZERO;
        loop {
            let (made, shares) = batch.after(patience);
            let has_more = !made.is_empty();
            for (place, value) in made {
                each(place, value);
            }
            if has_more {
                // What was seen of the shares is old by now.
                patience = Duration::ZERO;
                continue;
            }
            if shares.is_empty() {
                return;
            }
            patience = limit;
            seen.retain(|(number, ..)| shares.iter().any(|call| call.number() == *number));
            for call in shares {
                let now = call.progress();
                let mut known = seen.iter_mut();
                match known.find(|(number, ..)| *number == call.number()) {
                    Some((_, before, since)) if *before == now => {
                        if since.elapsed() >= limit && call.abandon(now) {
                            self.give_up(batch, &call, now);
                        }
                    }
                    Some((_, before, since)) => (*before, *since) = (now, Instant::now()),
                    None => seen.push((call.number(), now, Instant::now())),
                }
            }
        }
    }

    fn give_up(&self, batch: &Batch, call: &Call, seen: Progress) {
        if seen.stage == Stage::Queued {
            batch.leave(call, Some(HsmError::Busy));
        } else {
            batch.end(HsmError::Timeout(seen.operation));
            batch.leave(call, None);
            self.shared().write_off(call, seen.operation);
        }
    }
}

impl Batch {
    fn new(job: WrappedSigning, delay: Duration) -> Self {
        let settled = vec![false; job.to_sign.len()];
        Self {
            job,
            delay,
            state: Mutex::new(State {
                next: 0,
                returned: Vec::new(),
                made: VecDeque::new(),
                settled,
                shares: Vec::new(),
                ended: None,
                fastest: None,
            }),
            changed: Condvar::new(),
        }
    }

    /// The next digest for that share. `None` when the batch is over, and the share goes.
    fn take(&self, call: &Call) -> Option<Taken<'_>> {
        let mut state = lock(&self.state);
        let place = if state.ended.is_some() {
            None
        } else {
            state.next_place()
        };
        if place.is_none() {
            let mut members = state.shares.iter_mut();
            if let Some(member) = members.find(|member| member.is(call)) {
                member.through = true;
            }
        }
        place.map(|place| Taken {
            batch: self,
            place,
            settled: false,
        })
    }

    /// Ends it early, for the first reason that is given.
    fn end(&self, why: HsmError) {
        lock(&self.state).ended.get_or_insert(why);
    }

    /// Whether others share in it, too.
    fn is_shared(&self) -> bool {
        let state = lock(&self.state);
        let going = state.shares.iter().filter(|member| !member.through);
        going.count() > 1
    }

    /// Takes a share out. Where nobody else goes on, `why` is why what is open stays so.
    fn leave(&self, call: &Call, why: Option<HsmError>) {
        let mut state = lock(&self.state);
        let before = state.shares.len();
        state.shares.retain(|member| !member.is(call));
        if state.shares.len() == before {
            return;
        }
        if !state.goes_on() && state.ended.is_none() {
            state.ended = why;
        }
        if state.is_over() {
            // Nobody waits for a share that has not begun.
            state.shares.retain(|member| !member.call.cancel());
        }
        if state.shares.is_empty() {
            self.changed.notify_all();
        }
    }

    /// Takes a share out that stopped for somebody else, if others go on. The last one has to go on later.
    fn leave_to_others(&self, call: &Call) -> bool {
        let mut state = lock(&self.state);
        let mut others = state.shares.iter().filter(|member| !member.is(call));
        let left = others.any(|member| !member.through);
        if left {
            state.shares.retain(|member| !member.is(call));
        }
        left
    }

    /// Whether another share is worth its unwrapping, where signatures take so long now.
    fn is_worth_sharing(&self, signature: Duration, unwrapping: Duration) -> bool {
        let mut state = lock(&self.state);
        let fastest = state
            .fastest
            .map_or(signature, |fastest| fastest.min(signature));
        state.fastest = Some(fastest);
        let open = state.settled.len() - state.next;
        let each = u32::try_from(open / (state.shares.len() + 1)).unwrap_or(u32::MAX);
        signature <= fastest * 5 / 4
            && each >= LEAST
            && signature.saturating_mul(each) >= unwrapping * SLICE
    }

    /// The values and the shares that there are when a value is there, the last share has ended, or that time is over.
    fn after(&self, time: Duration) -> (VecDeque<(usize, Value)>, Vec<Arc<Call>>) {
        let state = lock(&self.state);
        let (mut state, _) = self
            .changed
            .wait_timeout_while(state, time, |state| {
                state.made.is_empty() && !state.shares.is_empty()
            })
            .unwrap_or_else(PoisonError::into_inner);
        let shares = state.shares.iter().map(|member| Arc::clone(&member.call));
        let shares = shares.collect();
        (std::mem::take(&mut state.made), shares)
    }

    /// Hands on what came at last, and says of the other digests why they have no value.
    fn give_rest(&self, each: &mut dyn FnMut(usize, Value)) -> Result<(), HsmError> {
        let mut state = lock(&self.state);
        // Whatever comes back after this has nothing more to take, and settles nothing.
        let ended = state.ended.replace(HsmError::Busy);
        let made = std::mem::take(&mut state.made);
        let settled = std::mem::take(&mut state.settled);
        drop(state);
        for (place, value) in made {
            each(place, value);
        }
        if settled.iter().all(|settled| *settled) {
            return Ok(());
        }
        let why = ended.unwrap_or(HsmError::Away {
            operation: Operation::Sign,
            cause: AwayCause::WorkerGone,
        });
        if !settled.iter().any(|settled| *settled) {
            return Err(why);
        }
        let why = Arc::new(why);
        for (place, _) in settled.iter().enumerate().filter(|(_, settled)| !**settled) {
            each(place, Err(HsmError::NotReached(Arc::clone(&why))));
        }
        Ok(())
    }
}

impl State {
    fn next_place(&mut self) -> Option<usize> {
        self.returned.pop().or_else(|| {
            let place = self.next;
            (place < self.settled.len()).then(|| {
                self.next += 1;
                place
            })
        })
    }

    /// Whether a share is there that may take more.
    fn goes_on(&self) -> bool {
        self.shares.iter().any(|member| !member.through)
    }

    /// Whether there is nothing more to take.
    fn is_over(&self) -> bool {
        self.ended.is_some() || (self.returned.is_empty() && self.next >= self.settled.len())
    }
}

impl Member {
    fn is(&self, call: &Call) -> bool {
        self.call.number() == call.number()
    }
}

impl Taken<'_> {
    fn to_sign(&self) -> Option<&ToSign> {
        self.batch.job.to_sign.get(self.place)
    }

    /// Gives it its value, unless nobody waits for that any more.
    fn settle(mut self, value: Value) {
        self.settled = true;
        let mut state = lock(&self.batch.state);
        if let Some(settled) = state.settled.get_mut(self.place) {
            *settled = true;
            state.made.push_back((self.place, value));
            self.batch.changed.notify_all();
        }
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if !self.settled {
            lock(&self.batch.state).returned.push(self.place);
        }
    }
}

impl Share {
    fn new(batch: &Arc<Batch>, lane: Lane) -> Self {
        let call = Arc::new(Call::new(batch.delay));
        lock(&batch.state).shares.push(Member {
            call: Arc::clone(&call),
            through: false,
        });
        Self {
            batch: Arc::clone(batch),
            lane,
            call,
        }
    }

    fn into_job(self) -> Job {
        Job {
            call: Arc::clone(&self.call),
            work: Box::new(move |link, call| self.run(link, call)),
        }
    }

    fn run(self, link: &mut Link, call: &Call) {
        let shared = Arc::clone(&link.shared);
        let epoch = link.epoch;
        let slice =
            |connection: &mut Connection, call: &Call| self.slice(&shared, epoch, connection, call);
        match link.run(call, Access::Shared, &slice) {
            Ok(Stop::Exhausted) => {}
            Ok(Stop::GivesWay) => {
                link.gave_way = true;
                self.go_on_later(&shared, call);
            }
            Ok(Stop::Recalled) => self.go_on_later(&shared, call),
            // Where others are at work, one that cannot begin is not missed.
            Err(error) => self.batch.leave(call, Some(error)),
        }
    }

    fn go_on_later(&self, shared: &Arc<Shared>, call: &Call) {
        if !self.batch.leave_to_others(call) {
            let rest = Self::new(&self.batch, self.lane);
            shared.resume(self.lane, rest.into_job());
        }
    }

    /// Signs one digest after another until there is a reason to stop. The key is destroyed at the end.
    fn slice(
        &self,
        shared: &Arc<Shared>,
        epoch: u64,
        connection: &mut Connection,
        call: &Call,
    ) -> Result<Stop, HsmError> {
        let Some(mut taken) = self.batch.take(call) else {
            return Ok(Stop::Exhausted);
        };
        let job = &self.batch.job;
        let settings = &shared.settings;
        let by = connection.unwrapper(settings, call, &job.by)?;
        let connection = &*connection;
        let begun = Instant::now();
        let key = generate::unwrap(connection, settings, call, by, job.algorithm, &job.wrapped)?;
        let unwrapping = begun.elapsed();
        let slice = (unwrapping * SLICE).max(SHORTEST_SLICE);
        let is_long =
            |lasted, signed| lasted >= LONGEST_SLICE || (lasted >= slice && signed >= LEAST);
        let mut signed = 0_u32;
        let mut looked = (Instant::now(), signed);
        loop {
            let Some(to_sign) = taken.to_sign() else {
                return Ok(Stop::Exhausted);
            };
            match sign::sign(connection, call, key.handle, job.algorithm, to_sign) {
                Err(error) if error.is_temporary() => return Err(error),
                value => taken.settle(value),
            }
            signed += 1;
            taken = match self.batch.take(call) {
                Some(next) => next,
                None => return Ok(Stop::Exhausted),
            };
            if shared.recalls(epoch) {
                return Ok(Stop::Recalled);
            }
            if shared.somebody_waits()
                && (is_long(begun.elapsed(), signed) || self.batch.is_shared())
                && shared.must_give_way(self.lane)
            {
                return Ok(Stop::GivesWay);
            }
            let (since, before) = looked;
            let since = since.elapsed();
            if since >= LOOK {
                looked = (Instant::now(), signed);
                let signature = since / (signed - before);
                if self.batch.is_worth_sharing(signature, unwrapping) && shared.has_idle() {
                    let another = Self::new(&self.batch, self.lane);
                    shared.offer(self.lane, another.into_job());
                }
            }
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.batch.leave(&self.call, None);
    }
}
