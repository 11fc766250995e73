//! Several nodes on one database and one bucket.

use std::io::Read;

use rubrica::auth::op;
use rubrica::domain::request::{DocumentState, RequestState};
use rubrica::domain::secret::SecretText;
use serde_json::json;

use crate::harness::database::TestDatabase;
use crate::harness::multipart::Form;
use crate::harness::s3::S3;
use crate::harness::server::{TestServer, Wishes, administrator};
use crate::harness::town::Town;

const REQUESTS: &str = "/v1/signature-requests";

fn node(s3: &S3, node: &'static str) -> Wishes {
    Wishes {
        bucket: Some(s3.settings()),
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

    // Each node has a chain of its own, and both hold.
    let authorized = administrator().authorize(op::ReadJournal);
    let audit = beta
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
