//! Old rows go to a file, and the chain still verifies.

use std::fs;
use std::path::{Path, PathBuf};

use rubrica::auth::op;
use rubrica::journal::{Archive, ArchiveError, JournalError, Scope, StrayReason};
use rubrica::service::archiving::{ArchivedChain, Archiving};
use rubrica::service::audit::Audit;
use rubrica::service::checkpoints::Signed;
use rubrica::service::{Service, ServiceError};
use tempfile::TempDir;
use time::Duration;

use super::*;
use crate::harness::database::both_databases;
use crate::harness::server::{TestServer, Wishes, administrator};
use crate::harness::town::Town;

/// Longer than rows must stay.
const AGE: Duration = Duration::days(401);

fn archive_in(service: &Service, folder: &Path) -> Result<Vec<ArchivedChain>, ServiceError> {
    let authorized = administrator().authorize(op::ArchiveJournal);
    let wanted = Archiving {
        folder: folder.to_owned(),
        node: None,
        before: None,
    };
    service.archive_journal(&authorized, &wanted, &mut |_| ())
}

fn refusal(outcome: Result<Vec<ArchivedChain>, ServiceError>) -> ArchiveError {
    match outcome {
        Err(ServiceError::Journal(JournalError::Archive(error))) => error,
        other => panic!("{other:?}"),
    }
}

fn audit(service: &Service, archives: &[PathBuf]) -> Audit {
    let authorized = administrator().authorize(op::ReadJournal);
    let scope = Scope {
        archives: archives.to_vec(),
        ..Scope::default()
    };
    service
        .verify_journal_within(&authorized, &scope, None, &mut |_| ())
        .unwrap()
}

fn signed(server: &TestServer, rows: usize) {
    let journal = journal(server.store(), "test");
    let entries: Vec<_> = (0..rows)
        .map(|number| Entry::new(Event::AppChanged).detail(&format!("change {number}")))
        .collect();
    journal.append(&entries).unwrap();
    assert_eq!(server.service().checkpoint().unwrap(), Signed::Now);
}

/// A server whose chain has two archives, of rows 1 to 1,500 and 1,501 to 1,503, and rows after them.
struct Archives {
    server: TestServer,
    folder: TempDir,
    files: Vec<PathBuf>,
    made: Vec<Archive>,
}

impl Archives {
    fn new(database: &TestDatabase) -> Self {
        let server = TestServer::start(database);
        let folder = tempfile::tempdir().unwrap();
        let mut archives = Self {
            server,
            folder,
            files: Vec::new(),
            made: Vec::new(),
        };
        signed(&archives.server, 700);
        signed(&archives.server, 800);
        archives.grow_old();
        signed(&archives.server, 3);
        archives.run();
        archives.grow_old();
        signed(&archives.server, 4);
        archives.run();
        archives
    }

    fn grow_old(&self) {
        self.server.clock().advance(AGE);
    }

    fn run(&mut self) {
        let chains = archive_in(self.server.service(), self.folder.path()).unwrap();
        let archive = chains[0].archive.clone().unwrap();
        self.files
            .push(self.folder.path().join(archive.file_name()));
        self.made.push(archive);
    }

    fn faults(&self, archives: &[PathBuf]) -> Vec<(i64, Fault)> {
        faults(&audit(self.server.service(), archives).report)
    }
}

