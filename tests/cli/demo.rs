//! `rubrica demo`, as a newcomer runs it; the commands it prints are run as printed.

mod documents;
mod opencryptoki;

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::harness::browser::Browser;
use crate::harness::client::Client;
use crate::harness::database::TestDatabase;
use crate::harness::phones::{Phones, code_in, found_code};
use crate::harness::process::Watched;
use crate::harness::project::{Ended, Project};

/// Runs a command line as if pasted into a shell in the project's folder.
fn paste(project: &Project, line: &str) -> Ended {
    let output = Command::new("sh")
        .args(["-c", line])
        .current_dir(project.path(""))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    crate::harness::project::ended(&output)
}

fn documents(report: &Value) -> &Vec<Value> {
    report["documents"].as_array().unwrap()
}

fn checks_out(project: &Project, document: &Value) {
    let check = document["check"].as_str().unwrap();
    let ended = paste(project, check);
    let said = format!("{check}\n{}{}", ended.out, ended.err);
    assert_eq!(ended.status, 0, "{said}");
    if check.starts_with("pdfsig") {
        assert!(said.contains("Signature is Valid"), "{said}");
        assert!(said.contains("Total document signed"), "{said}");
    } else {
        assert!(said.contains("Verification successful"), "{said}");
    }
}

#[test]
fn without_a_token_the_demo_says_how_to_make_one() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_rubrica"))
        .arg("demo")
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("./SoftHSM-setup.sh"), "{said}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn the_demo_signs_its_samples_and_runs_again() {
    let project = Project::new();
    let first = project.run(&["demo"]);
    assert_eq!(first.status, 0, "{}{}", first.out, first.err);
    for word in [
        "demo/application.pdf",
        "PAdES-BASELINE-B",
        "demo/application.xml.p7m",
        "CAdES-BASELINE-B, enveloping",
        "pdfsig demo/application.pdf",
        "openssl cms -verify",
        "demo/ca.pem",
    ] {
        assert!(
            first.out.contains(word),
            "{word:?} is missing in:\n{}",
            first.out
        );
    }
    // Another citizen, the same server and authorities.
    let anchor = fs::read(project.path("demo/ca.pem")).unwrap();
    let report = project.json(&[
        "demo",
        "--json",
        "--packaging",
        "detached",
        "--key",
        "ec-p256",
    ]);
    assert_eq!(documents(&report).len(), 2);
    for document in documents(&report) {
        assert_eq!(document["state"], "signed", "{report:#}");
        checks_out(&project, document);
    }
    assert!(project.path("demo/application.xml.p7s").exists());
    assert_eq!(fs::read(project.path("demo/ca.pem")).unwrap(), anchor);

    // Nothing secret is in the log.
    let log = fs::read_to_string(project.path("demo/server/server.log")).unwrap();
    let pin = fs::read_to_string(project.path("secrets/hsm-pin")).unwrap();
    assert!(!log.contains(pin.trim()));
    let messages = Phones::of(&project.path("demo/server/outbox")).messages();
    let codes: Vec<_> = messages
        .iter()
        .filter_map(|message| found_code(&message.text))
        .collect();
    // Two citizens activated an account and approved a request.
    assert!(codes.len() >= 4, "{messages:?}");
    for code in codes {
        assert!(!log.contains(code));
    }
}

#[test]
fn the_demo_uses_the_postgresql_that_is_named() {
    let database = TestDatabase::postgres();
    let project = Project::new();
    // A server's own configuration is nothing to the demo unless it is named.
    project.configure("[database]\nurl = \"postgres://nobody@127.0.0.1:9/\"");
    let small = ["demo", "--json", "--key", "ec-p256"];
    let by_environment = project
        .command(&small)
        .env("RUBRICA_DATABASE__URL", database.url())
        .output()
        .unwrap();
    let named = format!("[database]\nurl = \"{}\"\n", database.url());
    project.write("named.toml", &named, 0o600);
    let by_file = project.run(&[&["--config", "named.toml"], &small[..]].concat());
    for ended in [crate::harness::project::ended(&by_environment), by_file] {
        assert_eq!(ended.status, 0, "{}", ended.err);
        assert!(ended.err.contains(database.url()), "{}", ended.err);
        let report: Value = serde_json::from_str(&ended.out).unwrap();
        assert_eq!(documents(&report).len(), 2);
        for document in documents(&report) {
            assert_eq!(document["state"], "signed", "{report:#}");
        }
    }
    assert!(!project.path("demo/server/rubrica.db").exists());
    // Both runs stand in its journal, and the demo's configuration leads there.
    let demos = ["--config", "demo/server/rubrica.toml", "audit", "export"];
    let journal = project.run(&demos);
    assert_eq!(journal.status, 0, "{}", journal.err);
    assert_eq!(journal.out.matches("signer.registered").count(), 2);

    let own = project.run(&small);
    assert_eq!(own.status, 0, "{}", own.err);
    assert!(project.path("demo/server/rubrica.db").exists());
}

