//! `rubrica doctor` in front of set-ups that are broken, each in its own way.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use rubrica::clock::Ambient;
use rubrica::domain::credential::Credential;
use rubrica::domain::key::KekVersion;
use rubrica::domain::wrapping::WrappedBy;
use rubrica::http::tls::self_signed;
use serde_json::Value;
use time::Duration;

use crate::harness::database::both_databases;
use crate::harness::project::Project;
use crate::store::credentials::{a_signer, insert, requested};

/// What doctor said about one thing, worst first.
fn findings(project: &Project) -> (i32, Vec<(String, String, String, String)>) {
    let ended = project.run(&["doctor", "--json"]);
    let answer: Value =
        serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("{}", ended.err));
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let findings = answer["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            (
                text(finding, "verdict"),
                text(finding, "about"),
                text(finding, "words"),
                text(finding, "advice"),
            )
        })
        .collect();
    (ended.status, findings)
}

/// Doctor must name it as wrong, with these words, say what to do, and exit with 1.
fn wrong(project: &Project, about: &str, words: &str) {
    expect(project, "wrong", about, words);
}

fn expect(project: &Project, verdict: &str, about: &str, words: &str) {
    let (status, findings) = findings(project);
    let found = findings
        .iter()
        .find(|finding| finding.0 == verdict && finding.1 == about && finding.2.contains(words));
    let Some(found) = found else {
        panic!("nothing is {verdict} about {about} with {words:?}: {findings:#?}");
    };
    assert!(
        !found.3.is_empty() || about == "configuration",
        "no advice: {found:?}"
    );
    if verdict == "wrong" {
        assert_eq!(status, 1);
    }
}

both_databases! {
    fn a_set_up_in_order_has_nothing_wrong(database) {
        let project = Project::in_order_on(database);
        let (status, findings) = findings(&project);
        let wrong: Vec<_> = findings
            .iter()
            .filter(|finding| finding.0 == "wrong")
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert_eq!(status, 0);
        let for_people = project.run(&["doctor"]);
        assert!(for_people.out.contains("It works"), "{}", for_people.out);
    }
}

#[test]
fn a_wrong_configuration_is_told_with_the_line() {
    let project = Project::new();
    project.configure("[sms]\nurll = \"x\"\n");
    wrong(&project, "configuration", "did you mean `url`?");
    fs::set_permissions(project.path("link-key"), fs::Permissions::from_mode(0o644)).unwrap();
    project.write("rubrica.toml", &project.configuration(""), 0o600);
    wrong(&project, "configuration", "chmod 600");
}

