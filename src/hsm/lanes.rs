//! Who waits for a session, and whose turn it is.
//!
//! Jobs wait in lanes, one for each owner. In one line for all, whoever asks for most would have most. The turn is that
//! of the lane whose jobs have had the least of the sessions' time, so those who want more than there is share it
//! evenly, however long their jobs are; within a lane the first comes first. What a lane has not used is not kept
//! for it: one that comes back begins where the others are (start-time fair queuing).
//!
//! Places are bounded, and a lane has no more of them than it leaves free: alone it has half, two have a third each. So
//! there is room for somebody else whatever one owner asks for.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Whose a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lane(Option<[u8; 16]>);

impl Lane {
    /// The server's own work: keys, authorities, checkpoints, its health.
    pub const HOUSE: Self = Self(None);

    /// That of the owner with this identifier, whoever it is.
    pub fn of(owner: &[u8; 16]) -> Self {
        Self(Some(*owner))
    }
}

/// Jobs that wait, and how long those of each lane that are at work have been so.
pub(super) struct Lanes<J> {
    places: usize,
    waiting: usize,
    at_work: usize,
    queues: Vec<Queue<J>>,
    /// What the lane had used whose turn was last.
    reached: Duration,
}

/// A lane with something to do.
struct Queue<J> {
    lane: Lane,
    jobs: VecDeque<J>,
    /// Those at work by number, and since when.
    at_work: Vec<(u64, Instant)>,
    /// What those used that ended.
    used: Duration,
}

