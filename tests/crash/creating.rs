//! Killing the process while an app's request comes in.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rubrica::auth::{Presented, op};
use rubrica::domain::secret::SecretText;
use rubrica::service::requests::{NewDocument, NewRequest};
use rubrica::store;
use serde_json::json;
use time::Duration;

use super::{Fate, Kill, die, killed};
use crate::harness::database::both_databases;
use crate::harness::server::{TestServer, Wishes};
use crate::harness::town;

/// All bytes are in the store; neither the entry nor the row is in the database.
pub(super) const UPLOADED: Kill = ("uploaded", 1);
/// Of many documents: the entry is in the database and the rows are not.
pub(super) const RECORDED: Kill = ("recorded", 1);
/// Some of a document's bytes have come.
const HALF: Kill = ("half of the upload", 1);
const REQUESTS: &str = "/v1/signature-requests";
const DNI: &str = "12345678Z";
const MIB: usize = 1 << 20;

both_databases! {
    fn a_stop_while_a_request_is_made_leaves_none_and_no_bytes(database) {
        for (kill, documents) in [(HALF, 2), (UPLOADED, 2), (RECORDED, 101)] {
            let database = database.another();
            let note = killed("crash::creating::the_child_that_creates", &database, kill, &documents.to_string());
            let (place, token) = note.split_once('\n').unwrap();
            let place = Path::new(place);
            let left = files(place);
            assert_eq!(left.len(), documents, "{kill:?}: {left:?}");

            let server = TestServer::start_again(&database, place);
            let app = server.stranger().bearer(token).with("Idempotency-Key", "one");
            assert_eq!(app.get(REQUESTS).at("/requests"), json!([]), "{kill:?}");
            let events = town::events(server.store(), server.service().ambient());
            let recorded = events.iter().filter(|event| *event == "request.created").count();
            assert_eq!(recorded, usize::from(kill == RECORDED), "{kill:?}: {events:?}");

            // Nobody was told of a request, so the app asks again and gets one.
            let body = json!({
                "signer": DNI,
                "documents": [{"name": "a.txt", "content": "aGVsbG8="}],
            });
            let made = app.post_json(REQUESTS, &body);
            assert_eq!(made.status, 201, "{}", made.json());
            assert_eq!(app.post_json(REQUESTS, &body).at("/id"), made.at("/id"));
            assert_eq!(app.get(REQUESTS).at("/requests").as_array().unwrap().len(), 1);
            let old = (server.service().ambient().now() - Duration::hours(1)).into();
            for file in &left {
                File::options().write(true).open(file).unwrap().set_modified(old).unwrap();
            }
            assert_eq!(server.service().sweep().unwrap(), 0, "it may still be under way");
            server.clock().advance(Duration::days(2));
            server.service().sweep().unwrap();
            assert!(left.iter().all(|file| !file.exists()), "{kill:?}");
            let about = made.at("/id").as_str().unwrap().parse().unwrap();
            let rows = server.store().read(|connection| {
                store::documents::of_request(connection, about)
            });
            assert_eq!(server.object(rows.unwrap()[0].object_key.as_ref().unwrap()), b"hello");
        }
    }
}

/// Every file there is, finished or not, beside the store's own mark.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .flat_map(|shard| fs::read_dir(shard).unwrap())
        .map(|file| file.unwrap().path())
        .collect()
}

/// Gives two pieces of the store and dies where more is wanted.
struct Half {
    left: usize,
}

impl Read for Half {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            die();
        }
        let count = buffer.len().min(self.left);
        buffer[..count].fill(7);
        self.left -= count;
        Ok(count)
    }
}

#[test]
#[ignore = "run by the tests above, in a process of its own"]
fn the_child_that_creates() {
    let Some(fate) = Fate::told() else {
        return;
    };
    let server = TestServer::start_with(
        &fate.database,
        Wishes {
            documents_per_request: 101,
            ..Wishes::default()
        },
    );
    server.eligible(DNI);
    let app = server.app("sede");
    fate.await_it(&format!("{}\n{}", server.objects().display(), app.token));
    let documents: usize = fate.given.parse().unwrap();
    let named = |name: &str| NewDocument {
        name: name.to_owned(),
        ..NewDocument::default()
    };
    let token = Presented::BearerToken(SecretText::new(app.token.clone()));
    let session = server.service().authenticate(&token).unwrap();
    let draft = server.service().draft_request(
        session.authorize(op::CreateRequest),
        NewRequest {
            signer: SecretText::new(DNI.to_owned()),
            title: None,
            language: None,
            lifetime: None,
            return_url: None,
            documents: (0..documents)
                .map(|number| named(&format!("{number}.txt")))
                .collect(),
            idempotency: None,
        },
    );
    let mut draft = draft.unwrap();
    for _ in 1..documents {
        draft.add(&mut &b"whole"[..]).unwrap();
    }
    if fate.step == HALF.0 {
        draft.add(&mut Half { left: 2 * MIB }).unwrap();
    } else {
        draft.add(&mut &b"whole"[..]).unwrap();
    }
    draft.finish().unwrap();
}
