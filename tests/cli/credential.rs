//! `rubrica credential` with the built-in authorities and with one outside, made by openssl.

use std::fs;
use std::process::Command;

use rubrica::app;
use rubrica::config;
use rubrica::domain::challenge::Purpose;
use rubrica::domain::language::Language;
use rubrica::domain::secret::SecretText;

use super::project::Project;
use crate::harness::phones::Phones;

/// Registers a citizen at advanced level, who activates the account as the pages do.
fn activated(project: &Project) {
    let done = project.run(&[
        "signer",
        "register",
        "12345678Z",
        "--given-name",
        "Ana",
        "--surname",
        "García",
        "--phone",
        "600123456",
        "--email",
        "ana@example.com",
        "--method",
        "in-person",
        "--level",
        "advanced",
        "--receipt",
        "receipt.txt",
    ]);
    assert_eq!(done.status, 0, "{}", done.err);
    let receipt = fs::read_to_string(project.path("receipt.txt")).unwrap();
    let code = receipt
        .split_whitespace()
        .find(|word| word.len() == 19 && word.matches('-').count() == 3)
        .unwrap();
    let config = config::load(Some(&project.path("rubrica.toml")))
        .unwrap()
        .config;
    let service = app::service(config).unwrap();
    let sent = service
        .begin_activation(
            Language::Spanish,
            &SecretText::new("12345678Z".to_owned()),
            &SecretText::new("ana@example.com".to_owned()),
            &SecretText::new(code.to_owned()),
        )
        .unwrap();
    service
        .finish_password(
            Purpose::Activate,
            sent.challenge,
            &sent.browser_key,
            &Phones::of(&project.path("data/outbox")).code("+34600123456"),
            &SecretText::new("Str0ng!pass".to_owned()),
        )
        .unwrap();
}

fn openssl(project: &Project, arguments: &[&str]) {
    let output = Command::new("openssl")
        .args(arguments)
        .current_dir(project.path(""))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_credential_is_issued_shown_listed_and_revoked_for_good() {
    let project = Project::in_order();
    assert_eq!(project.run(&["credential", "issue", "12345678Z"]).status, 1);
    activated(&project);
    let issue = [
        "credential",
        "issue",
        "12345678Z",
        "--key",
        "ec-p256",
        "--json",
    ];
    let first = project.json(&issue);
    assert_eq!(first["state"], "active", "{first:#}");
    // A second one takes the place of the first.
    let second = project.json(&issue);
    let id = second["id"].as_str().unwrap();
    let listed = project.json(&["credential", "list", "12345678Z", "--json"]);
    let states: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["state"])
        .collect();
    assert_eq!(states, ["active", "revoked"], "{listed:#}");

    assert_eq!(
        project
            .run(&["credential", "show", id, "--output", "chain.pem"])
            .status,
        0
    );
    openssl(&project, &["verify", "-CAfile", "chain.pem", "chain.pem"]);
    let shown = project.run(&["credential", "show", id]).out;
    assert!(
        shown.contains("active") && !shown.contains("BEGIN"),
        "{shown}"
    );

    let unsure = project.run(&["credential", "revoke", id, "--reason", "superseded"]);
    assert_eq!(unsure.status, 1);
    let revoked = project.run(&[
        "credential",
        "revoke",
        id,
        "--reason",
        "key-compromise",
        "--yes",
    ]);
    assert_eq!(revoked.status, 0, "{}", revoked.err);
    let shown = project.json(&["credential", "show", id, "--json"]);
    assert_eq!(shown["revocation_reason"], "key-compromise");
    assert_eq!(
        project
            .run(&[
                "credential",
                "revoke",
                id,
                "--reason",
                "superseded",
                "--yes"
            ])
            .status,
        1
    );
}

#[test]
fn a_certificate_from_outside_is_imported_only_for_its_own_key() {
    let project = Project::in_order();
    activated(&project);
    let request = |file: &str| {
        let made = project.run(&["credential", "request", "12345678Z", "--output", file]);
        assert_eq!(made.status, 0, "{}", made.err);
        made.err
            .split_whitespace()
            .nth(1)
            .unwrap()
            .trim_end_matches(':')
            .to_owned()
    };
    let (one, other) = (request("one.csr"), request("other.csr"));
    project.write("extensions", "keyUsage = critical, nonRepudiation\n", 0o600);
    openssl(
        &project,
        &[
            "req",
            "-x509",
            "-newkey",
            "rsa:3072",
            "-nodes",
            "-subj",
            "/CN=Outside CA",
            "-keyout",
            "ca.key",
            "-out",
            "outside.pem",
            "-days",
            "30",
        ],
    );
    openssl(
        &project,
        &[
            "x509",
            "-req",
            "-in",
            "one.csr",
            "-CA",
            "outside.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            "10",
            "-extfile",
            "extensions",
            "-out",
            "one.pem",
        ],
    );
    let chain =
        ["one.pem", "outside.pem"].map(|file| fs::read_to_string(project.path(file)).unwrap());
    project.write("chain.pem", &chain.concat(), 0o644);

    let mistaken = project.run(&["credential", "import", &other, "chain.pem"]);
    assert_eq!(mistaken.status, 1);
    assert!(
        mistaken.err.contains("not for this credential's key"),
        "{}",
        mistaken.err
    );
    let imported = project.json(&["credential", "import", &one, "chain.pem", "--json"]);
    assert_eq!(imported["state"], "active", "{imported:#}");
    assert_eq!(imported["issuer"], "outside");
}
