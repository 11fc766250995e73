//! The shape of what apps send: objects where objects belong, every fault with its place, texts as long as the
//! description says.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::create::{DNI, REQUESTS, one_text};
use crate::harness::client::Answer;
use crate::harness::database::{TestDatabase, both_databases};
use crate::harness::pdf;
use crate::harness::server::{TestApp, TestServer};

/// A character that UTF-8 writes in four bytes and UTF-16 in two units; JSON Schema counts it once.
const WIDE: &str = "\u{1d54f}";

fn ready(database: &TestDatabase) -> (TestServer, TestApp) {
    let server = TestServer::start(database);
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

both_databases! {
    fn only_objects_are_taken_where_objects_belong(database) {
        let (server, app) = ready(database);
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

    fn a_field_given_twice_is_named(database) {
        let (_server, app) = ready(database);
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

    fn a_wrong_query_or_header_names_its_parameter(database) {
        let (_server, app) = ready(database);
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

    fn texts_are_as_long_as_the_description_says(database) {
        let (_server, app) = ready(database);
        let description = app.client.get("/openapi.json").json();
        let schemas = &description["components"]["schemas"];
        let policy = json!({"id": "1.2.3", "hash_algorithm": "sha-256", "hash": "00".repeat(32), "uri": "https://p.example"});
        let cases = [
            ("NewSignatureRequest", "title", "/title", WIDE),
            ("NewDocument", "title", "/documents/0/title", WIDE),
            ("NewDocument", "name", "/documents/0/name", "n"),
            ("PadesOptions", "field", "/documents/0/pades/field", WIDE),
            ("PadesOptions", "reason", "/documents/0/pades/reason", WIDE),
            (
                "PadesOptions",
                "location",
                "/documents/0/pades/location",
                WIDE,
            ),
            (
                "PadesOptions",
                "contact",
                "/documents/0/pades/contact",
                WIDE,
            ),
            (
                "SignerLocation",
                "country",
                "/documents/0/cades/location/country",
                WIDE,
            ),
            (
                "SignerLocation",
                "locality",
                "/documents/0/cades/location/locality",
                WIDE,
            ),
            (
                "SignerLocation",
                "postal_address",
                "/documents/0/cades/location/postal_address/0",
                WIDE,
            ),
            (
                "SignaturePolicy",
                "uri",
                "/documents/0/cades/policy/uri",
                "u",
            ),
        ];
        for (schema, field, pointer, character) in cases {
            let described = &schemas[schema]["properties"][field];
            let described = match described.pointer("/items/$ref").and_then(Value::as_str) {
                Some(reference) => description.pointer(&reference[1..]).unwrap(),
                None => described,
            };
            let most = described["maxLength"].as_u64();
            let most = most.unwrap_or_else(|| panic!("{schema}.{field} has no maxLength: {described}"));
            let most = usize::try_from(most).unwrap();
            let send = |length: usize| {
                let mut body = if pointer.contains("/pades/") {
                    let pades = if pointer.contains("/policy/") {
                        json!({"policy": policy})
                    } else {
                        json!({})
                    };
                    let content = STANDARD.encode(pdf::plain());
                    json!({"signer": DNI, "documents": [{"name": "a.pdf", "content": content, "pades": pades}]})
                } else {
                    let mut body = one_text();
                    body["documents"][0]["cades"] =
                        json!({"location": {"postal_address": ["Calle 1"]}, "policy": policy});
                    body
                };
                let (parent, name) = pointer.rsplit_once('/').unwrap();
                let text = Value::from(character.repeat(length));
                match body.pointer_mut(parent).unwrap() {
                    Value::Array(lines) => lines[0] = text,
                    parent => parent[name] = text,
                }
                app.client.post_json(REQUESTS, &body)
            };
            let fits = send(most);
            // No PDF here has a field of that name; that is another fault than its length.
            let expected = if field == "field" { 422 } else { 201 };
            assert_eq!(fits.status, expected, "{pointer}: {}", fits.text());
            assert!(
                fits.pointers().iter().all(|at| at != pointer),
                "{}",
                fits.text()
            );
            let longer = send(most + 1);
            assert_eq!(
                longer.problem(),
                (422, "invalid_request".to_owned()),
                "{pointer}"
            );
            assert_eq!(longer.pointers(), [pointer]);
        }
    }

    fn a_pdf_is_signed_with_a_commitment_or_a_reason(database) {
        let (_server, app) = ready(database);
        let send = |pades: &Value| {
            let content = STANDARD.encode(pdf::plain());
            let document = json!({"name": "a.pdf", "content": content, "pades": pades});
            let body = json!({"signer": DNI, "documents": [document]});
            app.client.post_json(REQUESTS, &body)
        };
        let alone = send(&json!({"commitment": "approval", "location": "Toledo"}));
        assert_eq!(alone.status, 201, "{}", alone.text());
        let both = send(&json!({"commitment": "approval", "reason": "Conforme"}));
        assert_eq!(both.problem(), (422, "invalid_request".to_owned()));
        assert_eq!(both.pointers(), ["/documents/0/pades/commitment"]);
        let unknown = send(&json!({"commitment": "love"}));
        assert_eq!(unknown.pointers(), ["/documents/0/pades/commitment"]);
    }

    fn an_app_does_not_choose_the_signer_s_name(database) {
        let (_server, app) = ready(database);
        let content = STANDARD.encode(pdf::plain());
        let document = json!({"name": "a.pdf", "content": content, "pades": {"name": "Ana"}});
        let body = json!({"signer": DNI, "documents": [document]});
        let refused = app.client.post_json(REQUESTS, &body);
        assert_eq!(refused.problem(), (422, "invalid_request".to_owned()));
        assert_eq!(refused.pointers(), ["/documents/0/pades/name"]);
        assert!(refused.text().contains("unknown field"), "{}", refused.text());
    }
}
