//! `rubrica credential` with the built-in authorities and with one outside, made by openssl.

use std::fs;

use const_oid::AssociatedOid;
use rubrica::app;
use rubrica::config;
use rubrica::domain::challenge::Purpose;
use rubrica::domain::language::Language;
use rubrica::domain::secret::SecretText;
use rubrica::service::Service;
use x509_cert::Certificate;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, SubjectKeyIdentifier};

use crate::harness::database::both_databases;
use crate::harness::phones::Phones;
use crate::harness::project::Project;
use crate::harness::standing::PASSWORD;

/// Registers a citizen at advanced level, who activates the account as the pages do.
pub(super) fn activated(project: &Project) {
    activated_as(project, "12345678Z", "+34600123456");
}

/// The same for one with that DNI and that phone.
pub(super) fn activated_as(project: &Project, dni: &str, phone: &str) {
    let receipt = format!("receipt-{dni}.txt");
    let done = project.run(&[
        "signer",
        "register",
        dni,
        "--given-name",
        "Ana",
        "--surname",
        "García",
        "--phone",
        phone,
        "--email",
        "ana@example.com",
        "--method",
        "in-person",
        "--level",
        "advanced",
        "--receipt",
        &receipt,
    ]);
    assert_eq!(done.status, 0, "{}", done.err);
    let service = service(project);
    let sent = service
        .begin_activation(
            Language::Spanish,
            &SecretText::new(dni.to_owned()),
            &SecretText::new("ana@example.com".to_owned()),
            &project.activation_code(&receipt),
        )
        .unwrap();
    service
        .finish_password(
            Purpose::Activate,
            sent.challenge,
            &sent.browser_key,
            &Phones::of(&project.path("data/outbox")).code(phone),
            &SecretText::new(PASSWORD.to_owned()),
        )
        .unwrap();
}

/// What the citizens' pages call, in this process.
pub(super) fn service(project: &Project) -> Service {
    let loaded = config::load(Some(&project.path("rubrica.toml"))).unwrap();
    app::service(loaded.config).unwrap()
}

