//! Killing the process while the journal is archived. The next run ends it, and nothing is lost.

use std::fs;
use std::path::{Path, PathBuf};

use rubrica::auth::op;
use rubrica::hsm::Hsm;
use rubrica::journal::{Entry, Event, Journal, Scope};
use rubrica::service::archiving::Archiving;
use rubrica::service::checkpoints::{Checkpoints, Signed};
use time::Duration;

use super::{Fate, Kill, killed};
use crate::harness::alone;
use crate::harness::database::TestDatabase;
use crate::harness::server::{TestServer, Wishes, administrator};
use crate::harness::softhsm;

/// Every step that archiving tells, the slices in the middle.
pub(super) const KILLS: [Kill; 5] = [
    ("archive-begun", 1),
    ("archive-written", 1),
    ("archive-recorded", 1),
    ("archive-slice-dropped", 2),
    ("archive-dropped", 1),
];
const ROWS: usize = 3500;
const AGE: Duration = Duration::days(401);

#[test]
fn archiving_that_is_killed_at_any_step_is_finished_by_the_next() {
    alone!(
        archiving_that_is_killed_at_any_step_is_finished_by_the_next,
        |token| {
            let hsm = token.hsm();
            let audit = Checkpoints::default();
            hsm.generate_authority_key(&audit.key_label, audit.key)
                .unwrap();
            for first in [TestDatabase::sqlite(), TestDatabase::postgres()] {
                for kill in KILLS {
                    check(&first.another(), &hsm, &token.pin, kill);
                }
            }
        }
    );
}

fn check(database: &TestDatabase, hsm: &Hsm, pin: &str, kill: Kill) {
    let about = format!("killed at {kill:?}");
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_str().unwrap();
    let given = format!("{pin} {place}");
    killed(
        "crash::archiving::the_child_that_archives",
        database,
        kill,
        &given,
    );
    let server = TestServer::start_with(database, with(hsm));
    // The child's clock was so far when it was killed; its lease is over since.
    server.clock().advance(AGE + Duration::minutes(3));
    let service = server.service();
    let authorized = administrator().authorize(op::ReadJournal);
    let audited = |archives: Vec<PathBuf>| {
        let scope = Scope {
            archives,
            ..Scope::default()
        };
        let audit = service.verify_journal_within(&authorized, &scope, None, &mut |_| ());
        audit.unwrap()
    };
    assert!(audited(Vec::new()).is_intact(), "{about}");
    let chains = archived(&server, folder.path());
    let dropped = matches!(kill.0, "archive-dropped");
    let on_record = !matches!(kill.0, "archive-begun" | "archive-written");
    assert_eq!(chains.0, on_record && !dropped, "{about}");
    assert_eq!(chains.1, !on_record, "{about}");
    let files: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(files, [folder.path().join(format!("test-1-{ROWS}.jsonl"))]);
    let whole = audited(files);
    assert!(whole.is_intact(), "{about}: {whole:?}");
    let chain = &whole.report.chains[0];
    assert_eq!(chain.archived.as_ref().unwrap().left, 0, "{about}");
    assert!(chain.rows > ROWS.try_into().unwrap(), "{about}");
}

/// Whether an earlier archive was finished, and whether a new one was made.
fn archived(server: &TestServer, folder: &Path) -> (bool, bool) {
    let authorized = administrator().authorize(op::ArchiveJournal);
    let wanted = Archiving {
        folder: folder.to_owned(),
        node: None,
        before: None,
    };
    let chains = server
        .service()
        .archive_journal(&authorized, &wanted, &mut |_| ())
        .unwrap();
    (chains[0].finished.is_some(), chains[0].archive.is_some())
}

fn with(hsm: &Hsm) -> Wishes {
    Wishes {
        hsm: Some(hsm.clone()),
        ..Wishes::default()
    }
}

#[test]
#[ignore = "run by the test above, in a process of its own"]
fn the_child_that_archives() {
    let Some(fate) = Fate::told() else {
        return;
    };
    let (pin, folder) = fate.given.split_once(' ').unwrap();
    let hsm = Hsm::new(softhsm::settings("rubrica-private", pin));
    let server = TestServer::start_with(&fate.database, with(&hsm));
    let ambient = server.service().ambient().clone();
    let journal = Journal::new(fate.database.store(), ambient, "test".parse().unwrap());
    let entry = Entry::new(Event::AppChanged).detail("one of many");
    journal.append(&vec![entry.clone(); ROWS]).unwrap();
    assert_eq!(server.service().checkpoint().unwrap(), Signed::Now);
    server.clock().advance(AGE);
    journal.append(&[entry]).unwrap();
    fate.await_it("");
    let archived = archived(&server, Path::new(folder));
    unreachable!("not killed: {archived:?}");
}
