//! `rubrica credential issue --from`: many citizens from a file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rubrica::clock::Ambient;
use rubrica::domain::credential::{Credential, CredentialState};
use rubrica::domain::id::SignerId;
use rubrica::domain::identifier::NationalId;
use rubrica::identity::{NewSigner, PhoneClaim, Settings};
use rubrica::store::{Store, credentials};
use serde_json::json;

use crate::harness::accounts::Accounts;
use crate::harness::database::{both_databases, tamper};
use crate::harness::process::Watched;
use crate::harness::project::Project;
use crate::harness::server::quick;
use crate::harness::standing::ana;
use crate::harness::town;

const PATIENCE: Duration = Duration::from_secs(120);

/// Citizens at advanced level with an active account, and a file that names them.
struct Register {
    store: Store,
    signers: Vec<SignerId>,
}

impl Register {
    /// So many of them, in `citizens.csv`, whose lines begin with 2.
    fn new(project: &Project, citizens: u32) -> Self {
        let store = project.store();
        let settings = Settings::default().with_derivation(quick());
        let accounts = Accounts::new(store.clone(), Ambient::system(), settings);
        let signers = (0..citizens)
            .map(|number| {
                let new = NewSigner {
                    national_id: NationalId::dni(number).unwrap(),
                    phone: format!("+346{number:08}").parse().unwrap(),
                    ..ana()
                };
                let registered = accounts.register(new, &PhoneClaim::Free).unwrap();
                registered.signer.id
            })
            .collect();
        // What the pages do beside this has no part in it.
        tamper(&store, "UPDATE signers SET activated_at = registered_at");
        let lines: Vec<_> = (0..citizens).map(dni).collect();
        let file = format!("dni\n{}\n", lines.join("\n"));
        project.write("citizens.csv", &file, 0o600);
        Self { store, signers }
    }

    fn all(&self) -> Vec<Credential> {
        self.store
            .read(|connection| {
                let mut all = Vec::new();
                for signer in &self.signers {
                    all.extend(credentials::of_signer(connection, *signer)?);
                }
                Ok::<_, rubrica::store::StoreError>(all)
            })
            .unwrap()
    }

    /// Everybody has one credential and nobody two.
    #[track_caller]
    fn has_one_each(&self) {
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        for credential in self.all() {
            assert_eq!(credential.state(), CredentialState::Active);
            *counts.entry(credential.signer.to_string()).or_default() += 1;
        }
        assert_eq!(counts.len(), self.signers.len());
        assert!(counts.values().all(|count| *count == 1), "{counts:?}");
    }