both_databases! {
    fn a_credential_is_issued_shown_listed_and_revoked_for_good(database) {
        let project = Project::in_order_on(database);
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
        project
            .openssl(&["verify", "-CAfile", "chain.pem", "chain.pem"])
            .unwrap();
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

    fn a_certificate_from_outside_is_imported_only_for_its_own_key(database) {
        let project = Project::in_order_on(database);
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
        make_authority(&project);
        certify(&project, "one.csr", "certs/citizen.cnf");

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

    fn no_key_is_made_for_a_file_that_cannot_be_written(database) {
        let project = Project::in_order_on(database);
        activated(&project);
        for command in ["issue", "request"] {
            let arguments = ["credential", command, "12345678Z", "--key", "ec-p256"];
            let ended = project.run(&[&arguments[..], &["--output", "missing/a.pem"]].concat());
            assert_eq!(ended.status, 1, "{}", ended.out);
            assert!(ended.err.contains("missing/a.pem"), "{}", ended.err);
        }
        let listed = project.json(&["credential", "list", "12345678Z", "--json"]);
        assert_eq!(listed.as_array().unwrap().len(), 0, "{listed:#}");

        // What was there stays when nothing is made, and no empty file is left.
        project.write("there.pem", "mine", 0o644);
        for file in ["there.pem", "new.pem"] {
            let nobody = project.run(&["credential", "issue", "87654321X", "--output", file]);
            assert_eq!(nobody.status, 1, "{}", nobody.out);
        }
        assert_eq!(
            fs::read_to_string(project.path("there.pem")).unwrap(),
            "mine"
        );
        assert!(!project.path("new.pem").exists());
    }

    fn the_request_of_a_credential_without_a_certificate_can_be_had_again(database) {
        let project = Project::in_order_on(database);
        activated(&project);
        let requested = ["credential", "request", "12345678Z", "--key", "ec-p256"];
        let first = project.run(&requested);
        assert_eq!(first.status, 0, "{}", first.err);
        let listed = project.json(&["credential", "list", "12345678Z", "--json"]);
        let id = listed[0]["id"].as_str().unwrap();
        let shown = project.run(&["credential", "show", id, "--output", "again.csr"]);
        assert_eq!(shown.status, 0, "{}", shown.err);
        assert_eq!(
            fs::read_to_string(project.path("again.csr")).unwrap(),
            first.out
        );
    }

    fn the_profile_for_an_authority_outside_is_the_built_in_ones(database) {
        let project = Project::in_order_on(database);
        activated(&project);
        let issued = [
            "credential",
            "issue",
            "12345678Z",
            "--output",
            "built-in.pem",
            "--key",
            "ec-p256",
        ];
        assert_eq!(project.run(&issued).status, 0);
        let requested = [
            "credential",
            "request",
            "12345678Z",
            "--key",
            "ec-p256",
            "--output",
            "one.csr",
        ];
        assert_eq!(project.run(&requested).status, 0);
        make_authority(&project);
        certify(&project, "one.csr", "certs/citizen.cnf");
        let (built_in, outside) = (
            first_certificate(&project, "built-in.pem"),
            first_certificate(&project, "chain.pem"),
        );
        let tbs = |certificate: &Certificate| certificate.tbs_certificate().clone();
        assert_eq!(tbs(&outside).subject(), tbs(&built_in).subject());
        assert_eq!(profile(&outside), profile(&built_in));
    }

    fn a_certificate_for_something_else_is_not_imported(database) {
        let project = Project::in_order_on(database);
        activated(&project);
        let id = project.run(&["credential", "request", "12345678Z", "--output", "one.csr"]);
        let id = id.err.split_whitespace().nth(1).unwrap().to_owned();
        make_authority(&project);
        let profile = fs::read_to_string(project.path("certs/citizen.cnf")).unwrap();
        for (from, to, words) in [
            (
                "keyUsage = critical, nonRepudiation",
                "keyUsage = critical, digitalSignature",
                "lacks nonRepudiation",
            ),
            (
                "[citizen]",
                "[citizen]\nbasicConstraints = critical, CA:TRUE",
                "an authority's",
            ),
        ] {
            assert!(profile.contains(from), "{from}");
            project.write("other.cnf", &profile.replace(from, to), 0o600);
            certify(&project, "one.csr", "other.cnf");
            let ended = project.run(&[
                "credential",
                "import",
                id.trim_end_matches(':'),
                "chain.pem",
            ]);
            assert_eq!(ended.status, 1);
            assert!(ended.err.contains(words), "{}", ended.err);
        }
    }
}

/// An authority outside: `outside.pem` and its key.
fn make_authority(project: &Project) {
    let mut arguments = vec!["req", "-x509", "-newkey", "rsa:3072", "-nodes"];
    arguments.extend(["-subj", "/CN=Outside CA", "-days", "30"]);
    arguments.extend(["-keyout", "ca.key", "-out", "outside.pem"]);
    project.openssl(&arguments).unwrap();
}

/// It answers a request by a profile; the chain is in `chain.pem`.
fn certify(project: &Project, request: &str, profile: &str) {
    let mut arguments = vec!["x509", "-req", "-in", request, "-days", "10", "-sha256"];
    arguments.extend(["-CA", "outside.pem", "-CAkey", "ca.key", "-CAcreateserial"]);
    arguments.extend(["-extfile", profile, "-extensions", "citizen"]);
    arguments.extend(["-out", "one.pem"]);
    project.openssl(&arguments).unwrap();
    let chain =
        ["one.pem", "outside.pem"].map(|file| fs::read_to_string(project.path(file)).unwrap());
    project.write("chain.pem", &chain.concat(), 0o644);
}

fn first_certificate(project: &Project, file: &str) -> Certificate {
    let text = fs::read_to_string(project.path(file)).unwrap();
    Certificate::load_pem_chain(text.as_bytes())
        .unwrap()
        .swap_remove(0)
}

/// Each extension with its weight and its value; of those that name keys only that they are there.
fn profile(certificate: &Certificate) -> Vec<(String, bool, Vec<u8>)> {
    let extensions = certificate.tbs_certificate().extensions().unwrap();
    let names_keys = [AuthorityKeyIdentifier::OID, SubjectKeyIdentifier::OID];
    extensions
        .iter()
        .map(|extension| {
            let value = if names_keys.contains(&extension.extn_id) {
                Vec::new()
            } else {
                extension.extn_value.as_bytes().to_vec()
            };
            (extension.extn_id.to_string(), extension.critical, value)
        })
        .collect()
}
