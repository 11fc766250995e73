//! Group commit: one writer at a time takes everything that has gathered and commits it in one transaction.
//!
//! Whoever finds nobody writing writes for all who wait, then lets the next one of them do it. So a single caller waits
//! for nobody, and many callers share the wait for the disk.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::JournalError;

/// Most rows in one transaction; what is beyond waits for the next.
const MOST_ROWS: usize = 2_000;

/// Those who want something written.
pub(super) struct Group<R> {
    state: Mutex<State<R>>,
    wake: Condvar,
}

struct State<R> {
    waiting: Vec<Waiting<R>>,
    writing: bool,
}

struct Waiting<R> {
    rows: Vec<R>,
    ticket: Arc<Ticket>,
}

/// Where a caller finds what became of its rows.
type Ticket = Mutex<Option<Result<(), JournalError>>>;

/// The turn of a writer, given back when dropped, also by a panic.
struct Turn<'a, R>(&'a Group<R>);

impl<R> Default for Group<R> {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                waiting: Vec::new(),
                writing: false,
            }),
            wake: Condvar::new(),
        }
    }
}

impl<R> Group<R> {
    /// Has `rows` written, alone or with others', and returns what became of them. `write` gets the rows of several
    /// callers and answers for each of them in order.
    pub(super) fn commit(
        &self,
        rows: Vec<R>,
        write: impl Fn(&[&[R]]) -> Vec<Result<(), JournalError>>,
    ) -> Result<(), JournalError> {
        let ticket = Arc::new(Ticket::default());
        let mut state = lock(&self.state);
        state.waiting.push(Waiting {
            rows,
            ticket: Arc::clone(&ticket),
        });
        loop {
            if let Some(outcome) = lock(&ticket).take() {
                return outcome;
            }
            if state.writing {
                state = self
                    .wake
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            state.writing = true;
            let batch = state.batch();
            drop(state);
            let turn = Turn(self);
            let rows: Vec<_> = batch.iter().map(|one| one.rows.as_slice()).collect();
            for (one, outcome) in batch.iter().zip(write(&rows)) {
                *lock(&one.ticket) = Some(outcome);
            }
            drop(batch);
            drop(turn);
            state = lock(&self.state);
        }
    }
}

impl<R> State<R> {
    /// Takes those whose turn it is, the first in any case.
    fn batch(&mut self) -> Vec<Waiting<R>> {
        let mut rows = 0;
        let fitting = self
            .waiting
            .iter()
            .take_while(|one| {
                rows += one.rows.len();
                rows <= MOST_ROWS
            })
            .count();
        self.waiting
            .drain(..fitting.max(1).min(self.waiting.len()))
            .collect()
    }
}

impl<R> Drop for Waiting<R> {
    /// A caller whose writer panicked must not wait for ever.
    fn drop(&mut self) {
        lock(&self.ticket).get_or_insert(Err(JournalError::Interrupted));
    }
}

impl<R> Drop for Turn<'_, R> {
    fn drop(&mut self) {
        lock(&self.0.state).writing = false;
        self.0.wake.notify_all();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_gathers_while_one_writes_is_written_at_once() {
        let group = Group::default();
        let (written, commits) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    for _ in 0..5 {
                        let slowly = |all: &[&[u8]]| {
                            thread::sleep(Duration::from_millis(5));
                            commits.fetch_add(1, Ordering::Relaxed);
                            written.fetch_add(all.concat().len(), Ordering::Relaxed);
                            all.iter().map(|_| Ok(())).collect()
                        };
                        group.commit(vec![1, 2], slowly).unwrap();
                    }
                });
            }
        });
        assert_eq!(written.into_inner(), 16 * 5 * 2);
        assert!(commits.into_inner() < 40);
    }

    #[test]
    fn everyone_gets_the_answer_to_their_own_rows() {
        let group = Group::default();
        thread::scope(|scope| {
            for number in 0..8_u8 {
                let group = &group;
                scope.spawn(move || {
                    let odd_ones_fail = |all: &[&[u8]]| {
                        all.iter()
                            .map(|rows| {
                                if rows == &[1] {
                                    Err(JournalError::Interrupted)
                                } else {
                                    Ok(())
                                }
                            })
                            .collect()
                    };
                    for _ in 0..20 {
                        let outcome = group.commit(vec![number % 2], odd_ones_fail);
                        assert_eq!(outcome.is_err(), number % 2 == 1);
                    }
                });
            }
        });
    }

    #[test]
    fn a_writer_that_panics_leaves_nobody_waiting() {
        let group = Group::default();
        let died = thread::scope(|scope| {
            scope
                .spawn(|| group.commit(vec![1], |_| panic!("as the test wants it")))
                .join()
        });
        assert!(died.is_err());
        group
            .commit(vec![2], |all| all.iter().map(|_| Ok(())).collect())
            .unwrap();
    }

    #[test]
    fn a_crowd_is_written_in_several_turns() {
        let mut state = State {
            waiting: (0..5)
                .map(|_| Waiting {
                    rows: vec![0; MOST_ROWS / 2],
                    ticket: Arc::default(),
                })
                .collect(),
            writing: false,
        };
        let sizes: Vec<_> = std::iter::from_fn(|| {
            let batch = state.batch();
            (!batch.is_empty()).then_some(batch.len())
        })
        .collect();
        assert_eq!(sizes, [2, 2, 1]);
    }
}
