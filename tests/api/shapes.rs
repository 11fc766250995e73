//! The shape of what apps send: objects where objects belong, every fault with its place.


use super::create::{DNI, REQUESTS, one_text};
use crate::harness::client::Answer;
use crate::harness::server::{TestApp, TestServer};

fn ready() -> (TestServer, TestApp) {
    let server = TestServer::alone();
    let app = server.app("tax");
    server.eligible(DNI);
    (server, app)
}

fn post(app: &TestApp, text: &str) -> Answer {
    app.client
        .post(REQUESTS, "application/json", text.to_owned())
}

fn documents(document: &str) -> String {
    format!("{{\"signer\": \"{DNI}\", \"documents\": [{document}]}}")
}

#[test]
fn only_objects_are_taken_where_objects_belong() {
    let (server, app) = ready();
    let document = |more: &str| {
        documents(&format!(
            "{{\"name\": \"a.txt\", \"content\": \"YQ==\", {more}}}"
        ))
    };
    let whole = format!(
        "[\"{DNI}\", \"t\", null, null, \"https://tax.example/back\", \
         [{{\"name\": \"a.txt\", \"content\": \"YQ==\"}}]]"
    );
    let cases = [
        (whole.as_str(), ""),
        ("[]", ""),
        ("7", ""),
        ("\"text\"", ""),
        (
            &documents("[\"a.txt\", null, null, null, null, null, null, null, null, \"YQ==\"]"),
            "/documents/0",
        ),
        (&documents("[]"), "/documents/0"),
        (&documents("7"), "/documents/0"),
        (&document("\"pades\": []"), "/documents/0/pades"),
        (
            &document("\"pades\": [null, \"r\", null, null, null]"),
            "/documents/0/pades",
        ),
        (
            &document("\"cades\": [\"approval\", null, null]"),
            "/documents/0/cades",
        ),
        (
            &document("\"cades\": {\"location\": [\"ES\", null, []]}"),
            "/documents/0/cades/location",
        ),
        (
            &document("\"cades\": {\"policy\": [\"1.2.3\", \"sha-256\", \"00\", null]}"),
            "/documents/0/cades/policy",
        ),
    ];
    for (text, pointer) in cases {
        let answer = post(&app, text);
        assert_eq!(
            answer.problem(),
            (422, "invalid_request".to_owned()),
            "{text}"
        );
        assert_eq!(answer.pointers(), [pointer], "{text}");
        let told = answer.text();
        for own in [
            "struct",
            "SignatureRequest",
            "DocumentInput",
            "Options",
            "SignerLocation",
            "SignaturePolicy",
        ] {
            assert!(!told.contains(own), "{text} is told {own}: {told}");
        }
        assert!(told.contains("object"), "{told}");
    }
    assert_eq!(server.stored_objects(), 0);
}

#[test]
fn a_field_given_twice_is_named() {
    let (_server, app) = ready();
    let cases = [
        (
            format!("{{\"signer\": \"{DNI}\", \"signer\": \"{DNI}\", \"documents\": []}}"),
            "/signer",
        ),
        (
            documents("{\"name\": \"a\", \"name\": \"b\"}"),
            "/documents/0/name",
        ),
        (
            documents("{\"name\": \"a\", \"pades\": {\"reason\": \"a\", \"reason\": \"b\"}}"),
            "/documents/0/pades/reason",
        ),
    ];
    for (text, pointer) in cases {
        let answer = post(&app, &text);
        assert_eq!(
            answer.problem(),
            (422, "invalid_request".to_owned()),
            "{text}"
        );
        assert_eq!(answer.pointers(), [pointer], "{text}");
    }
}

#[test]
fn a_wrong_query_or_header_names_its_parameter() {
    let (_server, app) = ready();
    let named = |answer: &Answer, member: &str| -> Vec<String> {
        let errors = answer.at("/errors");
        let errors = errors
            .as_array()
            .unwrap_or_else(|| panic!("{}", answer.text()));
        errors
            .iter()
            .map(|error| {
                assert!(error["detail"].is_string() && error.get("pointer").is_none());
                error[member].as_str().unwrap_or_default().to_owned()
            })
            .collect()
    };
    let cases: [(&str, &[&str]); 8] = [
        ("limit=0", &["limit"]),
        ("limit=201", &["limit"]),
        ("limit=x", &["limit"]),
        ("limit=", &["limit"]),
        ("after=x", &["after"]),
        ("colour=red", &["colour"]),
        ("limit=1&limit=2", &["limit"]),
        ("limit=x&after=x", &["limit", "after"]),
    ];
    for (query, parameters) in cases {
        let answer = app.client.get(&format!("{REQUESTS}?{query}"));
        assert_eq!(
            answer.problem(),
            (422, "invalid_request".to_owned()),
            "{query}"
        );
        assert_eq!(named(&answer, "parameter"), parameters, "{query}");
    }
    let keyed = app.client.with("Idempotency-Key", "two words");
    let answer = keyed.post_json(REQUESTS, &one_text());
    assert_eq!(answer.problem(), (422, "invalid_request".to_owned()));
    assert_eq!(named(&answer, "header"), ["Idempotency-Key"]);
}
