//! The code sent to the phone: once, in time, for one purpose, by one browser, and not often.

use super::*;
use rubrica::domain::challenge::SmsState;
use rubrica::domain::standing::Refusal;
use rubrica::identity::{BrowserKey, ChallengeError};
use time::Duration;

use crate::harness::database::both_databases;

pub(super) const DOCUMENTS: [u8; 32] = [7; 32];

impl Office<'_> {
    /// A signer waiting for the code that signs a request.
    pub(super) fn signing(&self) -> (Opened, Purpose) {
        let request = self.ambient.id();
        let opened = self.with_password(&ana().national_id, PASSWORD).unwrap();
        let purpose = Purpose::Sign { request };
        (
            self.identity
                .open_challenge(opened, purpose, DOCUMENTS)
                .unwrap(),
            purpose,
        )
    }

    pub(super) fn give(
        &self,
        opened: &Opened,
        code: &SecretText,
        purpose: Purpose,
    ) -> Result<Confirmed, ChallengeError> {
        self.identity.confirm(
            opened.challenge,
            &opened.browser_key,
            code,
            purpose,
            &DOCUMENTS,
        )
    }
}

both_databases! {
    fn the_right_code_opens_the_secret_once(database) {
        let office = Office::new(database);
        let (signer, _) = office.active(ana());
        let (opened, purpose) = office.signing();
        assert_eq!(opened.code.expose().len(), 6);
        assert!(opened.code.expose().bytes().all(|byte| byte.is_ascii_digit()));
        let confirmed = office.give(&opened, &opened.code, purpose).unwrap();
        assert_eq!((confirmed.purpose(), confirmed.binding()), (purpose, &DOCUMENTS));
        let (confirmed_signer, secret) = confirmed.into_parts();
        assert_eq!(confirmed_signer.id, signer.id);
        assert_eq!(secret.unwrap().sealing_key(), signer.sealing_key);
        assert!(matches!(
            office.give(&opened, &opened.code, purpose),
            Err(ChallengeError::Gone)
        ));
    }

    fn a_code_may_be_typed_with_spaces(database) {
        let office = Office::new(database);
        office.active(ana());
        let (opened, purpose) = office.signing();
        let (first, second) = opened.code.expose().split_at(3);
        assert!(office.give(&opened, &secret(&format!(" {first} {second} ")), purpose).is_ok());
    }

    fn of_two_right_codes_at_once_one_wins(database) {
        let office = Office::new(database);
        office.active(ana());
        let nodes = [office.another_node(settings()), office.another_node(settings())];
        for _ in 0..3 {
            let (opened, purpose) = office.signing();
            let won: usize = std::thread::scope(|scope| {
                let givers: Vec<_> = nodes
                    .iter()
                    .map(|node| {
                        let opened = &opened;
                        scope.spawn(move || {
                            node.confirm(
                                opened.challenge,
                                &opened.browser_key,
                                &opened.code,
                                purpose,
                                &DOCUMENTS,
                            )
                            .is_ok()
                        })
                    })
                    .collect();
                givers.into_iter().map(|giver| usize::from(giver.join().unwrap())).sum()
            });
            assert_eq!(won, 1);
        }
    }

    fn the_third_wrong_code_ends_it_for_good(database) {
        let office = Office::new(database);
        office.active(ana());
        let (opened, purpose) = office.signing();
        let guess = wrong(&opened.code);
        for left in [2, 1] {
            assert!(matches!(
                office.give(&opened, &guess, purpose),
                Err(ChallengeError::WrongCode { tries_left }) if tries_left == left
            ));
        }
        assert!(matches!(office.give(&opened, &guess, purpose), Err(ChallengeError::Exhausted)));
        assert!(matches!(
            office.give(&opened, &opened.code, purpose),
            Err(ChallengeError::Exhausted)
        ));
        assert!(matches!(
            office.identity.resend(opened.challenge, &opened.browser_key),
            Err(ChallengeError::Exhausted)
        ));
    }

    fn many_guesses_at_once_get_three_tries(database) {
        let office = Office::new(database);
        office.active(ana());
        let nodes = [office.another_node(settings()), office.another_node(settings())];
        let (opened, purpose) = office.signing();
        let guess = wrong(&opened.code);
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let guesses: Vec<_> = (0..20)
                .zip(nodes.iter().cycle())
                .map(|(_, node)| {
                    let (opened, guess) = (&opened, &guess);
                    scope.spawn(move || {
                        node.confirm(
                            opened.challenge,
                            &opened.browser_key,
                            guess,
                            purpose,
                            &DOCUMENTS,
                        )
                    })
                })
                .collect();
            guesses.into_iter().map(|guess| guess.join().unwrap()).collect()
        });
        let counted = outcomes
            .iter()
            .filter(|outcome| matches!(outcome, Err(ChallengeError::WrongCode { .. })))
            .count();
        assert_eq!(counted, 2);
        assert!(matches!(
            office.give(&opened, &opened.code, purpose),
            Err(ChallengeError::Exhausted)
        ));
    }

    fn a_code_lives_five_minutes(database) {
        let office = Office::new(database);
        office.active(ana());
        let (opened, purpose) = office.signing();
        assert_eq!(opened.expires_at, office.ambient.now() + Duration::minutes(5));
        office.clock.advance(Duration::minutes(5));
        assert!(matches!(
            office.give(&opened, &opened.code, purpose),
            Err(ChallengeError::Expired)
        ));
        let (opened, purpose) = office.signing();
        office.clock.advance(Duration::seconds(299));
        assert!(office.give(&opened, &opened.code, purpose).is_ok());
    }

    fn a_new_code_takes_the_place_of_the_old_and_gives_no_new_tries(database) {
        let office = Office::new(database);
        office.active(ana());
        let (opened, purpose) = office.signing();
        assert!(office.give(&opened, &wrong(&opened.code), purpose).is_err());
        office.clock.advance(Duration::minutes(4));
        let resent = office.identity.resend(opened.challenge, &opened.browser_key).unwrap();
        assert_eq!(resent.purpose, purpose);
        if resent.code.expose() != opened.code.expose() {
            assert!(matches!(
                office.give(&opened, &opened.code, purpose),
                Err(ChallengeError::WrongCode { tries_left: 1 })
            ));
        }
        office.clock.advance(Duration::minutes(4));
        assert!(office.give(&opened, &resent.code, purpose).is_ok());
    }

    fn new_codes_are_limited(database) {
        let office = Office::new(database);
        office.active(ana());
        let (opened, _) = office.signing();
        for _ in 0..3 {
            assert!(office.identity.resend(opened.challenge, &opened.browser_key).is_ok());
        }
        assert!(matches!(
            office.identity.resend(opened.challenge, &opened.browser_key),
            Err(ChallengeError::NoResendsLeft)
        ));
    }

    fn a_phone_gets_only_so_many_codes_an_hour(database) {
        let office = Office::with(database, settings().with_sms_per_hour(5).unwrap());
        office.active(ana());
        let begun = office.ambient.now();
        let (opened, _) = office.signing();
        office.clock.advance(Duration::minutes(1));
        for _ in 0..3 {
            office.identity.resend(opened.challenge, &opened.browser_key).unwrap();
        }
        let factor = office.with_password(&ana().national_id, PASSWORD).unwrap();
        assert!(matches!(
            office.identity.open_challenge(factor, Purpose::ChangePassword, NOTHING),
            Err(IdentityError::TooManyCodes { retry_at }) if retry_at == begun + Duration::hours(1)
        ));
        office.clock.advance(Duration::hours(1));
        office.signing();
    }

    fn a_message_that_did_not_leave_takes_nothing_from_the_hour(database) {
        let office = Office::with(database, settings().with_sms_per_hour(2).unwrap());
        office.active(ana());
        office.clock.advance(Duration::minutes(1));
        // One went at activation, and one may still go.
        for state in [SmsState::Unreachable, SmsState::Refused, SmsState::Unreachable] {
            let (opened, _) = office.signing();
            office.identity.set_sms_state(opened.challenge, 1, state).unwrap();
        }
        let (opened, _) = office.signing();
        office.identity.set_sms_state(opened.challenge, 1, SmsState::Sent).unwrap();
        assert!(matches!(
            office.identity.resend(opened.challenge, &opened.browser_key),
            Err(ChallengeError::TooManyCodes { .. })
        ));
    }

    fn messages_that_do_not_leave_are_not_tried_without_end(database) {
        let office = Office::with(database, settings().with_sms_per_hour(2).unwrap());
        office.active(ana());
        office.clock.advance(Duration::minutes(1));
        let begun = office.ambient.now();
        for _ in 0..8 {
            let (opened, _) = office.signing();
            office.identity.set_sms_state(opened.challenge, 1, SmsState::Unreachable).unwrap();
            office.clock.advance(Duration::minutes(1));
        }
        let factor = office.with_password(&ana().national_id, PASSWORD).unwrap();
        assert!(matches!(
            office.identity.open_challenge(factor, Purpose::ChangePassword, NOTHING),
            Err(IdentityError::TooManyCodes { retry_at }) if retry_at == begun + Duration::hours(1)
        ));
        office.clock.advance(Duration::hours(1));
        office.signing();
    }

    fn the_cap_holds_when_many_codes_are_asked_for_at_once(database) {
        let office = Office::with(database, settings().with_sms_per_hour(4).unwrap());
        office.active(ana());
        let factors: Vec<_> = (0..8)
            .map(|_| office.with_password(&ana().national_id, PASSWORD).unwrap())
            .collect();
        let nodes = [office.another_node(settings().with_sms_per_hour(4).unwrap()),
            office.another_node(settings().with_sms_per_hour(4).unwrap())];
        let sent: usize = std::thread::scope(|scope| {
            let acts: Vec<_> = factors
                .into_iter()
                .zip(nodes.iter().cycle())
                .map(|(factor, node)| {
                    scope.spawn(move || {
                        node.open_challenge(factor, Purpose::ChangePassword, NOTHING).is_ok()
                    })
                })
                .collect();
            acts.into_iter().map(|act| usize::from(act.join().unwrap())).sum()
        });
        // One went at activation.
        assert_eq!(sent, 3);
    }

    fn a_newer_code_for_the_same_purpose_ends_the_older(database) {
        let office = Office::new(database);
        office.active(ana());
        let (first, purpose) = office.signing();
        let (other, other_purpose) = office.signing();
        let factor = office.with_password(&ana().national_id, PASSWORD).unwrap();
        let second = office.identity.open_challenge(factor, purpose, DOCUMENTS).unwrap();
        assert!(matches!(office.give(&first, &first.code, purpose), Err(ChallengeError::Gone)));
        assert!(office.give(&second, &second.code, purpose).is_ok());
        assert!(office.give(&other, &other.code, other_purpose).is_ok());
    }

    fn a_code_is_worth_nothing_for_anything_else(database) {
        let office = Office::new(database);
        office.active(ana());
        let (opened, purpose) = office.signing();
        let request = office.ambient.id();
        for other in [Purpose::Sign { request }, Purpose::ChangePassword, Purpose::TakePhone] {
            assert!(matches!(
                office.give(&opened, &opened.code, other),
                Err(ChallengeError::SomethingElse)
            ));
        }
        assert!(matches!(
            office.identity.confirm(
                opened.challenge,
                &opened.browser_key,
                &opened.code,
                purpose,
                &[8; 32],
            ),
            Err(ChallengeError::SomethingElse)
        ));
        assert!(office.give(&opened, &opened.code, purpose).is_ok());
    }

    fn another_browser_can_neither_answer_nor_use_up_tries(database) {
        let office = Office::new(database);
        office.active(ana());
        let (opened, purpose) = office.signing();
        let stranger = BrowserKey::from_text(&secret(&"A".repeat(43))).unwrap();
        for _ in 0..10 {
            assert!(matches!(
                office.identity.confirm(
                    opened.challenge,
                    &stranger,
                    &opened.code,
                    purpose,
                    &DOCUMENTS,
                ),
                Err(ChallengeError::Gone)
            ));
        }
        assert!(matches!(
            office.identity.resend(opened.challenge, &stranger),
            Err(ChallengeError::Gone)
        ));
        assert!(matches!(
            office.identity.challenged(opened.challenge, &stranger, purpose),
            Err(ChallengeError::Gone)
        ));
        assert!(office.give(&opened, &opened.code, purpose).is_ok());
    }

    fn each_purpose_needs_its_own_first_factor(database) {
        let office = Office::new(database);
        let (_, code) = office.active(ana());
        let request = office.ambient.id();
        for purpose in [Purpose::Sign { request }, Purpose::ChangePassword] {
            let opened = office.with_code(&ana().national_id, &code).unwrap();
            assert!(matches!(
                office.identity.open_challenge(opened, purpose, NOTHING),
                Err(IdentityError::ConfirmedSomethingElse)
            ));
        }
        for purpose in [Purpose::ResetPassword, Purpose::TakePhone] {
            let opened = office.with_password(&ana().national_id, PASSWORD).unwrap();
            assert!(matches!(
                office.identity.open_challenge(opened, purpose, NOTHING),
                Err(IdentityError::ConfirmedSomethingElse)
            ));
        }
        let opened = office.with_code(&ana().national_id, &code).unwrap();
        assert!(matches!(
            office.identity.open_challenge(opened, Purpose::Activate, NOTHING),
            Err(IdentityError::AlreadyActive)
        ));
    }

    fn a_signer_blocked_meanwhile_does_not_sign(database) {
        let office = Office::new(database);
        office.active(ana());
        let (opened, purpose) = office.signing();
        for _ in 0..5 {
            assert!(office.with_password(&ana().national_id, "Wr0ng!pass").is_err());
        }
        assert!(matches!(
            office.give(&opened, &opened.code, purpose),
            Err(ChallengeError::Refused(Refusal::Blocked))
        ));
    }

    fn what_became_of_the_message_is_kept(database) {
        let office = Office::new(database);
        office.active(ana());
        let (opened, purpose) = office.signing();
        let seen = || office.identity.challenged(opened.challenge, &opened.browser_key, purpose).unwrap();
        assert_eq!(seen().sms_state, SmsState::Pending);
        let became = |message, state| {
            office.identity.set_sms_state(opened.challenge, message, state).unwrap();
        };
        became(opened.message, SmsState::Unreachable);
        assert_eq!(seen().sms_state, SmsState::Unreachable);
        let resent = office.identity.resend(opened.challenge, &opened.browser_key).unwrap();
        assert_eq!(seen().sms_state, SmsState::Pending);
        became(resent.message, SmsState::Sent);
        // The gateway was long in refusing the first one: nothing is said of the second by that.
        became(opened.message, SmsState::Refused);
        assert_eq!(seen().sms_state, SmsState::Sent);
    }

    fn a_second_click_is_known_by_key_and_code(database) {
        let office = Office::new(database);
        office.active(ana());
        let (opened, purpose) = office.signing();
        let before = |key: &BrowserKey, code: &SecretText| {
            office.identity.confirmed_before(opened.challenge, key, code).unwrap()
        };
        assert_eq!(before(&opened.browser_key, &opened.code), None);
        office.give(&opened, &opened.code, purpose).unwrap();
        assert_eq!(before(&opened.browser_key, &opened.code), Some(purpose));
        let other = BrowserKey::from_text(&SecretText::new("A".repeat(43))).unwrap();
        assert_eq!(before(&other, &opened.code), None);
        assert_eq!(before(&opened.browser_key, &SecretText::new("x".to_owned())), None);
    }

    fn a_browser_is_told_what_is_left(database) {
        let office = Office::new(database);
        office.active(ana());
        let (opened, purpose) = office.signing();
        let left = || {
            let seen = office.identity.challenged(opened.challenge, &opened.browser_key, purpose).unwrap();
            (seen.tries_left, seen.resends_left)
        };
        let (tries, resends) = left();
        let wrong = SecretText::new("x".to_owned());
        assert!(office.give(&opened, &wrong, purpose).is_err());
        assert_eq!(left(), (tries - 1, resends));
        office.identity.resend(opened.challenge, &opened.browser_key).unwrap();
        assert_eq!(left(), (tries - 1, resends - 1));
    }

    fn what_is_over_is_forgotten(database) {
        let office = Office::new(database);
        office.active(ana());
        let (opened, purpose) = office.signing();
        assert_eq!(office.identity.forget_expired().unwrap(), 0);
        office.clock.advance(Duration::minutes(6));
        assert_eq!(office.identity.forget_expired().unwrap(), 1);
        assert!(office.give(&opened, &opened.code, purpose).is_err());
        office.clock.advance(Duration::hours(25));
        // The activation's row and this one.
        assert_eq!(office.identity.forget_expired().unwrap(), 2);
        assert!(matches!(
            office.give(&opened, &opened.code, purpose),
            Err(ChallengeError::Gone)
        ));
    }
}
