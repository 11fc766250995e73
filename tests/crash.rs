//! Killing the process at each step of signing, and what the next one makes of it.
//!
//! A child process registers a citizen, makes a request of two documents and approves it; when signing tells the
//! wanted step, the child kills itself with SIGKILL. The parent then starts anew on the same database and folder.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rubrica::domain::algorithm::{Digest, DigestAlgorithm, KeyAlgorithm};
use rubrica::domain::request::{DocumentReason, DocumentState, RequestState};
use rubrica::journal::{AuditKey, Journal};
use rubrica::store;
use time::Duration;

use crate::harness::asked::detached;
use crate::harness::database::{TestDatabase, both_databases};
use crate::harness::process;
use crate::harness::server::TestServer;
use crate::harness::steps;
use crate::harness::town::{self, Town};

/// Every step that signing tells, in order, and how many of the two documents are signed after a stop there.
/// `stored` comes once for each document.
const KILLS: [(&str, usize, usize); 10] = [
    ("claimed", 1, 0),
    ("prepared", 1, 0),
    ("intent", 1, 0),
    ("spent", 1, 0),
    ("signed", 1, 0),
    ("stored", 1, 1),
    ("stored", 2, 2),
    ("marked", 1, 2),
    ("outcome", 1, 2),
    ("finished", 1, 2),
];

both_databases! {
    fn a_stop_at_any_step_loses_no_signature_and_leaves_none_without_its_intent(database) {
        for (step, nth, signed) in KILLS {
            let fresh = database.another();
            check(&fresh, step, nth, signed);
        }
    }
}

#[test]
fn the_kills_cover_every_step_that_signing_tells() {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/service/signing");
    let files = fs::read_dir(source)
        .unwrap()
        .map(|file| file.unwrap().path());
    let told: BTreeSet<String> = files
        .chain([format!("{source}.rs").into()])
        .map(|file| fs::read_to_string(file).unwrap())
        .flat_map(|text| {
            let steps = text.split("step(\"").skip(1);
            let names = steps.map(|rest| rest.split('"').next().unwrap().to_owned());
            names.collect::<Vec<_>>()
        })
        .filter(|step| !["given back", "recovered"].contains(&step.as_str()))
        .collect();
    let killed: BTreeSet<String> = KILLS
        .iter()
        .map(|(step, _, _)| (*step).to_owned())
        .collect();
    assert_eq!(killed, told);
}

fn check(database: &TestDatabase, step: &str, nth: usize, signed: usize) {
    let about = format!("killed at {step} {nth}");
    let folder = tempfile::tempdir().unwrap();
    let note = folder.path().join("note");
    let argument = format!(
        "{}\n{}\n{step}\n{nth}",
        database.url(),
        note.to_str().unwrap()
    );
    let child = process::alone("crash::the_child_that_is_killed", &argument, "")
        .output()
        .unwrap();
    assert!(!child.status.success(), "{about}: the child lived on");
    let note = fs::read_to_string(&note).unwrap_or_else(|_| {
        panic!("{about}: {}", String::from_utf8_lossy(&child.stderr));
    });
    let (place, link) = note.split_once('\n').unwrap();

    let server = TestServer::start_again(database, Path::new(place));
    let service = server.service();
    let finished = step == "finished";
    // The lease of the killed process still holds; it runs out soon after.
    assert_eq!(service.recover().unwrap(), 0, "{about}");
    server.clock().advance(Duration::seconds(31));
    let left = usize::from(!finished);
    assert_eq!(service.recover().unwrap(), left, "{about}");
    assert_eq!(service.recover().unwrap(), 0, "{about}");

    let store = database.store();
    let request = link.parse().unwrap();
    let documents = store
        .read(|connection| store::documents::of_request(connection, request))
        .unwrap();
    let good = documents
        .iter()
        .filter(|row| row.state == DocumentState::Signed)
        .count();
    assert_eq!(good, signed, "{about}: {documents:?}");
    for row in &documents {
        match row.state {
            DocumentState::Signed => {
                let kept = row.signed.as_ref().unwrap();
                let bytes = server.object(kept.object_key.as_ref().unwrap());
                assert_eq!(
                    Digest::of(DigestAlgorithm::Sha256, &bytes),
                    kept.sha256,
                    "{about}"
                );
                assert!(kept.signed_at <= service.ambient().now(), "{about}");
            }
            state => {
                assert_eq!(state, DocumentState::Failed, "{about}");
                assert_eq!(row.reason, Some(DocumentReason::Interrupted), "{about}");
            }
        }
    }
    let kept = store
        .read(|connection| store::requests::find(connection, request))
        .unwrap()
        .unwrap();
    let state = if signed == 0 {
        RequestState::Failed
    } else {
        RequestState::Completed
    };
    assert_eq!(kept.state, state, "{about}");
    assert_eq!(kept.lease, None, "{about}");

    let events = town::events(&store, service.ambient());
    let count = |name: &str| events.iter().filter(|event| *event == name).count();
    assert!(
        signed == 0 || count("signature.intent") == 1,
        "{about}: {events:?}"
    );
    assert!(
        count("signature.intent") <= count("signature.outcome"),
        "{about}: {events:?}"
    );
    let journal = Journal::new(store, service.ambient().clone(), "reader".parse().unwrap());
    assert!(
        journal
            .verify(&[], &AuditKey::NotAtHand, &mut |_| ())
            .unwrap()
            .is_intact(),
        "{about}"
    );
}

#[test]
#[ignore = "run by the tests above, in a process of its own"]
fn the_child_that_is_killed() {
    let Some(argument) = process::argument() else {
        return;
    };
    let [url, note, step, nth] = argument.split('\n').collect::<Vec<_>>().try_into().unwrap();
    let database = TestDatabase::existing(url);
    let town = Town::with(&database, KeyAlgorithm::EcP256);
    let asked = town.ask(&[
        ("a.txt", b"first", detached()),
        ("b.txt", b"second", detached()),
    ]);
    let place: PathBuf = town.place();
    fs::write(note, format!("{}\n{}", place.display(), asked.id)).unwrap();
    steps::at(step, nth.parse().unwrap(), || {
        let own = std::process::id().to_string();
        Command::new("kill").args(["-9", &own]).status().unwrap();
        unreachable!("killed");
    });
    town.approve(&asked);
}
