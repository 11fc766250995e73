//! A request is given back only when another try can succeed; what fails for good ends it.

use std::fs;

use rubrica::domain::algorithm::{Digest, DigestAlgorithm};
use rubrica::domain::key::KekVersion;
use rubrica::domain::request::{DocumentReason, DocumentState, RequestReason, RequestState};
use rubrica::domain::wrapping::WrappedBy;

use super::recovery::stray;
use crate::harness::asked::detached;
use crate::harness::database::{both_databases, tamper};
use crate::harness::steps::at_step;
use crate::harness::town::Town;
use crate::harness::{softhsm, wrapping};

both_databases! {
    fn a_sealed_key_that_does_not_open_ends_the_request(database) {
        let town = Town::new(database);
        let link = town.ask_one();
        tamper(&town.store, "UPDATE credentials SET sealed_key = public_key");
        let sent = town.begin(&link).unwrap();
        let outcome = town.confirm(&link, &sent, &town.code());
        assert_eq!(town.request(&link).state, RequestState::Failed, "{outcome:?}");
        let row = &town.rows(&link)[0];
        assert_eq!(row.state, DocumentState::Failed);
        assert_eq!(row.reason, Some(DocumentReason::KeyUnusable));
        assert_eq!(outcome.unwrap(), RequestState::Failed);
    }

    fn a_wrapping_key_that_was_exchanged_ends_the_request(database) {
        let town = Town::new(database);
        let link = town.ask_one();
        let other = wrapping::kept(&softhsm::hsm(), &town.store, KekVersion(1));
        let WrappedBy::WrappingKey(other) = other else {
            panic!("{other:?}");
        };
        tamper(
            &town.store,
            &format!("UPDATE credentials SET wrapping_key_id = '{}'", other.id),
        );
        let sent = town.begin(&link).unwrap();
        let outcome = town.confirm(&link, &sent, &town.code());
        assert_eq!(town.request(&link).state, RequestState::Failed, "{outcome:?}");
        assert_eq!(town.rows(&link)[0].reason, Some(DocumentReason::KeyUnusable));
    }

    fn a_certificate_that_cannot_be_read_costs_no_code_and_claims_nothing(database) {
        let town = Town::new(database);
        let link = town.ask_one();
        let sent = town.begin(&link).unwrap();
        tamper(&town.store, "UPDATE credentials SET certificate = public_key");
        let outcome = town.confirm(&link, &sent, &town.code());
        assert!(outcome.is_err());
        let request = town.request(&link);
        assert_eq!(request.state, RequestState::Pending);
        assert_eq!(request.reason, Some(RequestReason::InternalError));
        assert!(town.begin(&link).is_err());
    }

    fn a_signed_file_that_is_not_on_the_disk_is_not_stored(database) {
        let town = Town::new(database);
        // So many are flushed together, in the end.
        let count = 6;
        let asked = town.ask(&vec![("a.txt", &b"bytes"[..], detached()); count]);
        let sent = town.begin(&asked).unwrap();
        let code = town.code();
        let (store, rows) = (town.place(), town.rows(&asked));
        let state = {
            let _at = at_step("stored", move || {
                fs::remove_file(stray(&store, &rows)).unwrap();
            });
            town.confirm(&asked, &sent, &code).unwrap()
        };
        assert_eq!(state, RequestState::Completed);
        let (signed, others): (Vec<_>, Vec<_>) = town
            .rows(&asked)
            .into_iter()
            .partition(|row| row.state == DocumentState::Signed);
        assert_eq!(signed.len(), count - 1);
        for row in &signed {
            let kept = row.signed.as_ref().unwrap();
            assert_eq!(Digest::of(DigestAlgorithm::Sha256, &town.signed(row)), kept.sha256);
        }
        let reasons: Vec<_> = others.iter().map(|row| row.reason).collect();
        assert_eq!(reasons, [Some(DocumentReason::NotStored)]);
        let request = town.request(&asked);
        assert_eq!(request.reason, Some(RequestReason::SomeDocumentsFailed));
    }
}