both_databases! {
    fn what_was_archived_is_gone_and_the_chain_verifies_with_and_without_it(database) {
        let archives = Archives::new(database);
        let ranges: Vec<_> = archives.made.iter().map(|made| (made.first, made.end.seq)).collect();
        // The second has what was signed before the first was made, its entry in the journal not yet.
        assert_eq!(ranges, [(1, 1500), (1501, 1503)]);
        let left = fs::read_dir(archives.folder.path()).unwrap().count();
        assert_eq!(left, 2, "no unfinished file stays");

        let service = archives.server.service();
        let without = audit(service, &[]);
        assert!(without.is_intact(), "{without:?}");
        let chain = &without.report.chains[0];
        let gone = chain.archived.as_ref().unwrap();
        assert_eq!((gone.end.seq, gone.left), (1503, 0));
        let rows = chain.rows;

        let mut files = archives.files.clone();
        files.reverse();
        let whole = audit(service, &files);
        assert!(whole.is_intact(), "{whole:?}");
        assert_eq!(whole.report.chains[0].rows, rows + 1503 + 1);
        assert_eq!(whole.report.chains[0].sealed.unwrap().seq, chain.sealed.unwrap().seq);

        // An end that was noted down before is found in the archive, and a wrong one is not.
        let mut anchor = archives.made[0].end.clone();
        let verified = |anchor: &Anchor| {
            let scope = Scope {
                anchors: vec![anchor.clone()],
                archives: archives.files.clone(),
                since: None,
            };
            let journal = journal(archives.server.store(), "reader");
            journal.verify_within(&scope, &AuditKey::NotAtHand, &mut |_| ()).unwrap()
        };
        assert!(verified(&anchor).is_intact());
        anchor.hash[0] ^= 1;
        assert_eq!(faults(&verified(&anchor)), [(1500, Fault::Rewritten)]);

        // It is on record what was dropped.
        let text = export(&journal(archives.server.store(), "reader"), &Range::default());
        let told: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .filter(|row: &serde_json::Value| row["event"] == "journal.archived")
            .collect();
        let last = &told.last().unwrap()["body"]["archive"];
        let made = &archives.made[1];
        assert_eq!(last["node"], "test");
        assert_eq!((last["first"].as_i64(), last["last"].as_i64()), (Some(1501), Some(1503)));
        assert_eq!(last["hash"], hex::encode(made.end.hash));
        assert_eq!(last["sha256"], hex::encode(made.sha256));
        assert!(archive_in(service, archives.folder.path()).unwrap()[0].archive.is_none());
        // The chain goes on.
        signed(&archives.server, 2);
        assert!(audit(service, &archives.files).is_intact());
    }

    fn the_chains_of_all_nodes_are_archived_and_hold_one_another(database) {
        let server = TestServer::start(database);
        let wishes = Wishes { node: "beta", ..Wishes::default() };
        let beta = TestServer::start_with(database, wishes);
        let folder = tempfile::tempdir().unwrap();
        let sign = |rows| {
            fill(&journal(beta.store(), "beta"), rows);
            assert_eq!(beta.service().checkpoint().unwrap(), Signed::Now);
            signed(&server, rows);
        };
        sign(4);
        server.clock().advance(AGE);
        beta.clock().advance(AGE);
        sign(3);
        let chains = archive_in(server.service(), folder.path()).unwrap();
        let ends: Vec<_> = chains
            .iter()
            .map(|chain| (chain.node.as_str(), chain.archive.as_ref().unwrap().end.seq))
            .collect();
        assert_eq!(ends, [("beta", 4), ("test", 4)]);
        let files: Vec<_> = ends
            .iter()
            .map(|(node, end)| folder.path().join(format!("{node}-1-{end}.jsonl")))
            .collect();
        assert!(audit(server.service(), &[]).is_intact());
        let whole = audit(server.service(), &files);
        assert!(whole.is_intact(), "{whole:?}");
        assert!(whole.report.chains.iter().all(|chain| chain.rows >= 7), "{whole:?}");

        // What is left of one chain goes, with its checkpoints and the record of its archive.
        tamper(
            database,
            "DELETE FROM journal WHERE node = 'beta'; DELETE FROM journal_checkpoints WHERE node = 'beta'; \
             DELETE FROM journal_archives WHERE node = 'beta'",
        );
        let audited = audit(server.service(), &[]);
        let chain = &audited.report.chains[0];
        assert_eq!(chain.node, "beta");
        assert_eq!(chain.findings[0].fault, Fault::CutOff, "{audited:?}");
        let strays = audit(server.service(), &files).report.strays;
        assert!(matches!(strays[0].reason, StrayReason::Unknown { first: 1, .. }), "{strays:?}");
    }

    fn whatever_is_done_to_archives_is_found(database) {
        let archives = Archives::new(database);
        let [first, second] = archives.files.as_slice() else { panic!() };
        let found = |path: &PathBuf, content: &str| {
            let kept = fs::read_to_string(path).unwrap();
            assert_ne!(kept, content);
            fs::write(path, content).unwrap();
            let found = archives.faults(&archives.files);
            fs::write(path, kept).unwrap();
            found
        };
        let altered = (1, Fault::ArchiveAltered { until: 1500 });
        let text = fs::read_to_string(first).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let of = |lines: &[&str]| lines.join("\n") + "\n";

        let changed = found(first, &text.replacen("change 41\"", "change 14\"", 1));
        assert_eq!(changed, [(42, Fault::Altered), altered]);
        assert_eq!(
            found(first, &of(&lines[..1000])),
            [(1000, Fault::Missing { until: 1500 }), altered]
        );
        assert!(found(first, &text[..text.len() - 1]).contains(&altered));
        assert!(found(first, &format!("{text}{}\n", lines[0])).contains(&altered));
        let mut moved = lines.clone();
        moved.swap(10, 11);
        let found_moved = found(first, &of(&moved));
        assert!(found_moved.contains(&(11, Fault::Missing { until: 11 })), "{found_moved:?}");
        let mut unsigned = lines.clone();
        unsigned.pop();
        assert_eq!(found(first, &of(&unsigned)), [altered]);

        // One is missing, one comes twice, one is another's.
        assert_eq!(
            archives.faults(std::slice::from_ref(second)),
            [(1, Fault::ArchiveAbsent { until: 1500 })]
        );
        let copy = archives.folder.path().join("copy");
        fs::copy(first, &copy).unwrap();
        let twice = audit(archives.server.service(), &[first.clone(), copy.clone(), second.clone()]);
        assert!(matches!(twice.report.strays[0].reason, StrayReason::Twice { first: 1, .. }));
        assert!(!twice.is_intact());
        fs::write(&copy, of(&lines[1..])).unwrap();
        let strange = audit(archives.server.service(), &[first.clone(), copy, second.clone()]);
        assert!(matches!(strange.report.strays[0].reason, StrayReason::Unknown { first: 2, .. }));
    }

    fn whatever_is_done_to_the_records_is_found(database) {
        let archives = Archives::new(database);
        let found = |statements: &str| {
            for table in ["journal", "journal_archives", "journal_checkpoints"] {
                tamper(database, &format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}"));
            }
            tamper(database, statements);
            let key = archives.server.service().audit_public_key().unwrap().unwrap();
            let report = journal(archives.server.store(), "reader")
                .verify(&[], &AuditKey::Known(key), &mut |_| ())
                .unwrap();
            for table in ["journal", "journal_archives", "journal_checkpoints"] {
                tamper(
                    database,
                    &format!(
                        "DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept_{table}; DROP TABLE kept_{table}"
                    ),
                );
            }
            faults(&report)
        };
        // Rows deleted that no archive has.
        assert_eq!(
            found("DELETE FROM journal WHERE seq = 1504"),
            [(1504, Fault::Missing { until: 1504 })]
        );
        // The anchor moved, also over rows that were deleted for it.
        let moved = found(
            "UPDATE journal_archives SET seq = 1504 WHERE seq = 1503; DELETE FROM journal WHERE seq = 1504",
        );
        assert!(moved.contains(&(1504, Fault::ArchiveNotSigned)), "{moved:?}");
        assert!(moved.contains(&(1501, Fault::Missing { until: 1504 })), "{moved:?}");
        let edited = found("UPDATE journal_archives SET statement = REPLACE(statement, '1503', '1504') WHERE seq = 1503");
        assert!(edited.contains(&(1503, Fault::ArchiveNotSigned)), "{edited:?}");
        assert_eq!(
            found("DELETE FROM journal_archives WHERE seq = 1500"),
            [(1, Fault::Missing { until: 1500 })]
        );
        assert_eq!(
            found("DELETE FROM journal_checkpoints WHERE seq = 1503"),
            [(1503, Fault::ArchiveUnsealed)]
        );
        // A row put in the place of one that was archived.
        let put = found(
            "INSERT INTO journal SELECT node, 7, at, event, request_id, body, previous, hash FROM journal WHERE seq = 1505",
        );
        assert_eq!(put, [(7, Fault::Altered)]);
        assert_eq!(found("SELECT 1"), []);
    }

    fn nothing_goes_that_is_young_unsigned_or_needed(database) {
        let town = Town::new(database);
        let service = town.server.service();
        let folder = tempfile::tempdir().unwrap();
        let before = town.ask_one();
        let nothing = |about: &str| {
            let chains = archive_in(service, folder.path()).unwrap();
            assert!(chains.iter().all(|chain| chain.archive.is_none()), "{about}: {chains:?}");
        };
        // Old, and not signed.
        town.server.clock().advance(AGE);
        nothing("unsigned");
        // Signed, and the checkpoint is young.
        assert_eq!(service.checkpoint().unwrap(), Signed::Now);
        nothing("young");
        let authorized = administrator().authorize(op::ArchiveJournal);
        let wanted = Archiving {
            folder: folder.path().to_owned(),
            node: None,
            before: Some(service.ambient().now()),
        };
        let young = refusal(service.archive_journal(&authorized, &wanted, &mut |_| ()));
        assert!(matches!(young, ArchiveError::TooYoung { .. }), "{young}");
        // Old, and the request has not ended: nobody has swept.
        town.server.clock().advance(AGE);
        town.server.app("another");
        nothing("needed");
        assert!(service.upkeep().expired > 0, "{before:?}", before = before.id);
        let chains = archive_in(service, folder.path()).unwrap();
        assert!(chains[0].archive.is_some(), "{chains:?}");
        assert!(audit(service, &[]).is_intact());
    }

    fn a_chain_that_is_not_intact_is_not_archived(database) {
        let server = TestServer::start(database);
        let folder = tempfile::tempdir().unwrap();
        signed(&server, 5);
        signed(&server, 5);
        server.clock().advance(AGE);
        signed(&server, 1);
        tamper(database, "UPDATE journal SET event = 'app.added' WHERE seq = 3");
        let refused = refusal(archive_in(server.service(), folder.path()));
        assert!(matches!(refused, ArchiveError::NotIntact { .. }), "{refused}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(journal(server.store(), "reader").rows().unwrap(), 11);
    }

    fn one_archiver_has_a_chain_at_a_time_and_a_dead_one_for_two_minutes(database) {
        let server = TestServer::start(database);
        let folder = tempfile::tempdir().unwrap();
        signed(&server, 5);
        server.clock().advance(AGE);
        signed(&server, 1);
        let ambient = server.service().ambient();
        let until = ambient.now() + Duration::minutes(2);
        let journal = journal(server.store(), "test");
        journal.hold_for_archiving("test", ambient.id(), until).unwrap();
        let busy = refusal(archive_in(server.service(), folder.path()));
        assert!(matches!(busy, ArchiveError::Busy { .. }), "{busy}");
        server.clock().advance(Duration::minutes(2));
        let chains = archive_in(server.service(), folder.path()).unwrap();
        assert!(chains[0].archive.is_some());
    }

    fn another_file_of_that_name_stays(database) {
        let server = TestServer::start(database);
        let folder = tempfile::tempdir().unwrap();
        signed(&server, 5);
        server.clock().advance(AGE);
        signed(&server, 1);
        let path = folder.path().join("test-1-5.jsonl");
        fs::write(&path, "of another system").unwrap();
        let exists = refusal(archive_in(server.service(), folder.path()));
        assert!(matches!(exists, ArchiveError::Exists { .. }), "{exists}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "of another system");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(audit(server.service(), &[]).is_intact());
    }

    fn what_was_signed_before_a_moment_is_relied_on_when_asked(database) {
        let server = TestServer::start(database);
        signed(&server, 5);
        let scope = |since| Scope { since: Some(since), ..Scope::default() };
        server.clock().advance(Duration::hours(1));
        let moment = server.service().ambient().now();
        server.clock().advance(Duration::hours(1));
        signed(&server, 3);
        tamper(database, "UPDATE journal SET event = 'app.added' WHERE seq = 2");
        let key = AuditKey::Known(server.service().audit_public_key().unwrap().unwrap());
        let reader = journal(server.store(), "reader");
        let verified = |since| reader.verify_within(&scope(since), &key, &mut |_| ()).unwrap();
        let report = verified(moment);
        assert!(report.is_intact(), "{report:?}");
        assert_eq!(report.chains[0].rows, 3);
        assert_eq!(report.chains[0].from.as_ref().unwrap().seq, 5);
        assert_eq!(faults(&verified(moment - Duration::days(1))), [(2, Fault::Altered)]);
        // The row that is relied on must be the one that was signed.
        tamper(database, "UPDATE journal SET hash = previous WHERE seq = 5");
        assert!(faults(&verified(moment)).contains(&(5, Fault::Rewritten)));
    }
}
