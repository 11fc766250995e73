//! Many documents approved at once: others have their turn in between, and what was signed is kept when the HSM is lost.

use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

use rubrica::domain::algorithm::KeyAlgorithm;
use rubrica::domain::request::{DocumentReason, DocumentState, RequestReason, RequestState};
use rubrica::hsm::{Hsm, Lane};

use super::{count, logged, read};
use crate::harness::alone;
use crate::harness::asked::detached;
use crate::harness::database::TestDatabase;
use crate::harness::log;
use crate::harness::server::Wishes;
use crate::harness::slow_job::wait_until;
use crate::harness::softhsm::PrivateToken;
use crate::harness::steps;
use crate::harness::town::{Asked, Town, entries};

/// So many that RSA signatures over all of them take half a second.
const MANY: usize = 250;

/// A token with one session, and a server on it whose citizen has an RSA key.
fn with_one_session(token: &PrivateToken) -> Hsm {
    token.hsm();
    let mut settings = token.settings();
    settings.sessions = NonZeroUsize::MIN;
    Hsm::new(settings)
}

fn town(database: &TestDatabase, hsm: &Hsm) -> Town {
    let hsm = Some(hsm.clone());
    Town::like_with(
        database,
        Wishes {
            hsm,
            ..Wishes::default()
        },
        KeyAlgorithm::Rsa3072,
    )
}

fn ask_many(town: &Town) -> Asked {
    let names: Vec<_> = (0..MANY).map(|number| format!("{number}.txt")).collect();
    let documents: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), name.as_bytes(), detached()))
        .collect();
    town.ask(&documents)
}

#[test]
fn a_single_signature_of_another_app_is_there_before_a_batch_is_signed() {
    alone!(
        a_single_signature_of_another_app_is_there_before_a_batch_is_signed,
        |token| {
            let hsm = with_one_session(token);
            for database in [TestDatabase::sqlite(), TestDatabase::postgres()] {
                let town = town(&database, &hsm);
                let other = town.server.app("another");
                let (many, one) = (ask_many(&town), town.ask_one_for(&other));
                let to_many = town.begin(&many).unwrap();
                let code_of_many = town.code();
                let to_one = town.begin(&one).unwrap();
                let code_of_one = town.code();
                thread::scope(|scope| {
                    let batch = scope.spawn(|| town.confirm(&many, &to_many, &code_of_many));
                    wait_until(&hsm, |load| {
                        town.spent() == 1 && load.workers == 1 && load.idle == 0
                    });
                    let ended = town.confirm(&one, &to_one, &code_of_one).unwrap();
                    assert_eq!(ended, RequestState::Completed);
                    assert_eq!(town.state(&many), RequestState::Signing);
                    assert_eq!(batch.join().unwrap().unwrap(), RequestState::Completed);
                });
                assert!(town.rows(&many).iter().all(|row| row.signed.is_some()));
                let outcomes = outcomes(&town);
                assert_eq!(outcomes, [1, MANY], "the single one first");
            }
        }
    );
}

/// How many documents each outcome tells of, in the journal's order.
fn outcomes(town: &Town) -> Vec<usize> {
    let entries = entries(&town.store, town.server.service().ambient());
    entries
        .iter()
        .filter(|entry| entry["event"] == "signature.outcome")
        .map(|entry| entry["body"]["documents"].as_array().unwrap().len())
        .collect()
}

#[test]
fn a_token_lost_in_the_middle_of_a_batch_keeps_what_was_signed() {
    alone!(
        a_token_lost_in_the_middle_of_a_batch_keeps_what_was_signed,
        |token| {
            let hsm = with_one_session(token);
            for database in [TestDatabase::sqlite(), TestDatabase::postgres()] {
                lose(token, &town(&database, &hsm), &hsm);
            }
        }
    );
}

fn lose(token: &PrivateToken, town: &Town, hsm: &Hsm) {
    let asked = ask_many(town);
    let page = town.to_code(&asked);
    let (pulled, other) = (PrivateToken::beside(token), hsm.in_lane(Lane::of(&[9; 16])));
    // SoftHSM signs on with a key in its memory. The batch has to give way, and cannot unwrap its key again.
    steps::at("spent", 1, move || {
        let before = other.load().gave_way;
        thread::spawn(move || {
            while other.load().gave_way == before {
                drop(other.keks());
            }
            pulled.pull_out();
            other.keks().unwrap_err();
        });
    });
    log::begin();
    let done = town.give(&asked, &page, &town.code());
    let message = "the HSM was lost before it signed these";
    let line = logged(town, &asked, "ERROR", message);
    assert_eq!(done.status, 200);
    assert_eq!(done.path, asked.at("/done"));

    let request = town.request(&asked);
    assert_eq!(request.state, RequestState::Completed);
    assert_eq!(request.reason, Some(RequestReason::SomeDocumentsFailed));
    let rows = town.rows(&asked);
    let signed: Vec<_> = rows.iter().filter(|row| row.signed.is_some()).collect();
    assert!(
        !signed.is_empty() && signed.len() < MANY,
        "{}",
        signed.len()
    );
    // One line for all; the document that was being signed has one of its own.
    let lost = MANY - signed.len();
    let told = line["documents"].as_u64().unwrap();
    assert!(
        [lost, lost - 1].contains(&usize::try_from(told).unwrap()),
        "{lost}: {line:#}"
    );
    for row in &rows {
        let fate = (row.state, row.reason, row.signed.is_some());
        let kept = (DocumentState::Signed, None, true);
        let lost = (
            DocumentState::Failed,
            Some(DocumentReason::HsmUnavailable),
            false,
        );
        assert!(fate == kept || fate == lost, "{fate:?}");
    }
    // The app has what was signed, and is told of each other document what became of it.
    let told = read(town, &asked);
    assert_eq!(told.at("/state"), "completed");
    assert_eq!(told.at("/reason/code"), "some_documents_failed");
    for (place, row) in rows.iter().enumerate() {
        let path = format!("/v1/signature-requests/{}/documents/{}", asked.id, row.id);
        if row.signed.is_some() {
            assert_eq!(told.at(&format!("/documents/{place}/state")), "signed");
            assert_eq!(town.app.client.get(&path).status, 200);
        } else {
            let reason = told.at(&format!("/documents/{place}/reason/code"));
            assert_eq!(reason, "hsm_unavailable");
            let refused = town.app.client.get(&path).problem();
            assert_eq!(refused, (409, "document_failed".to_owned()));
        }
    }
    assert_eq!(outcomes(town), [MANY]);
    assert_eq!(count(town, "signature.intent"), 1);
    // The originals and what was signed, and nothing half written.
    assert_eq!(town.server.stored_objects(), MANY + signed.len());

    token.put_back();
    thread::sleep(Duration::from_millis(700));
    let again = town.ask_one();
    assert_eq!(town.approve(&again), RequestState::Completed);
    // A session keeps the wrapping key at hand, and no citizen's key.
    assert_eq!(hsm.object_count().unwrap().session, 1);
}
