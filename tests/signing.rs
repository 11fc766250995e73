//! Approving and signing, as use cases: what is signed, what is refused, what is left when something is away.

use std::io::Cursor;

use rubrica::domain::algorithm::{Digest, DigestAlgorithm, KeyAlgorithm};
use rubrica::domain::object_key::ObjectKey;
use rubrica::domain::request::{
    Document, DocumentReason, DocumentState, RequestReason, RequestState,
};
use rubrica::domain::secret::SecretText;
use rubrica::domain::standing::Refusal;
use rubrica::service::{ChallengeError, ServiceError};
use rubrica::store;
use time::Duration;

use crate::harness::asked::{self, detached, enveloping, pades};
use crate::harness::citizen::TestCitizen;
use crate::harness::database::both_databases;
use crate::harness::pdf::plain;
use crate::harness::softhsm;
use crate::harness::steps::at_step;
use crate::harness::town::Town;

mod acceptance;
mod codes;
mod failures;
mod lease;
mod recovery;
mod standing;
mod tails;
mod transfer;

both_databases! {
    fn a_batch_is_signed_with_one_code_and_each_document_has_its_own_result(database) {
        let town = Town::new(database);
        let asked = town.ask(&[
            ("a.txt", b"first", detached()),
            ("no.pdf", b"not a PDF", pades()),
            ("b.txt", b"second", detached()),
        ]);
        assert_eq!(town.approve(&asked), RequestState::Completed);
        let request = town.request(&asked);
        assert_eq!(request.reason, Some(RequestReason::SomeDocumentsFailed));
        assert_eq!(request.credential, Some(town.citizen.credential));
        let rows = town.rows(&asked);
        assert_eq!(
            rows.iter().map(|row| (row.state, row.reason)).collect::<Vec<_>>(),
            [
                (DocumentState::Signed, None),
                (DocumentState::Failed, Some(DocumentReason::NotAPdf)),
                (DocumentState::Signed, None),
            ]
        );
        let signed = rows[0].signed.as_ref().unwrap();
        let bytes = town.signed(&rows[0]);
        assert_eq!(Digest::of(DigestAlgorithm::Sha256, &bytes), signed.sha256);
        assert_ne!(bytes, town.signed(&rows[2]));
        let events = town.events();
        let intent = events.iter().position(|event| event == "signature.intent").unwrap();
        let outcome = events.iter().position(|event| event == "signature.outcome").unwrap();
        assert!(intent < outcome);
    }

    fn a_second_click_is_told_the_state_and_signs_nothing(database) {
        let town = Town::new(database);
        let asked = town.ask_one();
        let sent = town.begin(&asked).unwrap();
        let code = town.code();
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let clicks: Vec<_> =
                (0..4).map(|_| scope.spawn(|| town.confirm(&asked, &sent, &code))).collect();
            clicks.into_iter().map(|click| click.join().unwrap()).collect()
        });
        let won = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(won, 1, "{outcomes:?}");
        let intents = town.events().iter().filter(|event| *event == "signature.intent").count();
        assert_eq!(intents, 1);
        let after = town.confirm(&asked, &sent, &code);
        assert!(matches!(after, Err(ServiceError::RequestState { state: RequestState::Completed })));
    }

    fn wrong_codes_end_in_a_refused_request(database) {
        let town = Town::new(database);
        let asked = town.ask_one();
        let sent = town.begin(&asked).unwrap();
        let wrong = town.wrong_code();
        for left in [2, 1] {
            let error = town.confirm(&asked, &sent, &wrong).unwrap_err();
            assert!(
                matches!(error, ServiceError::Challenge(ChallengeError::WrongCode { tries_left }) if tries_left == left),
                "{error:?}"
            );
        }
        let error = town.confirm(&asked, &sent, &wrong).unwrap_err();
        assert!(matches!(error, ServiceError::Challenge(ChallengeError::Exhausted)), "{error:?}");
        let request = town.request(&asked);
        assert_eq!(request.state, RequestState::Refused);
        assert_eq!(request.reason, Some(RequestReason::CodeTriesExhausted));
        assert!(matches!(town.begin(&asked), Err(ServiceError::RequestState { .. })));
        assert!(!town.events().contains(&"signature.intent".to_owned()));
    }

    fn somebody_elses_right_password_counts_as_wrong(database) {
        let town = Town::new(database);
        let other =
            TestCitizen::ready(&town.server, softhsm::hsm(), 1, KeyAlgorithm::EcP256);
        let asked = town.ask_one();
        let error = town
            .server
            .service()
            .begin_approval(&town.link(&asked), &other.national_id, &other.password)
            .unwrap_err();
        assert!(matches!(error, ServiceError::NotRecognised), "{error:?}");
        let stray = SecretText::new("nobody".to_owned());
        let error =
            town.server.service().begin_approval(&town.link(&asked), &stray, &other.password).unwrap_err();
        assert!(matches!(error, ServiceError::NotRecognised), "{error:?}");
    }

    fn a_code_for_one_request_signs_no_other(database) {
        let town = Town::new(database);
        let (one, other) = (town.ask_one(), town.ask_one());
        let sent = town.begin(&one).unwrap();
        let error = town.confirm(&other, &sent, &town.code()).unwrap_err();
        assert!(
            matches!(error, ServiceError::Challenge(ChallengeError::SomethingElse)),
            "{error:?}"
        );
        assert_eq!(town.confirm(&one, &sent, &town.code()).unwrap(), RequestState::Completed);
    }

    fn another_browser_cannot_use_the_code(database) {
        let town = Town::new(database);
        let (one, other) = (town.ask_one(), town.ask_one());
        let sent = town.begin(&one).unwrap();
        let code = SecretText::new(town.code());
        let elsewhere = town.begin(&other).unwrap();
        let error = town
            .server
            .service()
            .confirm_approval(&town.link(&one), sent.challenge, &elsewhere.browser_key, &code)
            .unwrap_err();
        assert!(matches!(error, ServiceError::Challenge(ChallengeError::Gone)), "{error:?}");
    }

    fn a_request_whose_time_is_over_cannot_be_approved(database) {
        let town = Town::new(database);
        let asked = town.ask_one();
        let sent = town.begin(&asked).unwrap();
        town.server.clock().advance(Duration::hours(2));
        let expired = |outcome: ServiceError| {
            matches!(outcome, ServiceError::RequestState { state: RequestState::Expired })
        };
        assert!(expired(town.confirm(&asked, &sent, &town.code()).unwrap_err()));
        assert!(expired(town.begin(&asked).unwrap_err()));
        assert_eq!(town.server.service().approval(&town.link(&asked)).unwrap().state, RequestState::Expired);
        assert_eq!(town.server.service().upkeep().expired, 1);
        assert_eq!(town.request(&asked).reason, Some(RequestReason::LifetimeOver));
    }

    fn a_document_changed_in_the_store_is_not_signed(database) {
        let town = Town::new(database);
        let asked = town.ask(&[("a.txt", b"pay 10", enveloping())]);
        let row = &town.rows(&asked)[0];
        let key: ObjectKey = row.object_key.as_ref().unwrap().parse().unwrap();
        asked::object_store(&town.server).delete(&key).unwrap();
        asked::object_store(&town.server).put(&key, &mut Cursor::new(b"pay 99"), 100, &mut []).unwrap();
        assert_eq!(town.approve(&asked), RequestState::Failed);
        assert_eq!(town.rows(&asked)[0].reason, Some(DocumentReason::DocumentChanged));
    }

    fn a_pdf_exchanged_while_it_is_made_ready_is_noticed_before_anything_is_bound(database) {
        let town = Town::new(database);
        let original = plain();
        let asked = town.ask(&[("a.pdf", &original, pades())]);
        let other = String::from_utf8(original.clone()).unwrap().replace("842]", "999]");
        let key: ObjectKey = town.rows(&asked)[0].object_key.as_ref().unwrap().parse().unwrap();
        let objects = asked::object_store(&town.server);
        let exchange = move |bytes: &[u8]| {
            objects.delete(&key).unwrap();
            objects.put(&key, &mut Cursor::new(bytes), 1 << 20, &mut []).unwrap();
        };
        let sent = town.begin(&asked).unwrap();
        exchange(other.as_bytes());
        // And put back before the signed file is put together.
        let at = at_step("prepared", move || exchange(&original));
        assert_eq!(town.confirm(&asked, &sent, &town.code()).unwrap(), RequestState::Failed);
        drop(at);
        assert_eq!(town.rows(&asked)[0].reason, Some(DocumentReason::DocumentChanged));
        assert_eq!(town.spent(), 0);
        assert!(!town.events().contains(&"signature.intent".to_owned()));
    }

    fn documents_are_deleted_when_their_time_is_over(database) {
        let town = Town::new(database);
        let asked = town.ask_one();
        town.approve(&asked);
        let keys = |row: &Document| {
            let signed = row.signed.as_ref().unwrap().object_key.clone();
            [row.object_key.clone().unwrap(), signed.unwrap()]
        };
        let keys = keys(&town.rows(&asked)[0]);
        town.server.clock().advance(Duration::days(2));
        assert_eq!(town.server.service().upkeep().deleted, 1);
        for key in keys {
            assert!(asked::object_store(&town.server).open(&key.parse().unwrap()).unwrap().is_none());
        }
        assert_eq!(town.server.service().upkeep().deleted, 0);
        assert!(town.events().contains(&"request.deleted".to_owned()));
    }

    fn without_a_credential_the_citizen_is_told_so(database) {
        let town = Town::new(database);
        let asked = town.ask_one();
        let revocation = rubrica::domain::credential::Revocation {
            at: town.server.service().ambient().now(),
            reason: rubrica::domain::revocation::RevocationReason::Superseded,
        };
        town.store
            .write(|connection| {
                store::credentials::revoke(connection, town.citizen.credential, revocation)
            })
            .unwrap();
        let error = town.begin(&asked).unwrap_err();
        assert!(
            matches!(error, ServiceError::SignerCannotSign(Refusal::NoCredential)),
            "{error:?}"
        );
    }
}
