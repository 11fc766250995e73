//! The administrators' commands.

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};

use crate::harness::database::both_databases;
use crate::harness::process::Watched;
use crate::harness::project::Project;

#[test]
fn the_default_configuration_needs_nothing_but_what_it_asks_for() {
    let project = Project::new();
    let default = project.run(&["config", "default"]);
    assert_eq!(default.status, 0);
    project.configure("");
    let text = default
        .out
        .replace("#token = \"rubrica\"  # example", "token = \"rubrica\"")
        .replace(
            "#pin_file = \"secrets/hsm-pin\"  # example",
            "pin_file = \"secrets/hsm-pin\"",
        )
        .replace(
            "#link_key_file = \"secrets/link-key\"  # example",
            "link_key_file = \"link-key\"",
        );
    project.write("rubrica.toml", &text, 0o600);
    let checked = project.run(&["config", "check"]);
    assert_eq!(checked.status, 0, "{}", checked.err);
    assert!(
        checked.out.contains("token = \"rubrica\"  # rubrica.toml:"),
        "{}",
        checked.out
    );
    let pin = fs::read_to_string(project.path("secrets/hsm-pin")).unwrap();
    assert!(!checked.out.contains(pin.trim()));
}

#[test]
fn a_wrong_configuration_stops_every_command_with_all_its_mistakes() {
    let project = Project::new();
    project.configure("[hmm]\na = 1\n[identity]\ncode_digits = 4\n");
    for command in [&["serve"][..], &["app", "list"], &["database", "migrate"]] {
        let ended = project.run(command);
        assert_eq!(ended.status, 1);
        assert!(ended.err.contains("hmm: unknown section"), "{}", ended.err);
        assert!(ended.err.contains("identity.code_digits"), "{}", ended.err);
    }
    assert_eq!(
        project.run(&["--config", "nothing.toml", "serve"]).status,
        1
    );
    assert_eq!(project.run(&["srve"]).status, 2);
}

