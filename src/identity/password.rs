//! Passwords: the rules of Cl@ve Permanente, and choosing a new one.

use std::fmt;
use std::str::FromStr;

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::challenge::Confirmed;
use super::{Identity, IdentityError, keyslot};
use crate::domain::algorithm::named;
use crate::domain::challenge::{ChallengeEnd, Purpose};
use crate::domain::factor::Factor;
use crate::domain::id::{ChallengeId, SignerId};
use crate::domain::identifier::NationalId;
use crate::domain::person::PersonName;
use crate::domain::secret::{SealingKey, SecretText};
use crate::domain::signer::Signer;
use crate::store::challenges::Ending;
use crate::store::keyslots::Keyslot;
use crate::store::{AnyConnection, challenges, keyslots, signers};

/// The signs a password may have beside letters and digits.
pub const SPECIALS: &str = "!$€%&@/\\()=?¿¡*[];,:._-+<>";

/// The shortest a password may be, in characters.
pub const LEAST_CHARACTERS: usize = 8;
/// The longest.
pub const MOST_CHARACTERS: usize = 128;
/// From this length on, the kinds of characters do not matter.
pub const LONG: usize = 16;
const LEAST_KINDS: usize = 3;
/// Shorter parts of a name («de», «y») are in too many words to be forbidden.
const LEAST_NAME_PART: usize = 3;

named!(
    /// A rule that a new password breaks; the page names each.
    PasswordRule {
        /// Fewer than 8 characters.
        TooShort = "password_too_short",
        /// More than 128 characters.
        TooLong = "password_too_long",
        /// Fewer than 16 characters, and fewer than three of: small letters, capitals, digits, signs.
        TooFewKinds = "password_too_few_kinds",
        /// A character that is no letter, no digit and none of [`SPECIALS`].
        Character = "password_character",
        /// The given name or a surname is in it.
        Name = "password_name",
        /// The DNI or NIE, or its digits, are in it.
        NationalId = "password_national_id",
        /// It is the present one.
        Same = "password_same",
    }
);

/// A password that keeps the rules for one signer, not compared with the present one and not stored yet.
#[derive(Debug)]
pub struct NewPassword {
    signer: SignerId,
    text: SecretText,
}

impl NewPassword {
    /// Checks a new password against the rules that need no secret, before a code is spent on it. Whether it is the
    /// present one is not among them: that is told only to who has the code.
    pub fn new(signer: &Signer, text: &SecretText) -> Result<Self, IdentityError> {
        let text = normalised(text);
        let broken = broken_rules(&signer.name, &signer.national_id, text.expose());
        if broken.is_empty() {
            Ok(Self {
                signer: signer.id,
                text,
            })
        } else {
            Err(IdentityError::PasswordRejected(broken))
        }
    }
}

/// A new password that is ready to take the place of the old one: the citizen secret is sealed under it.
pub struct ChosenPassword {
    challenge: ChallengeId,
    signer: SignerId,
    sealing_key: SealingKey,
    slot: Keyslot,
}

impl Identity {
    /// Seals the citizen secret under the new password. Slow on purpose: never within a transaction.
    ///
    /// The present password is refused and leaves the step open for another one, as long as there are tries: each
    /// comparison has cost one.
    pub fn choose_password(
        &self,
        confirmed: Confirmed,
        password: &NewPassword,
    ) -> Result<ChosenPassword, IdentityError> {
        let may = match confirmed.purpose() {
            Purpose::Activate | Purpose::ResetPassword | Purpose::ChangePassword => true,
            Purpose::Sign { .. } | Purpose::TakePhone => false,
        };
        if !may || confirmed.signer().id != password.signer {
            return Err(IdentityError::ConfirmedSomethingElse);
        }
        self.check_other(&confirmed, password)?;
        let challenge = confirmed.challenge();
        let (signer, secret) = confirmed.into_parts();
        let secret = secret.ok_or(IdentityError::ConfirmedSomethingElse)?;
        let owner = (signer.id, Factor::Password);
        let slot = self.keyslot(owner, knowledge(&password.text), &secret)?;
        Ok(ChosenPassword {
            challenge,
            signer: signer.id,
            sealing_key: secret.sealing_key(),
            slot,
        })
    }

    /// Puts a password in the place of the old one: credentials stay usable. Begins the password's life, activates the
    /// account the first time, and takes a block away. The code step ends as confirmed in the same transaction, and all
    /// other steps as cancelled.
    pub fn set_password(
        &self,
        connection: &mut AnyConnection,
        chosen: &ChosenPassword,
    ) -> Result<Signer, IdentityError> {
        let now = self.ambient.now();
        let id = chosen.signer;
        signers::lock(connection, id)?;
        signers::find(connection, id)?
            .filter(|signer| signer.deregistered_at.is_none())
            .filter(|signer| signer.sealing_key == chosen.sealing_key)
            .ok_or(IdentityError::Overtaken)?;
        match challenges::end(connection, chosen.challenge, ChallengeEnd::Confirmed, now)? {
            Ending::Now => {}
            Ending::Before => return Err(IdentityError::StepEnded),
        }
        keyslots::put(connection, id, Factor::Password, &chosen.slot)?;
        signers::password_chosen(connection, id, now, now + self.settings.password_life)?;
        challenges::end_all(connection, id, ChallengeEnd::Cancelled, now)?;
        signers::find(connection, id)?.ok_or(IdentityError::Overtaken)
    }

