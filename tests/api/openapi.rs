//! The description of the API: whole, unchanged unless meant, and true.

use std::collections::BTreeSet;

use rubrica::http::error::Code;
use rubrica::http::router::{self, Access};
use serde_json::{Value, json};

use super::create::{DNI, REQUESTS};
use crate::harness::database::both_databases;
use crate::harness::server::TestServer;

fn description() -> Value {
    let answer = TestServer::alone().stranger().get("/openapi.json");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/json");
    answer.json()
}

#[test]
fn the_description_changes_only_on_purpose() {
    let mut description = description();
    assert_eq!(description["info"]["version"], env!("CARGO_PKG_VERSION"));
    description["info"]["version"] = "(version)".into();
    insta::assert_json_snapshot!("openapi", description);
}

#[test]
fn what_is_described_is_what_apps_can_call() {
    let described: BTreeSet<_> = operations(&description())
        .into_iter()
        .map(|(method, path, _)| (method, path))
        .collect();
    let mounted: BTreeSet<_> = router::api()
        .iter()
        .filter(|route| route.access == Access::Apps)
        .map(|route| (route.method.to_string(), route.path.to_owned()))
        .collect();
    assert_eq!(described, mounted);
    let others: Vec<_> = router::api()
        .iter()
        .filter(|route| route.access != Access::Apps)
        .filter(|route| route.path != "/openapi.json" && !route.path.starts_with("/docs"))
        .map(|route| route.path)
        .collect();
    assert!(others.is_empty(), "not described: {others:?}");
}

#[test]
fn every_reference_leads_somewhere() {
    let description = description();
    let mut targets = BTreeSet::new();
    collect_references(&description, &mut targets);
    assert!(targets.contains("#/components/schemas/Problem"));
    for target in targets {
        let found = target
            .strip_prefix('#')
            .and_then(|at| description.pointer(at));
        assert!(found.is_some(), "{target}");
    }
}

#[test]
fn every_problem_code_is_described_with_its_status() {
    let description = description();
    let codes: Vec<_> = Code::ALL.iter().map(|code| json!(code.as_str())).collect();
    assert_eq!(
        description["components"]["schemas"]["Code"]["enum"],
        json!(codes)
    );
    let mut seen = 0;
    for (method, path, operation) in operations(&description) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let text = response["description"].as_str().unwrap();
            let named = text.lines().filter_map(|line| line.strip_prefix("- `"));
            for code in named.filter_map(|line| line.split('`').next()) {
                let code: Code = code.parse().unwrap();
                let right = code.meaning().0.as_u16().to_string();
                assert_eq!(*status, right, "{code} of {method} {path}");
                seen += 1;
            }
        }
    }
    assert!(seen > Code::ALL.len(), "only {seen} codes are described");
}

#[test]
fn both_ways_to_authenticate_are_described() {
    let schemes = &description()["components"]["securitySchemes"];
    assert_eq!(schemes["token"]["scheme"], "bearer");
    assert_eq!(schemes["certificate"]["type"], "mutualTLS");
}

both_databases! {
    fn the_examples_are_as_real_calls_and_answers(database) {
        let server = TestServer::start(database);
        let app = server.app("sede");
        server.eligible(DNI);
        let description = app.client.get("/openapi.json").json();
        let paths = &description["paths"];
        let answered = |path: &str, method: &str, status: &str| {
            paths[path][method]["responses"][status]["content"]["application/json"]["example"].clone()
        };
        let create = &paths[REQUESTS]["post"]["requestBody"]["content"];
        let made = app
            .client
            .post_json(REQUESTS, &create["application/json"]["example"]);
        assert_eq!(made.status, 201, "{}", made.json());
        same_shape(&answered(REQUESTS, "post", "201"), &made.json());
        same_shape(
            &answered("/v1/app", "get", "200"),
            &app.client.get("/v1/app").json(),
        );
        let id = made.at("/id");
        let one = format!("{REQUESTS}/{}", id.as_str().unwrap());
        let listed = app.client.get(REQUESTS);
        same_shape(
            &answered(REQUESTS, "get", "200")["requests"],
            &listed.at("/requests"),
        );
        let cancelled = app.client.call("POST", &format!("{one}/cancel"), ()).json();
        let cancel = format!("{REQUESTS}/{{id}}/cancel");
        same_shape(&answered(&cancel, "post", "200"), &cancelled);
    }
}

/// Method, path and operation.
fn operations(description: &Value) -> Vec<(String, String, &Value)> {
    let paths = description["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().iter();
            methods.map(move |(method, operation)| (method.to_uppercase(), path.clone(), operation))
        })
        .collect()
}

fn collect_references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(target)) = fields.get("$ref") {
                found.insert(target.clone());
            }
            fields
                .values()
                .for_each(|value| collect_references(value, found));
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| collect_references(item, found)),
        _ => {}
    }
}

/// The same fields everywhere, whatever their values.
#[track_caller]
fn same_shape(example: &Value, real: &Value) {
    assert!(!example.is_null());
    assert_eq!(shape(example), shape(real));
}

fn shape(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), shape(value)))
            .collect(),
        Value::Array(items) => items.iter().map(shape).collect(),
        Value::String(_) => "string".into(),
        other => if other.is_number() { "number" } else { "other" }.into(),
    }
}