impl<J> Lanes<J> {
    /// So many may wait.
    pub(super) fn new(places: usize) -> Self {
        Self {
            places,
            waiting: 0,
            at_work: 0,
            queues: Vec::new(),
            reached: Duration::ZERO,
        }
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// How many are at work.
    pub(super) fn at_work(&self) -> usize {
        self.at_work
    }

    /// How many lanes have jobs that wait or are at work.
    pub(super) fn busy(&self) -> usize {
        self.queues.len()
    }

    /// How many wait in the lane with the most.
    pub(super) fn longest(&self) -> usize {
        let lengths = self.queues.iter().map(|queue| queue.jobs.len());
        lengths.max().unwrap_or_default()
    }

    /// Whether that lane has a place for one more, while `ready` sessions are about to take what waits.
    pub(super) fn has_place(&self, lane: Lane, ready: usize) -> bool {
        if self.waiting < ready {
            return true;
        }
        let free = self.places.saturating_sub(self.waiting - ready);
        let own = self.find(lane).map_or(0, |queue| queue.jobs.len());
        own.saturating_sub(ready) < free
    }

    /// Puts a job at the end of its lane. Whether there is a place is asked before.
    pub(super) fn push(&mut self, lane: Lane, job: J) {
        self.waiting += 1;
        if let Some(queue) = self.find_mut(lane) {
            queue.jobs.push_back(job);
            return;
        }
        self.queues.push(Queue {
            lane,
            jobs: VecDeque::from([job]),
            at_work: Vec::new(),
            used: self.reached,
        });
    }

    /// Takes the newest job of that lane out again.
    pub(super) fn take_back(&mut self, lane: Lane) {
        let taken = self
            .find_mut(lane)
            .and_then(|queue| queue.jobs.pop_back())
            .is_some();
        self.waiting -= usize::from(taken);
        self.forget_idle();
    }

    /// Whether somebody who waits comes before another job of that lane: one of its own, or one of a lane that has had
    /// less.
    pub(super) fn come_before(&self, lane: Lane, now: Instant) -> bool {
        let own = self
            .find(lane)
            .map_or(self.reached, |queue| queue.used(now));
        self.queues
            .iter()
            .any(|queue| !queue.jobs.is_empty() && (queue.lane == lane || queue.used(now) <= own))
    }

    /// Takes the job whose turn it is. It is at work under the number that `number` gives it, until [`end`](Self::end).
    pub(super) fn pop(&mut self, now: Instant, number: impl Fn(&J) -> u64) -> Option<J> {
        let (place, used) = self
            .queues
            .iter()
            .enumerate()
            .filter(|(_, queue)| !queue.jobs.is_empty())
            .map(|(place, queue)| (place, queue.used(now)))
            .min_by_key(|(_, used)| *used)?;
        // Behind those with which it is level.
        let mut queue = self.queues.remove(place);
        let job = queue.jobs.pop_front();
        queue
            .at_work
            .extend(job.as_ref().map(|job| (number(job), now)));
        self.queues.push(queue);
        self.waiting = self.waiting.saturating_sub(1);
        self.at_work += 1;
        self.reached = self.reached.max(used);
        job
    }

    /// That job is no longer at work. Once more does no harm.
    pub(super) fn end(&mut self, number: u64, now: Instant) {
        for queue in &mut self.queues {
            if let Some(place) = queue.at_work.iter().position(|(one, _)| *one == number) {
                let (_, since) = queue.at_work.swap_remove(place);
                self.at_work = self.at_work.saturating_sub(1);
                queue.used += now.saturating_duration_since(since);
            }
        }
        self.forget_idle();
    }

    /// Forgets what waits.
    pub(super) fn clear(&mut self) {
        for queue in &mut self.queues {
            queue.jobs.clear();
        }
        self.waiting = 0;
        self.forget_idle();
    }

    fn forget_idle(&mut self) {
        self.queues
            .retain(|queue| !(queue.jobs.is_empty() && queue.at_work.is_empty()));
    }

    fn find(&self, lane: Lane) -> Option<&Queue<J>> {
        self.queues.iter().find(|queue| queue.lane == lane)
    }

    fn find_mut(&mut self, lane: Lane) -> Option<&mut Queue<J>> {
        self.queues.iter_mut().find(|queue| queue.lane == lane)
    }
}

impl<J> Queue<J> {
    /// What all its jobs used of the sessions' time up to now.
    fn used(&self, now: Instant) -> Duration {
        let at_work = self.at_work.iter();
        let running = at_work.map(|(_, since)| now.saturating_duration_since(*since));
        self.used + running.sum::<Duration>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Lane = Lane(Some([1; 16]));
    const B: Lane = Lane(Some([2; 16]));

    fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    /// Serves on one session until nothing waits; each job takes as long as it says. Gives the order.
    fn served(lanes: &mut Lanes<(u64, u64)>, mut now: Instant) -> Vec<u64> {
        let mut order = Vec::new();
        while let Some((number, takes)) = lanes.pop(now, |job| job.0) {
            now += ms(takes);
            lanes.end(number, now);
            order.push(number);
        }
        order
    }

    #[test]
    fn within_a_lane_the_first_comes_first() {
        let mut lanes = Lanes::new(10);
        for number in 1..=4 {
            lanes.push(A, (number, 5));
        }
        assert_eq!(served(&mut lanes, Instant::now()), [1, 2, 3, 4]);
        assert_eq!((lanes.waiting(), lanes.busy()), (0, 0));
    }

    #[test]
    fn lanes_share_the_time_and_not_the_number_of_jobs() {
        let mut lanes = Lanes::new(100);
        for number in 1..=3 {
            lanes.push(A, (number, 40));
        }
        for number in 11..=50 {
            lanes.push(B, (number, 2));
        }
        let order = served(&mut lanes, Instant::now());
        let before = |number| order.iter().position(|one| *one == number).unwrap();
        // Twenty short ones take as long as one long one.
        assert_eq!(before(11), 1, "{order:?}");
        assert_eq!(before(2), 21, "{order:?}");
        assert_eq!(before(3), 42, "{order:?}");
    }

    #[test]
    fn who_comes_later_does_not_catch_up_what_it_never_asked_for() {
        let mut lanes = Lanes::new(100);
        let start = Instant::now();
        for number in 1..=10 {
            lanes.push(A, (number, 10));
        }
        for at in 0..5 {
            let now = start + ms(at * 10);
            let (number, _) = lanes.pop(now, |job| job.0).unwrap();
            lanes.end(number, now + ms(10));
        }
        for number in 11..=15 {
            lanes.push(B, (number, 10));
        }
        let order = served(&mut lanes, start + ms(50));
        assert_eq!(order, [11, 6, 12, 7, 13, 8, 14, 9, 15, 10]);
    }

    #[test]
    fn what_is_at_work_counts_while_it_is() {
        let mut lanes = Lanes::new(100);
        let start = Instant::now();
        for number in [1, 2] {
            lanes.push(A, number);
            lanes.push(B, number + 10);
        }
        assert_eq!(lanes.pop(start, |job| *job), Some(1));
        assert_eq!(lanes.pop(start + ms(1), |job| *job), Some(11));
        lanes.end(11, start + ms(2));
        // The first has been at work for longer, though it has not ended.
        assert_eq!(lanes.pop(start + ms(9), |job| *job), Some(12));
        lanes.end(12, start + ms(10));
        assert_eq!(lanes.pop(start + ms(11), |job| *job), Some(2));
    }

    #[test]
    fn a_job_at_work_goes_on_until_its_lane_had_as_much_as_another() {
        let mut lanes = Lanes::new(100);
        let start = Instant::now();
        lanes.push(A, 1);
        lanes.push(B, 11);
        lanes.pop(start, |job| *job);
        lanes.pop(start, |job| *job);
        lanes.end(11, start + ms(20));
        lanes.push(A, 2);
        assert!(lanes.come_before(A, start), "its own waits");
        lanes.take_back(A);
        assert!(!lanes.come_before(A, start + ms(50)), "nobody waits");
        lanes.push(B, 12);
        // It came back where the others were when it was last anybody's turn.
        assert!(lanes.come_before(A, start + ms(1)));
        lanes.pop(start + ms(1), |job| *job);
        lanes.push(B, 13);
        assert!(!lanes.come_before(A, start + ms(1)) || lanes.come_before(B, start + ms(1)));
        assert_eq!(lanes.waiting(), 1);
    }

    #[test]
    fn one_lane_leaves_room_for_others() {
        let mut lanes = Lanes::new(12);
        let fill = |lanes: &mut Lanes<u64>, lane| {
            let before = lanes.waiting();
            while lanes.has_place(lane, 0) {
                lanes.push(lane, 0);
            }
            lanes.waiting() - before
        };
        assert_eq!(fill(&mut lanes, A), 6);
        assert_eq!(fill(&mut lanes, B), 3);
        assert!(lanes.has_place(Lane::HOUSE, 0));
        assert_eq!((lanes.longest(), lanes.busy()), (6, 2));
    }

    #[test]
    fn what_a_session_is_ready_for_takes_no_place() {
        let mut lanes = Lanes::new(0);
        assert!(!lanes.has_place(A, 0));
        assert!(lanes.has_place(A, 2));
        lanes.push(A, 1);
        assert!(lanes.has_place(A, 2));
        lanes.push(A, 2);
        assert!(!lanes.has_place(A, 2));
    }
}
