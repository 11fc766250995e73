//! Wrong codes and requests: which of them refuse one, and that beginning again gives no new tries.

use rubrica::domain::algorithm::KeyAlgorithm;
use rubrica::domain::challenge::Purpose;
use rubrica::domain::language::Language;
use rubrica::domain::request::{RequestReason, RequestState};
use rubrica::domain::secret::SecretText;
use rubrica::domain::standing::Refusal;
use rubrica::identity::BrowserKey;
use rubrica::service::{ChallengeError, CodeSent, ServiceError};
use time::Duration;

use crate::harness::citizen::TestCitizen;
use crate::harness::database::{both_databases, tamper};
use crate::harness::softhsm;
use crate::harness::town::Town;

impl Town {
    /// How often the journal says that this citizen gave a code.
    fn blamed(&self) -> usize {
        let signer = self.citizen.id.to_string();
        let journal = self.journal();
        let lines = journal.iter();
        lines
            .filter(|line| line.contains("\"code.checked\"") && line.contains(&signer))
            .count()
    }

    /// A step of somebody else's own account, after its last wrong code.
    fn exhausted_by(&self, other: &TestCitizen) -> CodeSent {
        let service = self.server.service();
        let sent = service
            .begin_change(Language::Spanish, &other.national_id, &other.password)
            .unwrap();
        for _ in 0..3 {
            let given = service.finish_password(
                Purpose::ChangePassword,
                sent.challenge,
                &sent.browser_key,
                &SecretText::new("nope".to_owned()),
                &SecretText::new("N3w!password".to_owned()),
            );
            assert!(given.is_err());
        }
        sent
    }
}

