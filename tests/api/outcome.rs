//! What an app is told of what the citizen did on the pages.

use serde_json::Value;

use super::create::REQUESTS;
use crate::harness::asked::{self, detached, pades};
use crate::harness::client::Answer;
use crate::harness::database::both_databases;
use crate::harness::town::{Asked, Town};

fn read(town: &Town, asked: &Asked) -> Answer {
    town.app.client.get(&format!("{REQUESTS}/{}", asked.id))
}

fn fetch(town: &Town, asked: &Asked, index: usize) -> Answer {
    let document = asked.documents[index].id;
    let path = format!("{REQUESTS}/{}/documents/{document}", asked.id);
    town.app.client.get(&path)
}

/// A request from an app that wants the browser back.
fn ask(town: &Town) -> Asked {
    town.ask_like(|request| {
        request.return_url = Some("https://sede.example/back?file=7".parse().unwrap());
        vec![asked::document(
            &town.server,
            request.id,
            "a.txt",
            b"yes",
            detached(),
        )]
    })
}

/// Where a request ended that was refused, for whatever reason.
#[track_caller]
fn refused(town: &Town, asked: &Asked, reason: &str) {
    let told = read(town, asked);
    assert_eq!(told.at("/state"), "refused");
    assert_eq!(told.at("/reason/code"), reason);
    assert!(
        !told
            .at("/reason/detail")
            .as_str()
            .unwrap_or_default()
            .is_empty(),
        "{}",
        told.json()
    );
    assert!(told.at("/finished_at").is_string());
    assert_eq!(told.at("/certificate"), Value::Null);
    assert_eq!(
        fetch(town, asked, 0).problem(),
        (409, "wrong_state".to_owned())
    );
    let cancel = format!("{REQUESTS}/{}/cancel", asked.id);
    let cancelled = town.app.client.call("POST", &cancel, ());
    assert_eq!(cancelled.problem(), (409, "wrong_state".to_owned()));
    let page = town.browser.open(&asked.link);
    let back = format!(
        "https://sede.example/back?file=7&request={}&state=refused",
        asked.id
    );
    assert_eq!(page.links("Volver a sede"), [back]);
    assert_eq!(
        (town.spent(), town.server.phones().messages().len()),
        (0, 2)
    );
}

both_databases! {
    fn three_wrong_codes_are_told_as_a_refusal_with_its_reason(database) {
        let town = Town::new(database);
        let asked = ask(&town);
        let mut page = town.to_code(&asked);
        for _ in 0..2 {
            page = town.give(&asked, &page, &town.wrong_code());
            assert_eq!(read(&town, &asked).at("/state"), "pending");
        }
        let over = town.give(&asked, &page, &town.wrong_code());
        assert_eq!(over.heading(), "Demasiadas claves incorrectas");
        refused(&town, &asked, "code_tries_exhausted");
        // The right code comes too late.
        let late = town.give(&asked, &page, &town.code());
        assert_eq!(late.heading(), "Demasiadas claves incorrectas");
    }

    fn a_citizen_who_declines_is_told_with_that_reason(database) {
        let town = Town::new(database);
        let asked = ask(&town);
        town.to_code(&asked);
        let question = town.browser.open(&asked.at("/decline"));
        town.browser.send(&question, &asked.at("/decline"), &[]);
        refused(&town, &asked, "declined_by_signer");
    }

    fn each_document_is_told_with_its_own_result(database) {
        let town = Town::new(database);
        let asked = town.ask(&[
            ("a.txt", b"first", detached()),
            ("no.pdf", b"no PDF", pades()),
        ]);
        town.give(&asked, &town.to_code(&asked), &town.code());
        let told = read(&town, &asked);
        assert_eq!(told.at("/state"), "completed");
        assert_eq!(told.at("/reason/code"), "some_documents_failed");
        assert_eq!(told.at("/documents/0/state"), "signed");
        assert_eq!(told.at("/documents/1/state"), "failed");
        assert_eq!(told.at("/documents/1/reason/code"), "not_a_pdf");
        assert_eq!(fetch(&town, &asked, 0).status, 200);
        assert_eq!(fetch(&town, &asked, 1).problem(), (409, "document_failed".to_owned()));
    }
}