    /// Refuses the present password. Slow.
    fn check_other(
        &self,
        confirmed: &Confirmed,
        password: &NewPassword,
    ) -> Result<(), IdentityError> {
        let owner = (password.signer, Factor::Password);
        let present = self
            .store
            .read(|connection| keyslots::find(connection, owner.0, owner.1))?;
        let Some(slot) = present else {
            return Ok(());
        };
        if keyslot::open(&slot, owner, knowledge(&password.text))?.is_none() {
            return Ok(());
        }
        let now = self.ambient.now();
        self.store
            .write(|connection| {
                let id = confirmed.challenge();
                let found = challenges::find(connection, id)?;
                if found.is_none_or(|challenge| challenge.end.is_some()) {
                    // It is the present one because the first of two clicks has just stored it.
                    return Err(IdentityError::StepEnded);
                }
                if confirmed.tries_left() == 0 {
                    challenges::end(connection, id, ChallengeEnd::Exhausted, now)?;
                    return Ok(IdentityError::CodesExhausted);
                }
                Ok(IdentityError::PasswordRejected(vec![PasswordRule::Same]))
            })
            .and_then(Err)
    }
}

/// One form for what different keyboards send as different bytes (RFC 8265 section 4.2.2 asks for the same).
pub(super) fn normalised(text: &SecretText) -> SecretText {
    SecretText::new(
        ComposingNormalizerBorrowed::new_nfc()
            .normalize(text.expose())
            .into_owned(),
    )
}

/// What the keyslot's key is derived from.
pub(super) fn knowledge(normalised: &SecretText) -> &[u8] {
    normalised.expose().as_bytes()
}

fn broken_rules(name: &PersonName, national_id: &NationalId, text: &str) -> Vec<PasswordRule> {
    let length = text.chars().count();
    let mut broken = Vec::new();
    if length < LEAST_CHARACTERS {
        broken.push(PasswordRule::TooShort);
    }
    if length > MOST_CHARACTERS {
        broken.push(PasswordRule::TooLong);
    }
    let kinds: [fn(char) -> bool; 4] = [
        char::is_lowercase,
        char::is_uppercase,
        |c| c.is_ascii_digit(),
        |c| SPECIALS.contains(c),
    ];
    if !text.chars().all(|c| kinds.iter().any(|kind| kind(c))) {
        broken.push(PasswordRule::Character);
    }
    let used = kinds.iter().filter(|kind| text.chars().any(**kind)).count();
    if length < LONG && used < LEAST_KINDS {
        broken.push(PasswordRule::TooFewKinds);
    }
    let folded = folded(text);
    if name_parts(name).any(|part| folded.contains(part.as_str())) {
        broken.push(PasswordRule::Name);
    }
    let digits: String = national_id
        .as_str()
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    if folded.contains(&digits) {
        broken.push(PasswordRule::NationalId);
    }
    broken
}

/// Without case and accents, so that «jose» is found in «JOSÉ».
fn folded(text: &str) -> Zeroizing<String> {
    let decomposed = Zeroizing::new(
        DecomposingNormalizerBorrowed::new_nfd()
            .normalize(text)
            .into_owned(),
    );
    Zeroizing::new(
        decomposed
            .chars()
            .filter(|c| !('\u{300}'..='\u{36f}').contains(c))
            .flat_map(char::to_lowercase)
            .collect(),
    )
}

fn name_parts(name: &PersonName) -> impl Iterator<Item = String> {
    folded(&name.full())
        .split(|c: char| !c.is_alphabetic())
        .filter(|part| part.chars().count() >= LEAST_NAME_PART)
        .map(str::to_owned)
        .collect::<Vec<_>>()
        .into_iter()
}

#[cfg(test)]
mod tests {
    use super::PasswordRule::{Character, Name, NationalId as Dni, TooFewKinds, TooLong, TooShort};
    use super::*;
    use proptest::prelude::*;

    fn broken(text: &str) -> Vec<PasswordRule> {
        let name = PersonName::new("José Luis", "Núñez", Some("de la Peña")).unwrap();
        broken_rules(&name, &"12345678Z".parse().unwrap(), text)
    }

    #[test]
    fn each_rule_is_told_apart() {
        let long = "a1B!".repeat(33);
        for (text, rules) in [
            ("Str0ng!pass", vec![]),
            ("correcthorsebatterystaple", vec![]),
            ("¿Qué€año1?", vec![]),
            ("Ab1!", vec![TooShort]),
            (long.as_str(), vec![TooLong]),
            ("abcdefgh1", vec![TooFewKinds]),
            ("Ab1 defgh", vec![Character]),
            ("Ab1\u{7}defgh", vec![Character]),
            ("Ab1#defgh", vec![Character]),
            ("xJOSE123x", vec![Name]),
            ("1!nunezXY", vec![Name]),
            ("Ab!12345678", vec![Dni]),
            ("12345678z", vec![TooFewKinds, Dni]),
            ("", vec![TooShort, TooFewKinds]),
        ] {
            assert_eq!(broken(text), rules, "{text}");
        }
    }

    #[test]
    fn a_nie_counts_by_its_digits() {
        let name = PersonName::new("Li", "Wu", None).unwrap();
        let nie = "X1234567L".parse().unwrap();
        assert_eq!(broken_rules(&name, &nie, "Ab!1234567"), vec![Dni]);
        assert_eq!(broken_rules(&name, &nie, "Libelula1"), vec![]);
    }

    #[test]
    fn one_password_is_one_whatever_keyboard_typed_it() {
        let one = normalised(&SecretText::new("contrase\u{f1}a".to_owned()));
        let other = normalised(&SecretText::new("contrasen\u{303}a".to_owned()));
        assert_eq!(knowledge(&one), knowledge(&other));
    }

    proptest! {
        #[test]
        fn a_long_password_of_allowed_characters_breaks_no_rule(text in "[bcdfgBCDFG!€¿]{16,128}") {
            prop_assert_eq!(broken(&text), vec![]);
        }
    }
}
