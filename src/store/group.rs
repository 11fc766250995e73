//! Group commit: several callers share one transaction, and so one wait for the disk.
//!
//! Whoever finds nobody writing begins a transaction and does its part. Whoever came meanwhile does the next part, on the
//! same connection and in a savepoint of its own, so that nobody loses anything by another's failure. The last of those
//! who wait commits for all. So a single caller waits for nobody, and the more there are, the more share a commit.
//!
//! On SQLite every transaction of this process goes this way: the file takes one writer, and others would sleep and knock
//! again. On PostgreSQL only those go this way that write the journal, whose rows come one after the other anyway.

use std::fmt;
use std::ops::DerefMut;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{AnyConnection, StoreError, connection};

/// Most parts of one transaction.
const MOST_PARTS: u32 = 256;
/// How long a transaction takes new parts: the first of its callers waits for the last part.
const LONGEST: Duration = Duration::from_millis(20);

/// The one transaction of a process that is open to all.
pub(super) struct Group<C> {
    seat: Mutex<Seat<C>>,
    /// Callers who wait for the seat.
    waiting: AtomicUsize,
    transactions: AtomicU64,
    /// How long a transaction takes new parts.
    open_for: Duration,
}

/// Which shared transaction a part belongs to. A later one has a higher number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TransactionNumber(u64);

/// The transaction under way, when there is one. Whoever holds it does its part.
struct Seat<C> {
    open: Option<Open<C>>,
    /// When no transaction could be begun the last time, and why: those who came before that are told so too, or they would
    /// find it out one after the other, each after the same wait.
    failed: Option<(Instant, String)>,
}

struct Open<C> {
    connection: C,
    number: TransactionNumber,
    begun: Instant,
    parts: u32,
    verdict: Sealing,
}

/// Where the callers of a transaction find what became of it.
#[derive(Default)]
struct Verdict {
    told: Mutex<Option<Result<(), String>>>,
    wake: Condvar,
}

/// The one that tells the verdict. Dropped before, as by a panic, it tells that the transaction came to nothing.
struct Sealing(Arc<Verdict>);

/// How a part went.
enum Done<T, E> {
    /// Well or badly; the transaction goes on.
    Part(Result<T, E>),
    /// Badly, and with it the transaction has ended that held nothing else.
    Alone(E),
    /// The connection was lost, and with it everybody's part.
    Lost(diesel::result::Error),
}

#[derive(Debug, thiserror::Error)]
#[error("a transaction shared with others failed: {0}")]
struct Together(String);

#[derive(Debug, thiserror::Error)]
#[error("too many others had to be waited for")]
struct Crowded;

impl<C> Default for Group<C> {
    fn default() -> Self {
        Self {
            seat: Mutex::new(Seat {
                open: None,
                failed: None,
            }),
            waiting: AtomicUsize::new(0),
            transactions: AtomicU64::new(0),
            open_for: LONGEST,
        }
    }
}

impl<C: DerefMut<Target = AnyConnection>> Group<C> {
    /// Does `part` within a transaction that `begin` begins when none is open. It counts, durably, when this returns `Ok`.
    /// When the transaction fails as a whole, its callers are told that the database is away, and nobody can say whether
    /// their parts count. A caller whose turn has not come within `longest` is turned away.
    pub(super) fn commit<T, E: From<StoreError>>(
        &self,
        longest: Duration,
        begin: impl FnOnce() -> Result<C, StoreError>,
        part: impl FnOnce(&mut AnyConnection, TransactionNumber) -> Result<T, E>,
    ) -> Result<T, E> {
        let since = Instant::now();
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut seat = lock(&self.seat);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        let mut open = match seat.open.take() {
            Some(open) => open,
            None => self.begin(&mut seat, since, begin)?,
        };
        if since.elapsed() >= longest && open.parts > 0 {
            self.go_on(seat, open)?;
            return Err(StoreError::Away(Box::new(Crowded)).into());
        }
        match open.part(part) {
            Done::Part(outcome) => {
                self.go_on(seat, open)?;
                outcome
            }
            Done::Alone(error) => Err(error),
            Done::Lost(error) => {
                open.verdict.tell(Err(error.to_string()));
                Err(StoreError::Away(Box::new(error)).into())
            }
        }
    }

    fn begin(
        &self,
        seat: &mut Seat<C>,
        since: Instant,
        begin: impl FnOnce() -> Result<C, StoreError>,
    ) -> Result<Open<C>, StoreError> {
        if let Some((at, why)) = &seat.failed
            && since <= *at
        {
            return Err(StoreError::Away(Box::new(Together(why.clone()))));
        }
        let number = self.transactions.fetch_add(1, Ordering::SeqCst);
        match begin() {
            Ok(connection) => {
                seat.failed = None;
                Ok(Open {
                    connection,
                    number: TransactionNumber(number),
                    begun: Instant::now(),
                    parts: 0,
                    verdict: Sealing(Arc::default()),
                })
            }
            Err(error) => {
                seat.failed = Some((Instant::now(), error.to_string()));
                Err(error)
            }
        }
    }

