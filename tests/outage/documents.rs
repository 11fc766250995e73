//! The document store is away: a disk that is not mounted, whose folder is missing or empty. Nobody is told that documents
//! were deleted, and no approval is lost.

use std::fs;
use std::path::{Path, PathBuf};

use rubrica::domain::request::RequestState;

use super::{REQUESTS, away, body, come_back, count, fetch, post, waits};
use crate::harness::database::both_databases;
use crate::harness::town::Town;

const UNAVAILABLE: &str = "document_store_unavailable";

/// What stands in the place of the store.
#[derive(Clone, Copy)]
enum Instead {
    Nothing,
    EmptyFolder,
}

fn unmount(place: &Path, instead: Instead) -> PathBuf {
    let elsewhere = place.with_extension("away");
    fs::rename(place, &elsewhere).unwrap();
    if let Instead::EmptyFolder = instead {
        fs::create_dir(place).unwrap();
    }
    elsewhere
}

fn mount(place: &Path, elsewhere: &Path) {
    // Fails where anything was written into the empty folder.
    let _ = fs::remove_dir(place);
    fs::rename(elsewhere, place).unwrap();
}

both_databases! {
    fn a_store_that_is_away_is_told_everywhere_and_found_again(database) {
        let town = Town::new(database);
        for instead in [Instead::Nothing, Instead::EmptyFolder] {
            let (signed, asked) = (post(&town), post(&town));
            assert_eq!(town.approve(&signed), RequestState::Completed);
            let page = town.to_code(&asked);
            let code = town.code();
            let intents = count(&town, "signature.intent");
            let place = town.place();
            let elsewhere = unmount(&place, instead);

            let ready = town.server.operator().get("/readyz");
            away(&ready, "not_ready");
            assert!(ready.at("/detail").as_str().unwrap().contains("documents: "));
            away(&fetch(&town, &signed), UNAVAILABLE);
            away(&town.app.client.post_json(REQUESTS, &body(&town)), UNAVAILABLE);
            let document = format!("/documents/{}", asked.documents[0].id);
            come_back(&town.browser.open(&asked.at(&document)).answer);
            let told = town.give(&asked, &page, &code);
            come_back(&told.answer);
            assert!(told.leads_to(&asked.link), "{}", told.html);
            waits(&town, &asked, "document_store_unavailable");
            assert_eq!(count(&town, "signature.intent"), intents);

            mount(&place, &elsewhere);
            assert_eq!(fetch(&town, &signed).status, 200);
            let done = town.give(&asked, &page, &code);
            assert_eq!(done.heading(), "El documento está firmado");
            assert_eq!(fetch(&town, &asked).status, 200);
        }
    }

    fn upkeep_forgets_no_document_of_a_store_that_is_away(database) {
        let town = Town::new(database);
        let signed = post(&town);
        assert_eq!(town.approve(&signed), RequestState::Completed);
        town.server.clock().advance(time::Duration::days(365));
        let place = town.place();
        let elsewhere = unmount(&place, Instead::EmptyFolder);
        let round = town.server.service().upkeep();
        assert_eq!((round.deleted, round.failed.is_empty()), (0, false), "{round:?}");
        mount(&place, &elsewhere);
        let round = town.server.service().upkeep();
        assert_eq!((round.deleted, round.failed.is_empty()), (1, true), "{round:?}");
        assert_eq!(town.server.stored_objects(), 0);
        assert_eq!(fetch(&town, &signed).problem(), (410, "document_deleted".to_owned()));
    }

    fn a_document_that_was_lost_is_not_told_as_deleted(database) {
        let town = Town::new(database);
        let signed = post(&town);
        assert_eq!(town.approve(&signed), RequestState::Completed);
        let key = town.rows(&signed)[0].signed.clone().unwrap().object_key.unwrap();
        fs::remove_file(town.place().join(&key[..2]).join(&key)).unwrap();
        assert_eq!(fetch(&town, &signed).problem(), (500, "internal_error".to_owned()));
    }
}
