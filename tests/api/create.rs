//! Making signature requests: what is taken, and what is refused with its place.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rubrica::domain::algorithm::{Digest, DigestAlgorithm};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::harness::database::both_databases;
use crate::harness::multipart::Form;
use crate::harness::pdf;
use crate::harness::server::{TestServer, Wishes};

pub(super) const DNI: &str = "12345678Z";
pub(super) const REQUESTS: &str = "/v1/signature-requests";

/// One text file in JSON.
pub(super) fn one_text() -> Value {
    json!({"signer": DNI, "documents": [{"name": "a.txt", "content": STANDARD.encode("hello")}]})
}

/// The same with one member changed; the pointer names it.
fn changed(pointer: &str, value: Value) -> Value {
    let mut body = one_text();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap();
    parent
        .as_object_mut()
        .unwrap()
        .insert(name.to_owned(), value);
    body
}

fn sha256(bytes: &[u8]) -> String {
    Digest::of(DigestAlgorithm::Sha256, bytes).to_hex()
}

both_databases! {
    fn a_request_is_made_and_read_with_all_it_was_asked_for(database) {
        let server = TestServer::start(database);
        let app = server.app("tax");
        server.eligible(DNI);
        let pdf = pdf::plain();
        let form = Form::of(&json!({
            "signer": "12.345.678-z",
            "title": "Solicitud de beca",
            "language": "eu",
            "lifetime_seconds": 600,
            "return_url": "https://tax.example/back?file=77",
            "documents": [
                {"name": "beca.pdf", "title": "La solicitud", "pades": {"reason": "Conforme"}},
                {"name": "datos.xml", "packaging": "detached", "digest": "sha-512",
                 "cades": {"commitment": "approval", "location": {"locality": "Toledo"}}},
            ],
        }))
        .document(&pdf)
        .document(b"<a/>");
        let made = app.client.post(REQUESTS, &Form::content_type(), form.finish());
        assert_eq!(made.status, 201, "{}", made.json());
        let id = made.at("/id").as_str().unwrap().to_owned();
        assert_eq!(made.header("location"), format!("{REQUESTS}/{id}"));
        for (pointer, value) in [
            ("/state", json!("pending")),
            ("/title", json!("Solicitud de beca")),
            ("/language", json!("eu")),
            ("/return_url", json!("https://tax.example/back?file=77")),
            ("/created_at", json!("2026-11-23T10:00:00Z")),
            ("/expires_at", json!("2026-11-23T10:10:00Z")),
            ("/documents/0/format", json!("pades")),
            ("/documents/0/media_type", json!("application/pdf")),
            ("/documents/0/digest", json!("sha-256")),
            ("/documents/0/size", json!(pdf.len())),
            ("/documents/0/sha256", json!(sha256(&pdf))),
            ("/documents/1/format", json!("cades")),
            ("/documents/1/packaging", json!("detached")),
            ("/documents/1/media_type", json!("application/xml")),
            ("/documents/1/digest", json!("sha-512")),
            ("/documents/1/sha256", json!(sha256(b"<a/>"))),
            ("/documents/1/state", json!("waiting")),
            ("/certificate", Value::Null),
        ] {
            assert_eq!(made.at(pointer), value, "{pointer}");
        }
        let approval = made.at("/approval_url");
        let approval = approval.as_str().unwrap();
        let link = approval.rsplit_once("/r/").unwrap().1;
        assert_eq!(server.service().link(link).unwrap().request().to_string(), id);
        assert!(!approval.contains("12345678"), "a DNI in an address: {approval}");

        let read = app.client.get(&format!("{REQUESTS}/{id}"));
        assert_eq!(read.text(), made.text());
    }

    fn a_request_without_wishes_takes_the_usual(database) {
        let server = TestServer::start(database);
        let app = server.app("tax");
        server.eligible(DNI);
        let made = app.client.post_json(REQUESTS, &one_text());
        assert_eq!(made.status, 201);
        assert_eq!(made.at("/language"), "gl", "the signer's own");
        assert_eq!(made.at("/documents/0/packaging"), "enveloping");
        let moment = |pointer: &str| {
            OffsetDateTime::parse(made.at(pointer).as_str().unwrap(), &Rfc3339).unwrap()
        };
        assert_eq!(moment("/expires_at") - moment("/created_at"), time::Duration::HOUR);
    }

    fn each_state_of_a_signer_is_told_by_its_code(database) {
        use rubrica::domain::level::RegistrationLevel::{Advanced, Basic};
        use crate::harness::software_key::SoftwareKey;
        use rubrica::store::{StoreError, signers};
        use time::Duration;

        let server = TestServer::start(database);
        let app = server.app("tax");
        let told = |national_id: &str| {
            let answer = app.client.post_json(REQUESTS, &changed("/signer", json!(national_id)));
            assert_eq!(answer.pointers(), ["/signer"]);
            answer.problem()
        };
        assert_eq!(told("00000001R"), (409, "signer_unknown".to_owned()));
        server.citizen("00000002W", Advanced);
        assert_eq!(told("00000002W"), (409, "signer_not_activated".to_owned()));
        let basic = server.citizen("00000003A", Basic);
        server.activate(&basic);
        assert_eq!(told("00000003A"), (409, "signer_basic_level".to_owned()));
        let without = server.citizen("00000004G", Advanced);
        server.activate(&without);
        assert_eq!(told("00000004G"), (409, "signer_no_credential".to_owned()));
        server.certify(&without, &SoftwareKey::p256(3), Duration::MINUTE);
        server.clock().advance(Duration::minutes(2));
        assert_eq!(told("00000004G"), (409, "credential_expired".to_owned()));
        let blocked = server.eligible("00000005M");
        for _ in 0..5 {
            let wrong = rubrica::domain::secret::SecretText::new("Wr0ng!pass".to_owned());
            let _ = server.office().verify_password(&"00000005M".parse().unwrap(), &wrong);
        }
        assert_eq!(told(&blocked.national_id), (409, "signer_blocked".to_owned()));
        let unreachable = server.eligible("00000007F");
        let no_phone = server.store().write(|connection| {
            let mut signer = signers::find(connection, unreachable.id)?.unwrap();
            signer.phone = None;
            signers::update(connection, &signer)
        });
        no_phone.unwrap_or_else(|error: StoreError| panic!("{error}"));
        assert_eq!(told("00000007F"), (409, "signer_no_phone".to_owned()));
        server.eligible("00000006Y");
        server.clock().advance(Duration::days(366));
        assert_eq!(told("00000006Y"), (409, "signer_password_expired".to_owned()));
    }

    fn wrong_values_are_named_with_their_place(database) {
        let server = TestServer::start(database);
        let app = server.app("tax");
        server.eligible(DNI);
        let cases = [
            ("/signer", json!("12345678A")),
            ("/signer", json!("hello")),
            ("/signer", json!(7)),
            ("/title", json!("")),
            ("/title", json!("a\u{202e}b")),
            ("/language", json!("fr")),
            ("/lifetime_seconds", json!(59)),
            ("/lifetime_seconds", json!(7 * 24 * 3600 + 1)),
            ("/lifetime_seconds", json!(u64::MAX)),
            ("/lifetime_seconds", json!(-1)),
            ("/return_url", json!("https://tax.example/elsewhere")),
            ("/return_url", json!("https://evil.example/back")),
            ("/return_url", json!("http://tax.example/back")),
            ("/return_url", json!("back")),
            ("/colour", json!("red")),
            ("/documents", json!([])),
            ("/documents/0/name", json!("")),
            ("/documents/0/name", json!("../a")),
            ("/documents/0/title", json!("\u{7}")),
            ("/documents/0/media_type", json!("pdf")),
            ("/documents/0/format", json!("xades")),
            ("/documents/0/format", json!("pades")),
            ("/documents/0/digest", json!("sha-1")),
            ("/documents/0/padding", json!("rsa-pss")),
            ("/documents/0/pades", json!({})),
            ("/documents/0/cades/colour", Value::Null),
            ("/documents/0/content", json!("aGVsbG8")),
            ("/documents/0/content", json!("not base64!")),
            ("/documents/0/content", Value::Null),
        ];
        for (pointer, value) in cases {
            let body = match pointer {
                "/documents/0/cades/colour" => changed("/documents/0/cades", json!({"colour": 1})),
                _ => changed(pointer, value.clone()),
            };
            let answer = app.client.post_json(REQUESTS, &body);
            let problem = answer.problem();
            assert_eq!(
                problem,
                (422, "invalid_request".to_owned()),
                "{pointer} {value}"
            );
            assert_eq!(answer.pointers(), [pointer], "{value}");
        }
        let several = json!({"signer": "x", "title": "", "documents": [{"name": "", "content": ""}]});
        assert_eq!(
            app.client.post_json(REQUESTS, &several).pointers(),
            ["/signer", "/title", "/documents/0/name"]
        );
    }

    fn all_files_that_cannot_be_signed_are_named_at_once_each_with_its_reason(database) {
        let server = TestServer::start(database);
        let app = server.app("tax");
        server.eligible(DNI);
        let names = ["a.pdf", "b.txt", "c.pdf", "d.pdf", "e.pdf"];
        let documents: Vec<_> = names.iter().map(|name| json!({"name": name})).collect();
        let form = Form::of(&json!({"signer": DNI, "documents": documents}))
            .document(b"no PDF")
            .document(b"hello")
            .document(&pdf::encrypted())
            .document(&pdf::plain())
            .document(&pdf::locked());
        let answer = app
            .client
            .post(REQUESTS, &Form::content_type(), form.finish());
        assert_eq!(answer.problem(), (422, "not_a_pdf".to_owned()));
        assert_eq!(answer.pointers(), ["/documents/0", "/documents/2", "/documents/4"]);
        let codes = ["not_a_pdf", "pdf_encrypted", "pdf_signing_forbidden"];
        for (place, code) in codes.into_iter().enumerate() {
            assert_eq!(answer.at(&format!("/errors/{place}/code")), code);
        }
        assert_eq!(server.stored_objects(), 0, "what was refused stays behind");
    }

    fn a_file_that_cannot_be_signed_is_refused_with_its_reason(database) {
        let server = TestServer::start(database);
        let app = server.app("tax");
        server.eligible(DNI);
        let whole = pdf::plain();
        let (half, _) = whole.split_at(whole.len() / 2);
        let cases: [(&[u8], Value, &str); 7] = [
            (b"hello", json!({}), "not_a_pdf"),
            (b"", json!({}), "not_a_pdf"),
            (half, json!({}), "pdf_damaged"),
            (&pdf::encrypted(), json!({}), "pdf_encrypted"),
            (&pdf::locked(), json!({}), "pdf_signing_forbidden"),
            (&pdf::unrendered(), json!({}), "pdf_unsupported"),
            (&whole, json!({"field": "absent"}), "pdf_field_unavailable"),
        ];
        for (bytes, options, code) in cases {
            let form = Form::of(&json!({"signer": DNI, "documents": [
                {"name": "a.txt"},
                {"name": "b.pdf", "pades": options},
            ]}));
            let form = form.document(b"hello").document(bytes);
            let answer = app
                .client
                .post(REQUESTS, &Form::content_type(), form.finish());
            assert_eq!(
                answer.problem(),
                (422, code.to_owned()),
                "{}",
                answer.json()
            );
            assert_eq!(answer.pointers(), ["/documents/1"]);
        }
        assert_eq!(server.stored_objects(), 0, "what was refused stays behind");
    }

    fn what_is_too_large_or_too_much_is_413(database) {
        let server = TestServer::start_with(database, Wishes {
            document_bytes: 1000,
            documents_per_request: 2,
            ..Wishes::default()
        });
        let app = server.app("tax");
        server.eligible(DNI);
        let metadata = |count: usize| {
            let documents: Vec<_> = (0..count).map(|_| json!({"name": "a"})).collect();
            Form::of(&json!({"signer": DNI, "documents": documents}))
        };
        let send = |form: Form| {
            app.client
                .post(REQUESTS, &Form::content_type(), form.finish())
        };
        assert_eq!(send(metadata(1).document(&[0; 1000])).status, 201);
        let large = send(metadata(2).document(&[0; 10]).document(&[0; 1001]));
        assert_eq!(large.problem(), (413, "document_too_large".to_owned()));
        assert_eq!(large.pointers(), ["/documents/1"]);
        let many = send(metadata(3).document(b"").document(b"").document(b""));
        assert_eq!(many.problem(), (413, "too_many_documents".to_owned()));
        assert_eq!(server.stored_objects(), 1);
    }

    fn documents_and_their_descriptions_must_fit(database) {
        let server = TestServer::start(database);
        let app = server.app("tax");
        server.eligible(DNI);
        let metadata = json!({"signer": DNI, "documents": [{"name": "a"}, {"name": "b"}]});
        let send = |body: Vec<u8>| app.client.post(REQUESTS, &Form::content_type(), body);
        let few = send(Form::of(&metadata).document(b"a").finish());
        assert_eq!(few.problem().0, 422);
        assert_eq!(few.pointers(), ["/documents/1"]);
        let many = Form::of(&metadata)
            .document(b"a")
            .document(b"b")
            .document(b"c");
        let many = send(many.finish());
        assert_eq!(many.problem().0, 422);
        assert_eq!(many.pointers(), ["/documents"]);
        let inside = json!({"signer": DNI, "documents": [{"name": "a", "content": "YQ=="}]});
        let inside = send(Form::of(&inside).document(b"a").finish());
        assert_eq!(inside.pointers(), ["/documents/0/content"]);
        let other = Form::of(&metadata).part("file", "text/plain", b"a");
        assert_eq!(
            send(other.finish()).problem(),
            (400, "malformed_multipart".to_owned())
        );
        let late = Form::default().document(b"a");
        assert_eq!(
            send(late.finish()).problem(),
            (400, "malformed_multipart".to_owned())
        );
        let cut = Form::of(&metadata).document(b"a").unfinished();
        assert_eq!(send(cut).problem(), (400, "malformed_multipart".to_owned()));
        assert_eq!(server.stored_objects(), 0);
    }

    fn a_body_of_another_kind_is_named_as_such(database) {
        let server = TestServer::start(database);
        let app = server.app("tax");
        for kind in [
            "text/plain",
            "application/xml",
            "multipart/mixed; boundary=x",
            "",
        ] {
            let answer = app.client.post(REQUESTS, kind, "x");
            assert_eq!(
                answer.problem(),
                (415, "unsupported_media_type".to_owned()),
                "{kind}"
            );
        }
        for text in ["", "{", "{\"signer\": }", "hello"] {
            let answer = app
                .client
                .post(REQUESTS, "application/json; charset=utf-8", text);
            assert_eq!(
                answer.problem(),
                (400, "malformed_json".to_owned()),
                "{text}"
            );
        }
        let answer = app.client.post(REQUESTS, "multipart/form-data", "x");
        assert_eq!(answer.problem(), (400, "malformed_multipart".to_owned()));
    }
}
