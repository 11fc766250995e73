//! Several nodes on one database and one bucket.

use std::io::Read;

use rubrica::auth::op;
use rubrica::domain::request::{DocumentState, RequestState};
use rubrica::domain::secret::SecretText;
use serde_json::json;
use time::Duration;

use crate::crash::{self, Fate, Kill, Left, Stopped};
use crate::harness::authorities::judge_cades;
use crate::harness::database::TestDatabase;
use crate::harness::multipart::Form;
use crate::harness::s3::S3;
use crate::harness::server::{TestServer, Wishes, administrator};
use crate::harness::town::{self, Town};

const REQUESTS: &str = "/v1/signature-requests";

fn node(s3: &S3, node: &'static str) -> Wishes {
    node_at(&s3.place(), node)
}

fn node_at(place: &str, node: &'static str) -> Wishes {
    Wishes {
        bucket: Some(S3::settings_at(place)),
        node,
        ..Wishes::default()
    }
}

/// A document of several parts, so that its way through the bucket is the long one.
fn large() -> Vec<u8> {
    b"a line of a long document\n".repeat(300_000)
}

#[test]
fn a_citizen_begins_on_one_node_and_finishes_on_another() {
    let (s3, database) = (S3::start(), TestDatabase::postgres());
    let town = Town::like(&database, node(&s3, "alpha"));
    let beta = TestServer::start_with(&database, node(&s3, "beta"));
    let form = Form::of(&json!({
        "signer": town.citizen.national_id.expose(),
        "documents": [{"name": "long.txt"}],
    }));
    let form = form.document(&large());
    let made = town
        .app
        .client
        .post(REQUESTS, &Form::content_type(), form.finish());
    assert_eq!(made.status, 201, "{}", made.json());
    let asked = town.made(made.at("/id").as_str().unwrap());

    let sent = town.begin(&asked).unwrap();
    let link = town.link(&asked);
    let code = SecretText::new(town.code());
    let state = beta
        .service()
        .confirm_approval(&link, sent.challenge, &sent.browser_key, &code);
    assert_eq!(state.unwrap(), RequestState::Completed);

    let row = &town.rows(&asked)[0];
    assert_eq!(row.state, DocumentState::Signed);
    let path = format!("{REQUESTS}/{}/documents/{}", asked.id, row.id);
    let fetched = town.app.client.get(&path);
    assert_eq!(fetched.status, 200);
    let key = row.signed.as_ref().unwrap().object_key.as_ref().unwrap();
    let mut stored = Vec::new();
    let mut reader = beta
        .documents()
        .open(&key.parse().unwrap())
        .unwrap()
        .unwrap();
    reader.read_to_end(&mut stored).unwrap();
    assert!(fetched.body == stored && stored.len() > large().len());

    both_chains_hold(&beta);
}

/// Each node has a chain of its own.
#[track_caller]
fn both_chains_hold(server: &TestServer) {
    let authorized = administrator().authorize(op::ReadJournal);
    let audit = server
        .service()
        .verify_journal(&authorized, &[], None, &mut |_| ())
        .unwrap();
    assert!(audit.is_intact());
    let nodes: Vec<_> = audit
        .report
        .chains
        .iter()
        .map(|chain| &chain.node)
        .collect();
    assert_eq!(nodes, ["alpha", "beta"]);
}

/// Where `alpha` is killed while it signs two documents, and what `beta` makes of it.
const KILLS: [(Kill, Left); 3] = [
    (("spent", 1), Left::Ended { signed: 0 }),
    (("stored", 1), Left::Ended { signed: 1 }),
    (("stored", 2), Left::Ended { signed: 2 }),
];

#[test]
fn a_node_ends_what_another_had_begun_when_it_was_killed() {
    for (kill, left) in KILLS {
        let (s3, database) = (S3::start(), TestDatabase::postgres());
        let about = format!("killed at {kill:?}");
        let stopped = Stopped::by("nodes::the_node_that_dies", &database, kill, &s3.place());
        let beta = TestServer::start_with(&database, node(&s3, "beta"));
        let recover = || beta.service().recover().unwrap();
        assert_eq!(recover(), 0, "{about}: the lease holds");
        beta.clock().advance(Duration::seconds(31));
        assert_eq!((recover(), recover()), (1, 0), "{about}");
        stopped.check(&beta, left, &about);
        for row in stopped.documents() {
            if let Some(signed) = &row.signed {
                let file = beta.object(signed.object_key.as_ref().unwrap());
                // The child has each document hold its name.
                judge_cades(&file, Some(row.name.as_bytes())).unwrap();
            }
        }
        // Who meant to sign, and who says what came of it.
        let entries = town::entries(beta.store(), beta.service().ambient());
        let over: Vec<_> = entries
            .iter()
            .map(|entry| (entry["event"].as_str().unwrap(), &entry["node"]))
            .filter(|(event, _)| event.starts_with("signature."))
            .collect();
        let (alpha, beta_named) = (json!("alpha"), json!("beta"));
        assert_eq!(
            over,
            [
                ("signature.intent", &alpha),
                ("signature.outcome", &beta_named)
            ],
            "{about}"
        );
        both_chains_hold(&beta);
    }
}

#[test]
#[ignore = "run by the test above, in a process of its own"]
fn the_node_that_dies() {
    let Some(fate) = Fate::told() else {
        return;
    };
    let town = Town::like(&fate.database, node_at(&fate.given, "alpha"));
    crash::approve(&fate, &town, 2);
}
