//! The last SMS code that the rules allow over all steps: counted and on record as a block before it is looked at.

use std::thread;

use rubrica::auth::op;
use rubrica::domain::request::RequestState;
use rubrica::domain::secret::SecretText;
use rubrica::domain::standing::Refusal;
use rubrica::identity::{BlockedWhen, ChallengeError};
use rubrica::service::{CodeSent, ServiceError};
use time::Duration;

use super::recorded::{allow, forbid, refused};
use crate::harness::database::both_databases;
use crate::harness::server::administrator;
use crate::harness::town::{Asked, Town};

type Outcome = Result<RequestState, ServiceError>;

impl Town {
    /// Nine wrong codes; the tenth is the last one allowed.
    fn nine_wrong_codes(&self) {
        for _ in 0..3 {
            let (asked, sent) = self.begun();
            for _ in 0..3 {
                assert!(self.confirm(&asked, &sent, "nope").is_err());
            }
        }
        assert_eq!(self.account().blocked_at, None);
    }

    fn begun(&self) -> (Asked, CodeSent) {
        let asked = self.ask_one();
        let sent = self.begin(&asked).unwrap();
        (asked, sent)
    }

    /// Gives codes at the same moment, each for the step beside it.
    fn confirm_at_once(&self, codes: &[(&(Asked, CodeSent), &str)]) -> Vec<Outcome> {
        let service = self.server.service();
        thread::scope(|scope| {
            let given: Vec<_> = codes
                .iter()
                .map(|((asked, sent), code)| {
                    let (link, code) = (self.link(asked), SecretText::new((*code).to_owned()));
                    let (challenge, key) = (sent.challenge, &sent.browser_key);
                    scope.spawn(move || service.confirm_approval(&link, challenge, key, &code))
                })
                .collect();
            given.into_iter().map(|one| one.join().unwrap()).collect()
        })
    }

    fn told(&self) -> [usize; 2] {
        ["signer.blocked", "signer.unblocked"].map(|event| self.events_named(event))
    }
}

fn looked_at(outcome: &Outcome) -> bool {
    match outcome {
        Ok(_) => true,
        Err(ServiceError::Challenge(error)) => matches!(
            error,
            ChallengeError::WrongCode { .. }
                | ChallengeError::Exhausted
                | ChallengeError::Blocked {
                    when: BlockedWhen::Now,
                    ..
                }
        ),
        Err(_) => false,
    }
}

