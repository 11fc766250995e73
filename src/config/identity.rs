//! `[identity]`

use std::time::Duration;

use super::reader::Reader;
use super::section::{Section, section};
use crate::identity::{Derivation, InvalidSettings, Settings};

section! {
    /// Passwords, activation codes and SMS codes of the citizens.
    RawIdentity "identity" {
        /// How long a password lives; whole days.
        password_life: Duration = default r#""365 d""#,
        /// The wrong password that blocks the account.
        password_tries: u8 = default "5",
        /// The wrong activation code that blocks it.
        activation_tries: u8 = default "6",
        /// Length of an SMS code.
        code_digits: u8 = default "6",
        /// How long an SMS code lives.
        code_life: Duration = default r#""5 min""#,
        /// Wrong SMS codes until the step is over.
        code_tries: u8 = default "3",
        /// How often a new SMS code may be asked for in one step.
        code_resends: u8 = default "3",
        /// The wrong SMS code, over all steps of one citizen, that blocks the account.
        wrong_codes: u8 = default "10",
        /// How long wrong SMS codes are counted together, from the first one on. A right one sets the count back.
        wrong_codes_within: Duration = default r#""1 d""#,
        /// Most SMS codes for one citizen within an hour.
        sms_per_hour: u16 = default "12",
        /// Memory for each password that is checked (Argon2id, RFC 9106), in KiB. More is slower, for attackers too.
        argon2_memory: u32 = default "19456",
        /// Passes over that memory.
        argon2_passes: u32 = default "2",
        /// Lanes side by side.
        argon2_lanes: u32 = default "1",
    }
}

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Settings> {
    let raw = RawIdentity::read(reader)?;
    let derivation = Derivation::new(raw.argon2_memory, raw.argon2_passes, raw.argon2_lanes);
    if let Err(error) = &derivation {
        reader.unworkable("identity", "argon2_memory", error.to_string());
    }
    let rules = rules(&raw);
    if let Err(error) = &rules {
        let detail = format!("must be between {} and {}", error.least, error.most);
        reader.unworkable("identity", error.name, detail);
    }
    Some(rules.ok()?.with_derivation(derivation.ok()?))
}

fn rules(raw: &RawIdentity) -> Result<Settings, InvalidSettings> {
    Settings::default()
        .with_password_life(raw.password_life)?
        .with_password_tries(raw.password_tries)?
        .with_activation_tries(raw.activation_tries)?
        .with_code_digits(raw.code_digits)?
        .with_code_life(raw.code_life)?
        .with_code_tries(raw.code_tries)?
        .with_code_resends(raw.code_resends)?
        .with_wrong_codes(raw.wrong_codes)?
        .with_wrong_codes_within(raw.wrong_codes_within)?
        .with_sms_per_hour(raw.sms_per_hour)
}