#[test]
fn a_second_demo_in_the_same_folder_leaves_the_one_that_runs_alone() {
    let project = Project::new();
    let mut command = project.command(&["demo", "--serve", "--key", "ec-p256"]);
    let mut demo = Watched::spawn(command.stdout(Stdio::piped()));
    let mut lines = BufReader::new(demo.stdout()).lines();
    assert!(lines.any(|line| line.unwrap().contains("Ctrl-C")));
    let certificate = fs::read(project.path("demo/server/tls.pem")).unwrap();
    let second = project.run(&["demo"]);
    assert_eq!(second.status, 1, "{}", second.out);
    assert!(second.err.contains("another demo runs"), "{}", second.err);
    assert!(second.err.contains("--out"), "{}", second.err);
    let there = fs::read(project.path("demo/server/tls.pem")).unwrap();
    assert_eq!(there, certificate);
    demo.signal("-INT");
    let (status, log) = demo.ended();
    assert_eq!(status, Some(0), "{log}");
}

#[test]
fn a_demo_that_serves_asks_as_it_was_told() {
    let project = Project::new();
    let mut command = project.command(&[
        "demo",
        "--serve",
        "--format",
        "cades",
        "--packaging",
        "detached",
        "--padding",
        "rsa-pss",
        "--digest",
        "sha-512",
    ]);
    let mut demo = Watched::spawn(command.stdout(Stdio::piped()));
    let told: Vec<_> = BufReader::new(demo.stdout())
        .lines()
        .map(Result::unwrap)
        .take_while(|line| !line.contains("Ctrl-C"))
        .collect();
    let value = |name: &str| {
        let row = told.iter().find_map(|line| line.trim().strip_prefix(name));
        row.unwrap().split_whitespace().next().unwrap().to_owned()
    };
    let trusted = fs::read_to_string(project.path("demo/server/tls.pem")).unwrap();
    let api = value("API for apps");
    let app = Client::new(api.trim_end_matches('/'), &trusted, None);
    let app = app.bearer(&value("Token of the app"));
    let listed = app.get("/v1/signature-requests");
    let id = listed.at("/requests/0/id");
    let id = id.as_str().unwrap();
    let asked = app.get(&format!("/v1/signature-requests/{id}"));
    for place in 0..2 {
        let at = |key: &str| asked.at(&format!("/documents/{place}/{key}"));
        assert_eq!(at("format"), "cades");
        assert_eq!(at("packaging"), "detached");
        assert_eq!(at("padding"), "rsa-pss");
        assert_eq!(at("digest"), "sha-512");
    }
    demo.signal("-INT");
    assert_eq!(demo.ended().0, Some(0));
}

#[test]
fn a_demo_writes_over_nothing_that_no_demo_made() {
    let project = Project::new();
    project.write("letter.txt", "to sign", 0o644);
    let own = [
        "one/ca.pem",
        "two/chain.pem",
        "three/server/rubrica.toml",
        "four/originals/application.pdf",
    ];
    for file in own {
        fs::create_dir_all(project.path(file).parent().unwrap()).unwrap();
        project.write(file, "mine", 0o644);
        let out = file.split('/').next().unwrap();
        let ended = project.run(&["demo", "--out", out]);
        assert_eq!(ended.status, 1, "{file}: {}", ended.out);
        assert!(ended.err.contains("--out"), "{file}: {}", ended.err);
        assert_eq!(fs::read_to_string(project.path(file)).unwrap(), "mine");
        assert!(!project.path(out).join("server/rubrica.db").exists());
    }

    // Nor are signed files.
    fs::create_dir(project.path("five")).unwrap();
    project.write("five/letter.txt.p7m", "mine", 0o644);
    let letter = ["demo", "--json", "--key", "ec-p256", "--out", "five"];
    let letter = [&letter[..], &["--document", "letter.txt"]].concat();
    let ended = project.run(&letter);
    assert_eq!(ended.status, 1, "{}", ended.out);
    let report: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(documents(&report)[0]["reason"], "would_overwrite");
    let there = project.path("five/letter.txt.p7m");
    assert_eq!(fs::read_to_string(&there).unwrap(), "mine");
    fs::remove_file(&there).unwrap();
    for _ in 0..2 {
        let report = project.json(&letter);
        assert_eq!(documents(&report)[0]["state"], "signed");
    }
}

