//! What was replaced or closed between two steps of one act: the old password or code lets nobody in any more.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::*;
use rubrica::identity::{FactorTry, Identity, NewActivationCode, RegistrationAct, RightTry};
use rubrica::store::AnyConnection;

use crate::harness::database::both_databases;

const NEW: &str = "N3w!password";

impl Office<'_> {
    /// A right try that was looked at, and lets nobody in yet.
    fn looked_at(&self, given: FactorTry) -> RightTry {
        let counting = self
            .database
            .store()
            .write(|connection| self.identity.count(connection, &given))
            .unwrap();
        self.identity.compare(given, counting).unwrap()
    }

    fn password_on_its_way(&self) -> RightTry {
        let who = ana().national_id;
        self.looked_at(self.identity.password_try(&who, &secret(PASSWORD)).unwrap())
    }

    fn code_on_its_way(&self, code: &SecretText) -> RightTry {
        let (who, email) = (ana().national_id, EmailCheck::NotAsked);
        let given = self.identity.activation_code_try(&who, email, code);
        self.looked_at(given.unwrap())
    }

    fn admit(&self, right: RightTry) -> Result<OpenedSigner, IdentityError> {
        self.database
            .store()
            .write(|connection| self.identity.admit(connection, right))
    }

    fn reset(&self, code: &SecretText) {
        let opened = self.with_code(&ana().national_id, code).unwrap();
        self.choose(opened, Purpose::ResetPassword, NEW);
    }

    /// The acts as they are in a transaction of the test.
    fn acts(&self) -> &Identity {
        &self.identity
    }

    fn put(&self, new: &NewActivationCode) -> Result<SecretText, IdentityError> {
        self.database
            .store()
            .write(|connection| self.acts().reissue_activation_code(connection, new))
    }

    /// Prepares an act of the office, and begins it while another is done and not committed.
    fn while_another_is_done<T: Send>(
        &self,
        other: impl FnOnce(&mut AnyConnection) + Send,
        act: impl FnOnce(&mut AnyConnection) -> Result<T, IdentityError> + Send,
    ) -> Result<T, IdentityError> {
        let (done, begin) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(move || {
                let committed = self.database.store().write(|connection| {
                    other(connection);
                    done.send(()).unwrap();
                    thread::sleep(Duration::from_millis(300));
                    Ok::<_, IdentityError>(())
                });
                committed.unwrap();
            });
            begin.recv().unwrap();
            self.database.store().write(act)
        })
    }
}

/// As a wrong password or code is told.
fn is_wrong<T>(outcome: &Result<T, IdentityError>) -> bool {
    matches!(
        outcome,
        Err(IdentityError::NotRecognised { signer: Some(_) })
    )
}

both_databases! {
    fn a_password_that_was_replaced_on_its_way_is_wrong(database) {
        let office = Office::new(database);
        let (_, code) = office.active(ana());
        let right = office.password_on_its_way();
        office.reset(&code);
        assert!(is_wrong(&office.admit(right)));
        assert!(office.with_password(&ana().national_id, NEW).is_ok());
    }

    fn an_activation_code_that_was_replaced_on_its_way_is_wrong(database) {
        let office = Office::new(database);
        let (_, code) = office.active(ana());
        let right = office.code_on_its_way(&code);
        let opened = office.with_password(&ana().national_id, PASSWORD).unwrap();
        office.identity.reissue_activation_code(opened).unwrap();
        assert!(is_wrong(&office.admit(right)));
    }

    fn a_password_on_its_way_does_not_open_a_closed_account(database) {
        let office = Office::new(database);
        let (signer, _) = office.active(ana());
        let right = office.password_on_its_way();
        office.identity.deregister(signer.id).unwrap();
        assert!(is_wrong(&office.admit(right)));
    }

    fn a_password_that_was_replaced_after_it_was_right_begins_no_step(database) {
        let office = Office::new(database);
        let (_, code) = office.active(ana());
        let opened = office.with_password(&ana().national_id, PASSWORD).unwrap();
        office.reset(&code);
        let purpose = Purpose::ChangePassword;
        assert!(is_wrong(&office.identity.open_challenge(opened, purpose, NOTHING)));
    }

    fn a_password_that_was_replaced_after_it_was_right_makes_no_activation_code(database) {
        let office = Office::new(database);
        let (_, code) = office.active(ana());
        let opened = office.with_password(&ana().national_id, PASSWORD).unwrap();
        let new = office.identity.new_activation_code(opened).unwrap();
        office.reset(&code);
        assert!(is_wrong(&office.put(&new)));
        assert!(office.with_code(&ana().national_id, &code).is_ok());
    }

    fn of_two_right_passwords_at_once_both_are_right_while_the_rules_get_stronger(database) {
        let office = Office::new(database);
        office.active(ana());
        let strict = settings().with_derivation(Derivation::new(32, 2, 1).unwrap());
        let office = Office { identity: office.another_node(strict), ..office };
        let (first, second) = (office.password_on_its_way(), office.password_on_its_way());
        office.admit(first).unwrap();
        office.admit(second).unwrap();
        assert!(office.with_password(&ana().national_id, PASSWORD).is_ok());
    }

    fn a_closed_account_gets_no_new_activation_code(database) {
        let office = Office::new(database);
        let (signer, _) = office.active(ana());
        let opened = office.with_password(&ana().national_id, PASSWORD).unwrap();
        let new = office.identity.new_activation_code(opened).unwrap();
        office.identity.deregister(signer.id).unwrap();
        assert!(matches!(office.put(&new), Err(IdentityError::NotRegistered)));
    }

    fn of_two_first_registrations_at_once_of_a_closed_account_one_is_done(database) {
        let office = Office::new(database);
        let closed = office.register(ana()).signer.id;
        office.identity.deregister(closed).unwrap();
        let prepared = || office.identity.registration(ana(), RegistrationAct::First).unwrap();
        let (first, second) = (prepared(), prepared());
        let outcome = office.while_another_is_done(
            |connection| {
                office.acts().register(connection, first, &PhoneClaim::Free).unwrap();
            },
            |connection| office.acts().register(connection, second, &PhoneClaim::Free),
        );
        assert!(matches!(outcome, Err(IdentityError::AlreadyRegistered { .. })));
    }

    fn an_account_that_is_closed_meanwhile_is_not_renewed(database) {
        let office = Office::new(database);
        let signer = office.register(ana()).signer.id;
        let renewal = office.identity.registration(ana(), RegistrationAct::Renewal).unwrap();
        let outcome = office.while_another_is_done(
            |connection| {
                office.acts().deregister(connection, signer).unwrap();
            },
            |connection| office.acts().register(connection, renewal, &PhoneClaim::Free),
        );
        assert!(matches!(outcome, Err(IdentityError::NotRegistered)));
    }
}
