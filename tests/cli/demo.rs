//! `rubrica demo`, as a newcomer runs it; the commands it prints are run as printed.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::path::Path;
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
fn a_document_that_cannot_be_signed_does_not_stop_the_others() {
    let project = Project::new();
    fs::create_dir(project.path("a")).unwrap();
    fs::create_dir(project.path("b")).unwrap();
    project.write("a/it's one.txt", "first", 0o644);
    project.write("b/it's one.txt", "second", 0o644);
    project.write("broken.pdf", "%PDF-1.7\nnothing more", 0o644);
    let ended = project.run(&[
        "demo",
        "--json",
        "--out",
        "out",
        "--document",
        "a/it's one.txt",
        "--document",
        "broken.pdf",
        "--document",
        "missing.txt",
        "--document",
        "b/it's one.txt",
        "--packaging",
        "detached",
        "--padding",
        "rsa-pss",
    ]);
    assert_eq!(ended.status, 1, "{}{}", ended.out, ended.err);
    let report: Value = serde_json::from_str(&ended.out).unwrap();
    let told: Vec<_> = documents(&report)
        .iter()
        .map(|document| {
            let name = |key: &str| {
                let path = document[key].as_str()?;
                Some(Path::new(path).file_name()?.to_str()?.to_owned())
            };
            (
                name("document").unwrap(),
                name("file"),
                document["reason"].as_str().map(str::to_owned),
            )
        })
        .collect();
    let one = "it's one.txt".to_owned();
    assert_eq!(
        told,
        [
            (one.clone(), Some("it's one.txt.p7s".to_owned()), None),
            (
                "broken.pdf".to_owned(),
                None,
                Some("pdf_damaged".to_owned())
            ),
            (
                "missing.txt".to_owned(),
                None,
                Some("unreadable".to_owned())
            ),
            (one, Some("it's one-2.txt.p7s".to_owned()), None),
        ]
    );
    for document in documents(&report)
        .iter()
        .filter(|document| document["state"] == "signed")
    {
        checks_out(&project, document);
    }
    let keys: Vec<_> = report.as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        keys,
        ["chain", "documents", "folder", "steps", "trust_anchor"]
    );
}

#[test]
fn a_document_whose_signed_file_has_no_place_does_not_stop_the_others() {
    let project = Project::new();
    // With `.p7m` at its end, the name is longer than file systems take.
    let long = "a".repeat(252);
    project.write(&long, "long", 0o644);
    project.write("one.txt", "one", 0o644);
    let ended = project.run(&[
        "demo",
        "--json",
        "--key",
        "ec-p256",
        "--document",
        &long,
        "--document",
        "one.txt",
    ]);
    assert_eq!(ended.status, 1, "{}{}", ended.out, ended.err);
    let report: Value = serde_json::from_str(&ended.out).unwrap();
    let documents = documents(&report);
    assert_eq!(documents[0]["reason"], "not_writable", "{report:#}");
    assert_eq!(documents[1]["state"], "signed", "{report:#}");
    checks_out(&project, &documents[1]);
}

#[test]
fn many_documents_that_cannot_be_signed_do_not_stop_the_others() {
    let project = Project::new();
    let mut arguments = vec!["demo", "--json", "--key", "ec-p256"];
    let names: Vec<_> = (0..230).map(|number| format!("{number}.pdf")).collect();
    for name in &names {
        project.write(name, "no PDF", 0o644);
        arguments.extend(["--document", name]);
    }
    project.write("one.txt", "one", 0o644);
    arguments.extend(["--document", "one.txt"]);
    let ended = project.run(&[&arguments[..], &["--format", "pades"]].concat());
    assert_eq!(ended.status, 1, "{}", ended.err);
    let report: Value = serde_json::from_str(&ended.out).unwrap();
    let reasons = |wanted: &str| {
        let told = documents(&report).iter();
        told.filter(|document| document["reason"] == wanted).count()
    };
    assert_eq!(reasons("not_a_pdf"), 231, "{report:#}");
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
fn a_demo_that_signs_nothing_keeps_every_original_and_its_word() {
    let project = Project::new();
    fs::create_dir(project.path("own")).unwrap();
    project.write("own/mine.pdf", "%PDF-1.7\nmine alone", 0o644);
    project.write("own/text.txt", "no PDF", 0o644);
    project.write("broken.pdf", "%PDF-1.7\nnothing more", 0o644);
    let ended = project.run(&[
        "demo",
        "--json",
        "--out",
        "own",
        "--format",
        "pades",
        "--key",
        "rsa-2048",
        "--document",
        "own/mine.pdf",
        "--document",
        "own/../own/text.txt",
        "--document",
        "broken.pdf",
    ]);
    assert_eq!(ended.status, 1, "{}{}", ended.out, ended.err);
    let report: Value = serde_json::from_str(&ended.out).unwrap();
    let reasons: Vec<_> = documents(&report)
        .iter()
        .map(|document| document["reason"].as_str().unwrap())
        .collect();
    assert_eq!(
        reasons,
        ["would_overwrite", "would_overwrite", "pdf_damaged"]
    );
    for file in ["trust_anchor", "chain"] {
        let path = Path::new(report[file].as_str().unwrap());
        let pem = fs::read_to_string(path).unwrap();
        assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"), "{file}");
    }
    let mine = fs::read_to_string(project.path("own/mine.pdf")).unwrap();
    assert_eq!(mine, "%PDF-1.7\nmine alone");
    assert!(
        ended.err.contains("warning") && ended.err.contains("allow_rsa_2048"),
        "{}",
        ended.err
    );

    let text = project.run(&[
        "demo",
        "--out",
        "out",
        "--format",
        "pades",
        "--document",
        "own/text.txt",
    ]);
    assert_eq!(text.status, 1);
    assert!(text.out.contains("(not_a_pdf)"), "{}{}", text.out, text.err);
    assert!(!text.err.contains("allow_rsa_2048"), "{}", text.err);
    let usual = fs::read_to_string(project.path("out/server/rubrica.toml")).unwrap();
    assert!(usual.contains("allow_rsa_2048 = false"));
}

#[test]
fn a_document_where_the_demo_writes_is_refused_before_anything_is_made() {
    let project = Project::new();
    let mine = |name: &str| fs::read_to_string(project.path(name)).unwrap();
    for folder in ["server", "originals", "elsewhere"] {
        fs::create_dir(project.path(folder)).unwrap();
    }
    let own = ["ca.pem", "chain.pem", "server/tls.pem", "originals/a.txt"];
    for file in own {
        project.write(file, file, 0o644);
    }
    project.write("elsewhere/b.txt", "linked", 0o644);
    symlink(project.path("chain.pem"), project.path("elsewhere/c.txt")).unwrap();
    fs::create_dir(project.path("links")).unwrap();
    symlink(
        project.path("elsewhere/b.txt"),
        project.path("links/ca.pem"),
    )
    .unwrap();
    let links = [("links", "elsewhere/b.txt"), (".", "elsewhere/c.txt")];
    for (out, document) in own.map(|file| (".", file)).into_iter().chain(links) {
        let ended = project.run(&["demo", "--out", out, "--document", document]);
        assert_eq!(ended.status, 1, "{document}: {}", ended.out);
        for word in [document, "--out", "its own files"] {
            assert!(ended.err.contains(word), "{document}: {}", ended.err);
        }
    }
    for file in own {
        assert_eq!(mine(file), file);
    }
    assert_eq!(mine("elsewhere/b.txt"), "linked");
    assert!(!project.path("server/rubrica.toml").exists());
    assert!(!project.path("links/server").exists());
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
