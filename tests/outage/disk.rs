//! The disk is full when signed files are written.
//!
//! A limit on the length of files (`RLIMIT_FSIZE`) makes the kernel refuse the write itself, as a full disk does. It counts
//! for a whole process, so the test has one of its own.

use std::process::Command;

use rubrica::domain::request::{DocumentReason, DocumentState, RequestReason, RequestState};

use super::{away, come_back, count, fetch, logged, read, waits};
use crate::harness::asked::{detached, enveloping};
use crate::harness::database::TestDatabase;
use crate::harness::log;
use crate::harness::multipart::Form;
use crate::harness::process::{alone, argument};
use crate::harness::town::Town;

/// Longest file while the disk is "full": more than a database of SQLite and its log have here.
const ROOM: usize = 12 * 1024 * 1024;

#[test]
fn a_full_disk_is_told_everywhere_and_nothing_half_written_stays() {
    // Whoever writes too much is told so by the failed write and not killed.
    let output = alone("outage::disk::meets_a_full_disk", "", "trap '' XFSZ")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
#[ignore = "runs under a limit, for `a_full_disk_is_told_everywhere_and_nothing_half_written_stays`"]
fn meets_a_full_disk() {
    if argument().is_none() {
        return;
    }
    for database in [TestDatabase::sqlite(), TestDatabase::postgres()] {
        let town = Town::new(&database);
        one_document_finds_no_room(&town, 1);
        one_document_finds_no_room(&town, 8);
        no_document_finds_room(&town);
        an_upload_finds_no_room(&town);
    }
}

/// A document that fits itself, while its signed form does not.
fn nearly_too_large() -> Vec<u8> {
    vec![b'7'; ROOM - 100]
}

/// The short ones are signed and kept; the long one is failed, with its reason. Few files are flushed one by one, and many
/// together.
fn one_document_finds_no_room(town: &Town, short: usize) {
    let large = nearly_too_large();
    let mut documents = vec![("large.txt", &large[..], enveloping())];
    documents.extend(vec![("small.txt", &b"yes"[..], detached()); short]);
    let asked = town.ask(&documents);
    let objects = town.server.stored_objects();
    let page = town.to_code(&asked);
    log::begin();
    let done = {
        let _full = Full::now();
        town.give(&asked, &page, &town.code())
    };
    let line = logged(town, &asked, "ERROR", "a signed document was not stored");
    assert_eq!(line["document"], asked.documents[0].id.to_string());
    assert!(
        line["cause"].as_str().unwrap().contains("too large"),
        "{line:#}"
    );
    assert_eq!((done.status, &done.path), (200, &asked.at("/done")));
    let request = town.request(&asked);
    assert_eq!(request.state, RequestState::Completed);
    assert_eq!(request.reason, Some(RequestReason::SomeDocumentsFailed));
    let rows = town.rows(&asked);
    let fates: Vec<_> = rows.iter().map(|row| (row.state, row.reason)).collect();
    let (first, others) = fates.split_first().unwrap();
    assert_eq!(
        *first,
        (DocumentState::Failed, Some(DocumentReason::NotStored))
    );
    assert_eq!(others, vec![(DocumentState::Signed, None); short]);
    let told = read(town, &asked);
    assert_eq!(told.at("/documents/0/reason/code"), "not_stored");
    let refused = fetch(town, &asked).problem();
    assert_eq!(refused, (409, "document_failed".to_owned()));
    for (position, row) in rows.iter().enumerate().skip(1) {
        let state = format!("/documents/{position}/state");
        assert_eq!(told.at(&state), "signed");
        let path = format!("/v1/signature-requests/{}/documents/{}", asked.id, row.id);
        assert_eq!(town.app.client.get(&path).status, 200);
    }
    assert!(last_outcome(town).contains("not_stored"));
    assert_eq!(town.server.stored_objects(), objects + short);
}

/// Nothing was kept, so the citizen may approve again when there is room.
fn no_document_finds_room(town: &Town) {
    let large = nearly_too_large();
    let asked = town.ask(&[("large.txt", &large, enveloping())]);
    let objects = town.server.stored_objects();
    let page = town.to_code(&asked);
    let over =
        |town: &Town| ["signature.intent", "signature.outcome"].map(|event| count(town, event));
    let [intents, outcomes] = over(town);
    log::begin();
    let refused = {
        let _full = Full::now();
        town.give(&asked, &page, &town.code())
    };
    let message = "nothing that was signed could be stored";
    logged(town, &asked, "WARN", message);
    come_back(&refused.answer);
    assert_eq!(refused.heading(), "El servicio no está disponible");
    assert!(refused.leads_to(&asked.link), "{}", refused.html);
    waits(town, &asked, "document_store_unavailable");
    assert_eq!(over(town), [intents + 1, outcomes + 1]);
    let outcome = last_outcome(town);
    assert!(outcome.contains("\"code\":\"documents\""), "{outcome}");
    assert_eq!(town.server.stored_objects(), objects);

    let done = town.give(&asked, &town.to_code(&asked), &town.code());
    assert_eq!(done.heading(), "El documento está firmado");
    assert_eq!(read(town, &asked).at("/state"), "completed");
    assert_eq!(fetch(town, &asked).status, 200);
    assert_eq!(town.server.stored_objects(), objects + 1);
}

/// The app is told that the store is away, and may send it again.
fn an_upload_finds_no_room(town: &Town) {
    let objects = town.server.stored_objects();
    let metadata = serde_json::json!({
        "signer": town.citizen.national_id.expose(),
        "documents": [{"name": "a.txt"}],
    });
    let send = || {
        let body = Form::of(&metadata).document(&vec![b'8'; ROOM + 1]).finish();
        let kind = Form::content_type();
        town.app.client.post(super::REQUESTS, &kind, &body[..])
    };
    log::begin();
    let refused = {
        let _full = Full::now();
        send()
    };
    // There is no request yet; the call has a name, which the app has too.
    let lines = log::taken();
    let failed = lines.iter().find(|line| line["message"] == "a call failed");
    let failed = failed.unwrap_or_else(|| panic!("{lines:#?}"));
    assert_eq!(failed["code"], "document_store_unavailable", "{failed:#}");
    assert!(
        failed["causes"].as_str().unwrap().contains("too large"),
        "{failed:#}"
    );
    assert_eq!(failed["span"]["id"], refused.header("x-request-id"));
    assert!(!format!("{lines:?}").contains(&town.app.token));
    away(&refused, "document_store_unavailable");
    assert_eq!(town.server.stored_objects(), objects);
    assert_eq!(send().status, 201);
}

/// What the journal tells last of signing.
fn last_outcome(town: &Town) -> String {
    let mut lines = town.journal();
    lines.retain(|line| line.contains("\"event\":\"signature.outcome\""));
    lines.pop().unwrap()
}

/// No file of this process may become longer than [`ROOM`], until this is dropped.
struct Full;

impl Full {
    fn now() -> Self {
        limit(&format!("{ROOM}:"));
        Self
    }
}

impl Drop for Full {
    fn drop(&mut self) {
        limit("unlimited:");
    }
}

/// Sets the soft limit alone, which may be raised again.
fn limit(room: &str) {
    let set = Command::new("prlimit")
        .arg(format!("--fsize={room}"))
        .arg(format!("--pid={}", std::process::id()))
        .status()
        .expect("`prlimit` of Debian's util-linux");
    assert!(set.success());
}