    /// Leaves the transaction to the next of those who wait, and waits for its end; or ends it, when nobody waits.
    fn go_on(
        &self,
        mut seat: MutexGuard<'_, Seat<C>>,
        mut open: Open<C>,
    ) -> Result<(), StoreError> {
        let others = self.waiting.load(Ordering::SeqCst) > 0;
        if others && open.parts < MOST_PARTS && open.begun.elapsed() < self.open_for {
            let verdict = Arc::clone(&open.verdict.0);
            seat.open = Some(open);
            drop(seat);
            return verdict
                .wait()
                .map_err(|why| StoreError::Away(Box::new(Together(why))));
        }
        // Whoever comes during the commit is in the next transaction.
        let committed = connection::commit(&mut open.connection);
        drop(open.connection);
        drop(seat);
        match committed {
            Ok(()) => {
                open.verdict.tell(Ok(()));
                Ok(())
            }
            Err(error) => {
                open.verdict.tell(Err(error.to_string()));
                Err(error.into())
            }
        }
    }
}

impl<C: DerefMut<Target = AnyConnection>> Open<C> {
    /// The first part needs no savepoint: when it fails, there is nothing else to keep.
    fn part<T, E>(
        &mut self,
        part: impl FnOnce(&mut AnyConnection, TransactionNumber) -> Result<T, E>,
    ) -> Done<T, E> {
        let connection = &mut *self.connection;
        let first = self.parts == 0;
        if !first && let Err(error) = connection::begin_nested(connection) {
            return Done::Lost(error);
        }
        self.parts += 1;
        match part(connection, self.number) {
            Ok(value) if first => Done::Part(Ok(value)),
            Ok(value) => match connection::commit(connection) {
                Ok(()) => Done::Part(Ok(value)),
                Err(error) => Done::Lost(error),
            },
            Err(error) if first => match connection::roll_back(connection) {
                Ok(()) => Done::Alone(error),
                Err(error) => Done::Lost(error),
            },
            Err(error) => match connection::roll_back_nested(connection) {
                Ok(()) => Done::Part(Err(error)),
                Err(error) => Done::Lost(error),
            },
        }
    }
}

impl Verdict {
    fn wait(&self) -> Result<(), String> {
        let mut told = lock(&self.told);
        loop {
            if let Some(told) = told.as_ref() {
                return told.clone();
            }
            told = self.wake.wait(told).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Sealing {
    fn tell(&self, verdict: Result<(), String>) {
        lock(&self.0.told).get_or_insert(verdict);
        self.0.wake.notify_all();
    }
}

impl Drop for Sealing {
    fn drop(&mut self) {
        self.tell(Err("another caller's part was interrupted".to_owned()));
    }
}

impl<C> fmt::Debug for Group<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group").finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;
    use tempfile::TempDir;

    use crate::domain::secret::SecretText;

    use super::super::{Settings, Store};
    use super::*;

    diesel::table! {
        notes (id) {
            id -> Integer,
        }
    }

    type Part<'a, T> = Box<dyn FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'a>;

    fn store() -> (Store, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        std::fs::write(&path, "").unwrap();
        let mut store = Store::open(&Settings {
            url: SecretText::new(format!("sqlite:{}", path.display())),
            connections: 4,
            wait: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
        })
        .unwrap();
        // However slow the machine is.
        store.group = Arc::new(Group {
            open_for: Duration::from_secs(600),
            ..Group::default()
        });
        store
            .write::<_, StoreError>(|connection| {
                Ok(connection.batch_execute("CREATE TABLE notes (id INTEGER PRIMARY KEY)")?)
            })
            .unwrap();
        (store, folder)
    }

    fn note(connection: &mut AnyConnection, id: i32) -> Result<(), StoreError> {
        diesel::insert_into(notes::table)
            .values(notes::id.eq(id))
            .execute(connection)?;
        Ok(())
    }

    fn noted(store: &Store) -> Vec<i32> {
        store
            .read::<_, StoreError>(|connection| {
                Ok(notes::table
                    .order(notes::id)
                    .select(notes::id)
                    .load(connection)?)
            })
            .unwrap()
    }

    /// Has the first part wait until the others stand in the queue; then all are in one transaction.
    fn together<T: Send>(
        store: &Store,
        first: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send,
        others: Vec<Part<'_, T>>,
    ) -> Vec<thread::Result<Result<(T, TransactionNumber), StoreError>>> {
        let begun = Barrier::new(2);
        let wanted = others.len();
        let take_part = |part: Part<'_, T>| {
            store.write_together(Duration::from_secs(600), |connection, number| {
                Ok((part(connection)?, number))
            })
        };
        thread::scope(|scope| {
            let take_part = &take_part;
            let begun = &begun;
            let head = scope.spawn(move || {
                take_part(Box::new(move |connection| {
                    begun.wait();
                    while store.group.waiting.load(Ordering::SeqCst) < wanted {
                        thread::yield_now();
                    }
                    first(connection)
                }))
            });
            begun.wait();
            let mut running = vec![head];
            running.extend(
                others
                    .into_iter()
                    .map(|other| scope.spawn(move || take_part(other))),
            );
            running
                .into_iter()
                .map(thread::ScopedJoinHandle::join)
                .collect()
        })
    }

    #[test]
    fn those_who_wait_share_a_transaction() {
        let (store, _folder) = store();
        let others: Vec<Part<'_, ()>> = vec![
            Box::new(|connection: &mut _| note(connection, 2)),
            Box::new(|connection: &mut _| note(connection, 3)),
        ];
        let done = together(&store, |connection| note(connection, 1), others);
        let numbers: Vec<_> = done
            .into_iter()
            .map(|one| one.unwrap().unwrap().1)
            .collect();
        assert!(numbers.iter().all(|number| *number == numbers[0]));
        assert_eq!(noted(&store), [1, 2, 3]);
    }

