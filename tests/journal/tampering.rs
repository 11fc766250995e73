//! Who edits, drops, inserts or reorders rows is found out.

use rubrica::journal::JournalError;

use super::*;
use crate::harness::database::both_databases;

both_databases! {
    fn an_untouched_chain_is_intact(database) {
        let journal = journal(&database.store(), "alpha");
        fill(&journal, 1200);
        let mut seen = 0;
        let report = journal.verify(&[], &AuditKey::NotAtHand, &mut |rows| seen = rows).unwrap();
        assert!(report.is_intact(), "{report:?}");
        assert_eq!((seen, journal.rows().unwrap()), (1200, 1200));
    }

    fn an_edited_column_is_found(database) {
        let journal = journal(&database.store(), "alpha");
        fill(&journal, 5);
        for column in [
            "at = at + 1",
            "event = 'app.added'",
            "request_id = '00000000-0000-7000-8000-000000000000'",
            "body = '{}'",
            // White space only.
            "body = body || ' '",
            "hash = previous",
        ] {
            tamper(database, "CREATE TABLE kept AS SELECT * FROM journal");
            tamper(database, &format!("UPDATE journal SET {column} WHERE seq = 3"));
            let found = faults(&verify(&journal, &[]));
            assert!(found.contains(&(3, Fault::Altered)), "{column}: {found:?}");
            tamper(
                database,
                "DELETE FROM journal; INSERT INTO journal SELECT * FROM kept; DROP TABLE kept",
            );
        }
        assert!(verify(&journal, &[]).is_intact());
        tamper(database, "UPDATE journal SET previous = hash WHERE seq = 3");
        assert_eq!(
            faults(&verify(&journal, &[])),
            [(3, Fault::Unlinked), (3, Fault::Altered)]
        );
    }

    fn a_row_moved_to_another_node_is_found(database) {
        let journal = journal(&database.store(), "alpha");
        fill(&journal, 3);
        tamper(database, "UPDATE journal SET node = 'beta' WHERE seq = 3");
        let report = verify(&journal, &[]);
        assert_eq!(report.chains.iter().filter(|chain| chain.findings.is_empty()).count(), 1);
        let beta = report.chains.last().unwrap();
        assert_eq!(beta.findings.len(), 2, "{beta:?}");
    }

    fn a_dropped_row_is_found(database) {
        let journal = journal(&database.store(), "alpha");
        fill(&journal, 6);
        tamper(database, "DELETE FROM journal WHERE seq IN (3, 4)");
        assert_eq!(faults(&verify(&journal, &[])), [(3, Fault::Missing { until: 4 })]);
    }

    fn a_dropped_beginning_is_found(database) {
        let journal = journal(&database.store(), "alpha");
        fill(&journal, 4);
        tamper(database, "DELETE FROM journal WHERE seq < 3");
        assert_eq!(faults(&verify(&journal, &[])), [(1, Fault::Missing { until: 2 })]);
    }

    fn a_dropped_row_is_found_when_the_rest_is_renumbered(database) {
        let journal = journal(&database.store(), "alpha");
        fill(&journal, 4);
        tamper(
            database,
            "DELETE FROM journal WHERE seq = 2; \
             UPDATE journal SET seq = 2 WHERE seq = 3; UPDATE journal SET seq = 3 WHERE seq = 4",
        );
        assert_eq!(
            faults(&verify(&journal, &[])),
            [(2, Fault::Unlinked), (2, Fault::Altered), (3, Fault::Altered)]
        );
    }

    fn reordered_rows_are_found(database) {
        let journal = journal(&database.store(), "alpha");
        fill(&journal, 4);
        tamper(
            database,
            "UPDATE journal SET seq = 99 WHERE seq = 2; UPDATE journal SET seq = 2 WHERE seq = 3; \
             UPDATE journal SET seq = 3 WHERE seq = 99",
        );
        assert_eq!(
            faults(&verify(&journal, &[])),
            [
                (2, Fault::Unlinked),
                (2, Fault::Altered),
                (3, Fault::Unlinked),
                (3, Fault::Altered),
                (4, Fault::Unlinked),
            ]
        );
    }

    fn swapped_bodies_are_found(database) {
        let journal = journal(&database.store(), "alpha");
        fill(&journal, 4);
        tamper(
            database,
            "CREATE TABLE kept AS SELECT * FROM journal; \
             UPDATE journal SET body = (SELECT body FROM kept WHERE seq = 3) WHERE seq = 2; \
             UPDATE journal SET body = (SELECT body FROM kept WHERE seq = 2) WHERE seq = 3",
        );
        assert_eq!(
            faults(&verify(&journal, &[])),
            [(2, Fault::Altered), (3, Fault::Altered)]
        );
    }

    fn an_inserted_row_is_found(database) {
        let journal = journal(&database.store(), "alpha");
        fill(&journal, 3);
        // A copy of the last row as the next one, and one before the beginning.
        for (seq, fault) in [(4, Fault::Unlinked), (0, Fault::Misplaced)] {
            tamper(
                database,
                &format!(
                    "INSERT INTO journal SELECT node, {seq}, at, event, request_id, body, previous, hash \
                     FROM journal WHERE seq = 3"
                ),
            );
            let found = faults(&verify(&journal, &[]));
            assert!(found.contains(&(seq, fault)), "{found:?}");
            assert!(found.contains(&(seq, Fault::Altered)), "{found:?}");
        }
    }

    fn a_cut_tail_takes_an_anchor_to_be_found(database) {
        let journal = journal(&database.store(), "alpha");
        fill(&journal, 5);
        let anchor = verify(&journal, &[]).chains.pop().and_then(|chain| chain.end).unwrap();
        tamper(database, "DELETE FROM journal WHERE seq > 3");
        assert!(verify(&journal, &[]).is_intact());
        assert_eq!(faults(&verify(&journal, &[anchor])), [(5, Fault::CutOff)]);
    }

    fn a_chain_that_is_gone_is_found_by_its_anchor(database) {
        let journal = journal(&database.store(), "alpha");
        fill(&journal, 2);
        let anchor = verify(&journal, &[]).chains.pop().and_then(|chain| chain.end).unwrap();
        tamper(database, "DELETE FROM journal");
        assert_eq!(faults(&verify(&journal, &[anchor])), [(2, Fault::CutOff)]);
    }

    fn a_chain_written_anew_is_found_by_its_anchor(database) {
        let first = journal(&database.store(), "alpha");
        fill(&first, 3);
        let anchor = verify(&first, &[]).chains.pop().and_then(|chain| chain.end).unwrap();
        tamper(database, "DELETE FROM journal");
        let second = journal(&database.store(), "alpha");
        fill(&second, 2);
        second.append(&[Entry::new(Event::AppDisabled), Entry::new(Event::AppAdded)]).unwrap();
        assert!(verify(&second, &[]).is_intact());
        assert_eq!(faults(&verify(&second, &[anchor])), [(3, Fault::Rewritten)]);
    }

    fn a_running_server_does_not_go_on_after_a_cut_tail(database) {
        let running = journal(&database.store(), "alpha");
        fill(&running, 3);
        tamper(database, "DELETE FROM journal WHERE seq = 3");
        let refused = running.append(&[Entry::new(Event::AppAdded)]);
        assert!(matches!(refused, Err(JournalError::Rewritten { seq: 3, .. })), "{refused:?}");
        assert_eq!(running.rows().unwrap(), 2);
        // One that begins now knows of nothing and goes on.
        fill(&journal(&database.store(), "alpha"), 1);
        assert!(verify(&running, &[]).is_intact());
        let refused = running.append(&[Entry::new(Event::AppAdded)]);
        assert!(matches!(refused, Err(JournalError::Rewritten { seq: 3, .. })), "{refused:?}");
    }

    fn a_chain_swapped_whole_is_told_within_bounds(database) {
        let journal = journal(&database.store(), "alpha");
        fill(&journal, 150);
        tamper(database, "UPDATE journal SET body = '{}'");
        let report = verify(&journal, &[]);
        let chain = report.chains.first().unwrap();
        assert_eq!((chain.findings.len(), chain.more), (100, 50));
        assert!(!report.is_intact());
    }
}

#[test]
fn findings_are_told_in_words() {
    let told = |seq, fault| rubrica::journal::Finding { seq, fault }.to_string();
    insta::assert_snapshot!(
        [
            told(3, Fault::Missing { until: 3 }),
            told(3, Fault::Missing { until: 9 }),
            told(4, Fault::Altered),
            told(4, Fault::Unlinked),
            told(0, Fault::Misplaced),
            told(5, Fault::CutOff),
            told(5, Fault::Rewritten),
        ]
        .join("\n"),
        @r"
    row 3 is missing
    rows 3 to 9 are missing
    row 4 was changed: its hash is not that of its content
    row 4 does not follow the row before: it carries another hash of it
    row 0 is numbered before the beginning of the chain
    row 5 is gone, with all after it: it was there when its hash was noted down
    row 5 was written anew: it had another hash when that was noted down
    "
    );
}
