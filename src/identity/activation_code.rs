//! Activation codes: 80 random bits in 16 characters, printed once on the registration receipt and never stored.

use zeroize::Zeroizing;

use crate::clock::Ambient;
use crate::domain::secret::SecretText;

/// Crockford's base 32: no I, L, O or U, so that nothing on paper is read as something else.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHARACTERS: usize = 16;
const GROUP: usize = 4;

/// A well-formed activation code, upper case and without groups.
pub(super) struct ActivationCode(Zeroizing<String>);

impl ActivationCode {
    pub(super) fn generate(ambient: &Ambient) -> Self {
        let random = Zeroizing::new(ambient.random::<CHARACTERS>());
        let code = random
            .iter()
            .filter_map(|byte| ALPHABET.get(usize::from(byte % 32)))
            .map(|character| char::from(*character))
            .collect();
        Self(Zeroizing::new(code))
    }

    /// Reads what a person typed: any case, spaces and hyphens anywhere, O for 0, I and L for 1. `None` when it
    /// cannot be an activation code.
    pub(super) fn parse(typed: &SecretText) -> Option<Self> {
        let mut code = Zeroizing::new(String::with_capacity(CHARACTERS));
        for c in typed.expose().chars() {
            let c = match c.to_ascii_uppercase() {
                ' ' | '-' => continue,
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            if code.len() == CHARACTERS || !u8::try_from(c).is_ok_and(|c| ALPHABET.contains(&c)) {
                return None;
            }
            code.push(c);
        }
        (code.len() == CHARACTERS).then_some(Self(code))
    }

    /// As it is printed: `ABCD-EFGH-JKMN-PQRS`.
    pub(super) fn grouped(&self) -> SecretText {
        let mut text = String::with_capacity(CHARACTERS + CHARACTERS / GROUP);
        for (place, c) in self.0.chars().enumerate() {
            if place > 0 && place % GROUP == 0 {
                text.push('-');
            }
            text.push(c);
        }
        SecretText::new(text)
    }

    /// What the keyslot's key is derived from.
    pub(super) fn knowledge(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_code_is_read_back_however_it_is_typed() {
        let code = ActivationCode::generate(&Ambient::system());
        let printed = code.grouped();
        assert_eq!(printed.expose().len(), 19);
        for typed in [
            printed.expose().to_owned(),
            printed.expose().to_lowercase(),
            printed.expose().replace('-', ""),
            printed
                .expose()
                .replace('-', " ")
                .replace('0', "o")
                .replace('1', "l"),
        ] {
            let read = ActivationCode::parse(&SecretText::new(typed)).unwrap();
            assert_eq!(read.knowledge(), code.knowledge());
        }
    }

    #[test]
    fn what_cannot_be_a_code_is_not_one() {
        for typed in [
            "",
            "ABCD-EFGH-JKMN-PQR",
            "ABCD-EFGH-JKMN-PQRS-T",
            "ABCD-EFGH-JKMN-PQR!",
            "ABCD-EFGH-JKMN-PQRÑ",
        ] {
            assert!(ActivationCode::parse(&SecretText::new(typed.to_owned())).is_none());
        }
    }

    #[test]
    fn every_character_of_the_alphabet_is_as_likely_as_another() {
        // 256 is a multiple of 32, so a byte's remainder favours none.
        assert_eq!(256 % ALPHABET.len(), 0);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..100 {
            seen.extend(
                ActivationCode::generate(&Ambient::system())
                    .knowledge()
                    .to_vec(),
            );
        }
        assert_eq!(seen, ALPHABET.iter().copied().collect());
    }

    proptest! {
        #[test]
        fn any_text_is_a_code_in_one_form_or_none(text in "[0-9a-zA-Z -]{0,24}|\\PC{0,24}") {
            if let Some(code) = ActivationCode::parse(&SecretText::new(text)) {
                let again = ActivationCode::parse(&code.grouped()).unwrap();
                prop_assert_eq!(again.knowledge(), code.knowledge());
            }
        }
    }
}