    #[test]
    fn a_part_that_fails_takes_nobody_along() {
        let (store, _folder) = store();
        let others: Vec<Part<'_, ()>> = vec![
            Box::new(|connection: &mut _| {
                note(connection, 2)?;
                note(connection, 1)
            }),
            Box::new(|connection: &mut _| note(connection, 3)),
        ];
        let done = together(&store, |connection| note(connection, 1), others);
        let failed: Vec<_> = done
            .into_iter()
            .filter_map(|one| one.unwrap().err())
            .collect();
        assert!(
            matches!(failed.as_slice(), [StoreError::Conflict { .. }]),
            "{failed:?}"
        );
        assert_eq!(noted(&store), [1, 3]);
    }

    #[test]
    fn a_first_part_that_fails_leaves_the_others_their_own() {
        let (store, _folder) = store();
        let others: Vec<Part<'_, ()>> = vec![Box::new(|connection: &mut _| note(connection, 2))];
        let fails = |connection: &mut AnyConnection| {
            note(connection, 1)?;
            note(connection, 1)
        };
        let mut done = together(&store, fails, others).into_iter();
        assert!(done.next().unwrap().unwrap().is_err());
        done.next().unwrap().unwrap().unwrap();
        assert_eq!(noted(&store), [2]);
    }

    #[test]
    fn a_part_that_panics_leaves_nobody_waiting_and_nothing_half_done() {
        let (store, _folder) = store();
        let others: Vec<Part<'_, ()>> = vec![Box::new(|_: &mut _| panic!("as the test wants it"))];
        let mut done = together(&store, |connection| note(connection, 1), others).into_iter();
        let first = done.next().unwrap().unwrap();
        assert!(matches!(first, Err(StoreError::Away(_))), "{first:?}");
        assert!(done.next().unwrap().is_err());
        assert!(noted(&store).is_empty());
        store.write(|connection| note(connection, 4)).unwrap();
        assert_eq!(noted(&store), [4]);
    }

    #[test]
    fn a_connection_that_is_lost_is_told_to_all() {
        let (store, _folder) = store();
        let others: Vec<Part<'_, ()>> = vec![Box::new(|connection: &mut AnyConnection| {
            // Behind the back of whoever counts transactions, as SQLite does when the disk is full.
            Ok(connection.batch_execute("ROLLBACK")?)
        })];
        let done = together(&store, |connection| note(connection, 1), others);
        for one in done {
            assert!(matches!(one.unwrap(), Err(StoreError::Away(_))));
        }
        assert!(noted(&store).is_empty());
        store.write(|connection| note(connection, 4)).unwrap();
        assert_eq!(noted(&store), [4]);
    }

    #[test]
    fn those_who_waited_while_none_could_be_begun_are_told_at_once() {
        let group = Group::<Box<AnyConnection>>::default();
        let tries = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let begin = || {
                        tries.fetch_add(1, Ordering::SeqCst);
                        while group.waiting.load(Ordering::SeqCst) < 7
                            && tries.load(Ordering::SeqCst) == 1
                        {
                            thread::yield_now();
                        }
                        Err(StoreError::Away("it is not there".into()))
                    };
                    let refused = group.commit::<(), StoreError>(
                        Duration::from_secs(5),
                        begin,
                        |_, _| Ok(()),
                    );
                    assert!(matches!(refused, Err(StoreError::Away(_))));
                });
            }
        });
        assert_eq!(tries.into_inner(), 1);
    }
}
