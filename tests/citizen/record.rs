//! What the journal keeps of a citizen's acts on the pages: everything that an audit of each transaction asks for.

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::harness::asked::{detached, pades};
use crate::harness::browser::Browser;
use crate::harness::database::both_databases;
use crate::harness::pdf;
use crate::harness::town::Town;

const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/150.0";

/// A town whose citizen uses that browser.
fn town(database: &crate::harness::database::TestDatabase) -> Town {
    let mut town = Town::new(database);
    town.browser = Browser::new(town.server.visitor()).with("User-Agent", AGENT);
    town
}

fn lines(town: &Town) -> Vec<Value> {
    let journal = town.journal();
    journal
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The entries of that kind.
fn of(town: &Town, event: &str) -> Vec<Value> {
    let mut found = lines(town);
    found.retain(|line| line["event"] == event);
    found
}

/// The one entry of that kind.
#[track_caller]
fn one(town: &Town, event: &str) -> Value {
    let mut found = of(town, event);
    assert_eq!(found.len(), 1, "{event}: {found:#?}");
    found.remove(0)
}

/// A member of an entry's body.
fn body<'a>(entry: &'a Value, name: &str) -> &'a Value {
    entry
        .get("body")
        .and_then(|body| body.get(name))
        .unwrap_or(&Value::Null)
}

