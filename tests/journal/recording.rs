//! An act and its entry: both or neither, whoever else writes.

use std::thread;
use std::time::{Duration, Instant};

use rubrica::journal::JournalError;
use rubrica::store::{AnyConnection, Store, StoreError, signers};

use super::*;
use crate::harness::database::{TestDatabase, both_databases};

/// Records so many acts that change nothing.
fn act(journal: &Journal, count: usize) {
    for _ in 0..count {
        let entry = Entry::new(Event::ServerStarted);
        let done = journal.recording(|_| Ok::<_, JournalError>(((), vec![entry])));
        done.unwrap();
    }
}

/// How many tries with unknown identifiers were counted.
fn unknown_tries(store: &Store) -> i64 {
    use diesel::prelude::*;
    #[derive(QueryableByName)]
    struct Tries {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        tries: i64,
    }
    let query = "SELECT tries FROM unknown_tries WHERE bucket = 7";
    let found = store.read(|connection| {
        match connection {
            AnyConnection::Sqlite(inner) => diesel::sql_query(query).get_result::<Tries>(inner),
            AnyConnection::Postgres(inner) => diesel::sql_query(query).get_result::<Tries>(inner),
        }
        .map_err(StoreError::from)
    });
    found.unwrap().tries
}

/// Two nodes change two rows each, in opposite order.
#[test]
fn of_nodes_that_want_each_others_rows_nobody_waits_for_ever_or_is_told_of_a_fault() {
    let database = TestDatabase::postgres();
    let meeting = std::sync::Barrier::new(2);
    let change = |node: &str, [first, then]: [u8; 2]| {
        let store = database.store();
        let begun = Instant::now();
        let done = journal(&store, node).recording(|connection| {
            signers::count_unknown_try(connection, first)?;
            meeting.wait();
            signers::count_unknown_try(connection, then)?;
            Ok::<_, JournalError>(((), vec![Entry::new(Event::ServerStarted)]))
        });
        (done, begun.elapsed())
    };
    let outcomes = thread::scope(|scope| {
        let alpha = scope.spawn(|| change("alpha", [1, 2]));
        let beta = scope.spawn(|| change("beta", [2, 1]));
        [alpha.join().unwrap(), beta.join().unwrap()]
    });
    let away = outcomes
        .iter()
        .filter(|(done, _)| matches!(done, Err(JournalError::Store(StoreError::Away(_)))));
    let done = outcomes.iter().filter(|(done, _)| done.is_ok());
    let (away, done) = (away.count(), done.count());
    assert!(away >= 1 && away + done == 2, "{outcomes:?}");
    // Each may be given up, and begin again, on its own.
    let store = database.store();
    let again = journal(&store, "alpha");
    fill(&again, 1);
    assert!(verify(&again, &[]).is_intact());
}

both_databases! {
    fn an_act_that_fails_leaves_no_entry(database) {
        let journal = journal(&database.store(), "alpha");
        fill(&journal, 1);
        let failed = journal.recording::<(), JournalError>(|connection| {
            signers::count_unknown_try(connection, 7)?;
            Err(StoreError::Away("as the test wants it".into()).into())
        });
        assert!(failed.is_err());
        assert_eq!(journal.rows().unwrap(), 1);
        let nothing = journal.recording(|_| Ok::<_, JournalError>(("nothing to tell", vec![])));
        assert_eq!(nothing.unwrap(), "nothing to tell");
        fill(&journal, 1);
        assert_eq!(journal.rows().unwrap(), 2);
        assert!(verify(&journal, &[]).is_intact());
    }

    fn an_act_that_seldom_has_an_entry_counts_once_either_way(database) {
        let store = database.store();
        let journal = journal(&store, "alpha");
        let tries = |entries: &[Entry]| {
            journal
                .seldom_recording(|connection| {
                    signers::count_unknown_try(connection, 7)?;
                    Ok::<_, JournalError>(((), entries.to_vec()))
                })
                .unwrap();
        };
        tries(&[]);
        assert_eq!((journal.rows().unwrap(), unknown_tries(&store)), (0, 1));
        tries(&[Entry::new(Event::ServerStarted)]);
        assert_eq!((journal.rows().unwrap(), unknown_tries(&store)), (1, 2));
    }

    fn acts_and_entries_of_two_processes_by_one_name_keep_one_chain(database) {
        let processes = [journal(&database.store(), "alpha"), journal(&database.store(), "alpha")];
        std::thread::scope(|scope| {
            for process in &processes {
                scope.spawn(|| act(process, 30));
                scope.spawn(|| fill(process, 30));
            }
        });
        let [journal, _] = processes;
        assert_eq!(journal.rows().unwrap(), 120);
        let report = verify(&journal, &[]);
        assert!(report.is_intact(), "{report:?}");
    }
}

/// Those who wait for the chain wait for a connection at the same time, not one after the other.
#[test]
fn no_connection_for_an_act_is_none_for_those_behind_it() {
    let database = TestDatabase::sqlite();
    let wait = Duration::from_secs(1);
    let store = database.store_of(1, wait);
    let journal = journal(&store, "alpha");
    store
        .read(|_| {
            let begun = Instant::now();
            thread::scope(|scope| {
                let acting = || {
                    journal.recording::<(), JournalError>(|_| {
                        Ok(((), vec![Entry::new(Event::ServerStarted)]))
                    })
                };
                let all: Vec<_> = (0..5).map(|_| scope.spawn(acting)).collect();
                for one in all {
                    let acted = one.join().unwrap();
                    assert!(
                        matches!(acted, Err(JournalError::Store(StoreError::Away(_)))),
                        "{acted:?}"
                    );
                }
            });
            assert!(begun.elapsed() < wait * 3, "{:?}", begun.elapsed());
            Ok::<_, StoreError>(())
        })
        .unwrap();
    act(&journal, 1);
    assert!(verify(&journal, &[]).is_intact());
}

#[test]
fn a_row_that_another_transaction_keeps_holds_the_chain_up_for_a_moment_only() {
    let database = TestDatabase::postgres();
    let journal = journal(&database.store(), "alpha");
    let kept = database.store().write(|connection| {
        signers::count_unknown_try(connection, 7)?;
        let begun = Instant::now();
        let (acted, appended) = thread::scope(|scope| {
            let acting = scope.spawn(|| {
                journal.recording::<(), JournalError>(|connection| {
                    signers::count_unknown_try(connection, 7)?;
                    Ok(((), vec![Entry::new(Event::ServerStarted)]))
                })
            });
            thread::sleep(Duration::from_millis(200));
            let appended = journal.append(&[Entry::new(Event::ServerStopped)]);
            (acting.join().unwrap(), appended)
        });
        assert!(
            matches!(acted, Err(JournalError::Store(StoreError::Away(_)))),
            "{acted:?}"
        );
        appended.unwrap();
        // Well before a statement is given up, which these tests do after half a minute.
        assert!(begun.elapsed() < Duration::from_secs(15));
        Ok::<_, StoreError>(())
    });
    kept.unwrap();
    assert_eq!(journal.rows().unwrap(), 1);
    act(&journal, 1);
    assert!(verify(&journal, &[]).is_intact());
}
