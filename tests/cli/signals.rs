//! What the server's process does when it is sent a signal: SIGTERM with a call under way, SIGHUP for certificates.

use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use rubrica::clock::Ambient;
use rubrica::http::tls::self_signed;

use super::serve::Serving;
use crate::harness::client::Client;
use crate::harness::database::both_databases;
use crate::harness::project::Project;

const PATIENCE: Duration = Duration::from_secs(30);

/// An app's client, which trusts the certificate that the server has now.
fn client(project: &Project) -> Client {
    let trusted = std::fs::read_to_string(project.path("certs/server.pem")).unwrap();
    Client::new(
        &format!("https://127.0.0.1:{}", project.ports[0]),
        &trusted,
        None,
    )
}

#[track_caller]
fn wait_until(what: &str, mut reached: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !reached() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}

both_databases! {
    fn a_call_under_way_is_answered_after_sigterm_and_no_new_one_is_taken(database) {
        let project = Project::in_order_on(database);
        let added = project.run(&["app", "add", "sede", "--token-file", "token"]);
        assert_eq!(added.status, 0, "{}", added.err);
        let token = std::fs::read_to_string(project.path("token")).unwrap();
        let serving = Serving::start(&project);
        let client = client(&project);
        let body =
            r#"{"signer": "12345678Z", "documents": [{"name": "a.txt", "content": "aGVsbG8="}]}"#;
        let (first, rest) = body.split_at(40);
        let mut line = client.line();
        line.send(
            format!(
                "POST /v1/signature-requests HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
                 Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n{first}",
                token.trim(),
                body.len()
            )
            .as_bytes(),
        );
        // This tells that the call has been taken up.
        assert!(line.status_line().starts_with("HTTP/1.1 100"));
        assert_eq!(line.status_line(), "\r\n");
        serving.signal("-TERM");
        wait_until("it still takes calls", || {
            TcpStream::connect(client.address()).is_err()
        });
        // The listeners that have nothing to do have long ended.
        thread::sleep(Duration::from_secs(2));
        line.send(rest.as_bytes());
        // Nobody has registered that citizen: the whole call was read and answered by the database.
        let answer = line.status_line();
        assert!(answer.starts_with("HTTP/1.1 409"), "{answer}");
        let (status, log) = serving.ended();
        assert_eq!(status, Some(0), "{log}");
        assert!(log.contains("\"message\":\"stopped\""), "{log}");
    }

    fn sighup_shows_the_new_certificate_to_new_connections(database) {
        let project = Project::in_order_on(database);
        let serving = Serving::start(&project);
        let before = client(&project);
        assert_eq!(before.get("/v1/app").status, 401);
        let new = self_signed(&["localhost", "127.0.0.1"], Ambient::system().now()).unwrap();
        project.write("certs/server.pem", &new.certificate_pem, 0o644);
        project.write("certs/server.key", new.key_pem.expose(), 0o600);
        let after = client(&project);
        assert!(
            before.greets() && !after.greets(),
            "files alone change nothing"
        );

        serving.signal("-HUP");
        wait_until("the new certificate is not shown", || after.greets());
        assert!(!before.greets());
        assert_eq!(after.get("/v1/app").status, 401);
        // The connection that was open goes on.
        assert_eq!(before.get("/v1/app").status, 401);

        project.write("certs/server.key", "no key", 0o600);
        serving.signal("-HUP");
        serving.logs("the old certificates stay");
        assert!(after.greets(), "a mistake in the files takes nothing away");
        let (status, log) = serving.end("-TERM");
        assert_eq!(status, Some(0), "{log}");
        assert!(log.contains("certificates were read anew"), "{log}");
    }
}
