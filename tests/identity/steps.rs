//! Open code steps when the account changes under them: what they would open or confirm is no longer what it was.

use super::codes::DOCUMENTS;
use super::*;
use rubrica::identity::{ChallengeError, phone_binding};

use crate::harness::database::both_databases;

impl Office<'_> {
    /// A step is over, though its code is right.
    fn is_over(&self, opened: &Opened, purpose: Purpose) -> bool {
        matches!(
            self.give(opened, &opened.code, purpose),
            Err(ChallengeError::Gone)
        )
    }

    /// A step that a thief of the receipt left open.
    fn resetting(&self, code: &SecretText) -> Opened {
        let opened = self.with_code(&ana().national_id, code).unwrap();
        self.identity
            .open_challenge(opened, Purpose::ResetPassword, DOCUMENTS)
            .unwrap()
    }
}

both_databases! {
    fn a_new_password_ends_all_other_steps(database) {
        let office = Office::new(database);
        let (_, code) = office.active(ana());
        let (signing, purpose) = office.signing();
        let resetting = office.resetting(&code);
        let changing = office.with_password(&ana().national_id, PASSWORD).unwrap();
        let changing = office
            .identity
            .open_challenge(changing, Purpose::ChangePassword, NOTHING)
            .unwrap();
        let new = NewPassword::new(&office.identity.find(&ana().national_id).unwrap().unwrap(), &secret("N3w!password"))
            .unwrap();
        let confirmed = office.confirm(&changing, Purpose::ChangePassword);
        office.identity.set_password(confirmed, &new).unwrap();
        assert!(office.is_over(&signing, purpose));
        assert!(office.is_over(&resetting, Purpose::ResetPassword));
        // The step itself was finished, not cancelled.
        assert_eq!(
            office
                .identity
                .confirmed_before(changing.challenge, &changing.browser_key, &changing.code)
                .unwrap(),
            Some(Purpose::ChangePassword)
        );
    }

    fn a_new_phone_ends_all_steps_whose_code_went_to_the_old_one(database) {
        let office = Office::new(database);
        let (signer, code) = office.active(ana());
        let (signing, purpose) = office.signing();
        let resetting = office.resetting(&code);
        office
            .identity
            .change_phone(signer.id, &"611111111".parse().unwrap(), &PhoneClaim::Free)
            .unwrap();
        assert!(office.is_over(&signing, purpose));
        assert!(office.is_over(&resetting, Purpose::ResetPassword));
    }

    fn whoever_loses_the_phone_to_another_loses_the_steps_with_it(database) {
        let office = Office::new(database);
        let (owner, _) = office.active(ana());
        let (other, _) = office.active(berta());
        let (signing, purpose) = office.signing();
        let phone = ana().phone;
        let binding = phone_binding(&berta().national_id, &phone);
        let asked = office.identity.open_phone_challenge(&owner, binding).unwrap();
        let confirmed = office
            .identity
            .confirm(asked.challenge, &asked.browser_key, &asked.code, Purpose::TakePhone, &binding)
            .unwrap();
        let claim = PhoneClaim::Confirmed(Box::new(confirmed));
        office.identity.change_phone(other.id, &phone, &claim).unwrap();
        assert!(office.is_over(&signing, purpose));
    }

    fn a_new_activation_code_ends_all_steps(database) {
        let office = Office::new(database);
        let (_, code) = office.active(ana());
        let (signing, purpose) = office.signing();
        let resetting = office.resetting(&code);
        let opened = office.with_password(&ana().national_id, PASSWORD).unwrap();
        office.identity.reissue_activation_code(opened).unwrap();
        assert!(office.is_over(&resetting, Purpose::ResetPassword));
        assert!(office.is_over(&signing, purpose));
    }

    fn a_password_is_not_told_as_chosen_before_it_is_stored(database) {
        let office = Office::new(database);
        let (signer, _) = office.active(ana());
        let purpose = Purpose::ChangePassword;
        let opened = office.with_password(&ana().national_id, PASSWORD).unwrap();
        let opened = office.identity.open_challenge(opened, purpose, NOTHING).unwrap();
        let done = || {
            office
                .identity
                .confirmed_before(opened.challenge, &opened.browser_key, &opened.code)
                .unwrap()
        };
        // A stop between the code and the password.
        drop(office.confirm(&opened, purpose));
        assert_eq!(done(), None);
        let new = NewPassword::new(&signer, &secret("N3w!password")).unwrap();
        let (first, second) = (office.confirm(&opened, purpose), office.confirm(&opened, purpose));
        office.identity.set_password(first, &new).unwrap();
        assert_eq!(done(), Some(purpose));
        assert!(office.with_password(&ana().national_id, "N3w!password").is_ok());
        assert!(matches!(
            office.identity.set_password(second, &new),
            Err(IdentityError::StepEnded)
        ));
    }
}
