//! Uploads that are large, slow or broken off, on a connection the test holds in its own hands.

use std::time::{Duration, Instant};

use rubrica::http::Limits;
use serde_json::json;

use super::create::{DNI, REQUESTS};
use crate::harness::client::Client;
use crate::harness::database::{TestDatabase, both_databases, tamper};
use crate::harness::multipart::Form;
use crate::harness::server::{TestServer, Wishes};
use crate::harness::town;

const MIB: usize = 1024 * 1024;

fn head(token: &str, length: usize) -> String {
    format!(
        "POST {REQUESTS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: {}\r\nContent-Length: {length}\r\n\r\n",
        Form::content_type()
    )
}

both_databases! {
    fn too_large_is_answered_without_reading_the_rest(database) {
        let server = TestServer::start_with(database, Wishes {
            limits: Limits {
                body_bytes: 10_000_000,
                ..Limits::default()
            },
            document_bytes: 1000,
            ..Wishes::default()
        });
        let app = server.app("tax");
        server.eligible(DNI);
        let mut line = server.stranger().line();
        line.send(head(&app.token, 10_000_001).as_bytes());
        assert!(line.status_line().contains("413"));

        // The document is too large after 1,001 bytes; the rest is announced and never sent.
        let mut line = server.stranger().line();
        line.send(head(&app.token, 9_000_000).as_bytes());
        let form = Form::of(&json!({"signer": DNI, "documents": [{"name": "a"}]}));
        line.send(&form.document(&[0; 4000]).unfinished());
        assert!(line.status_line().contains("413"));
        assert_eq!(server.stored_objects(), 0);
    }

    fn a_client_that_stops_sending_is_told_so(database) {
        let server = TestServer::start_with(database, Wishes {
            limits: Limits {
                pause: Duration::from_millis(300),
                ..Limits::default()
            },
            ..Wishes::default()
        });
        let app = server.app("tax");
        server.eligible(DNI);
        let form = Form::of(&json!({"signer": DNI, "documents": [{"name": "a"}]}));
        for sent in [Vec::new(), form.document(&[0; 4000]).unfinished()] {
            let mut line = server.stranger().line();
            line.send(head(&app.token, 100_000).as_bytes());
            line.send(&sent);
            assert!(line.status_line().contains("408"));
        }
        assert_eq!(server.stored_objects(), 0);
    }

    fn a_client_that_goes_away_leaves_nothing_behind(database) {
        let server = TestServer::start(database);
        let app = server.app("tax");
        server.eligible(DNI);
        let form = Form::of(&json!({"signer": DNI, "documents": [{"name": "a"}, {"name": "b"}]}));
        let sent = form
            .document(&vec![7; 4 * MIB])
            .document(&vec![7; MIB])
            .unfinished();
        let mut line = server.stranger().line();
        line.send(head(&app.token, 100 * MIB).as_bytes());
        line.send(&sent);
        let patience = Instant::now() + Duration::from_secs(20);
        while server.stored_objects() == 0 {
            assert!(
                Instant::now() < patience,
                "the first document never arrived"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        drop(line);
        while server.stored_objects() > 0 {
            assert!(Instant::now() < patience, "documents stay behind");
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(app.client.get(REQUESTS).at("/requests"), json!([]));
    }

    fn large_documents_pass_through(database) {
        let server = TestServer::start(database);
        let app = server.app("tax");
        server.eligible(DNI);
        let large: Vec<u8> = (0..40 * MIB)
            .map(|index| u8::try_from(index % 251).unwrap())
            .collect();
        let form = Form::of(&json!({"signer": DNI, "documents": [{"name": "a"}, {"name": "b"}]}));
        let form = form.document(&large).document(b"small").finish();
        let made = app.client.post(REQUESTS, &Form::content_type(), form);
        assert_eq!(made.status, 201);
        assert_eq!(made.at("/documents/0/size"), large.len());
        assert_eq!(made.at("/documents/1/size"), 5);
    }

    /// The answer must reach clients as they are installed, not only one that reads while it sends.
    fn curl_sees_the_answer_to_an_upload_that_is_too_large(database) {
        let server = TestServer::start_with(database, Wishes {
            limits: Limits {
                body_bytes: 10_000_000,
                ..Limits::default()
            },
            ..Wishes::default()
        });
        let app = server.app("tax");
        server.eligible(DNI);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("large"), vec![0; 40 * MIB]).unwrap();
        let request = json!({"signer": DNI, "documents": [{"name": "a"}]});
        let output = std::process::Command::new("curl")
            .current_dir(folder.path())
            .args(["--silent", "--show-error", "--insecure"])
            .args(["--write-out", " %{http_code} over HTTP/%{http_version}"])
            .args(["--header", &format!("Authorization: Bearer {}", app.token)])
            .args([
                "--form",
                &format!("request={request};type=application/json"),
            ])
            .args(["--form", "document=@large"])
            .arg(format!("https://{}{REQUESTS}", server.stranger().address()))
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains("\"payload_too_large\""), "{said}");
        assert!(said.ends_with(" 413 over HTTP/1.1"), "{said}");
    }

    fn a_client_that_drips_is_ended_however_short_its_pauses_are(database) {
        let server = TestServer::start_with(database, Wishes {
            limits: Limits {
                pause: Duration::from_millis(600),
                slowest: 1_000_000,
                ..Limits::default()
            },
            ..Wishes::default()
        });
        let app = server.app("tax");
        server.eligible(DNI);
        let form = Form::of(&json!({"signer": DNI, "documents": [{"name": "a"}]}));
        let mut line = server.stranger().line();
        line.send(head(&app.token, 100_000).as_bytes());
        line.send(&form.document(&[0; 4000]).unfinished());
        for _ in 0..8 {
            std::thread::sleep(Duration::from_millis(100));
            line.send(b"x");
        }
        assert!(line.status_line().contains("408"));
    }

    fn an_app_has_only_its_share_of_the_uploads(database) {
        let server = TestServer::start_with(database, Wishes {
            limits: Limits {
                uploads_per_app: 1,
                ..Limits::default()
            },
            ..Wishes::default()
        });
        let (app, other) = (server.app("tax"), server.app("town"));
        server.eligible(DNI);
        let form = || Form::of(&json!({"signer": DNI, "documents": [{"name": "a"}]}));
        let post = |client: &Client| {
            let body = form().document(b"a").finish();
            client.post(REQUESTS, &Form::content_type(), body)
        };
        let patience = Instant::now() + Duration::from_secs(60);
        // A post may be faster than the upload, which is refused then.
        let (refused, line) = loop {
            let mut line = server.stranger().line();
            line.send(head(&app.token, 100_000).as_bytes());
            line.send(&form().document(&[0; 4000]).unfinished());
            std::thread::sleep(Duration::from_millis(200));
            let answer = post(&app.client);
            if answer.status != 201 || Instant::now() > patience {
                break (answer, line);
            }
        };
        assert_eq!(refused.status, 429);
        assert!(!refused.header("retry-after").is_empty());
        assert_eq!(post(&other.client).status, 201);
        drop(line);
        while post(&app.client).status != 201 {
            assert!(Instant::now() < patience, "the place was not given back");
        }
    }

    /// A body of JSON is held whole until it is complete, so it counts as an upload from its first byte.
    fn a_body_of_json_takes_its_place_before_it_is_read(database) {
        let server = TestServer::start_with(database, Wishes {
            limits: Limits {
                uploads_per_app: 1,
                ..Limits::default()
            },
            ..Wishes::default()
        });
        let app = server.app("tax");
        server.eligible(DNI);
        let patience = Instant::now() + Duration::from_secs(60);
        let body = json!({"signer": DNI, "documents": [{"name": "a", "content": "YQ=="}]});
        let refused = loop {
            let mut line = server.stranger().line();
            let head = format!(
                "POST {REQUESTS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
                 Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{",
                app.token
            );
            line.send(head.as_bytes());
            std::thread::sleep(Duration::from_millis(200));
            let answer = app.client.post_json(REQUESTS, &body);
            if answer.status != 201 || Instant::now() > patience {
                break answer;
            }
        };
        assert_eq!(refused.problem(), (429, "rate_limited".to_owned()));
    }

    /// It earns its time by what it sends, as documents do.
    fn metadata_on_a_slow_line_may_take_longer_than_one_pause(database) {
        let server = TestServer::start_with(database, Wishes {
            limits: Limits {
                pause: Duration::from_millis(700),
                slowest: 100,
                ..Limits::default()
            },
            ..Wishes::default()
        });
        let app = server.app("tax");
        server.eligible(DNI);
        let request = json!({"signer": DNI, "documents": [{"name": "a"}]}).to_string();
        let padded = format!("{request:5000}");
        let form = Form::default()
            .part("request", "application/json", padded.as_bytes())
            .document(b"a")
            .finish();
        let mut line = server.stranger().line();
        line.send(head(&app.token, form.len()).as_bytes());
        for piece in form.chunks(form.len().div_ceil(12)) {
            line.send(piece);
            std::thread::sleep(Duration::from_millis(150));
        }
        assert!(line.status_line().contains("201"));
    }

    fn metadata_that_grows_too_long_is_answered_without_its_end(database) {
        let server = TestServer::start_with(database, Wishes::default());
        let app = server.app("tax");
        let form = Form::default().part("request", "application/json", &vec![b' '; MIB + 1]);
        let mut line = server.stranger().line();
        line.send(head(&app.token, 40 * MIB).as_bytes());
        line.send(&form.unfinished());
        let begun = Instant::now();
        assert!(line.status_line().contains("413"));
        assert!(
            line.rest()
                .contains("The part `request` may have 1048576 bytes at most")
        );
        assert!(begun.elapsed() < Limits::default().pause / 2);
    }
}

/// The journal says what the app was told.
#[test]
fn a_request_that_the_database_refuses_is_told_as_an_internal_error() {
    for database in [TestDatabase::sqlite(), TestDatabase::postgres()] {
        let server = TestServer::start(&database);
        let app = server.app("tax");
        server.eligible(DNI);
        tamper(server.store(), "ALTER TABLE documents RENAME TO away");
        let form = Form::of(&json!({"signer": DNI, "documents": [{"name": "a"}]}));
        let body = form.document(b"a").finish();
        let answer = app.client.post(REQUESTS, &Form::content_type(), body);
        assert_eq!(answer.problem(), (500, "internal_error".to_owned()));
        assert_eq!(server.stored_objects(), 0);
        let entries = town::entries(server.store(), server.service().ambient());
        let of_request = entries
            .iter()
            .filter(|entry| entry["event"] == "request.created");
        let outcomes: Vec<_> = of_request.map(|entry| &entry["body"]["outcome"]).collect();
        let failed = json!({"result": "failed", "code": "internal_error"});
        assert_eq!(outcomes, [&failed]);
    }
}

/// Then nobody can say whether the request is there, and it may need them.
#[test]
fn documents_stay_when_the_database_goes_away_in_the_commit() {
    let database = TestDatabase::postgres();
    let server = TestServer::start(&database);
    let app = server.app("tax");
    server.eligible(DNI);
    tamper(
        server.store(),
        "CREATE FUNCTION gone() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$; \
         CREATE CONSTRAINT TRIGGER gone AFTER INSERT ON requests \
         DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION gone()",
    );
    let form = Form::of(&json!({"signer": DNI, "documents": [{"name": "a"}]}));
    let body = form.document(b"a").finish();
    let answer = app.client.post(REQUESTS, &Form::content_type(), body);
    assert_eq!(answer.problem(), (503, "database_unavailable".to_owned()));
    assert_eq!(server.stored_objects(), 1);
}
