//! One chain without a gap, whoever writes and however a writer ends.

use std::process::Stdio;
use std::time::Duration;

use super::*;
use crate::harness::database::{both_databases, open};
use crate::harness::process::{alone, argument};

both_databases! {
    fn many_threads_of_one_node_write_one_chain(database) {
        let journal = journal(&database.store(), "alpha");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| fill(&journal, 25));
            }
        });
        assert_eq!(journal.rows().unwrap(), 200);
        let report = verify(&journal, &[]);
        assert!(report.is_intact(), "{report:?}");
        assert_eq!(report.chains.len(), 1);
    }

    fn nodes_do_not_touch_each_others_chains(database) {
        let (alpha, beta) = (journal(&database.store(), "alpha"), journal(&database.store(), "beta"));
        std::thread::scope(|scope| {
            scope.spawn(|| fill(&alpha, 30));
            scope.spawn(|| fill(&beta, 20));
        });
        tamper(database, "DELETE FROM journal WHERE node = 'alpha' AND seq = 10");
        let report = verify(&beta, &[]);
        let [a, b] = report.chains.as_slice() else { panic!("two chains expected") };
        assert_eq!((a.node.as_str(), a.rows, a.findings.len()), ("alpha", 29, 1));
        assert_eq!((b.node.as_str(), b.rows, b.findings.len()), ("beta", 20, 0));
    }

    fn two_processes_by_one_name_keep_one_chain(database) {
        let processes = [journal(&database.store(), "alpha"), journal(&database.store(), "alpha")];
        std::thread::scope(|scope| {
            for process in &processes {
                scope.spawn(|| fill(process, 40));
            }
        });
        let [journal, _] = processes;
        assert_eq!(journal.rows().unwrap(), 80);
        let report = verify(&journal, &[]);
        assert!(report.is_intact(), "{report:?}");
    }

    fn entries_of_one_call_are_all_there_or_none(database) {
        let journal = journal(&database.store(), "alpha");
        fill(&journal, 1);
        // The third row cannot be written.
        tamper(database, match database.store().database() {
            rubrica::store::Database::Sqlite =>
                "CREATE TRIGGER full BEFORE INSERT ON journal WHEN NEW.seq = 3 \
                 BEGIN SELECT RAISE(ABORT, 'no room'); END",
            rubrica::store::Database::Postgres =>
                "ALTER TABLE journal ADD CHECK (seq <> 3)",
        });
        let entry = || Entry::new(Event::AppAdded);
        journal.append(&[entry(), entry()]).unwrap_err();
        assert_eq!(journal.rows().unwrap(), 1);
        journal.append(&[entry()]).unwrap();
        assert!(verify(&journal, &[]).is_intact());
    }

    fn appending_nothing_is_nothing(database) {
        let journal = journal(&database.store(), "alpha");
        journal.append(&[]).unwrap();
        assert_eq!(journal.rows().unwrap(), 0);
    }

    fn a_killed_process_leaves_a_whole_chain(database) {
        let mut child = alone("journal::append::writes_until_it_is_killed", database.url(), "")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let journal = journal(&database.store(), "alpha");
        while journal.rows().unwrap() < 60 {
            assert_eq!(child.try_wait().unwrap(), None, "the writer ended by itself");
            std::thread::sleep(Duration::from_millis(10));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let rows = journal.rows().unwrap();
        assert_eq!(rows % BATCH, 0, "a batch is half there");
        assert!(verify(&journal, &[]).is_intact());
        fill(&journal, 1);
        assert!(verify(&journal, &[]).is_intact());
    }
}

const BATCH: u64 = 3;

#[test]
#[ignore = "runs in a process of its own, for `a_killed_process_leaves_a_whole_chain`"]
fn writes_until_it_is_killed() {
    let Some(url) = argument() else { return };
    let journal = journal(&open(&url), "alpha");
    loop {
        let batch: Vec<Entry> = (0..BATCH).map(|_| Entry::new(Event::AppAdded)).collect();
        journal.append(&batch).unwrap();
    }
}
