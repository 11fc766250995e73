//! A request is made only of documents that are on the disk.

use std::fs;

use rubrica::auth::{Presented, op};
use rubrica::documents::DocumentsError;
use rubrica::domain::secret::SecretText;
use rubrica::service::ServiceError;
use rubrica::service::requests::{NewDocument, NewRequest};

use crate::harness::database::both_databases;
use crate::harness::server::TestServer;
use crate::harness::town;

const DNI: &str = "12345678Z";

both_databases! {
    fn a_document_that_cannot_be_flushed_makes_no_request(database) {
        // So many are flushed together, in the end.
        let count = 5;
        let server = TestServer::start(database);
        server.eligible(DNI);
        let token = server.app("sede").token.clone();
        let token = Presented::BearerToken(SecretText::new(token));
        let session = server.service().authenticate(&token).unwrap();
        let documents = (0..count).map(|number| NewDocument {
            name: format!("{number}.txt"),
            ..NewDocument::default()
        });
        let new = NewRequest {
            signer: SecretText::new(DNI.to_owned()),
            title: None,
            language: None,
            lifetime: None,
            return_url: None,
            documents: documents.collect(),
            idempotency: None,
        };
        let draft = server.service().draft_request(session.authorize(op::CreateRequest), new);
        let mut draft = draft.unwrap();
        draft.add(&mut &b"whole"[..]).unwrap();
        let shards = fs::read_dir(server.objects()).unwrap();
        for shard in shards.map(|shard| shard.unwrap().path()).filter(|path| path.is_dir()) {
            for file in fs::read_dir(shard).unwrap() {
                fs::remove_file(file.unwrap().path()).unwrap();
            }
        }
        for _ in 1..count {
            draft.add(&mut &b"whole"[..]).unwrap();
        }
        let refused = draft.finish().unwrap_err();
        assert!(
            matches!(refused, ServiceError::Documents(DocumentsError::Missing)),
            "{refused:?}"
        );
        let events = town::events(server.store(), server.service().ambient());
        assert!(!events.contains(&"request.created".to_owned()));
        assert_eq!(server.stored_objects(), 0);
    }
}
