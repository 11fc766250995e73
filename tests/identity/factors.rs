//! Passwords and activation codes: right, wrong, too often wrong, and changed.

use super::*;
use diesel::RunQueryDsl;
use rubrica::domain::factor::Factor;
use rubrica::domain::standing::Refusal;
use rubrica::identity::{BlockedWhen, PasswordRule};
use rubrica::store::StoreError;
use time::Duration;

use crate::harness::database::both_databases;
use crate::harness::derivations::derivations;

both_databases! {
    fn a_wrong_password_an_unknown_signer_and_an_inactive_one_get_the_same_answer(database) {
        let office = Office::new(database);
        office.active(ana());
        office.register(berta());
        let answers: Vec<String> = [
            office.with_password(&ana().national_id, "Wr0ng!pass"),
            office.with_password(&"99999999R".parse().unwrap(), PASSWORD),
            office.with_password(&berta().national_id, PASSWORD),
            office.with_code(&"99999999R".parse().unwrap(), &secret("0000-0000-0000-0000")),
            office.with_code(&ana().national_id, &secret("0000-0000-0000-0000")),
            office.with_code(&ana().national_id, &secret("no code at all")),
        ]
        .into_iter()
        .map(|outcome| outcome.unwrap_err().to_string())
        .collect();
        let first = answers.first().unwrap();
        assert!(answers.iter().all(|answer| answer == first), "{answers:?}");
    }

    fn the_fifth_wrong_password_blocks_until_a_reset(database) {
        let office = Office::new(database);
        let (signer, code) = office.active(ana());
        let who = &ana().national_id;
        for _ in 0..4 {
            assert!(matches!(
                office.with_password(who, "Wr0ng!pass"),
                Err(IdentityError::NotRecognised { signer: Some(id) }) if id == signer.id
            ));
        }
        assert!(matches!(
            office.with_password(who, "Wr0ng!pass"),
            Err(IdentityError::Blocked { factor: Factor::Password, when: BlockedWhen::Now, .. })
        ));
        office.clock.advance(Duration::days(30));
        for node in [&office.identity, &office.another_node(settings())] {
            assert!(matches!(
                node.verify_password(who, &secret(PASSWORD)),
                Err(IdentityError::Blocked { when: BlockedWhen::Before, .. })
            ));
        }
        let now = office.ambient.now();
        let blocked = office.identity.find(who).unwrap().unwrap();
        assert_eq!(blocked.standing(now), Err(Refusal::Blocked));
        let opened = office.with_code(who, &code).unwrap();
        let signer = office.choose(opened, Purpose::ResetPassword, "N3w!password");
        assert_eq!(signer.standing(now), Ok(()));
        assert!(office.with_password(who, "N3w!password").is_ok());
        assert!(office.with_password(who, PASSWORD).is_err());
    }

    fn a_right_password_sets_the_counter_back(database) {
        let office = Office::new(database);
        office.active(ana());
        for _ in 0..3 {
            for _ in 0..4 {
                assert!(office.with_password(&ana().national_id, "Wr0ng!pass").is_err());
            }
            assert!(office.with_password(&ana().national_id, PASSWORD).is_ok());
        }
    }

    fn an_administrator_can_unblock(database) {
        let office = Office::new(database);
        let (signer, _) = office.active(ana());
        for _ in 0..5 {
            assert!(office.with_password(&ana().national_id, "Wr0ng!pass").is_err());
        }
        assert!(office.with_password(&ana().national_id, PASSWORD).is_err());
        office.identity.unblock(signer.id).unwrap();
        assert!(office.with_password(&ana().national_id, PASSWORD).is_ok());
    }

    fn many_guesses_at_once_get_no_more_looks_than_five(database) {
        let office = Office::new(database);
        office.active(ana());
        let nodes = [office.another_node(settings()), office.another_node(settings())];
        let looked_at: usize = std::thread::scope(|scope| {
            let guesses: Vec<_> = (0..100)
                .zip(nodes.iter().cycle())
                .map(|(guess, node)| {
                    scope.spawn(move || {
                        let outcome = node
                            .verify_password(&ana().national_id, &secret(&format!("Wr0ng!{guess}")));
                        !matches!(
                            outcome,
                            Err(IdentityError::Blocked { when: BlockedWhen::Before, .. })
                        )
                    })
                })
                .collect();
            guesses.into_iter().map(|guess| usize::from(guess.join().unwrap())).sum()
        });
        assert_eq!(looked_at, 5);
        assert!(office.with_password(&ana().national_id, PASSWORD).is_err());
    }

    fn the_sixth_wrong_activation_code_blocks_it(database) {
        let office = Office::new(database);
        let code = office.register(ana()).activation_code;
        let who = &ana().national_id;
        let guess = secret("0000-0000-0000-0000");
        for _ in 0..5 {
            assert!(matches!(
                office.with_code(who, &guess),
                Err(IdentityError::NotRecognised { .. })
            ));
        }
        assert!(matches!(
            office.with_code(who, &guess),
            Err(IdentityError::Blocked { factor: Factor::ActivationCode, .. })
        ));
        assert!(matches!(office.with_code(who, &code), Err(IdentityError::Blocked { .. })));
        assert!(office.identity.find(who).unwrap().unwrap().activation_blocked_at.is_some());
        let renewed = office.identity.renew_registration(ana(), &PhoneClaim::Free).unwrap();
        assert!(office.with_code(who, &renewed.activation_code).is_ok());
    }

    fn activation_asks_for_the_registered_address(database) {
        let office = Office::new(database);
        let code = office.register(ana()).activation_code;
        let open = |email| {
            office
                .identity
                .verify_activation_code(&ana().national_id, EmailCheck::Typed(email), &code)
        };
        for email in ["", "eve@example.com"] {
            assert!(matches!(open(email), Err(IdentityError::NotRecognised { .. })), "{email}");
        }
        assert!(open(" ANA@example.com ").is_ok());
    }

    fn the_access_before_this_one_is_told(database) {
        let office = Office::new(database);
        office.active(ana());
        let first = office.ambient.now();
        office.clock.advance(Duration::days(3));
        let opened = office.with_password(&ana().national_id, PASSWORD).unwrap();
        assert_eq!(opened.last_access(), Some(first));
        assert!(office.with_password(&ana().national_id, "Wr0ng!pass").is_err());
        office.clock.advance(Duration::days(1));
        let opened = office.with_password(&ana().national_id, PASSWORD).unwrap();
        assert_eq!(opened.last_access(), Some(first + Duration::days(3)));
    }

    fn an_expired_password_can_be_changed_and_cannot_sign(database) {
        let office = Office::new(database);
        office.active(ana());
        office.clock.advance(Duration::days(366));
        let opened = office.with_password(&ana().national_id, PASSWORD).unwrap();
        let request = office.ambient.id();
        assert!(matches!(
            office.identity.open_challenge(opened, Purpose::Sign { request }, [7; 32]),
            Err(IdentityError::Refused(Refusal::PasswordExpired))
        ));
        let opened = office.with_password(&ana().national_id, PASSWORD).unwrap();
        let signer = office.choose(opened, Purpose::ChangePassword, "N3w!password");
        assert_eq!(signer.standing(office.ambient.now()), Ok(()));
    }

    fn a_new_password_keeps_the_rules_and_is_new(database) {
        let office = Office::new(database);
        let (signer, _) = office.active(ana());
        let rejected = |text| match NewPassword::new(&signer, &secret(text)) {
            Err(IdentityError::PasswordRejected(rules)) => rules,
            other => panic!("{other:?}"),
        };
        assert_eq!(rejected("nunez"), [
            PasswordRule::TooShort,
            PasswordRule::TooFewKinds,
            PasswordRule::Name,
        ]);
        let opened = office.with_password(&ana().national_id, PASSWORD).unwrap();
        let purpose = Purpose::ChangePassword;
        let opened = office.identity.open_challenge(opened, purpose, NOTHING).unwrap();
        let choose = |text| {
            let new = NewPassword::new(&signer, &secret(text)).unwrap();
            office.identity.set_password(office.confirm(&opened, purpose), &new)
        };
        assert!(matches!(
            choose(PASSWORD),
            Err(IdentityError::PasswordRejected(rules)) if rules == [PasswordRule::Same]
        ));
        assert!(choose("N3w!password").is_ok());
    }

    fn a_password_chosen_for_one_signer_is_no_password_of_another(database) {
        let office = Office::new(database);
        office.active(ana());
        let (berta_signer, _) = office.active(berta());
        let new = NewPassword::new(&berta_signer, &secret("N3w!password")).unwrap();
        let opened = office.with_password(&ana().national_id, PASSWORD).unwrap();
        let purpose = Purpose::ChangePassword;
        let opened = office.identity.open_challenge(opened, purpose, NOTHING).unwrap();
        assert!(matches!(
            office.identity.set_password(office.confirm(&opened, purpose), &new),
            Err(IdentityError::ConfirmedSomethingElse)
        ));
    }

    fn stronger_rules_reach_a_slot_when_it_is_next_opened(database) {
        let office = Office::new(database);
        let (signer, _) = office.active(ana());
        let derivation = |node: &Office<'_>| {
            use rubrica::store::{StoreError, keyslots};
            node.database
                .store()
                .read::<_, StoreError>(|connection| {
                    keyslots::find(connection, signer.id, Factor::Password)
                })
                .unwrap()
                .unwrap()
                .derivation
        };
        assert_eq!(derivation(&office), "argon2id;v=19;m=8;t=1;p=1");
        let strict = settings().with_derivation(Derivation::new(32, 2, 1).unwrap());
        let node = office.another_node(strict);
        assert!(node.verify_password(&ana().national_id, &secret("Wr0ng!pass")).is_err());
        assert_eq!(derivation(&office), "argon2id;v=19;m=8;t=1;p=1");
        assert!(node.verify_password(&ana().national_id, &secret(PASSWORD)).is_ok());
        assert_eq!(derivation(&office), "argon2id;v=19;m=32;t=2;p=1");
        // A node with the older, weaker rules opens it and leaves it.
        assert!(office.with_password(&ana().national_id, PASSWORD).is_ok());
        assert_eq!(derivation(&office), "argon2id;v=19;m=32;t=2;p=1");
    }

    fn a_new_code_for_the_same_secret_needs_the_password(database) {
        let office = Office::new(database);
        let (_, old) = office.active(ana());
        let before = office.secret_of(&ana().national_id, PASSWORD);
        let opened = office.with_password(&ana().national_id, PASSWORD).unwrap();
        let new = office.identity.reissue_activation_code(opened).unwrap();
        assert!(office.with_code(&ana().national_id, &old).is_err());
        let opened = office.with_code(&ana().national_id, &new).unwrap();
        office.choose(opened, Purpose::ResetPassword, "N3w!password");
        let after = office.secret_of(&ana().national_id, "N3w!password");
        assert_eq!(before.expose(), after.expose());
    }

    fn every_first_factor_costs_one_derivation_and_one_write(database) {
        let costly = settings().with_derivation(Derivation::new(64, 2, 1).unwrap());
        let office = Office::with(database, costly);
        let (_, code) = office.active(ana());
        let registered = office.register(berta());
        let closed = office.register(NewSigner {
            national_id: "00000000T".parse().unwrap(),
            phone: "600999999".parse().unwrap(),
            ..ana()
        });
        office.identity.deregister(closed.signer.id).unwrap();
        let (active, inactive) = (ana().national_id, berta().national_id);
        let (unknown, closed) = ("99999999R".parse().unwrap(), closed.signer.national_id);
        let counters = || {
            #[derive(diesel::QueryableByName)]
            struct Sum {
                #[diesel(sql_type = diesel::sql_types::BigInt)]
                tries: i64,
            }
            let query = "SELECT CAST((SELECT SUM(tries) FROM unknown_tries) \
                 + (SELECT SUM(password_failures + activation_failures) FROM signers) AS BIGINT) AS tries";
            database
                .store()
                .read(|connection| {
                    let sum: Sum = diesel::sql_query(query).get_result(connection)?;
                    Ok::<_, StoreError>(sum.tries)
                })
                .unwrap()
        };
        let one = |what: &str, act: &dyn Fn() -> Result<OpenedSigner, IdentityError>| {
            let before = counters();
            let costs = derivations(|| assert!(act().is_err(), "{what}"));
            assert_eq!(costs, ["argon2id;v=19;m=64;t=2;p=1"], "{what}");
            assert_eq!(counters(), before + 1, "{what}");
        };
        for (who, name) in [
            (&active, "active"),
            (&inactive, "not activated"),
            (&unknown, "unknown"),
            (&closed, "closed"),
        ] {
            one(name, &|| office.with_password(who, "Wr0ng!pass"));
            one(name, &|| office.with_code(who, &secret("0000-0000-0000-0000")));
            one(name, &|| office.with_code(who, &secret("no code at all")));
        }
        for _ in 0..4 {
            assert!(office.with_password(&active, "Wr0ng!pass").is_err());
            assert!(office.with_code(&active, &secret("0000-0000-0000-0000")).is_err());
        }
        one("password blocked", &|| office.with_password(&active, PASSWORD));
        assert!(office.with_code(&active, &secret("0000-0000-0000-0000")).is_err());
        one("activation code blocked", &|| office.with_code(&active, &code));
        let right = derivations(|| {
            office.with_code(&inactive, &registered.activation_code).unwrap();
        });
        assert_eq!(right.len(), 1);
    }

    fn a_wrong_code_of_a_reset_costs_no_derivation(database) {
        let office = Office::new(database);
        let (_, code) = office.active(ana());
        let purpose = Purpose::ResetPassword;
        let opened = office.with_code(&ana().national_id, &code).unwrap();
        let opened = office.identity.open_challenge(opened, purpose, NOTHING).unwrap();
        let costs = derivations(|| {
            let guess = wrong(&opened.code);
            let (id, key) = (opened.challenge, &opened.browser_key);
            assert!(office.identity.confirm(id, key, &guess, purpose, &NOTHING).is_err());
        });
        assert!(costs.is_empty(), "{costs:?}");
    }
}
