//! The rules an operator may change, each within the bounds that keep it meaningful.

use std::time::Duration;

use super::derivation::Derivation;

/// Numbers of Cl@ve Permanente where it publishes them, and usual ones where it does not (length, life and tries of
/// the SMS code). Made from [`Settings::default`] by the `with_` functions, so that every value is within bounds.
#[derive(Debug, Clone)]
pub struct Settings {
    pub(super) derivation: Derivation,
    pub(super) password_life: Duration,
    pub(super) password_tries: i32,
    pub(super) activation_tries: i32,
    pub(super) code_digits: u32,
    pub(super) code_life: Duration,
    pub(super) code_tries: u32,
    pub(super) code_resends: u32,
    pub(super) wrong_codes: u32,
    pub(super) wrong_codes_within: Duration,
    pub(super) sms_per_hour: u32,
}

/// A setting out of bounds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` must be between {least} and {most}")]
pub struct InvalidSettings {
    /// The setting's name in the configuration.
    pub name: &'static str,
    /// Smallest value allowed.
    pub least: u64,
    /// Largest value allowed.
    pub most: u64,
}

const DAY: u64 = 24 * 60 * 60;

impl Default for Settings {
    fn default() -> Self {
        Self {
            derivation: Derivation::default(),
            password_life: Duration::from_secs(365 * DAY),
            password_tries: 5,
            // «More than five» wrong codes block it, so the sixth does.
            activation_tries: 6,
            code_digits: 6,
            code_life: Duration::from_secs(5 * 60),
            code_tries: 3,
            code_resends: 3,
            wrong_codes: 10,
            wrong_codes_within: Duration::from_secs(DAY),
            sms_per_hour: 12,
        }
    }
}

impl Settings {
    /// How passwords and activation codes become keys.
    #[must_use]
    pub fn with_derivation(mut self, derivation: Derivation) -> Self {
        self.derivation = derivation;
        self
    }

    /// `password_life`: how long a password lives; whole days, 1 to 3650.
    pub fn with_password_life(mut self, life: Duration) -> Result<Self, InvalidSettings> {
        within("password_life", life.as_secs(), DAY, 3650 * DAY)?;
        self.password_life = life;
        Ok(self)
    }

    /// `password_tries`: the wrong password that blocks the account, 3 to 20.
    pub fn with_password_tries(mut self, tries: u8) -> Result<Self, InvalidSettings> {
        within("password_tries", tries.into(), 3, 20)?;
        self.password_tries = tries.into();
        Ok(self)
    }

    /// `activation_tries`: the wrong activation code that blocks it, 3 to 20.
    pub fn with_activation_tries(mut self, tries: u8) -> Result<Self, InvalidSettings> {
        within("activation_tries", tries.into(), 3, 20)?;
        self.activation_tries = tries.into();
        Ok(self)
    }

    /// `code_digits`: length of the SMS code, 6 to 9.
    pub fn with_code_digits(mut self, digits: u8) -> Result<Self, InvalidSettings> {
        within("code_digits", digits.into(), 6, 9)?;
        self.code_digits = digits.into();
        Ok(self)
    }

    /// `code_life`: how long an SMS code lives, one second to one hour.
    pub fn with_code_life(mut self, life: Duration) -> Result<Self, InvalidSettings> {
        within("code_life", life.as_secs(), 1, 60 * 60)?;
        self.code_life = life;
        Ok(self)
    }

    /// `code_tries`: wrong SMS codes until the step is over, 1 to 10.
    pub fn with_code_tries(mut self, tries: u8) -> Result<Self, InvalidSettings> {
        within("code_tries", tries.into(), 1, 10)?;
        self.code_tries = tries.into();
        Ok(self)
    }

    /// `code_resends`: how often a new code may be asked for in one step, 0 to 10.
    pub fn with_code_resends(mut self, resends: u8) -> Result<Self, InvalidSettings> {
        within("code_resends", resends.into(), 0, 10)?;
        self.code_resends = resends.into();
        Ok(self)
    }

    /// `wrong_codes`: the wrong SMS code over all steps of a citizen that blocks what the steps begin with, 3 to 100.
    pub fn with_wrong_codes(mut self, most: u8) -> Result<Self, InvalidSettings> {
        within("wrong_codes", most.into(), 3, 100)?;
        self.wrong_codes = most.into();
        Ok(self)
    }

    /// `wrong_codes_within`: how long wrong SMS codes are counted together, one hour to 30 days.
    pub fn with_wrong_codes_within(mut self, window: Duration) -> Result<Self, InvalidSettings> {
        within("wrong_codes_within", window.as_secs(), 60 * 60, 30 * DAY)?;
        self.wrong_codes_within = window;
        Ok(self)
    }

    /// `sms_per_hour`: most codes sent to one signer within an hour, 1 to 1000. It bounds what anybody can do to
    /// a phone. Messages that did not leave are not among them; of those, four times as many are tried.
    pub fn with_sms_per_hour(mut self, messages: u16) -> Result<Self, InvalidSettings> {
        within("sms_per_hour", messages.into(), 1, 1000)?;
        self.sms_per_hour = messages.into();
        Ok(self)
    }

    /// How long a password lives.
    pub fn password_life(&self) -> Duration {
        self.password_life
    }

    /// How many digits an SMS code has, for the page that asks for it.
    pub fn code_digits(&self) -> u32 {
        self.code_digits
    }
}

fn within(name: &'static str, value: u64, least: u64, most: u64) -> Result<(), InvalidSettings> {
    if (least..=most).contains(&value) {
        Ok(())
    } else {
        Err(InvalidSettings { name, least, most })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_out_of_bounds_is_refused_by_its_name() {
        let refused = Settings::default().with_code_digits(4).unwrap_err();
        assert_eq!(refused.to_string(), "`code_digits` must be between 6 and 9");
        assert!(Settings::default().with_password_tries(0).is_err());
        assert!(Settings::default().with_code_life(Duration::ZERO).is_err());
    }
}
