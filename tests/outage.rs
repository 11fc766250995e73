//! What is away while somebody needs it, over real TLS: the answer is clear, nothing is lost, and it goes on.

mod batch;
mod database;
mod disk;
mod documents;
mod hsm;
mod sms;
mod stop;

use serde_json::{Value, json};

use crate::harness::asked::link_text;
use crate::harness::client::Answer;
use crate::harness::log;
use crate::harness::town::{Asked, Town};

const REQUESTS: &str = "/v1/signature-requests";

/// What an app sends to have one text signed by the town's citizen.
fn body(town: &Town) -> Value {
    json!({
        "signer": town.citizen.national_id.expose(),
        "documents": [{"name": "a.txt", "content": "aGVsbG8="}],
    })
}

/// The app asks.
#[track_caller]
fn post(town: &Town) -> Asked {
    let made = town.app.client.post_json(REQUESTS, &body(town));
    assert_eq!(made.status, 201, "{}", made.json());
    town.made(made.at("/id").as_str().unwrap())
}

/// The app looks.
fn read(town: &Town, asked: &Asked) -> Answer {
    town.app.client.get(&format!("{REQUESTS}/{}", asked.id))
}

/// The app reads that its request waits for the signer, who was turned away for that reason.
#[track_caller]
fn waits(town: &Town, asked: &Asked, reason: &str) {
    let told = read(town, asked);
    assert_eq!(told.at("/state"), "pending");
    assert_eq!(told.at("/reason/code"), reason);
    assert!(
        told.at("/reason/detail")
            .as_str()
            .unwrap_or_default()
            .contains("Nothing was signed")
    );
}

/// The app fetches the first document.
fn fetch(town: &Town, asked: &Asked) -> Answer {
    let document = asked.documents[0].id;
    let path = format!("{REQUESTS}/{}/documents/{document}", asked.id);
    town.app.client.get(&path)
}

/// A 503 that says when to come back.
#[track_caller]
fn come_back(answer: &Answer) {
    assert_eq!(answer.status, 503);
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
}

/// A problem document that says so.
#[track_caller]
fn away(answer: &Answer, code: &str) {
    come_back(answer);
    assert_eq!(answer.problem(), (503, code.to_owned()));
}

/// One line of the log since [`log::begin`] says that of the request, at that level, and no line holds a secret.
#[track_caller]
fn logged(town: &Town, asked: &Asked, level: &str, message: &str) -> Value {
    let lines = log::taken();
    let (address, code) = (link_text(asked.id), town.code());
    let (_, key) = address.split_once('.').unwrap();
    let citizen = &town.citizen;
    for secret in [
        key,
        &code,
        citizen.national_id.expose(),
        citizen.password.expose(),
        citizen.phone.as_str(),
        &town.app.token,
    ] {
        let told = lines.iter().find(|line| line.to_string().contains(secret));
        assert!(told.is_none(), "{told:?}");
    }
    let id = json!(asked.id.to_string());
    let mut told = lines.iter().filter(|line| line["message"] == message);
    let (Some(line), None) = (told.next(), told.next()) else {
        panic!("not once {message:?}: {lines:#?}");
    };
    assert_eq!(line["level"], level, "{line:#}");
    let named = [&line["request"], &line["span"]["request"]];
    assert!(named.contains(&&id), "{line:#}");
    line.clone()
}

/// How often the journal tells an event.
fn count(town: &Town, event: &str) -> usize {
    town.events().iter().filter(|told| *told == event).count()
}
