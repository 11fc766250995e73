//! An act and its entry: both or neither, whoever else writes.

use rubrica::journal::JournalError;
use rubrica::store::{StoreError, signers};

use super::*;
use crate::harness::database::both_databases;

/// Records so many acts that change nothing.
fn act(journal: &Journal, count: usize) {
    for _ in 0..count {
        let entry = Entry::new(Event::ServerStarted);
        let done = journal.recording(|_| Ok::<_, JournalError>(((), vec![entry])));
        done.unwrap();
    }
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
