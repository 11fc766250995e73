//! What becomes of a request: cancelled, expired, repeated, seen by others, listed, fetched too early.

use std::thread;

use serde_json::{Value, json};
use time::Duration;

use super::create::{DNI, REQUESTS, one_text};
use crate::harness::client::{Answer, Client};
use crate::harness::database::both_databases;
use crate::harness::multipart::Form;
use crate::harness::server::TestServer;

fn make(client: &Client) -> String {
    let made = client.post_json(REQUESTS, &one_text());
    assert_eq!(made.status, 201);
    made.at("/id").as_str().unwrap().to_owned()
}

fn cancel(client: &Client, id: &str) -> Answer {
    client.call("POST", &format!("{REQUESTS}/{id}/cancel"), ())
}

both_databases! {
    fn a_cancelled_request_stays_cancelled(database) {
        let server = TestServer::start(database);
        let app = server.app("tax");
        server.eligible(DNI);
        let id = make(&app.client);
        for _ in 0..2 {
            let answer = cancel(&app.client, &id);
            assert_eq!(answer.status, 200);
            assert_eq!(answer.at("/state"), "cancelled");
            assert_eq!(answer.at("/reason/code"), "cancelled_by_app");
        }
    }

    fn a_request_nobody_approves_expires_by_itself(database) {
        let server = TestServer::start(database);
        let app = server.app("tax");
        server.eligible(DNI);
        let id = make(&app.client);
        server.clock().advance(Duration::HOUR);
        let seen = app.client.get(&format!("{REQUESTS}/{id}"));
        assert_eq!(seen.at("/state"), "expired");
        assert_eq!(seen.at("/reason/code"), "lifetime_over");
        assert_eq!(cancel(&app.client, &id).problem(), (409, "wrong_state".to_owned()));
    }

    fn documents_of_a_request_that_ended_unsigned_say_why(database) {
        let server = TestServer::start(database);
        let app = server.app("tax");
        server.eligible(DNI);
        let seen = |id: &str| {
            let seen = app.client.get(&format!("{REQUESTS}/{id}"));
            let reason = seen.at("/documents/0/reason");
            assert!(reason["detail"].as_str().is_some_and(|text| text.ends_with('.')), "{reason}");
            assert_eq!(seen.at("/documents/0/state"), "not_signed");
            reason["code"].as_str().unwrap().to_owned()
        };
        let cancelled = make(&app.client);
        let answer = cancel(&app.client, &cancelled);
        assert_eq!(answer.at("/documents/0/state"), "not_signed");
        assert_eq!(seen(&cancelled), "request_cancelled");
        let declined = make(&app.client);
        let url = app.client.get(&format!("{REQUESTS}/{declined}")).at("/approval_url");
        let link = server.service().link(url.as_str().unwrap().rsplit_once("/r/").unwrap().1).unwrap();
        server.service().decline(&link).unwrap();
        assert_eq!(seen(&declined), "request_refused");
        let expired = make(&app.client);
        server.clock().advance(Duration::HOUR);
        assert_eq!(seen(&expired), "request_expired");
    }

    fn another_apps_request_is_as_if_there_were_none(database) {
        let server = TestServer::start(database);
        let (own, other) = (server.app("tax"), server.app("health"));
        server.eligible(DNI);
        let made = own.client.post_json(REQUESTS, &one_text());
        let id = made.at("/id");
        let path = format!("{REQUESTS}/{}", id.as_str().unwrap());
        let document = made.at("/documents/0/id");
        let document = format!("{path}/documents/{}", document.as_str().unwrap());
        let none = (404, "request_not_found".to_owned());
        assert_eq!(other.client.get(&path).problem(), none);
        assert_eq!(other.client.call("POST", &format!("{path}/cancel"), ()).problem(), none);
        assert_eq!(other.client.get(&document).problem(), none);
        assert_eq!(other.client.get(REQUESTS).at("/requests"), json!([]));
        assert_eq!(own.client.get(&path).at("/state"), "pending");
        for absent in ["0199c0de-0000-7000-8000-000000000001", "x", "0"] {
            assert_eq!(own.client.get(&format!("{REQUESTS}/{absent}")).problem(), none);
        }
    }

    fn a_document_is_not_there_before_it_is_signed(database) {
        let server = TestServer::start(database);
        let app = server.app("tax");
        server.eligible(DNI);
        let made = app.client.post_json(REQUESTS, &one_text());
        let id = made.at("/id").as_str().unwrap().to_owned();
        let document = made.at("/documents/0/id").as_str().unwrap().to_owned();
        let path = |document: &str| format!("{REQUESTS}/{id}/documents/{document}");
        assert_eq!(
            app.client.get(&path(&document)).problem(),
            (409, "document_not_signed".to_owned())
        );
        for absent in [id.as_str(), "x"] {
            let problem = app.client.get(&path(absent)).problem();
            assert_eq!(problem, (404, "document_not_found".to_owned()));
        }
        cancel(&app.client, &id);
        let problem = app.client.get(&path(&document)).problem();
        assert_eq!(problem, (409, "wrong_state".to_owned()));
    }

    fn a_list_comes_page_by_page_newest_first(database) {
        let server = TestServer::start(database);
        let app = server.app("tax");
        server.eligible(DNI);
        let mut made = Vec::new();
        for _ in 0..5 {
            made.push(make(&app.client));
            server.clock().advance(Duration::SECOND);
        }
        made.reverse();
        let (mut listed, mut pages, mut query) = (Vec::new(), 0, "limit=2".to_owned());
        loop {
            let page = app.client.get(&format!("{REQUESTS}?{query}"));
            assert_eq!(page.status, 200);
            pages += 1;
            let requests = page.at("/requests");
            for request in requests.as_array().unwrap() {
                listed.push(request.get("id").and_then(Value::as_str).unwrap().to_owned());
            }
            match page.at("/next").as_str() {
                Some(next) => query = format!("limit=2&after={next}"),
                None => break,
            }
        }
        assert_eq!(listed, made);
        assert_eq!(pages, 3);
        for query in ["limit=0", "limit=201", "limit=x", "after=x", "colour=red"] {
            let problem = app.client.get(&format!("{REQUESTS}?{query}")).problem();
            assert_eq!(problem, (422, "invalid_request".to_owned()), "{query}");
        }
    }

    fn the_same_key_and_request_has_the_same_answer(database) {
        let server = TestServer::start(database);
        let app = server.app("tax");
        server.eligible(DNI);
        let keyed = app.client.with("Idempotency-Key", "file-77");
        let first = keyed.post_json(REQUESTS, &one_text());
        assert_eq!(first.status, 201);
        assert_eq!(first.header("idempotent-replayed"), "");
        let id = first.at("/id").as_str().unwrap().to_owned();
        cancel(&app.client, &id);
        // The account pages are not asked again: the answer is the one of then.
        server.clock().advance(Duration::days(400));
        let again = keyed.post_json(REQUESTS, &one_text());
        assert_eq!(again.status, 201);
        assert_eq!(again.text(), first.text(), "byte for byte");
        assert_eq!(again.header("idempotent-replayed"), "true");
        let form = Form::of(&json!({"signer": DNI, "documents": [{"name": "a.txt"}]}));
        let form = form.document(b"hello").finish();
        let streamed = keyed.post(REQUESTS, &Form::content_type(), form);
        assert_eq!(streamed.text(), first.text());
        assert_eq!(server.stored_objects(), 1);
    }

    fn the_same_key_with_another_request_is_refused(database) {
        let server = TestServer::start(database);
        let app = server.app("tax");
        let other = server.app("health");
        server.eligible(DNI);
        let keyed = app.client.with("Idempotency-Key", "file-77");
        assert_eq!(keyed.post_json(REQUESTS, &one_text()).status, 201);
        let mut title = one_text();
        title.as_object_mut().unwrap().insert("title".to_owned(), json!("Other"));
        let mut content = one_text();
        *content.pointer_mut("/documents/0/content").unwrap() = json!("aGVsbG8h");
        for body in [title, content] {
            let problem = keyed.post_json(REQUESTS, &body).problem();
            assert_eq!(problem, (409, "idempotency_key_reused".to_owned()));
        }
        let theirs = other.client.with("Idempotency-Key", "file-77");
        assert_eq!(theirs.post_json(REQUESTS, &one_text()).status, 201);
        let unreadable = app.client.with("Idempotency-Key", "two words");
        assert_eq!(unreadable.post_json(REQUESTS, &one_text()).problem().0, 422);
    }

    fn of_calls_with_one_key_at_once_one_makes_the_request(database) {
        let server = TestServer::start(database);
        let app = server.app("tax");
        server.eligible(DNI);
        let keyed = app.client.with("Idempotency-Key", "at-once");
        let answers: Vec<_> = thread::scope(|scope| {
            let calls: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| keyed.post_json(REQUESTS, &one_text())))
                .collect();
            calls.into_iter().map(|call| call.join().unwrap()).collect()
        });
        let first = answers.first().unwrap().text();
        for answer in &answers {
            assert_eq!(answer.status, 201);
            assert_eq!(answer.text(), first);
        }
        let new = answers.iter().filter(|answer| answer.header("idempotent-replayed").is_empty());
        assert_eq!(new.count(), 1);
        assert_eq!(server.stored_objects(), 1);
        let listed = app.client.get(REQUESTS).at("/requests");
        assert_eq!(listed.as_array().unwrap().len(), 1);
    }
}