both_databases! {
    fn a_step_exhausted_elsewhere_refuses_nothing_and_blames_nobody(database) {
        let town = Town::new(database);
        let other =
            TestCitizen::ready(&town.server, softhsm::hsm(), 1, KeyAlgorithm::EcP256);
        let foreign = town.exhausted_by(&other);
        let asked = town.ask_one();
        let own = town.begin(&asked).unwrap();
        let blamed = town.blamed();
        for key in [foreign.browser_key.clone(), own.browser_key.clone()] {
            let sent = CodeSent { browser_key: key, phone_hint: String::new(), ..foreign };
            let error = town.confirm(&asked, &sent, &town.code()).unwrap_err();
            assert!(
                matches!(
                    error,
                    ServiceError::Challenge(ChallengeError::SomethingElse | ChallengeError::Gone)
                ),
                "{error:?}"
            );
        }
        assert_eq!(town.request(&asked).state, RequestState::Pending);
        assert_eq!(town.blamed(), blamed);
        assert_eq!(town.confirm(&asked, &own, &town.code()).unwrap(), RequestState::Completed);
    }

    fn a_step_exhausted_for_one_request_refuses_no_other(database) {
        let town = Town::new(database);
        let (one, other) = (town.ask_one(), town.ask_one());
        let sent = town.begin(&one).unwrap();
        let wrong = town.wrong_code();
        for _ in 0..3 {
            assert!(town.confirm(&one, &sent, &wrong).is_err());
        }
        let error = town.confirm(&other, &sent, &wrong).unwrap_err();
        assert!(
            matches!(error, ServiceError::Challenge(ChallengeError::SomethingElse)),
            "{error:?}"
        );
        assert_eq!(town.request(&one).state, RequestState::Refused);
        assert_eq!(town.request(&other).state, RequestState::Pending);
    }

    fn who_does_not_hold_the_browsers_key_learns_nothing_of_an_ended_step(database) {
        let town = Town::new(database);
        let asked = town.ask_one();
        let sent = town.begin(&asked).unwrap();
        let wrong = town.wrong_code();
        for _ in 0..3 {
            assert!(town.confirm(&asked, &sent, &wrong).is_err());
        }
        let stranger = BrowserKey::from_text(&SecretText::new("A".repeat(43))).unwrap();
        let purpose = Purpose::Sign { request: asked.id };
        let look = |key: &BrowserKey| {
            town.server.service().code_step(purpose, sent.challenge, key).unwrap_err()
        };
        assert!(matches!(look(&stranger), ServiceError::Challenge(ChallengeError::Gone)));
        assert!(matches!(
            look(&sent.browser_key),
            ServiceError::Challenge(ChallengeError::Exhausted)
        ));
    }

    fn beginning_again_gives_a_request_no_new_tries(database) {
        let town = Town::new(database);
        let asked = town.ask_one();
        for left in [2, 1] {
            let sent = town.begin(&asked).unwrap();
            let error = town.confirm(&asked, &sent, &town.wrong_code()).unwrap_err();
            assert!(
                matches!(error, ServiceError::Challenge(ChallengeError::WrongCode { tries_left }) if tries_left == left),
                "{error:?}"
            );
        }
        let sent = town.begin(&asked).unwrap();
        let error = town.confirm(&asked, &sent, &town.wrong_code()).unwrap_err();
        assert!(matches!(error, ServiceError::Challenge(ChallengeError::Exhausted)), "{error:?}");
        let request = town.request(&asked);
        assert_eq!(request.state, RequestState::Refused);
        assert_eq!(request.reason, Some(RequestReason::CodeTriesExhausted));
    }

    fn a_request_left_without_tries_by_a_stop_is_refused_at_the_next_step(database) {
        let town = Town::new(database);
        let asked = town.ask_one();
        town.begin(&asked).unwrap();
        tamper(&town.store, "UPDATE challenges SET tries_left = 0");
        let refused = ServiceError::RequestState { state: RequestState::Refused };
        assert_eq!(town.begin(&asked).unwrap_err().to_string(), refused.to_string());
        assert_eq!(town.request(&asked).reason, Some(RequestReason::CodeTriesExhausted));
    }

    fn a_right_code_whose_sealed_secret_does_not_open_claims_nothing(database) {
        let town = Town::new(database);
        let asked = town.ask_one();
        let sent = town.begin(&asked).unwrap();
        let code = town.code();
        // Bytes that are there, and that the browser's key never sealed.
        tamper(&town.store, "UPDATE challenges SET sealed_secret = code_hash");
        let error = town.confirm(&asked, &sent, &code).unwrap_err();
        assert!(matches!(error, ServiceError::Challenge(ChallengeError::Gone)), "{error:?}");
        assert_eq!(town.request(&asked).state, RequestState::Pending);
        assert_eq!(town.spent(), 0);
        assert_eq!(town.approve(&asked), RequestState::Completed);
    }

    fn wrong_codes_count_as_long_as_the_request_waits(database) {
        let town = Town::new(database);
        let asked = town.ask_one();
        tamper(&town.store, "UPDATE requests SET expires_at = expires_at * 2");
        let sent = town.begin(&asked).unwrap();
        assert!(town.confirm(&asked, &sent, &town.wrong_code()).is_err());
        town.server.clock().advance(Duration::hours(50));
        assert!(town.server.service().upkeep().forgotten > 0);
        let sent = town.begin(&asked).unwrap();
        let purpose = Purpose::Sign { request: asked.id };
        let step = town
            .server
            .service()
            .code_step(purpose, sent.challenge, &sent.browser_key)
            .unwrap();
        assert_eq!(step.tries_left, 2);
    }

    fn the_tenth_wrong_code_blocks_the_account_and_the_journal_says_so(database) {
        let town = Town::new(database);
        let blocked = |outcome: &ServiceError| {
            matches!(outcome, ServiceError::Challenge(ChallengeError::Blocked { .. }))
        };
        let mut given = 0;
        'requests: loop {
            let asked = town.ask_one();
            let sent = town.begin(&asked).unwrap();
            let wrong = town.wrong_code();
            for _ in 0..2 {
                given += 1;
                if blocked(&town.confirm(&asked, &sent, &wrong).unwrap_err()) {
                    // It has a try left: whoever unblocks the account can still sign it.
                    assert_eq!(town.request(&asked).state, RequestState::Pending);
                    break 'requests;
                }
            }
        }
        assert_eq!(given, 10);
        let asked = town.ask_one();
        assert!(matches!(
            town.begin(&asked),
            Err(ServiceError::SignerCannotSign(Refusal::Blocked))
        ));
        let events = town.events();
        assert_eq!(events.iter().filter(|event| *event == "signer.blocked").count(), 1);
    }
}
