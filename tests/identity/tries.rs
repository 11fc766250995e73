//! Wrong codes, over all the steps a citizen begins: no new tries by beginning again, and a block in the end.

use super::codes::DOCUMENTS;
use super::*;
use rubrica::domain::factor::Factor;
use rubrica::domain::standing::Refusal;
use rubrica::identity::ChallengeError;
use rubrica::store::signers;
use time::Duration;

use crate::harness::database::both_databases;

impl Office<'_> {
    /// The step for a request, begun again with the password.
    fn again(&self, purpose: Purpose) -> Result<Opened, IdentityError> {
        let opened = self.with_password(&ana().national_id, PASSWORD)?;
        self.identity.open_challenge(opened, purpose, DOCUMENTS)
    }

    fn tries_left(&self, opened: &Opened, purpose: Purpose) -> u32 {
        self.identity
            .challenged(opened.challenge, &opened.browser_key, purpose)
            .unwrap()
            .tries_left
    }

    fn guess(&self, opened: &Opened, purpose: Purpose) -> ChallengeError {
        self.give(opened, &wrong(&opened.code), purpose)
            .unwrap_err()
    }

    /// Wrong codes until the rules say no more, two for each new request; how many there were.
    fn guess_on_many_requests(&self) -> u32 {
        for guessed in 1..=30 {
            let (opened, purpose) = self.signing();
            if let ChallengeError::Blocked { .. } = self.guess(&opened, purpose) {
                return guessed;
            }
        }
        panic!("30 wrong codes and no block");
    }
}

/// Rules that let a phone ring as often as a test wants.
fn loud() -> Settings {
    settings().with_sms_per_hour(1000).unwrap()
}