both_databases! {
    fn everything_about_a_request_names_its_app_and_its_signer(database) {
        let town = town(database);
        let asked = town.ask_one();
        assert_eq!(town.identify(&asked, "Wr0ng!pass").status, 200);
        let page = town.to_code(&asked);
        let page = town.give(&asked, &page, &town.wrong_code());
        town.give(&asked, &page, &town.code());
        let document = &asked.documents[0].id;
        let path = format!("/v1/signature-requests/{}/documents/{document}", asked.id);
        town.app.client.fetch(&path).unwrap();
        let other = town.ask_one();
        let path = format!("/v1/signature-requests/{}/cancel", other.id);
        assert_eq!(town.app.client.call("POST", &path, ()).status, 200);
        let expired = town.ask_one();
        town.server.clock().advance(time::Duration::hours(50));
        assert!(town.server.service().upkeep().expired > 0);

        let requests = [&asked, &other, &expired].map(|asked| asked.id.to_string());
        let about = lines(&town);
        let about: Vec<_> = about
            .iter()
            .filter(|line| requests.iter().any(|id| line["request"] == **id))
            .collect();
        for event in [
            "factor.checked",
            "code.sent",
            "code.checked",
            "document.fetched",
            "request.cancelled",
            "request.expired",
            "request.deleted",
        ] {
            assert!(about.iter().any(|line| line["event"] == event), "{event}: {about:#?}");
        }
        for entry in about {
            assert_eq!(body(entry, "app"), &town.app.app.id.to_string(), "{entry:#}");
            assert_eq!(body(entry, "app_name"), "sede", "{entry:#}");
            assert_eq!(body(entry, "signer"), &town.citizen.id.to_string(), "{entry:#}");
        }
    }

    fn a_signature_leaves_everything_an_audit_asks_for(database) {
        let town = town(database);
        let asked = town.ask(&[
            ("a.txt", b"yes", detached()),
            ("b.pdf", &pdf::plain(), pades()),
            ("no.pdf", b"no PDF", pades()),
        ]);
        let page = town.to_code(&asked);
        town.give(&asked, &page, &town.code());

        let serial = "03".repeat(20);
        let app = town.app.app.id.to_string();
        let signer = town.citizen.id.to_string();
        let credential = town.citizen.credential.to_string();
        for event in ["signature.intent", "signature.outcome"] {
            let entry = one(&town, event);
            let at = entry["at"].as_str().unwrap();
            assert!(OffsetDateTime::parse(at, &Rfc3339).is_ok(), "date: {entry:#}");
            for (name, value) in [
                ("node", json!("test")),
                ("request", json!(asked.id.to_string())),
            ] {
                assert_eq!(entry[name], value, "{event}: {name} in {entry:#}");
            }
            for (name, value) in [
                ("actor", json!({"kind": "signer", "id": signer})),
                ("app", json!(app)),
                ("app_name", json!("sede")),
                ("signer", json!(signer)),
                ("credential", json!(credential)),
                ("certificate_serial", json!(serial)),
                ("key", json!("ec-p256")),
                ("factors", json!(["password", "sms-code"])),
                ("browser", json!(AGENT)),
            ] {
                assert_eq!(body(&entry, name), &value, "{event}: {name} in {entry:#}");
            }
            assert!(body(&entry, "sad").is_string(), "{event}: {entry:#}");
            for hash in ["previous", "hash"] {
                assert_eq!(entry[hash].as_str().map(str::len), Some(64), "{event}: {entry:#}");
            }
        }

        let rows = town.rows(&asked);
        let intent = one(&town, "signature.intent");
        assert_eq!(body(&intent, "outcome"), &json!({"result": "intended"}));
        let intended = body(&intent, "documents").as_array().unwrap();
        assert_eq!(intended.len(), 2, "what cannot be signed is not intended");
        for (document, row) in intended.iter().zip(&rows) {
            assert_eq!(document["id"], row.id.to_string());
            assert_eq!(document["sha256"], row.sha256.to_hex());
            assert_eq!(document["size"], row.size);
            assert_eq!(document["format"], row.options.format().as_str());
            assert!(document["scheme"].is_object(), "algorithm: {document:#}");
            assert_eq!(document["dtbs_r"].as_str().map(str::len), Some(64));
        }
        assert_eq!(intended[0]["packaging"], "detached");

        let outcome = one(&town, "signature.outcome");
        let result = json!({"result": "failed", "code": "some_documents_failed"});
        assert_eq!(body(&outcome, "outcome"), &result);
        let ended = body(&outcome, "documents").as_array().unwrap();
        for (document, row) in ended.iter().zip(&rows).take(2) {
            let file = row.signed.as_ref().unwrap();
            let result = json!({"result": "signed", "sha256": file.sha256.to_hex(), "size": file.size});
            assert_eq!(document["result"], result);
        }
        let failed = &ended[2]["result"];
        assert_eq!(failed["reason"], "not_a_pdf");
        assert_eq!(failed["detail"], json!(rows[2].detail), "error detail");

        for event in ["request.viewed", "factor.checked", "code.sent", "code.checked"] {
            let entry = of(&town, event).pop().unwrap_or_else(|| panic!("no {event}"));
            assert_eq!(entry["request"], asked.id.to_string(), "{event}");
            assert_eq!(body(&entry, "browser"), AGENT, "{event}");
        }
    }

    fn a_request_is_noted_as_seen_once_for_each_browser(database) {
        let town = town(database);
        let asked = town.ask_one();
        for _ in 0..3 {
            assert_eq!(town.browser.open(&asked.link).status, 200);
        }
        let entry = one(&town, "request.viewed");
        assert_eq!(body(&entry, "actor"), &json!({"kind": "visitor"}));
        assert_eq!(body(&entry, "signer"), &json!(town.citizen.id.to_string()));
        let long = format!("Other/1 {}", "x".repeat(2000));
        let other = Browser::new(town.server.visitor()).with("User-Agent", &long);
        other.open(&asked.link);
        other.open(&asked.link);
        let viewed = of(&town, "request.viewed");
        assert_eq!(viewed.len(), 2);
        let kept = body(&viewed[1], "browser").as_str().unwrap();
        assert!(kept.starts_with("Other/1 x") && kept.len() == 256, "{kept}");
        // A link that many browsers were told of does not fill the journal.
        for number in 0..20 {
            let name = format!("Robot/{number}");
            Browser::new(town.server.visitor()).with("User-Agent", &name).open(&asked.link);
        }
        assert!(of(&town, "request.viewed").len() <= 10);
        // What is not shown is not seen.
        let ended = town.ask_one();
        town.server.clock().advance(time::Duration::hours(2));
        town.browser.open(&ended.link);
        assert!(of(&town, "request.viewed").iter().all(|line| line["request"] != ended.id.to_string()));
    }

    fn declining_and_the_account_s_acts_name_the_browser(database) {
        let town = town(database);
        let asked = town.ask_one();
        let question = town.browser.open(&asked.at("/decline"));
        town.browser.send(&question, &asked.at("/decline"), &[]);
        assert_eq!(body(&one(&town, "request.declined"), "browser"), AGENT);

        let path = "/account/password";
        let values = [
            ("national-id", town.citizen.national_id.expose()),
            ("password", town.citizen.password.expose()),
        ];
        let page = town.browser.send(&town.browser.open(path), path, &values);
        let code = town.code();
        let values = [
            ("code", code.as_str()),
            ("new-password", "An0ther!pass"),
            ("repeat-password", "An0ther!pass"),
        ];
        town.browser.send(&page, "/account/password/code", &values);
        assert_eq!(body(&one(&town, "password.changed"), "browser"), AGENT);
        let checked = of(&town, "factor.checked").pop().unwrap();
        assert_eq!(body(&checked, "browser"), AGENT);
    }
}
