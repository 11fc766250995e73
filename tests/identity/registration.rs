//! Making accounts, making them anew, closing them; phones and levels.

use super::*;
use rubrica::domain::standing::Refusal;
use rubrica::identity::{EarlierCredentials, LevelEvidence, phone_binding};
use time::Duration;

use crate::harness::database::both_databases;

both_databases! {
    fn a_registered_signer_is_found_as_registered(database) {
        let office = Office::new(database);
        let registered = office.register(ana());
        assert_eq!(registered.earlier_credentials, EarlierCredentials::None);
        let found = office.identity.find(&ana().national_id).unwrap().unwrap();
        assert_eq!(found, registered.signer);
        assert_eq!(found, office.identity.signer(found.id).unwrap().unwrap());
        assert_eq!(found.name, ana().name);
        assert_eq!(found.proofed_at, ana().proofed_at);
        assert_eq!(office.identity.find(&berta().national_id).unwrap(), None);
    }

    fn an_account_goes_from_registered_to_able_to_sign(database) {
        let office = Office::new(database);
        let now = office.ambient.now();
        let registered = office.register(ana());
        assert_eq!(registered.signer.standing(now), Err(Refusal::NotActivated));
        let opened = office.with_code(&ana().national_id, &registered.activation_code).unwrap();
        let signer = office.choose(opened, Purpose::Activate, PASSWORD);
        assert_eq!(signer.standing(now), Ok(()));
        assert_eq!(signer.standing(now + Duration::days(364)), Ok(()));
        assert_eq!(signer.standing(now + Duration::days(365)), Err(Refusal::PasswordExpired));
    }

    fn nobody_is_registered_twice(database) {
        let office = Office::new(database);
        let first = office.register(ana()).signer.id;
        let again = NewSigner { phone: "600999999".parse().unwrap(), ..ana() };
        assert!(matches!(
            office.identity.register(again, &PhoneClaim::Free),
            Err(IdentityError::AlreadyRegistered { signer }) if signer == first
        ));
    }

    fn remote_methods_do_not_give_advanced_level(database) {
        let office = Office::new(database);
        for method in [ProofingMethod::Video, ProofingMethod::Letter] {
            let refused = office.identity.register(NewSigner { method, ..ana() }, &PhoneClaim::Free);
            assert!(matches!(refused, Err(IdentityError::LevelNotEarned { .. })));
        }
        let basic = NewSigner {
            method: ProofingMethod::Video,
            level: RegistrationLevel::Basic,
            ..ana()
        };
        let (signer, _) = office.active(basic);
        let now = office.ambient.now();
        assert_eq!(signer.standing(now), Err(Refusal::BasicLevel));
        let raised = office.identity.raise_level(signer.id, LevelEvidence::VideoReviewed).unwrap();
        assert_eq!(raised.standing(now), Ok(()));
        assert_eq!(raised.method, ProofingMethod::Video);
    }

    fn a_letter_becomes_advanced_only_by_presence_or_a_certificate(database) {
        let office = Office::new(database);
        let letter = NewSigner {
            method: ProofingMethod::Letter,
            level: RegistrationLevel::Basic,
            ..ana()
        };
        let id = office.register(letter).signer.id;
        assert!(matches!(
            office.identity.raise_level(id, LevelEvidence::VideoReviewed),
            Err(IdentityError::LevelNotEarned { .. })
        ));
        assert!(matches!(
            office.identity.raise_level(id, LevelEvidence::InPerson(date!(2026 - 12 - 01))),
            Err(IdentityError::ProofingInFuture)
        ));
        let raised = office
            .identity
            .raise_level(id, LevelEvidence::InPerson(date!(2026 - 06 - 02)))
            .unwrap();
        assert_eq!(raised.level, RegistrationLevel::Advanced);
        assert_eq!(raised.proofed_at, date!(2026 - 06 - 02));
    }

    fn a_proofing_in_the_future_is_refused(database) {
        let office = Office::new(database);
        let new = NewSigner { proofed_at: date!(2026 - 12 - 04), ..ana() };
        assert!(matches!(
            office.identity.register(new, &PhoneClaim::Free),
            Err(IdentityError::ProofingInFuture)
        ));
    }

    fn a_phone_belongs_to_one_citizen(database) {
        let office = Office::new(database);
        let owner = office.register(ana()).signer.id;
        let thief = NewSigner { phone: ana().phone, ..berta() };
        assert!(matches!(
            office.identity.register(thief, &PhoneClaim::Free),
            Err(IdentityError::PhoneTaken { owner: of }) if of == owner
        ));
        let berta_id = office.register(berta()).signer.id;
        assert!(matches!(
            office.identity.change_phone(berta_id, &ana().phone, &PhoneClaim::Free),
            Err(IdentityError::PhoneTaken { .. })
        ));
        let new = "611222333".parse().unwrap();
        let changed = office.identity.change_phone(berta_id, &new, &PhoneClaim::Free).unwrap();
        assert_eq!(changed.phone, Some(new));
    }

    fn whoever_holds_a_phone_can_give_it_to_another_citizen(database) {
        let office = Office::new(database);
        let (owner, _) = office.active(ana());
        let binding = phone_binding(&berta().national_id, &ana().phone);
        let opened = office.identity.open_phone_challenge(&owner, binding).unwrap();
        assert_eq!(opened.phone, ana().phone);
        let confirmed = office
            .identity
            .confirm(opened.challenge, &opened.browser_key, &opened.code, Purpose::TakePhone, &binding)
            .unwrap();
        let claim = PhoneClaim::Confirmed(Box::new(confirmed));
        let for_somebody_else = NewSigner {
            national_id: "99999999R".parse().unwrap(),
            phone: ana().phone,
            ..berta()
        };
        assert!(matches!(
            office.identity.register(for_somebody_else, &claim),
            Err(IdentityError::ConfirmedSomethingElse)
        ));
        let new = NewSigner { phone: ana().phone, ..berta() };
        let registered = office.identity.register(new, &claim).unwrap();
        assert_eq!(registered.signer.phone, Some(ana().phone));

        // The earlier owner keeps account and password, and gets codes again with a new phone.
        let now = office.ambient.now();
        let owner = office.identity.signer(owner.id).unwrap().unwrap();
        assert_eq!(owner.standing(now), Err(Refusal::NoPhone));
        let opened = office.with_password(&ana().national_id, PASSWORD).unwrap();
        assert!(matches!(
            office.identity.open_challenge(opened, Purpose::ChangePassword, NOTHING),
            Err(IdentityError::Refused(Refusal::NoPhone))
        ));
        let phone = "611222333".parse().unwrap();
        let owner = office.identity.change_phone(owner.id, &phone, &PhoneClaim::Free).unwrap();
        assert_eq!(owner.standing(now), Ok(()));
    }

    fn a_closed_account_opens_no_more_and_frees_its_phone(database) {
        let office = Office::new(database);
        let (signer, code) = office.active(ana());
        let closed = office.identity.deregister(signer.id).unwrap();
        assert_eq!((closed.phone, closed.email), (None, None));
        assert_eq!(office.identity.find(&ana().national_id).unwrap(), None);
        assert!(matches!(
            office.with_password(&ana().national_id, PASSWORD),
            Err(IdentityError::NotRecognised { signer: None })
        ));
        assert!(office.with_code(&ana().national_id, &code).is_err());
        assert!(matches!(
            office.identity.deregister(signer.id),
            Err(IdentityError::NotRegistered)
        ));
        office.register(NewSigner { phone: ana().phone, ..berta() });
        let back = NewSigner { phone: "611222333".parse().unwrap(), ..ana() };
        let registered = office.register(back);
        assert_eq!(registered.signer.id, signer.id);
        assert_eq!(registered.earlier_credentials, EarlierCredentials::Lost);
    }

    fn closing_an_account_ends_a_code_step_under_way(database) {
        let office = Office::new(database);
        let (signer, _) = office.active(ana());
        let opened = office.with_password(&ana().national_id, PASSWORD).unwrap();
        let purpose = Purpose::ChangePassword;
        let opened = office.identity.open_challenge(opened, purpose, NOTHING).unwrap();
        office.identity.deregister(signer.id).unwrap();
        assert!(office
            .identity
            .confirm(opened.challenge, &opened.browser_key, &opened.code, purpose, &NOTHING)
            .is_err());
    }

    fn of_many_registrations_of_one_person_one_succeeds(database) {
        let office = Office::new(database);
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let acts: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| office.identity.register(ana(), &PhoneClaim::Free)))
                .collect();
            acts.into_iter().map(|act| act.join().unwrap()).collect()
        });
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        for outcome in outcomes {
            assert!(
                matches!(outcome, Ok(_) | Err(IdentityError::AlreadyRegistered { .. })),
                "{outcome:?}"
            );
        }
    }

    fn of_many_who_want_one_phone_one_gets_it(database) {
        let office = Office::new(database);
        let people = ["12345678Z", "99999999R", "X1234567L", "00000000T"];
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let acts: Vec<_> = people
                .iter()
                .map(|national_id| {
                    let new = NewSigner { national_id: national_id.parse().unwrap(), ..ana() };
                    scope.spawn(|| office.identity.register(new, &PhoneClaim::Free))
                })
                .collect();
            acts.into_iter().map(|act| act.join().unwrap()).collect()
        });
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        for outcome in outcomes {
            assert!(
                matches!(outcome, Ok(_) | Err(IdentityError::PhoneTaken { .. })),
                "{outcome:?}"
            );
        }
    }
}