both_databases! {
    fn addresses_in_certificates_that_lead_nowhere_are_told(database) {
        let project = Project::in_order_on(database);
        expect(
            &project,
            "warning",
            "pki.publication",
            "http://pki.example.com",
        );
        expect(
            &project,
            "warning",
            "pki.ocsp",
            "http://pki.example.com/ocsp",
        );
        project.configure("[pki]\npublication = \"http://pki.gob.es\"\nocsp = \"none\"\n");
        let (_, findings) = findings(&project);
        assert!(
            !findings.iter().any(|finding| finding.1.starts_with("pki.")),
            "{findings:#?}"
        );
    }

    fn each_trouble_with_the_hsm_is_told_apart(database) {
        let project = Project::in_order_on(database);
        let good = project.configuration("");
        let with = |from: &str, to: &str| {
            assert!(good.contains(from), "{from}");
            project.write("rubrica.toml", &good.replace(from, to), 0o600);
        };
        with("libsofthsm2.so", "libnothing.so");
        wrong(&project, "hsm.module", "cannot be used");
        with("token = \"rubrica\"", "token = \"other\"");
        wrong(&project, "hsm.token", "is in no slot");
        with("tokens/softhsm2.conf", "tokens/nothing.conf");
        wrong(&project, "hsm.environment", "cannot be read");
        with("pin_file = \"secrets/hsm-pin\"", "");
        expect(&project, "warning", "hsm.pin_file", "no PIN is configured");

        // One wrong PIN is one wrong try: the right one is taken afterwards.
        with("secrets/hsm-pin", "wrong-pin");
        project.write("wrong-pin", "0000", 0o600);
        wrong(&project, "hsm.pin_file", "CKR_PIN_INCORRECT");
        project.write("rubrica.toml", &good, 0o600);
        assert_eq!(project.run(&["doctor"]).status, 0);

        let conf = fs::read_to_string(project.path("tokens/softhsm2.conf")).unwrap();
        let tokens = project.path("tokens").display().to_string();
        project.write(
            "tokens/softhsm2.conf",
            &conf.replace(&tokens, "/nowhere"),
            0o600,
        );
        wrong(&project, "hsm.environment", "/nowhere, which is not there");
    }

    fn mechanisms_that_the_token_lacks_are_named(database) {
        let project = Project::in_order_on(database);
        let conf = fs::read_to_string(project.path("tokens/softhsm2.conf")).unwrap();
        assert!(conf.contains("slots.mechanisms = ALL"));
        let without = |mechanism: &str| {
            // SoftHSM 2.6.1 passes over the first one of a list of exclusions.
            let line = format!("slots.mechanisms = -CKM_MD5,{mechanism}");
            let conf = conf.replace("slots.mechanisms = ALL", &line);
            project.write("tokens/softhsm2.conf", &conf, 0o600);
        };
        without("CKM_RSA_PKCS_PSS");
        expect(&project, "warning", "hsm.module", "lacks CKM_RSA_PKCS_PSS");
        without("CKM_AES_KEY_WRAP_PAD");
        wrong(&project, "hsm.module", "wrapping signer keys");
    }

    fn a_token_without_kek_and_a_database_without_authorities_are_told(database) {
        let project = Project::new_on(database);
        project.configure("");
        match project.postgres {
            None => wrong(&project, "database.url", "there is no database"),
            Some(_) => wrong(&project, "database", "lacks"),
        }
        wrong(&project, "KEK", "no key-encryption key");
        assert_eq!(project.run(&["database", "migrate"]).status, 0);
        expect(&project, "warning", "issuing authority", "was not made");
    }

    fn a_kek_that_credentials_are_under_and_the_token_lacks_is_told(database) {
        let project = Project::in_order_on(database);
        let store = project.store();
        let signer = a_signer(&store);
        let credential = Credential {
            wrapped_by: WrappedBy::Kek(KekVersion(4096)),
            ..requested(signer)
        };
        insert(&store, &credential);
        wrong(&project, "KEK", "version 4096");
        let shown = project.run(&["hsm", "status"]);
        assert_eq!(shown.status, 0, "{}", shown.err);
        assert!(shown.out.contains("version 4096  MISSING"), "{}", shown.out);
    }

    fn a_kek_that_can_do_more_than_wrap_is_told(database) {
        let project = Project::in_order_on(database);
        project.write("kek", "0123456789abcdef0123456789abcdef", 0o600);
        let pin = fs::read_to_string(project.path("secrets/hsm-pin")).unwrap();
        // Asked for at a terminal, the PIN is lost when it is typed ahead; this token lives as long as the test.
        let imported = Command::new("softhsm2-util")
            .args(["--import", "kek", "--aes", "--token", "rubrica"])
            .args([
                "--label",
                "rubrica-kek-1000",
                "--id",
                "1000",
                "--pin",
                pin.trim(),
            ])
            .current_dir(project.path("."))
            .env("SOFTHSM2_CONF", project.path("tokens/softhsm2.conf"))
            .output()
            .unwrap();
        assert!(imported.status.success(), "{imported:?}");
        wrong(&project, "KEK", "it was not made on the token");
        wrong(&project, "KEK", "it may decrypt");
        let refused = project.run(&["hsm", "status"]);
        assert!(refused.out.contains("1000"), "{}", refused.out);
    }

    fn each_trouble_with_a_certificate_is_told_apart(database) {
        let project = Project::in_order_on(database);
        let now = Ambient::system().now();
        let put = |names: &[&str], at| {
            let tls = self_signed(names, at).unwrap();
            project.write("certs/server.pem", &tls.certificate_pem, 0o644);
            project.write("certs/server.key", tls.key_pem.expose(), 0o600);
        };
        put(&["localhost"], now - Duration::days(400));
        wrong(&project, "api.certificate", "expired");
        put(&["localhost"], now + Duration::days(2));
        wrong(&project, "api.certificate", "not valid before");
        put(&["localhost"], now - Duration::days(360));
        expect(&project, "warning", "citizen.certificate", "expires");
        put(&["other.example"], now);
        wrong(&project, "citizen.certificate", "is not for localhost");

        let other = self_signed(&["localhost"], now).unwrap();
        project.write("certs/server.key", other.key_pem.expose(), 0o600);
        wrong(&project, "api.key", "cannot be used for TLS");
        put(&["localhost"], now);
        fs::set_permissions(
            project.path("certs/server.key"),
            fs::Permissions::from_mode(0o640),
        )
        .unwrap();
        wrong(&project, "api.key", "others on this machine can read");
        project.write("certs/server.pem", "nothing", 0o644);
        wrong(&project, "api.certificate", "holds no certificate");
        fs::remove_file(project.path("certs/server.pem")).unwrap();
        wrong(&project, "api.certificate", "cannot be read");
    }
}

#[test]
fn folders_ports_databases_and_gateways_are_looked_at() {
    let project = Project::in_order();
    let held = TcpListener::bind(("127.0.0.1", project.ports[0])).unwrap();
    expect(&project, "warning", "api.listen", "is in use");
    drop(held);

    let good = project.configuration("");
    let with = |from: &str, to: &str| {
        project.write("rubrica.toml", &good.replace(from, to), 0o600);
    };
    with(
        "[ops]\nlisten = \"127.0.0.1:",
        "[ops]\nlisten = \"192.0.2.1:",
    );
    wrong(&project, "ops.listen", "is not an address of this machine");

    let add = |more: &str| project.write("rubrica.toml", &project.configuration(more), 0o600);
    project.write("a-file", "", 0o600);
    add("[documents]\nurl = \"file:a-file\"");
    wrong(&project, "documents.url", "is not a folder");
    add("[sms]\noutbox = \"a-file\"");
    wrong(&project, "sms.outbox", "is not a folder");
    add("[sms]\nurl = \"https://127.0.0.1:9/\"");
    wrong(&project, "sms.url", "does not answer at port 9");
    add("[database]\nurl = \"postgres://rubrica@127.0.0.1:9/rubrica\"\nwait = \"300 ms\"");
    wrong(&project, "database", "not reachable");
    project.write("empty.db", "", 0o600);
    add("[database]\nurl = \"sqlite:empty.db\"");
    wrong(&project, "database", "lacks 1");
}