both_databases! {
    fn an_app_is_added_listed_rotated_and_disabled(database) {
        let project = Project::in_order_on(database);
        // Nobody could be given the token: nothing is made.
        let nowhere = project.run(&["app", "add", "Sede"]);
        assert_eq!(nowhere.status, 1);
        assert!(nowhere.err.contains("--token-file"), "{}", nowhere.err);
        let missing = ["app", "add", "Sede", "--token-file", "missing/token"];
        let missing = project.run(&missing);
        assert_eq!(missing.status, 1);
        assert!(missing.err.contains("missing/token"), "{}", missing.err);
        assert_eq!(
            project.json(&["app", "list", "--json"]),
            serde_json::json!([])
        );

        let added = project.run(&[
            "app",
            "add",
            "Sede",
            "--return-url",
            "https://sede.example/back",
            "--token-file",
            "token",
        ]);
        assert_eq!(added.status, 0, "{}", added.err);
        assert_eq!(project.mode("token"), 0o600);
        let token = fs::read_to_string(project.path("token")).unwrap();
        assert!(token.starts_with("rub_"));
        assert!(!added.err.contains(token.trim()) && !added.out.contains(token.trim()));

        let again = project.run(&["app", "add", "Sede", "--token-file", "other"]);
        assert_eq!(again.status, 1);
        assert!(again.err.contains("name"), "{}", again.err);
        assert!(!project.path("other").exists(), "nothing was put there");
        let over = ["app", "rotate", "Sede", "--token-file", "token"];
        assert_eq!(project.run(&over).status, 1);
        assert_eq!(fs::read_to_string(project.path("token")).unwrap(), token);
        let bad = project.run(&[
            "app",
            "add",
            "Other",
            "--return-url",
            "ftp://x",
            "--token-file",
            "-",
        ]);
        assert!(bad.err.contains("return_urls.0"), "{}", bad.err);

        assert_eq!(
            project
                .run(&[
                    "app",
                    "rotate",
                    "Sede",
                    "--token-file",
                    "new",
                    "--grace",
                    "1 h"
                ])
                .status,
            0
        );
        let list = project.json(&["app", "list", "--json"]);
        assert_eq!(list[0]["access"].as_array().unwrap().len(), 2, "{list:#}");
        assert_eq!(project.run(&["app", "disable", "Sede"]).status, 0);
        assert!(project.json(&["app", "list", "--json"])[0]["disabled_at"].is_string());
        let table = project.run(&["app", "list"]).out;
        assert!(
            table.starts_with("NAME") && table.contains("disabled"),
            "{table}"
        );
    }

    fn a_disabled_app_is_changed_and_enabled_again(database) {
        let project = Project::in_order_on(database);
        let first = ["app", "add", "Sede", "--token-file", "token"];
        assert_eq!(project.run(&first).status, 0);
        assert_eq!(project.run(&["app", "disable", "Sede"]).status, 0);
        let moved = project.run(&[
            "app",
            "change-return-urls",
            "Sede",
            "--return-url",
            "https://nueva.example/a",
            "--return-url",
            "https://nueva.example/b",
        ]);
        assert_eq!(moved.status, 0, "{}", moved.err);
        let sede = project.json(&["app", "list", "--json"])[0].clone();
        assert_eq!(
            sede["return_urls"],
            serde_json::json!(["https://nueva.example/a", "https://nueva.example/b"])
        );
        assert!(sede["disabled_at"].is_string(), "still disabled");
        let wrong = [
            "app",
            "change-return-urls",
            "Sede",
            "--return-url",
            "ftp://x",
        ];
        let wrong = project.run(&wrong);
        assert_eq!(wrong.status, 1);
        assert!(wrong.err.contains("return_urls.0"), "{}", wrong.err);
        // Leaving the list out is no way to empty it.
        assert_eq!(
            project.run(&["app", "change-return-urls", "Sede"]).status,
            2
        );
        assert_eq!(
            project
                .run(&["app", "change-return-urls", "Sede", "--none"])
                .status,
            0
        );
        let enabled = project.run(&["app", "enable", "Sede"]);
        assert_eq!(enabled.status, 0, "{}", enabled.err);
        let sede = project.json(&["app", "list", "--json"])[0].clone();
        assert_eq!(sede["disabled_at"], serde_json::Value::Null);
        assert_eq!(sede["return_urls"], serde_json::json!([]));
        assert_eq!(sede["access"].as_array().map(Vec::len), Some(1));
        let unknown = project.run(&["app", "enable", "Nobody"]);
        assert!(unknown.err.contains("Nobody"), "{}", unknown.err);
    }

    fn a_citizen_is_registered_with_a_receipt_and_looked_after(database) {
        let project = Project::in_order_on(database);
        let register = |more: &[&str]| {
            let mut arguments = vec![
                "signer",
                "register",
                "12345678Z",
                "--given-name",
                "Ana",
                "--surname",
                "García",
                "--phone",
                "600123456",
                "--method",
                "in-person",
                "--level",
                "basic",
                "--language",
                "en",
            ];
            arguments.extend(more);
            project.run(&arguments)
        };
        assert_eq!(register(&[]).status, 1, "nobody could be given the code");
        let missing = register(&["--receipt", "missing/receipt.txt"]);
        assert_eq!(missing.status, 1);
        assert!(missing.err.contains("missing/receipt"), "{}", missing.err);
        assert_eq!(project.run(&["signer", "show", "12345678Z"]).status, 1);
        let done = register(&["--receipt", "receipt.txt"]);
        assert_eq!(done.status, 0, "{}", done.err);
        assert_eq!(project.mode("receipt.txt"), 0o600);
        let receipt = fs::read_to_string(project.path("receipt.txt")).unwrap();
        // What differs each time: the code and the day.
        let masked: Vec<_> = receipt
            .lines()
            .map(|line| match line.split_once("  ") {
                Some((name @ ("Activation code" | "Registered on"), value)) => {
                    assert!(value.trim().len() > 9, "{line}");
                    format!("{name}  …")
                }
                _ => line.to_owned(),
            })
            .collect();
        insta::assert_snapshot!("receipt", masked.join("\n"));

        let again = register(&["--receipt", "again.txt"]);
        assert_eq!(again.status, 1);
        assert!(again.err.contains("--renew"), "{}", again.err);
        assert!(!project.path("again.txt").exists());
        let early = project.run(&["credential", "issue", "12345678Z"]);
        assert_eq!(early.status, 1);
        assert!(
            early.err.contains("has not activated the account yet"),
            "{}",
            early.err
        );

        let shown = project.json(&["signer", "show", "12345678Z", "--json"]);
        assert_eq!(shown["level"], "basic");
        assert_eq!(shown["refusal"], "signer_not_activated");
        let raised = project.run(&[
            "signer",
            "raise-level",
            "12345678Z",
            "--evidence",
            "in-person",
        ]);
        assert_eq!(raised.status, 0, "{}", raised.err);
        let shown = project.json(&["signer", "show", "12345678Z", "--json"]);
        assert_eq!(shown["level"], "advanced");
        assert_eq!(
            project
                .run(&["signer", "change-phone", "12345678Z", "600654321"])
                .status,
            0
        );
        let free = project.run(&["signer", "unblock", "12345678Z"]);
        assert_eq!(free.status, 1);
        assert!(free.err.contains("not blocked"), "{}", free.err);

        let unsure = project.run(&[
            "signer",
            "deregister",
            "12345678Z",
            "--reason",
            "resignation",
        ]);
        assert_eq!(unsure.status, 1);
        assert!(unsure.err.contains("--yes"), "{}", unsure.err);
        let closed = project.run(&[
            "signer",
            "deregister",
            "12345678Z",
            "--reason",
            "resignation",
            "--yes",
        ]);
        assert_eq!(closed.status, 0, "{}", closed.err);
        assert_eq!(project.run(&["signer", "show", "12345678Z"]).status, 1);
        assert_eq!(project.run(&["signer", "show", "12345678A"]).status, 2);
    }

    fn a_registration_that_cannot_be_sends_no_code_to_anybody(database) {
        let project = Project::in_order_on(database);
        let register = |id: &str, method: &str, level: &str, more: &[&str]| {
            let mut arguments = vec!["signer", "register", id, "--given-name", "Ana"];
            arguments.extend(["--surname", "García", "--phone", "600123456"]);
            arguments.extend(["--method", method, "--level", level, "--receipt", "-"]);
            arguments.extend(more);
            project.run(&arguments)
        };
        let messages = || {
            let outbox = project.path("data/outbox");
            fs::read_dir(outbox).map_or(0, Iterator::count)
        };
        let first = register("12345678Z", "in-person", "advanced", &[]);
        assert_eq!(first.status, 0, "{}", first.err);
        let before = messages();
        let cases: [(&str, &str, &[&str], &str); 4] = [
            ("letter", "advanced", &[], "gives basic level"),
            ("video", "advanced", &[], "gives basic level"),
            (
                "in-person",
                "basic",
                &["--proofed-on", "2999-01-01"],
                "future",
            ),
            ("in-person", "basic", &["--renew"], "nobody is registered"),
        ];
        for (method, level, more, words) in cases {
            let refused = register("99999999R", method, level, more);
            assert_eq!(refused.status, 1);
            assert!(refused.err.contains(words), "{}", refused.err);
            assert_eq!(messages(), before, "{words}");
        }
        // What can be, asks the phone's holder.
        assert_eq!(register("99999999R", "letter", "basic", &[]).status, 1);
        assert_eq!(messages(), before + 1);
    }

    fn a_new_activation_code_needs_the_citizens_password_at_a_terminal(database) {
        let project = Project::in_order_on(database);
        let ended = project.run(&["signer", "new-code", "12345678Z", "--receipt", "r.txt"]);
        assert_eq!(ended.status, 1);
        assert!(ended.err.contains("there is no terminal"), "{}", ended.err);
        assert!(!project.path("r.txt").exists());
    }

    fn no_receipt_lies_there_while_somebody_is_asked(database) {
        let project = Project::in_order_on(database);
        let program = env!("CARGO_BIN_EXE_rubrica");
        let line = format!("{program} signer new-code 12345678Z --receipt r.txt");
        let mut terminal = Command::new("script");
        terminal
            .args(["--quiet", "--return", "--command", &line, "/dev/null"])
            .current_dir(project.path(""))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut terminal = Watched::spawn(&mut terminal);
        let mut said = Vec::new();
        let mut out = terminal.stdout();
        while !String::from_utf8_lossy(&said).contains("password: ") {
            let mut byte = [0];
            out.read_exact(&mut byte).unwrap();
            said.extend(byte);
        }
        assert!(!project.path("r.txt").exists());
    }

    fn the_pin_is_asked_for_only_at_a_terminal_when_it_is_not_configured(database) {
        let project = Project::in_order_on(database);
        let text = project
            .configuration("")
            .replace("pin_file = \"secrets/hsm-pin\"", "");
        project.write("rubrica.toml", &text, 0o600);
        let ended = project.run(&["hsm", "status"]);
        assert_eq!(ended.status, 1);
        assert!(ended.err.contains("RUBRICA_HSM__PIN"), "{}", ended.err);
        let pin = fs::read_to_string(project.path("secrets/hsm-pin")).unwrap();
        let given = project
            .command(&["hsm", "status", "--json"])
            .env("RUBRICA_HSM__PIN", pin.trim())
            .output()
            .unwrap();
        assert!(given.status.success());
    }

    fn the_hsm_shows_its_kek_and_makes_a_next_one_only_when_asked(database) {
        let project = Project::in_order_on(database);
        let again = project.run(&["hsm", "init-kek"]);
        assert!(again.err.contains("already"), "{}", again.err);
        assert!(!again.err.contains("audit key"), "{}", again.err);
        let status = project.json(&["hsm", "status", "--json"]);
        assert_eq!(status["keks"], serde_json::json!([1]));
        assert_eq!(status["label"], "rubrica");
        assert_eq!(project.run(&["hsm", "init-kek", "--new-version"]).status, 0);
        let status = project.json(&["hsm", "status", "--json"]);
        assert_eq!(status["keks"], serde_json::json!([1, 2]));
        let table = project.run(&["hsm", "status"]);
        assert!(table.out.contains("CKM_AES_KEY_WRAP_PAD"), "{}", table.out);
        assert!(!table.err.contains("ERROR"), "{}", table.err);

        // Where the journal is to be signed by another key, that one is made, and said to be.
        project.write(
            "rubrica.toml",
            &project.configuration("[journal]\nkey_label = \"another\""),
            0o600,
        );
        let journal = project.run(&["hsm", "init-kek"]);
        assert!(journal.err.contains("the audit key"), "{}", journal.err);
        assert!(journal.err.contains("already"), "{}", journal.err);
    }

    fn the_journal_is_verified_exported_and_catches_a_change(database) {
        let project = Project::in_order_on(database);
        let verified = project.json(&["audit", "verify", "--json"]);
        assert_eq!(verified["intact"], true, "{verified:#}");
        let end = verified["chains"][0]["end"].as_str().unwrap().to_owned();
        project.write("anchors", &end, 0o600);
        let ended = project.run(&["audit", "verify", "--anchors", "anchors"]);
        assert_eq!(ended.status, 0, "{}", ended.err);

        assert_eq!(
            project
                .run(&["audit", "export", "--output", "journal.jsonl"])
                .status,
            0
        );
        let lines = fs::read_to_string(project.path("journal.jsonl")).unwrap();
        assert!(lines.contains("authority.created"));
        for line in lines.lines() {
            assert!(serde_json::from_str::<serde_json::Value>(line).is_ok());
        }

        let forged = end.replace(&end[end.len() - 4..], "0000");
        project.write("anchors", &forged, 0o600);
        let ended = project.run(&["audit", "verify", "--anchors", "anchors"]);
        assert_eq!(ended.status, 1);
        assert!(ended.out.contains("NOT INTACT"), "{}", ended.out);
    }

    fn a_young_journal_is_not_archived_and_what_is_no_archive_is_told(database) {
        let project = Project::in_order_on(database);
        fs::create_dir(project.path("archives")).unwrap();
        let archive = ["audit", "archive", "--directory", "archives"];
        let ended = project.run(&archive);
        assert_eq!(ended.status, 0, "{}", ended.err);
        assert!(ended.out.contains("nothing is due"), "{}", ended.out);
        let told = project.json(&[&archive[..], &["--json"]].concat());
        assert_eq!(told["chains"][0]["archive"], serde_json::Value::Null);
        let ended = project.run(&[&archive[..], &["--before", "2999-01-01"]].concat());
        assert_eq!(ended.status, 1);
        assert!(ended.err.contains("journal.retention"), "{}", ended.err);
        assert_eq!(fs::read_dir(project.path("archives")).unwrap().count(), 0);

        project.run(&["audit", "export", "--output", "journal.jsonl"]);
        let ended = project.run(&["audit", "verify", "--archive", "journal.jsonl"]);
        assert_eq!(ended.status, 1);
        assert!(ended.out.contains("no archive that begins there"), "{}", ended.out);
        assert_eq!(project.run(&["audit", "verify", "--since", "2020-01-01"]).status, 0);
        let refused = project
            .command(&["audit", "archive", "--directory", "archives"])
            .env("RUBRICA_JOURNAL__RETENTION", "1 d")
            .output()
            .unwrap();
        assert!(String::from_utf8_lossy(&refused.stderr).contains("at least 30 d"));
    }

    fn a_journal_whose_signatures_cannot_be_judged_is_not_passed(database) {
        let project = Project::in_order_on(database);
        assert_eq!(project.run(&["audit", "verify"]).status, 0);
        let ended = project
            .command(&["audit", "verify"])
            .env("RUBRICA_JOURNAL__KEY_LABEL", "no such key")
            .output()
            .unwrap();
        assert_eq!(ended.status.code(), Some(1));
        let told = String::from_utf8(ended.stdout).unwrap();
        assert!(told.contains("not judged"), "{told}");
    }

    fn the_authorities_are_made_once_and_shown(database) {
        let project = Project::in_order_on(database);
        let first = project.json(&["ca", "show", "--json"]);
        let again = project.json(&["ca", "init", "--json"]);
        assert_eq!(first[0]["certificate"], again[0]["certificate"]);
        assert_eq!(project.run(&["ca", "crl"]).status, 0);
        let written = project.run(&["ca", "crl", "--of", "issuing", "--output", "issuing.crl"]);
        assert_eq!(written.status, 0, "{}", written.err);
        assert!(fs::metadata(project.path("issuing.crl")).unwrap().len() > 100);
        assert_eq!(
            project
                .run(&["ca", "show", "--certificates", "ca.pem"])
                .status,
            0
        );
        let pem = fs::read_to_string(project.path("ca.pem")).unwrap();
        assert_eq!(pem.matches("BEGIN CERTIFICATE").count(), 2);
    }

    fn lists_without_authorities_and_a_token_that_moved_are_told_with_what_to_do(database) {
        let project = Project::new_on(database);
        project.configure("");
        assert_eq!(project.run(&["database", "migrate"]).status, 0);
        let none = project.run(&["ca", "crl"]);
        assert_eq!(none.status, 1);
        assert!(none.err.contains("rubrica ca init"), "{}", none.err);
        fs::rename(project.path("tokens"), project.path("elsewhere")).unwrap();
        let away = project.run(&["hsm", "status"]);
        assert_eq!(away.status, 1);
        assert!(away.err.contains("rubrica doctor"), "{}", away.err);
    }
}

#[test]
fn no_empty_document_store_takes_the_place_of_one_that_is_away() {
    let project = Project::new();
    let demo = project.run(&["demo", "--key", "ec-p256"]);
    assert_eq!(demo.status, 0, "{}", demo.err);
    let documents = project.path("demo/server/documents");
    fs::rename(&documents, project.path("elsewhere")).unwrap();
    let migrate = |more: &[&str]| {
        let command = [
            "--config",
            "demo/server/rubrica.toml",
            "database",
            "migrate",
        ];
        project.run(&[&command, more].concat())
    };
    let refused = migrate(&[]);
    assert_eq!(refused.status, 1, "{}", refused.out);
    assert!(
        refused.err.contains("--new-document-store"),
        "{}",
        refused.err
    );
    assert!(!documents.exists());
    let meant = migrate(&["--new-document-store"]);
    assert_eq!(meant.status, 0, "{}", meant.err);
    assert!(documents.join("rubrica-documents").exists());
    assert_eq!(migrate(&[]).status, 0);
}
