//! Killing the process while the KEK is rotated. The next run goes on from there, and the server signs at any moment.

use rubrica::auth::op;
use rubrica::domain::request::RequestState;
use rubrica::hsm::{Hsm, KekVersion};
use rubrica::journal::{AuditKey, Journal};
use rubrica::store::wrapping_keys;

use super::{Fate, Kill, killed};
use crate::harness::alone;
use crate::harness::database::TestDatabase;
use crate::harness::server::{TestServer, Wishes, administrator};
use crate::harness::softhsm;
use crate::harness::town::{self, Town};
use crate::harness::wrapping;

/// Every step that a rotation tells, in the middle of three wrapping keys.
pub(super) const KILLS: [Kill; 4] = [
    ("kek-made", 1),
    ("rewrap-intended", 2),
    ("rewrapped", 2),
    ("rewrap-kept", 2),
];

#[test]
fn a_rotation_that_is_killed_at_any_step_is_finished_by_the_next() {
    alone!(
        a_rotation_that_is_killed_at_any_step_is_finished_by_the_next,
        |token| {
            let hsm = token.hsm();
            let newest = || *hsm.keks().unwrap().last().unwrap();
            for first in [TestDatabase::sqlite(), TestDatabase::postgres()] {
                for kill in KILLS {
                    let about = format!("killed at {kill:?}");
                    let database = first.another();
                    let old = newest();
                    let town = Town::like(&database, with(&hsm));
                    let kept = [old; 2].map(|kek| wrapping::kept(&hsm, &town.store, kek));
                    assert_eq!(
                        kept.len() + 1,
                        older(&town, KekVersion(old.0 + 1)),
                        "{about}"
                    );
                    let child = "crash::rotating::the_child_that_rotates";
                    killed(child, &database, kill, &token.pin);

                    let new = KekVersion(old.0 + 1);
                    assert_eq!(newest(), new, "{about}");
                    let left = if kill.0 == "rewrap-kept" {
                        1
                    } else if kill.0 == "kek-made" {
                        3
                    } else {
                        2
                    };
                    assert_eq!(older(&town, new), left, "{about}");
                    signs(&town, &about);
                    let administrator = administrator().authorize(op::ManageHsm);
                    let service = town.server.service();
                    let rotation = service.rotate_kek(&administrator, &mut |_| ()).unwrap();
                    assert_eq!(rotation.to, new, "{about}");
                    assert_eq!(newest(), new, "{about}");
                    assert_eq!(older(&town, new), 0, "{about}");
                    town.server.clock().advance(time::Duration::hours(1));
                    signs(&town, &about);
                    check_journal(&town, &about);
                }
            }
        }
    );
}

/// Every wrapping key that was wrapped anew is told with its intent before, once.
fn check_journal(town: &Town, about: &str) {
    let ambient = town.server.service().ambient();
    let entries = town::entries(&town.store, ambient);
    let of = |result: &str| {
        let of_event = |entry: &&serde_json::Value| {
            entry["event"] == "wrapping-key.rewrapped"
                && entry["body"]["outcome"]["result"] == result
        };
        entries.iter().filter(of_event).count()
    };
    assert_eq!(of("failed"), 0, "{about}");
    assert_eq!(of("done"), 3, "{about}: {entries:?}");
    assert!((3..=4).contains(&of("intended")), "{about}");
    let node = "reader".parse().unwrap();
    let journal = Journal::new(town.store.clone(), ambient.clone(), node);
    let report = journal.verify(&[], &AuditKey::NotAtHand, &mut |_| ());
    assert!(report.unwrap().is_intact(), "{about}");
}

fn with(hsm: &Hsm) -> Wishes {
    Wishes {
        hsm: Some(hsm.clone()),
        ..Wishes::default()
    }
}

fn older(town: &Town, kek: KekVersion) -> usize {
    let older = town
        .store
        .read(|connection| wrapping_keys::older_than(connection, kek));
    older.unwrap().len()
}

fn signs(town: &Town, about: &str) {
    let asked = town.ask_one();
    assert_eq!(town.approve(&asked), RequestState::Completed, "{about}");
}

#[test]
#[ignore = "run by the test above, in a process of its own"]
fn the_child_that_rotates() {
    let Some(fate) = Fate::told() else {
        return;
    };
    // Its token is the parent's, whose `SOFTHSM2_CONF` it has inherited.
    let hsm = Hsm::new(softhsm::settings("rubrica-private", &fate.given));
    let server = TestServer::start_with(&fate.database, with(&hsm));
    fate.await_it("");
    let administrator = administrator().authorize(op::ManageHsm);
    let rotated = server
        .service()
        .rotate_kek(&administrator, &mut |_| ())
        .unwrap();
    unreachable!("not killed: {rotated:?}");
}
