//! A signed file that is found after a stop counts only when it is the signature over its document.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use rubrica::domain::algorithm::KeyAlgorithm;
use rubrica::domain::request::{
    Document, DocumentReason, DocumentState, RequestReason, RequestState,
};
use time::Duration;

use crate::harness::asked::{detached, enveloping, pades};
use crate::harness::database::both_databases;
use crate::harness::pdf::plain;
use crate::harness::steps::at_step;
use crate::harness::town::{Asked, Town};

/// Makes another file of one.
type Forgery<'a> = dyn Fn(&mut Vec<u8>) + 'a;

/// Approves, and ends as if the process had ended at that step. Then the lease runs out.
pub(super) fn stop_at(town: &Town, asked: &Asked, step: &'static str) {
    let sent = town.begin(asked).unwrap();
    let code = town.code();
    let _at = at_step(step, || panic!("as if the process ended here"));
    let stopped = catch_unwind(AssertUnwindSafe(|| town.confirm(asked, &sent, &code)));
    assert!(stopped.is_err());
    town.server.clock().advance(Duration::seconds(31));
}

/// The one file in a store that holds a single request, and is none of its originals.
pub(super) fn stray(place: &Path, rows: &[Document]) -> PathBuf {
    let mut found: Vec<_> = fs::read_dir(place)
        .unwrap()
        .map(|shard| shard.unwrap().path())
        // But for the store's mark, everything is a folder.
        .filter(|path| path.is_dir())
        .flat_map(|shard| fs::read_dir(shard).unwrap())
        .map(|file| file.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_str();
            rows.iter().all(|row| row.object_key.as_deref() != name)
        })
        .collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

/// Changes the file that lies where the signature was stored, and asserts that it does not count.
pub(super) fn refused(town: &Town, asked: &Asked, change: impl FnOnce(&mut Vec<u8>)) {
    let path = stray(&town.place(), &town.rows(asked));
    let mut bytes = fs::read(&path).unwrap();
    change(&mut bytes);
    fs::write(&path, bytes).unwrap();
    assert_eq!(town.server.service().recover().unwrap(), 1);
    let row = &town.rows(asked)[0];
    assert_eq!(row.state, DocumentState::Failed);
    assert_eq!(row.reason, Some(DocumentReason::Interrupted));
    assert!(row.detail.as_ref().unwrap().contains("not its signature"));
    assert_eq!(town.request(asked).state, RequestState::Failed);
    assert!(!path.exists(), "it still lies there");
    let journal = town.journal();
    let told = journal
        .iter()
        .rfind(|line| line.contains("signature.outcome"))
        .unwrap();
    assert!(told.contains("not its signature"), "{told}");
}