both_databases! {
    fn the_last_code_allowed_is_not_looked_at_while_its_block_cannot_be_recorded(database) {
        let town = Town::new(database);
        town.nine_wrong_codes();
        let sent = town.begin_change(&town.citizen.password).unwrap();
        let (before, checked) = (town.account(), town.events_named("code.checked"));
        forbid(&town.store, "signer.blocked");
        // Right and wrong get one answer.
        refused(town.finish_change(&sent, "nope"));
        refused(town.finish_change(&sent, &town.code()));
        assert_eq!(town.account(), before);
        assert_eq!(town.events_named("code.checked"), checked);
        allow(&town.store, "signer.blocked");
        town.finish_change(&sent, &town.code()).unwrap();
    }

    fn a_last_code_that_was_right_is_told_as_a_block_and_its_end(database) {
        let town = Town::new(database);
        town.nine_wrong_codes();
        let sent = town.begin_change(&town.citizen.password).unwrap();
        town.finish_change(&sent, &town.code()).unwrap();
        assert_eq!(town.account().blocked_at, None);
        assert_eq!(town.told(), [1, 1]);
    }

    fn a_right_last_code_signs(database) {
        let town = Town::new(database);
        town.nine_wrong_codes();
        let (asked, sent) = town.begun();
        assert!(town.confirm(&asked, &sent, &town.code()).is_ok());
        assert_eq!((town.account().blocked_at, town.told()), (None, [1, 1]));
        // And all its tries are there again.
        town.nine_wrong_codes();
    }

    fn the_last_code_is_on_record_as_a_block_until_it_was_right(database) {
        let town = Town::new(database);
        town.nine_wrong_codes();
        let (asked, sent) = town.begun();
        forbid(&town.store, "signer.unblocked");
        refused(town.confirm(&asked, &sent, &town.code()));
        // As a stop in the middle of the look leaves it: blocked, and on record as blocked.
        assert!(town.account().blocked_at.is_some());
        assert_eq!(town.told(), [1, 0]);
        allow(&town.store, "signer.unblocked");
        assert!(matches!(
            town.confirm(&asked, &sent, &town.code()),
            Err(ServiceError::SignerCannotSign(Refusal::Blocked))
        ));
        let manage = administrator().authorize(op::ManageAccount);
        town.server.service().unblock_signer(&manage, &town.who()).unwrap();
        assert!(town.confirm(&asked, &sent, &town.code()).is_ok());
    }

    fn last_codes_at_once_get_no_look_before_the_block_and_one_with_it(database) {
        let town = Town::new(database);
        town.nine_wrong_codes();
        let steps = [town.begun(), town.begun()];
        let right = town.code();
        let mut codes: Vec<_> = steps.iter().cycle().take(8).map(|step| (step, "nope")).collect();
        forbid(&town.store, "signer.blocked");
        codes.push((&steps[1], &right));
        for outcome in town.confirm_at_once(&codes) {
            refused(outcome);
        }
        allow(&town.store, "signer.blocked");
        codes.pop();
        let looks = town.confirm_at_once(&codes).iter().filter(|one| looked_at(one)).count();
        assert_eq!(looks, 1);
        assert_eq!(town.told(), [1, 0]);
        assert!(town.confirm(&steps[1].0, &steps[1].1, &right).is_err());
    }

    fn of_last_codes_at_once_the_right_one_counts_only_when_it_is_the_tenth(database) {
        let town = Town::new(database);
        town.nine_wrong_codes();
        let steps = [town.begun(), town.begun()];
        let right = town.code();
        let mut codes: Vec<_> = steps.iter().cycle().take(8).map(|step| (step, "nope")).collect();
        codes.push((&steps[1], &right));
        let outcomes = town.confirm_at_once(&codes);
        let signed = outcomes.iter().any(Result::is_ok);
        // Whoever came first was looked at; the others then find a block, or a count that stands at nought.
        assert_eq!(town.told(), [1, usize::from(signed)], "{outcomes:?}");
        assert_eq!(town.account().blocked_at.is_none(), signed);
    }

    fn wrong_codes_at_once_on_many_steps_get_ten_looks_and_a_right_one_none_after_them(database) {
        let town = Town::new(database);
        let steps: Vec<_> = (0..5).map(|_| town.begun()).collect();
        let codes: Vec<_> = steps.iter().cycle().take(15).map(|step| (step, "nope")).collect();
        let outcomes = town.confirm_at_once(&codes);
        let looks = outcomes.iter().filter(|one| looked_at(one)).count();
        assert_eq!(looks, 10, "{outcomes:?}");
        assert_eq!(town.told(), [1, 0]);
        let right = town.code();
        assert!(steps.iter().all(|(asked, sent)| town.confirm(asked, sent, &right).is_err()));
    }

    fn a_request_is_not_refused_while_the_last_code_of_its_step_is_looked_at(database) {
        let town = Town::new(database);
        let guess = |(asked, sent): &(Asked, CodeSent), times| {
            for _ in 0..times {
                assert!(town.confirm(asked, sent, "nope").is_err());
            }
        };
        for times in [3, 3, 1] {
            guess(&town.begun(), times);
        }
        // Its third code is the tenth over all steps.
        let step = town.begun();
        guess(&step, 2);
        forbid(&town.store, "signer.unblocked");
        refused(town.confirm(&step.0, &step.1, &town.code()));
        let round = || {
            let round = town.server.service().upkeep();
            assert!(round.failed.is_empty(), "{round:?}");
            round.refused
        };
        assert_eq!(round(), 0);
        // A process that has stopped in the look does not go on with it.
        town.server.clock().advance(Duration::minutes(6));
        assert_eq!(round(), 1);
    }
}