#[test]
fn the_demo_reads_codes_of_the_length_that_is_configured() {
    let project = Project::new();
    let output = project
        .command(&["demo", "--json", "--key", "ec-p256"])
        .env("RUBRICA_IDENTITY__CODE_DIGITS", "8")
        .output()
        .unwrap();
    let ended = crate::harness::project::ended(&output);
    assert_eq!(ended.status, 0, "{}{}", ended.out, ended.err);
    let messages = Phones::of(&project.path("demo/server/outbox")).messages();
    let eight = |text: &str| {
        text.split(|c: char| !c.is_ascii_digit())
            .any(|run| run.len() == 8)
    };
    assert_eq!(
        messages
            .iter()
            .filter(|message| eight(&message.text))
            .count(),
        2
    );
}

#[test]
fn a_demo_sends_nothing_to_a_real_phone() {
    let project = Project::new();
    for (variable, value) in [
        ("RUBRICA_SMS__URL", "https://127.0.0.1:9/messages"),
        ("RUBRICA_SMS__OUTBOX", "elsewhere"),
    ] {
        let output = project
            .command(&["demo"])
            .env(variable, value)
            .output()
            .unwrap();
        let ended = crate::harness::project::ended(&output);
        assert_eq!(ended.status, 1, "{}", ended.out);
        assert!(ended.err.contains(variable), "{}", ended.err);
        assert!(!project.path("demo/server/rubrica.db").exists());
        assert!(!project.path("elsewhere").exists());
    }
}

#[test]
fn what_a_demo_that_serves_tells_is_enough_to_approve_its_request() {
    let project = Project::new();
    let mut command = project.command(&["demo", "--serve"]);
    let mut demo = Watched::spawn(command.stdout(Stdio::piped()));
    let mut told = String::new();
    for line in BufReader::new(demo.stdout()).lines() {
        let line = line.unwrap();
        told.push_str(&line);
        told.push('\n');
        if line.contains("Ctrl-C") {
            break;
        }
    }
    let value = |name: &str| {
        let row = told
            .lines()
            .find_map(|line| line.trim().strip_prefix(name))
            .unwrap_or_else(|| panic!("{name:?} is missing in:\n{told}"));
        row.split_whitespace().next().unwrap().to_owned()
    };
    let certificate = told.split_once("(certificate: ").unwrap().1;
    let trusted = fs::read_to_string(certificate.split_once(')').unwrap().0).unwrap();

    let request = url::Url::parse(&value("Approve a request")).unwrap();
    let origin = request.origin().ascii_serialization();
    let browser = Browser::new(Client::new(&origin, &trusted, None));
    let (dni, password) = (value("DNI"), value("Password"));
    let who = [("national-id", &*dni), ("password", &*password)];
    let page = browser.send(&browser.open(request.path()), request.path(), &who);
    let code = code_in(&demo.line("SMS to"));
    let form = format!("{}/code", request.path());
    let done = browser.send(&page, &form, &[("code", code.expose())]);
    assert_eq!(done.status, 200, "{}", done.heading());
    assert_eq!(done.path, format!("{}/done", request.path()));

    let api = value("API for apps");
    let app = Client::new(api.trim_end_matches('/'), &trusted, None);
    let listed = app
        .bearer(&value("Token of the app"))
        .get("/v1/signature-requests");
    assert_eq!(listed.at("/requests/0/state"), "completed");
    let pages = url::Url::parse(&value("Account pages")).unwrap();
    assert_eq!(browser.open(pages.path()).status, 200);
    demo.signal("-INT");
    let (status, log) = demo.ended();
    assert_eq!(status, Some(0), "{log}");
}
