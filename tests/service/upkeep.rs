//! What is done now and then, when a part of it cannot be done.

use std::path::PathBuf;
use std::{fs, slice};

use rubrica::clock::Ambient;
use rubrica::domain::algorithm::{Digest, DigestAlgorithm};
use rubrica::domain::object_key::ObjectKey;
use rubrica::domain::request::{Document, RequestState, SignatureRequest};
use rubrica::service::upkeep::Left;
use rubrica::store::requests::{Transition, documents_deleted};
use time::Duration;

use crate::harness::ambient::BEGINNING;
use crate::harness::asked::{self, detached};
use crate::harness::database::both_databases;
use crate::harness::server::TestServer;
use crate::harness::standing::Citizen;
use crate::harness::town::{self, Town};

/// A request with one document, in that state, put where the server finds it.
fn asked(
    server: &TestServer,
    citizen: &Citizen,
    state: RequestState,
) -> (SignatureRequest, Document) {
    let name = format!("app{}", server.stored_objects());
    let request = SignatureRequest {
        state,
        finished_at: state.is_final().then(|| server.service().ambient().now()),
        ..asked::request(server, server.app(&name).app.id, citizen.id)
    };
    let document = asked::document(server, request.id, "a.txt", b"bytes", detached());
    asked::keep(server.store(), &request, slice::from_ref(&document));
    (request, document)
}

/// Where an object lies: in a folder named by the first byte of its key.
fn file(server: &TestServer, key: &str) -> PathBuf {
    server.objects().join(&key[..2]).join(key)
}

both_databases! {
    fn an_object_that_cannot_be_deleted_keeps_nothing_else_from_being_done(database) {
        let server = TestServer::start(database);
        let citizen = server.eligible("12345678Z");
        let (request, stubborn) = asked(&server, &citizen, RequestState::Refused);
        let (_, other) = asked(&server, &citizen, RequestState::Refused);
        asked(&server, &citizen, RequestState::Pending);
        let file = |document: &Document| file(&server, document.object_key.as_ref().unwrap());
        // No call that deletes files deletes a folder.
        fs::remove_file(file(&stubborn)).unwrap();
        fs::create_dir(file(&stubborn)).unwrap();
        fs::write(file(&stubborn).join("inside"), "").unwrap();

        server.clock().advance(Duration::days(2));
        let round = server.service().upkeep();
        assert_eq!((round.failed.len(), round.deleted), (1, 1), "{round:?}");
        assert_eq!(round.expired, 1);
        assert!(!file(&other).exists());

        fs::remove_dir_all(file(&stubborn)).unwrap();
        let round = server.service().upkeep();
        assert!(round.failed.is_empty(), "{round:?}");
        assert_eq!(round.deleted, 1);
        // Each is on record once, also when another node comes to it a moment later.
        let again = server.store().write(|connection| {
            documents_deleted(connection, request.id, server.service().ambient().now())
        });
        assert_eq!(again.unwrap(), Transition::Missed);
        let events = town::events(server.store(), server.service().ambient());
        assert_eq!(events.iter().filter(|event| *event == "request.deleted").count(), 2);
    }

    fn what_a_round_does_not_take_is_left_to_the_next(database) {
        let server = TestServer::start(database);
        let citizen = server.eligible("12345678Z");
        let app = server.app("tax").app.id;
        for _ in 0..201 {
            let request = SignatureRequest {
                state: RequestState::Refused,
                finished_at: Some(server.service().ambient().now()),
                ..asked::request(&server, app, citizen.id)
            };
            let document = asked::document(&server, request.id, "a.txt", b"bytes", detached());
            asked::keep(server.store(), &request, slice::from_ref(&document));
        }
        assert_eq!(server.service().upkeep().left, Left::Nothing);
        assert_eq!(server.stored_objects(), 201);
        server.clock().advance(Duration::days(2));
        let round = server.service().upkeep();
        assert_eq!((round.deleted, round.left), (200, Left::Something));
        let round = server.service().upkeep();
        assert_eq!((round.deleted, round.left), (1, Left::Nothing));
        assert_eq!(server.stored_objects(), 0);
    }

    fn documents_stay_for_the_retention_time_after_the_end_of_their_request(database) {
        let town = Town::new(database);
        let (clock, service) = (town.server.clock(), town.server.service());
        let (signed, declined, late) = (town.ask_one(), town.ask_one(), town.ask_one());
        let finer = Duration::microseconds(1);
        clock.advance(Duration::minutes(10));
        assert_eq!(town.approve(&signed), RequestState::Completed);
        service.decline(&town.link(&declined)).unwrap();
        clock.advance(Duration::days(1) - finer);
        let round = service.upkeep();
        assert_eq!((round.deleted, round.expired), (0, 1), "{round:?}");
        clock.advance(finer);
        assert_eq!(service.upkeep().deleted, 2);
        clock.advance(Duration::days(1) - finer - finer);
        assert_eq!(service.upkeep().deleted, 0);
        clock.advance(finer);
        assert_eq!(service.upkeep().deleted, 1);
        for asked in [signed, declined, late] {
            let request = town.request(&asked);
            assert_eq!(Some(request.delete_at), request.finished_at.map(|end| end + Duration::days(1)));
        }
    }

    fn a_signed_file_of_a_request_that_is_not_ended_is_not_swept_away(database) {
        let server = TestServer::start(database);
        let citizen = server.eligible("12345678Z");
        let signed = |document: &Document| {
            let original = document.object_key.as_deref().unwrap();
            let name = [
                &b"rubrica signed document 1"[..],
                document.id.as_bytes(),
                original.as_bytes(),
            ]
            .concat();
            let digest = Digest::of(DigestAlgorithm::Sha256, &name);
            let key = ObjectKey::from_random(*digest.bytes().first_chunk().unwrap());
            let signed = file(&server, &key.to_string());
            fs::create_dir_all(signed.parent().unwrap()).unwrap();
            fs::copy(file(&server, original), &signed).unwrap();
            signed
        };
        let (_, unfinished) = asked(&server, &citizen, RequestState::Signing);
        let (_, refused) = asked(&server, &citizen, RequestState::Refused);
        let (kept, left) = (signed(&unfinished), signed(&refused));
        assert_eq!(server.service().sweep().unwrap(), 0);
        // Files are as old as they are, whatever the server's clock says.
        let today = Ambient::system().now();
        server.clock().advance(today - BEGINNING + Duration::days(2));
        assert_eq!(server.service().sweep().unwrap(), 1);
        assert!(kept.exists() && !left.exists());
    }
}
