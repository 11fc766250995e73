//! What belongs to HTTP itself: addresses, methods, names of calls, headers, rates.

use std::time::Duration;

use rubrica::http::Limits;
use serde_json::json;

use crate::harness::database::both_databases;
use crate::harness::server::{TestServer, Wishes};

both_databases! {
    fn an_unknown_address_is_404_and_a_wrong_method_405(database) {
        let server = TestServer::start(database);
        let app = server.app("tax");
        for path in ["/", "/v1", "/v1/nothing", "/v1/app/", "/../etc/passwd"] {
            let problem = app.client.get(path).problem();
            assert_eq!(problem, (404, "not_found".to_owned()), "{path}");
        }
        assert_eq!(server.visitor().get("/v1/app").status, 404);
        assert_eq!(server.operator().get("/v1/app").status, 404);
        let answer = app.client.post_json("/v1/app", &json!({}));
        assert_eq!(answer.problem(), (405, "method_not_allowed".to_owned()));
        assert_eq!(answer.header("allow"), "GET, HEAD");
        assert!(answer.pointers().is_empty());
    }

    fn a_coded_body_is_refused_and_not_taken_for_plain(database) {
        let server = TestServer::start(database);
        let app = server.app("tax");
        let path = "/v1/signature-requests";
        for coding in ["gzip", "br", "identity, gzip"] {
            let coded = app.client.with("Content-Encoding", coding);
            let answer = coded.post_json(path, &json!({}));
            assert_eq!(answer.problem(), (415, "unsupported_media_type".to_owned()), "{coding}");
        }
        let plain = app.client.with("Content-Encoding", "identity");
        assert_eq!(plain.post_json(path, &json!({})).status, 422);
    }

    fn every_answer_carries_the_name_of_its_call(database) {
        let server = TestServer::start(database);
        let app = server.app("tax");
        let named = app.client.with("X-Request-Id", "sede-77.a_b");
        assert_eq!(named.get("/v1/app").header("x-request-id"), "sede-77.a_b");
        assert_eq!(named.get("/nothing").at("/request_id"), "sede-77.a_b");
        let forged = app.client.with("X-Request-Id", "a b");
        let made = forged.get("/v1/app").header("x-request-id").to_owned();
        assert_eq!(made.len(), 24);
        assert_ne!(made, forged.get("/v1/app").header("x-request-id"));
    }

    fn no_answer_is_cached_framed_or_run(database) {
        let server = TestServer::start(database);
        for answer in [
            server.app("tax").client.get("/v1/app"),
            server.stranger().get("/nothing"),
        ] {
            assert_eq!(answer.header("cache-control"), "no-store");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert_eq!(
                answer.header("content-security-policy"),
                "default-src 'none'; frame-ancestors 'none'"
            );
        }
    }

    fn head_answers_as_get_without_a_body(database) {
        let server = TestServer::start(database);
        let app = server.app("tax");
        let answer = app.client.call("HEAD", "/v1/app", ());
        assert_eq!(answer.status, 200);
        assert!(answer.body.is_empty());
        assert_eq!(
            answer.header("content-length"),
            app.client.get("/v1/app").body.len().to_string()
        );
    }

    /// As the documentation of `http` says: the framework leaves no place for a problem document.
    fn what_never_becomes_a_request_is_answered_with_a_bare_status(database) {
        let server = TestServer::start_with(database, Wishes {
            limits: Limits {
                head_within: Duration::from_secs(1),
                ..Limits::default()
            },
            ..Wishes::default()
        });
        let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(140_000));
        for (sent, status) in [
            ("nonsense\r\n\r\n", "400 Bad Request"),
            (&long, "431 Request Header Fields Too Large"),
            ("GET / HTTP/1.1\r\n", "408 Request Timeout"),
        ] {
            for caller in [server.stranger(), server.visitor()] {
                let mut line = caller.line();
                line.send(sent.as_bytes());
                let answer = line.rest();
                let (head, body) = answer.split_once("\r\n\r\n").unwrap();
                assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{head}");
                assert_eq!(body, "");
            }
        }
    }

    fn an_app_that_calls_too_often_is_told_when_to_come_back(database) {
        let server = TestServer::start_with(database, Wishes {
            limits: Limits {
                calls_per_minute: 6,
                burst: 2,
                ..Limits::default()
            },
            ..Wishes::default()
        });
        let (hasty, calm) = (server.app("tax"), server.app("health"));
        for _ in 0..2 {
            assert_eq!(hasty.client.get("/v1/app").status, 200);
        }
        let refused = hasty.client.get("/v1/app");
        assert_eq!(refused.problem(), (429, "rate_limited".to_owned()));
        let wait: u64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=10).contains(&wait));
        assert_eq!(calm.client.get("/v1/app").status, 200);
    }

    fn a_node_lets_its_share_of_an_apps_calls_through(database) {
        let node = |node| TestServer::start_with(database, Wishes {
            node,
            limits: Limits {
                calls_per_minute: 6,
                burst: 4,
                ..Limits::default()
            },
            ..Wishes::default()
        });
        let (alpha, beta) = (node("alpha"), node("beta"));
        beta.service().attend().unwrap();
        alpha.service().attend().unwrap();
        let app = alpha.app("tax");
        for _ in 0..2 {
            assert_eq!(app.client.get("/v1/app").status, 200);
        }
        assert_eq!(app.client.get("/v1/app").problem(), (429, "rate_limited".to_owned()));
    }
}