    fn wait_for(&self, count: usize) {
        let begun = Instant::now();
        while self.all().len() < count {
            assert!(begun.elapsed() < PATIENCE, "too few are issued");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

fn dni(number: u32) -> String {
    NationalId::dni(number).unwrap().as_str().to_owned()
}

fn issuing(project: &Project, more: &[&str]) -> Command {
    let mut arguments = vec!["credential", "issue", "--from", "citizens.csv"];
    arguments.extend(more);
    project.command(&arguments)
}

both_databases! {
    fn everybody_in_a_file_gets_a_credential_and_each_failure_is_told_by_its_line(database) {
        let project = Project::in_order_on(database);
        let register = Register::new(&project, 3);
        let mut file = String::from("dni;key;keep_earlier\r\n");
        for line in [
            format!("{};ec-p256;", dni(0)),
            "12345678A;;".to_owned(),
            format!("{};ec-p384;yes", dni(1)),
            format!("{};;", dni(7)),
            format!("{};ec-p256;", dni(0)),
            format!("{};rsa-512;", dni(2)),
            format!("{};;no", dni(2)),
        ] {
            write!(file, "{line}\r\n").unwrap();
        }
        project.write("citizens.csv", &file, 0o600);
        let arguments = ["credential", "issue", "--from", "citizens.csv", "--key", "ec-p256"];
        let first = project.run(&[&arguments[..], &["--json"]].concat());
        assert_eq!(first.status, 1, "{}", first.err);
        let failures = [
            (3, "dni: the check letter does not fit the digits"),
            (5, "nobody is registered with this DNI or NIE"),
            (6, "the same citizen as line 2"),
            (7, "key: expected one of"),
        ];
        let summary: serde_json::Value = serde_json::from_str(&first.out).unwrap();
        assert_eq!(summary["issued"], 3, "{summary:#}");
        assert_eq!(summary["already_valid"], 0);
        assert_eq!(summary["failed"], 4);
        assert_eq!(summary["complete"], true);
        assert_eq!(summary["failures"].as_array().unwrap().len(), failures.len());
        for (place, (line, words)) in failures.iter().enumerate() {
            let told = &summary["failures"][place];
            assert_eq!(told["line"], *line);
            assert!(told["reason"].as_str().unwrap().contains(words), "{told}");
            assert!(first.err.contains(&format!("line {line}: ")), "{}", first.err);
        }
        // Without a terminal there is a line at once, and more when it takes longer.
        let begins = "0 of 7 lines done: 0 issued, 0 already valid, 0 failed";
        assert_eq!(first.err.lines().filter(|line| *line == begins).count(), 1, "{}", first.err);
        // What is told of a run may be kept.
        for number in [0, 1, 2, 7] {
            assert!(!first.err.contains(&dni(number)) && !first.out.contains(&dni(number)));
        }
        assert!(!first.err.contains("12345678A"));
        let kinds: Vec<_> = register
            .all()
            .iter()
            .map(|one| one.public_key.algorithm().as_str())
            .collect();
        assert_eq!(kinds, ["ec-p256", "ec-p384", "ec-p256"]);

        let again = project.run(&arguments);
        assert_eq!(again.status, 1);
        assert!(again.out.contains("issued         0\n"), "{}", again.out);
        assert!(again.out.contains("already valid  3\n"), "{}", again.out);
        register.has_one_each();
    }

    fn a_run_that_was_killed_is_begun_again_and_gives_nobody_two(database) {
        let project = Project::in_order_on(database);
        let register = Register::new(&project, 12);
        let first = Watched::spawn(issuing(&project, &[]).stdout(Stdio::null()));
        register.wait_for(2);
        first.signal("-KILL");
        let (status, _) = first.ended();
        assert_eq!(status, None);
        let before = register.all().len();
        assert!((2..12).contains(&before), "{before}");

        let summary = project.json(&["credential", "issue", "--from", "citizens.csv", "--json"]);
        assert_eq!(
            summary,
            json!({
                "issued": 12 - before,
                "already_valid": before,
                "failed": 0,
                "complete": true,
                "failures": [],
            })
        );
        register.has_one_each();
    }

    fn two_runs_at_the_same_time_give_nobody_two(database) {
        let project = Project::in_order_on(database);
        let register = Register::new(&project, 12);
        let runs: Vec<_> = (0..2)
            .map(|_| {
                // Of a kind that takes a while to make, so that both are at it.
                issuing(&project, &["--json"])
                    .stdout(Stdio::piped())
                    .stderr(Stdio::piped())
                    .spawn()
                    .unwrap()
            })
            .collect();
        let (mut issued, mut there) = (0, 0);
        for run in runs {
            let ended = run.wait_with_output().unwrap();
            let words = String::from_utf8(ended.stderr).unwrap();
            assert!(ended.status.success(), "{words}");
            let summary: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
            issued += summary["issued"].as_u64().unwrap();
            there += summary["already_valid"].as_u64().unwrap();
        }
        assert_eq!((issued, there), (12, 12));
        register.has_one_each();
    }

    fn a_file_that_cannot_be_used_changes_nothing(database) {
        let project = Project::in_order_on(database);
        let register = Register::new(&project, 1);
        let cases = [
            ("", "it is empty"),
            ("00000000T\n", "line 1: column 1 has no known name"),
            (
                "dni,surname\n00000000T,Gil\n",
                "line 1: column 2 has no known name",
            ),
            ("key\nec-p256\n", "line 1: there is no column dni"),
        ];
        for (text, words) in cases {
            project.write("citizens.csv", text, 0o600);
            let ended = project.run(&["credential", "issue", "--from", "citizens.csv"]);
            assert_eq!(ended.status, 1);
            assert!(ended.err.contains(words), "{}", ended.err);
            assert!(ended.err.contains("citizens.csv"), "{}", ended.err);
        }
        let missing = project.run(&["credential", "issue", "--from", "nothing.csv"]);
        assert_eq!(missing.status, 1);
        assert!(missing.err.contains("nothing.csv"), "{}", missing.err);
        for both in [
            &["credential", "issue"][..],
            &["credential", "issue", "00000000T", "--from", "citizens.csv"],
            &[
                "credential",
                "issue",
                "--from",
                "citizens.csv",
                "--output",
                "x",
            ],
        ] {
            assert_eq!(project.run(both).status, 2);
        }
        assert_eq!(register.all(), []);
    }

    fn what_would_meet_every_line_ends_the_run_and_says_so(database) {
        let project = Project::new_on(database);
        project.configure("");
        for command in [&["database", "migrate"][..], &["hsm", "init-kek"]] {
            assert_eq!(project.run(command).status, 0);
        }
        let register = Register::new(&project, 3);
        let arguments = [
            "credential",
            "issue",
            "--from",
            "citizens.csv",
            "--key",
            "ec-p256",
        ];
        let ended = project.run(&[&arguments[..], &["--json"]].concat());
        assert_eq!(ended.status, 1);
        assert!(ended.err.contains("rubrica ca init"), "{}", ended.err);
        let summary: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
        assert_eq!(
            (&summary["complete"], &summary["failed"]),
            (&json!(false), &json!(0))
        );
        assert_eq!(register.all(), []);

        assert_eq!(project.run(&["ca", "init"]).status, 0);
        let mut piped = project
            .command(&["credential", "issue", "--from", "-", "--key", "ec-p256"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = piped.stdin.take().unwrap();
        for number in 0..3 {
            let first = if number == 0 { "dni\n" } else { "" };
            writeln!(stdin, "{first}{}", dni(number)).unwrap();
        }
        drop(stdin);
        let ended = piped.wait_with_output().unwrap();
        let words = String::from_utf8(ended.stderr).unwrap();
        assert!(ended.status.success(), "{words}");
        // How many there will be, nobody knows.
        assert!(words.contains("0 lines done: 0 issued"), "{words}");
        register.has_one_each();
    }

    fn as_many_keys_are_made_at_once_as_the_hsm_has_sessions(database) {
        for sessions in [1, 3] {
            let project = Project::in_order_on(&database.another());
            let register = Register::new(&project, 6);
            let mut command = issuing(&project, &["--key", "rsa-3072"]);
            let ended = command
                .env("RUBRICA_HSM__SESSIONS", sessions.to_string())
                .output()
                .unwrap();
            assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
            register.has_one_each();
            // A key is being made between the entry that says so and the one that tells how it went.
            let (mut making, mut most) = (0, 0);
            for entry in town::entries(&register.store, &Ambient::system()) {
                if entry["event"] == "credential.issued" {
                    making += if entry["body"]["outcome"]["result"] == "intended" { 1 } else { -1 };
                    most = most.max(making);
                }
            }
            assert_eq!((making, most), (0, sessions));
        }
    }
}
