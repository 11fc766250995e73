//! `rubrica serve`: ready, told to stop, and without what it needs.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::harness::client::Client;
use crate::harness::database::{TestDatabase, both_databases};
use crate::harness::process::Watched;
use crate::harness::project::Project;

/// A server of its own process; killed with the test.
pub(super) struct Serving {
    process: Watched,
    ops: u16,
}

impl Serving {
    /// Begins, and waits until it is alive.
    pub(super) fn start(project: &Project) -> Self {
        Self::of(project, &mut project.command(&["serve"]))
    }

    /// By a command of the test's own, that becomes the server.
    pub(super) fn of(project: &Project, command: &mut Command) -> Self {
        let serving = Self {
            process: Watched::spawn(command),
            ops: project.ports[2],
        };
        let begun = Instant::now();
        while serving.get("healthz").is_none() {
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "it does not answer"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        serving
    }

    fn get(&self, path: &str) -> Option<(u16, String)> {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .new_agent();
        let mut answer = agent
            .get(format!("http://127.0.0.1:{}/{path}", self.ops))
            .call()
            .ok()?;
        Some((
            answer.status().as_u16(),
            answer.body_mut().read_to_string().unwrap(),
        ))
    }

    /// Sends a signal.
    pub(super) fn signal(&self, signal: &str) {
        self.process.signal(signal);
    }

    /// Waits until these words stand in its log.
    #[track_caller]
    pub(super) fn logs(&self, words: &str) {
        self.process.line(words);
    }

    /// Sends a signal and waits for the end; gives the exit status and the log.
    pub(super) fn end(self, signal: &str) -> (Option<i32>, String) {
        self.signal(signal);
        self.ended()
    }

    /// Kills it as soon as these words stand in its log for the n-th time; gives the log.
    #[track_caller]
    pub(super) fn killed_at(self, words: &str, nth: usize) -> String {
        self.process.nth_line(words, nth);
        self.process.killed()
    }

    /// Kills it now; gives the log.
    pub(super) fn killed(self) -> String {
        self.process.killed()
    }

    /// Waits for the end; gives the exit status and the log.
    pub(super) fn ended(self) -> (Option<i32>, String) {
        self.process.ended()
    }
}

both_databases! {
    fn a_server_is_ready_counts_and_stops_when_told(database) {
        let project = Project::in_order_on(database);
        let serving = Serving::start(&project);
        let (status, body) = serving.get("readyz").unwrap();
        assert_eq!(status, 200, "{body}");
        assert!(body.contains("\"hsm\":{\"state\":\"up\"}"), "{body}");
        // What anybody may invent makes no series of its own.
        let invented = "GETS /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let mut line = TcpStream::connect(("127.0.0.1", serving.ops)).unwrap();
        line.write_all(invented.as_bytes()).unwrap();
        line.read_to_string(&mut String::new()).unwrap();
        let (status, metrics) = serving.get("metrics").unwrap();
        assert!(
            metrics.contains("method=\"(other)\"") && !metrics.contains("GETS"),
            "{metrics}"
        );
        assert_eq!(status, 200);
        for (kind, name) in [
            ("gauge", "rubrica_hsm_lanes"),
            ("gauge", "rubrica_hsm_jobs_waiting"),
            ("gauge", "rubrica_hsm_jobs_waiting_longest_lane"),
            ("counter", "rubrica_hsm_gave_way_total"),
            ("counter", "rubrica_hsm_turned_away_total"),
        ] {
            let told = format!("# TYPE {name} {kind}\n{name} ");
            assert!(metrics.contains(&told), "{name}: {metrics}");
        }
        assert!(
            metrics.contains("rubrica_http_requests_total{listener=\"ops\",route=\"/readyz\""),
            "{metrics}"
        );
        assert!(
            metrics.contains("rubrica_hsm_sessions{state=\"idle\"}"),
            "{metrics}"
        );
        let (status, log) = serving.end("-TERM");
        assert_eq!(status, Some(0), "{log}");
        for line in log.lines() {
            assert!(
                serde_json::from_str::<serde_json::Value>(line).is_ok(),
                "{line}"
            );
        }
        assert!(log.contains("\"message\":\"stopped\""), "{log}");
        let pin = fs::read_to_string(project.path("secrets/hsm-pin")).unwrap();
        assert!(!log.contains(pin.trim()));
        let journal = project.run(&["audit", "export"]).out;
        assert!(journal.contains("server.started") && journal.contains("server.stopped"));
        // All of it was signed when it stopped. Whoever has the public key judges that without the HSM.
        let key = project.run(&["audit", "key"]);
        project.write("audit.pem", &key.out, 0o644);
        let verified = project.json(&["audit", "verify", "--key", "audit.pem", "--json"]);
        assert_eq!(verified["signatures_judged"], true);
        let chain = &verified["chains"][0];
        let last = journal
            .lines()
            .rfind(|line| line.contains("server.stopped"));
        let last: serde_json::Value = serde_json::from_str(last.unwrap()).unwrap();
        assert_eq!(chain["signed_up_to"], last["seq"], "{verified:#}");
        assert!(log.contains("the journal was signed"), "{log}");
    }

    fn a_certificate_made_by_the_file_for_servers_serves_both_listeners(database) {
        let project = Project::in_order_on(database);
        let verify = |purpose, host| {
            let strict = ["verify", "-x509_strict", "-purpose", purpose];
            let named = ["-verify_hostname", host, "-CAfile"];
            let files = ["certs/server.pem"; 2];
            project.openssl(&[&strict[..], &named, &files].concat())
        };
        verify("sslserver", "localhost").unwrap();
        assert!(verify("sslserver", "other.example").is_err());
        assert!(verify("sslclient", "localhost").is_err());

        let serving = Serving::start(&project);
        let trusted = fs::read_to_string(project.path("certs/server.pem")).unwrap();
        for (port, path, status) in [
            (project.ports[0], "/v1/app", 401),
            (project.ports[1], "/account/activate", 200),
        ] {
            for host in ["localhost", "127.0.0.1"] {
                let client = Client::new(&format!("https://{host}:{port}"), &trusted, None);
                assert_eq!(client.get(path).status, status);
            }
        }
        assert_eq!(serving.end("-TERM").0, Some(0));
    }
}

#[test]
fn a_server_whose_parts_are_away_is_alive_and_not_ready() {
    let project = Project::in_order();
    let serving = Serving::start(&project);
    fs::rename(
        project.path("data/rubrica.db"),
        project.path("data/away.db"),
    )
    .unwrap();
    fs::rename(project.path("tokens"), project.path("away")).unwrap();
    let begun = Instant::now();
    // Connections that are open hold the old files.
    let body = loop {
        let (status, body) = serving.get("readyz").unwrap();
        if status == 503 {
            break body;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{body}");
        std::thread::sleep(Duration::from_millis(200));
    };
    assert!(body.contains("\"code\":\"not_ready\""), "{body}");
    assert!(body.contains("HSM: the HSM cannot be reached"), "{body}");
    assert_eq!(serving.get("healthz").unwrap().0, 200);
    fs::rename(project.path("away"), project.path("tokens")).unwrap();
    assert_eq!(serving.end("-INT").0, Some(0));
}

#[test]
fn a_server_without_a_database_says_so_and_does_not_start() {
    let project = Project::new();
    project.configure("");
    let ended = project.run(&["serve"]);
    assert_eq!(ended.status, 1);
    assert!(
        ended.err.contains("rubrica database migrate"),
        "{}",
        ended.err
    );
    assert!(!project.path("data/rubrica.db").exists());
}

/// A PostgreSQL may be away when the server starts; nobody can tell then what is in it.
#[test]
fn a_server_before_its_schema_is_not_ready_until_it_is_there() {
    let project = Project::new_on(&TestDatabase::postgres());
    project.configure("");
    let serving = Serving::start(&project);
    let (status, body) = serving.get("readyz").unwrap();
    assert_eq!(status, 503);
    assert!(body.contains("rubrica database migrate"), "{body}");
    for command in [["database", "migrate"], ["hsm", "init-kek"]] {
        assert_eq!(project.run(&command).status, 0);
    }
    assert_eq!(serving.get("readyz").unwrap().0, 200);
    assert_eq!(serving.end("-TERM").0, Some(0));
}
