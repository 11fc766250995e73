//! What was replaced or closed between two steps of one act: the old password or code lets nobody in any more.

use super::*;
use rubrica::identity::{FactorTry, Identity, NewActivationCode, RightTry};

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
}
