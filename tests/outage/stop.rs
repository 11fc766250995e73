//! The server is told to stop while a call is under way.

use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use super::{REQUESTS, body};
use crate::harness::database::both_databases;
use crate::harness::multipart::Form;
use crate::harness::town::Town;

/// How long the client of the call under way takes for the rest of it.
const SLOW: Duration = Duration::from_secs(2);

both_databases! {
    fn a_call_under_way_is_finished_and_new_ones_are_refused(database) {
        let mut town = Town::new(database);
        let mut metadata = body(&town);
        metadata["documents"] = serde_json::json!([{"name": "a.txt"}]);
        let sent = Form::of(&metadata).document(&vec![7; 300_000]).finish();
        let (first, rest) = sent.split_at(200_000);
        let head = format!(
            "POST {REQUESTS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
             Content-Type: {}\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
            town.app.token,
            Form::content_type(),
            sent.len()
        );
        let mut line = town.server.stranger().line();
        line.send(head.as_bytes());
        line.send(first);
        // This tells that it has been taken up.
        assert!(line.status_line().starts_with("HTTP/1.1 100"));
        assert_eq!(line.status_line(), "\r\n");
        let address = town.server.stranger().address();
        let status = thread::scope(|scope| {
            let stopping = scope.spawn(|| town.server.stop());
            let patience = Instant::now() + Duration::from_secs(3);
            while TcpStream::connect(&address).is_ok() {
                assert!(Instant::now() < patience, "new connections are still taken");
                thread::sleep(Duration::from_millis(20));
            }
            // The listeners that have nothing to do have long ended.
            thread::sleep(SLOW);
            assert!(!stopping.is_finished(), "it did not wait for the call");
            line.send(rest);
            let status = line.status_line();
            stopping.join().unwrap();
            status
        });
        assert!(status.contains("201"), "{status}");
    }
}