both_databases! {
    fn beginning_again_gives_no_new_tries(database) {
        let office = Office::new(database);
        office.active(ana());
        let (first, purpose) = office.signing();
        assert!(matches!(office.guess(&first, purpose), ChallengeError::WrongCode { tries_left: 2 }));
        let second = office.again(purpose).unwrap();
        assert_eq!(office.tries_left(&second, purpose), 2);
        assert!(matches!(office.guess(&second, purpose), ChallengeError::WrongCode { tries_left: 1 }));
        // What has run out of time was begun also.
        office.clock.advance(Duration::minutes(6));
        let third = office.again(purpose).unwrap();
        office.identity.resend(third.challenge, &third.browser_key).unwrap();
        assert_eq!(office.tries_left(&third, purpose), 1);
        assert!(matches!(office.guess(&third, purpose), ChallengeError::Exhausted));
        assert!(matches!(office.again(purpose), Err(IdentityError::CodesExhausted)));
        // Another request has its own.
        let (other, other_purpose) = office.signing();
        assert_eq!(office.tries_left(&other, other_purpose), 3);
    }

    fn a_right_code_costs_no_try(database) {
        let office = Office::new(database);
        office.active(ana());
        let (first, purpose) = office.signing();
        office.guess(&first, purpose);
        let mut last = first;
        for _ in 0..4 {
            // The HSM was away, say, and the citizen approves again.
            office.give(&last, &last.code, purpose).unwrap();
            last = office.again(purpose).unwrap();
            assert_eq!(office.tries_left(&last, purpose), 2);
        }
    }

    fn new_steps_and_guesses_at_once_get_three_tries(database) {
        let office = Office::with(database, loud());
        office.active(ana());
        let (first, purpose) = office.signing();
        let nodes = [office.another_node(loud()), office.another_node(loud())];
        let looked_at: usize = std::thread::scope(|scope| {
            let guessers: Vec<_> = (0..12)
                .zip(nodes.iter().cycle())
                .map(|(number, node)| {
                    let (office, first) = (&office, &first);
                    scope.spawn(move || {
                        let fresh = (number % 3 != 0).then(|| {
                            let opened = node
                                .verify_password(&ana().national_id, &secret(PASSWORD))
                                .ok()?;
                            node.open_challenge(opened, purpose, DOCUMENTS).ok()
                        });
                        let opened = match &fresh {
                            Some(Some(opened)) => opened,
                            Some(None) => return 0,
                            None => first,
                        };
                        let guess = office.give(opened, &wrong(&opened.code), purpose);
                        usize::from(matches!(guess, Err(ChallengeError::WrongCode { .. })))
                    })
                })
                .collect();
            guessers.into_iter().map(|guesser| guesser.join().unwrap()).sum()
        });
        // The third one is told otherwise.
        assert!(looked_at <= 2, "{looked_at}");
    }

    fn an_account_step_begun_again_after_its_last_try_is_a_new_one(database) {
        let office = Office::new(database);
        office.active(ana());
        let purpose = Purpose::ChangePassword;
        let begin = || {
            let opened = office.with_password(&ana().national_id, PASSWORD).unwrap();
            office.identity.open_challenge(opened, purpose, DOCUMENTS).unwrap()
        };
        let first = begin();
        office.guess(&first, purpose);
        let second = begin();
        assert_eq!(office.tries_left(&second, purpose), 2);
        office.guess(&second, purpose);
        assert!(matches!(office.guess(&second, purpose), ChallengeError::Exhausted));
        assert_eq!(office.tries_left(&begin(), purpose), 3);
    }

    fn the_tenth_wrong_code_over_all_steps_blocks_the_account(database) {
        let office = Office::with(database, loud());
        let (_, code) = office.active(ana());
        let (open, open_purpose) = office.signing();
        assert_eq!(office.guess_on_many_requests(), 10);
        let who = &ana().national_id;
        assert!(matches!(
            office.with_password(who, PASSWORD),
            Err(IdentityError::Blocked { factor: Factor::Password, .. })
        ));
        let blocked = office.identity.find(who).unwrap().unwrap();
        assert_eq!(blocked.standing(office.ambient.now()), Err(Refusal::Blocked));
        // Neither does a step that was open before go on.
        assert!(office.give(&open, &open.code, open_purpose).is_err());
        // The activation code and the phone set it free, as after wrong passwords.
        let opened = office.with_code(who, &code).unwrap();
        office.choose(opened, Purpose::ResetPassword, "N3w!password");
        assert!(office.with_password(who, "N3w!password").is_ok());
    }

    fn an_unblocked_account_has_all_its_tries_again(database) {
        let office = Office::with(database, loud());
        let (signer, _) = office.active(ana());
        assert_eq!(office.guess_on_many_requests(), 10);
        office.identity.unblock(signer.id).unwrap();
        assert_eq!(office.guess_on_many_requests(), 10);
    }

    fn a_right_code_sets_the_count_of_wrong_ones_back(database) {
        let office = Office::with(database, loud());
        office.active(ana());
        for _ in 0..3 {
            for _ in 0..9 {
                let (opened, purpose) = office.signing();
                assert!(matches!(
                    office.guess(&opened, purpose),
                    ChallengeError::WrongCode { tries_left: 2 }
                ));
            }
            let (opened, purpose) = office.signing();
            office.give(&opened, &opened.code, purpose).unwrap();
        }
    }

    fn wrong_codes_of_another_day_do_not_count(database) {
        let office = Office::with(database, loud());
        office.active(ana());
        for _ in 0..9 {
            let (opened, purpose) = office.signing();
            office.guess(&opened, purpose);
        }
        office.clock.advance(Duration::hours(24));
        assert_eq!(office.guess_on_many_requests(), 10);
    }

    fn wrong_codes_of_a_reset_block_the_activation_code(database) {
        let office = Office::with(database, loud());
        let (_, code) = office.active(ana());
        let purpose = Purpose::ResetPassword;
        let mut guessed = 0;
        loop {
            let opened = office.with_code(&ana().national_id, &code).unwrap();
            let opened = office.identity.open_challenge(opened, purpose, DOCUMENTS).unwrap();
            guessed += 1;
            if let ChallengeError::Blocked { .. } = office.guess(&opened, purpose) {
                break;
            }
        }
        assert_eq!(guessed, 10);
        assert!(matches!(
            office.with_code(&ana().national_id, &code),
            Err(IdentityError::Blocked { factor: Factor::ActivationCode, .. })
        ));
        // Who has the password has done nothing wrong.
        assert!(office.with_password(&ana().national_id, PASSWORD).is_ok());
    }

    fn guesses_at_once_on_many_steps_get_no_more_looks_than_ten(database) {
        let office = Office::with(database, loud());
        office.active(ana());
        let steps: Vec<_> = (0..8).map(|_| office.signing()).collect();
        let looked_at: usize = std::thread::scope(|scope| {
            let guesses: Vec<_> = (0..3)
                .flat_map(|_| &steps)
                .map(|(opened, purpose)| scope.spawn(|| office.guess(opened, *purpose)))
                .collect();
            guesses
                .into_iter()
                .map(|guess| guess.join().unwrap())
                .filter(|outcome| {
                    matches!(
                        outcome,
                        ChallengeError::WrongCode { .. }
                            | ChallengeError::Exhausted
                            | ChallengeError::Blocked { .. }
                    )
                })
                .count()
        });
        assert_eq!(looked_at, 10);
    }

    fn a_password_on_its_way_does_not_take_the_block_of_wrong_codes_away(database) {
        let office = Office::with(database, loud());
        let (signer, _) = office.active(ana());
        let store = database.store();
        let counted = || {
            let given = office.identity.password_try(&ana().national_id, &secret(PASSWORD)).unwrap();
            let counting = store.write(|connection| office.identity.count(connection, &given));
            office.identity.compare(given, counting.unwrap()).unwrap()
        };
        let admit = |right| store.write(|connection| office.identity.admit(connection, right));
        // The second one sets the counter back, so that the block brings it to where it was at the first.
        let (first, second) = (counted(), counted());
        admit(second).unwrap();
        let now = office.ambient.now();
        store
            .write(|connection| signers::block(connection, signer.id, Factor::Password, now))
            .unwrap();
        assert!(matches!(
            admit(first),
            Err(IdentityError::Blocked { factor: Factor::Password, .. })
        ));
        let blocked = office.identity.find(&ana().national_id).unwrap().unwrap();
        assert!(blocked.blocked_at.is_some());
    }

    fn a_last_password_takes_no_other_block_away_than_its_own(database) {
        let office = Office::with(database, loud());
        let (signer, _) = office.active(ana());
        for _ in 0..4 {
            assert!(office.with_password(&ana().national_id, "Wr0ng!pass").is_err());
        }
        let store = database.store();
        let given = office.identity.password_try(&ana().national_id, &secret(PASSWORD)).unwrap();
        let counting = store.write(|connection| office.identity.count(connection, &given)).unwrap();
        assert_eq!(counting.blocked(), Some(signer.id));
        let right = office.identity.compare(given, counting).unwrap();
        office.identity.unblock(signer.id).unwrap();
        office.clock.advance(Duration::seconds(1));
        for _ in 0..5 {
            assert!(office.with_password(&ana().national_id, "Wr0ng!pass").is_err());
        }
        let admitted = store.write(|connection| office.identity.admit(connection, right));
        assert!(matches!(admitted, Err(IdentityError::Blocked { .. })));
    }
}