both_databases! {
    fn a_file_found_after_a_stop_counts_when_it_is_the_signature(database) {
        for key in [KeyAlgorithm::EcP256, KeyAlgorithm::EcP384, KeyAlgorithm::Rsa2048] {
            let database = database.another();
            let town = Town::with(&database, key);
            for signature in [detached(), enveloping(), pades()] {
                let asked = town.ask(&[("a.pdf", &plain(), signature)]);
                stop_at(&town, &asked, "stored");
                assert_eq!(town.server.service().recover().unwrap(), 1);
                let row = &town.rows(&asked)[0];
                assert_eq!((row.state, &row.detail), (DocumentState::Signed, &None));
                let path = format!("/v1/signature-requests/{}/documents/{}", asked.id, row.id);
                assert!(town.app.client.fetch(&path).unwrap() == town.signed(row));
                assert_eq!(town.request(&asked).state, RequestState::Completed);
            }
        }
    }

    fn a_file_found_after_a_stop_that_cannot_be_made_durable_does_not_count(database) {
        let town = Town::new(database);
        let asked = town.ask_one();
        stop_at(&town, &asked, "stored");
        let path = stray(&town.place(), &town.rows(&asked));
        let ended = {
            let _at = at_step("found", move || fs::remove_file(path).unwrap());
            town.server.service().recover().unwrap()
        };
        assert_eq!(ended, 1);
        let row = &town.rows(&asked)[0];
        assert_eq!((row.state, row.reason), (DocumentState::Failed, Some(DocumentReason::NotStored)));
        assert_eq!(town.request(&asked).state, RequestState::Failed);
    }

    fn a_file_found_after_a_stop_does_not_count_with_one_bit_changed(database) {
        for signature in [detached(), enveloping(), pades()] {
            // The value and its end, the attributes or the PDF's trailer, the certificates, the first byte.
            for place in [1, 20, 200, 700, usize::MAX] {
                let database = database.another();
                let town = Town::new(&database);
                let asked = town.ask(&[("a.pdf", &plain(), signature.clone())]);
                stop_at(&town, &asked, "stored");
                refused(&town, &asked, |bytes| {
                    let at = bytes.len().saturating_sub(place);
                    bytes[at] ^= 1;
                });
            }
        }
    }

    fn a_file_found_after_a_stop_does_not_count_when_it_is_anything_else(database) {
        for signature in [detached(), enveloping(), pades()] {
            let other: Vec<u8> = {
                let database = database.another();
                let town = Town::new(&database);
                let asked = town.ask(&[("a.pdf", &plain(), signature.clone())]);
                town.approve(&asked);
                town.signed(&town.rows(&asked)[0])
            };
            let forgeries: [&Forgery; 4] = [
                &|bytes| bytes.clone_from(&other),
                &Vec::clear,
                &|bytes| bytes.push(0),
                &|bytes| bytes.truncate(bytes.len() - 1),
            ];
            for forge in forgeries {
                let database = database.another();
                let town = Town::new(&database);
                let asked = town.ask(&[("a.pdf", &plain(), signature.clone())]);
                stop_at(&town, &asked, "stored");
                refused(&town, &asked, forge);
            }
        }
    }

    fn a_request_that_stopped_before_its_sad_was_spent_can_be_approved_again(database) {
        for step in ["claimed", "prepared"] {
            let database = database.another();
            let town = Town::new(&database);
            let asked = town.ask_one();
            stop_at(&town, &asked, step);
            assert_eq!(town.server.service().recover().unwrap(), 1, "{step}");
            let request = town.request(&asked);
            assert_eq!((request.state, request.lease), (RequestState::Pending, None), "{step}");
            assert_eq!(request.reason, Some(RequestReason::ApprovalInterrupted), "{step}");
            let journal = town.journal();
            assert!(journal.last().unwrap().contains("nothing was signed"), "{step}: {journal:?}");
            assert_eq!(town.spent(), 0, "{step}");
            assert_eq!(town.approve(&asked), RequestState::Completed, "{step}");
            assert_eq!(town.request(&asked).reason, None, "{step}");
            assert_eq!(town.spent(), 1, "{step}");
        }
    }

    fn a_thread_that_slept_through_the_next_approval_signs_nothing(database) {
        let town = Town::new(database);
        let asked = town.ask_one();
        let sent = town.begin(&asked).unwrap();
        let code = town.code();
        let outcome = std::thread::scope(|scope| {
            let town = &town;
            let asked = &asked;
            let (sleeping, awake) = std::sync::mpsc::channel();
            let (wake, woken) = std::sync::mpsc::channel::<()>();
            let (ended, end) = std::sync::mpsc::channel();
            scope.spawn(move || {
                let _at = at_step("prepared", move || {
                    sleeping.send(()).unwrap();
                    woken.recv().unwrap();
                });
                ended.send(town.confirm(asked, &sent, &code).is_err()).unwrap();
            });
            awake.recv().unwrap();
            town.server.clock().advance(Duration::seconds(31));
            assert_eq!(town.server.service().recover().unwrap(), 1);
            let again = town.begin(asked).unwrap();
            let code = town.code();
            // The same process has the request once more when the sleeper goes on.
            let _at = at_step("prepared", move || {
                wake.send(()).unwrap();
                assert!(end.recv().unwrap(), "it said that it had signed");
            });
            town.confirm(asked, &again, &code)
        });
        assert_eq!(outcome.unwrap(), RequestState::Completed);
        assert_eq!(town.spent(), 1);
    }
}
