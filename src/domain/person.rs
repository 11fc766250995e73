//! The names of a person, as the identity document gives them.

use std::fmt;

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

/// Longest single name in characters. Identity documents stay far below it.
const MOST_CHARACTERS: usize = 60;

/// Given name, first surname and, where there is one, second surname.
///
/// In normalisation form C with single spaces. `Debug` shows nothing: names do not belong in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonName {
    given: String,
    surname1: String,
    surname2: Option<String>,
}

/// Which of the three names it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamePart {
    /// Given name.
    Given,
    /// First surname.
    Surname1,
    /// Second surname.
    Surname2,
}

/// Why a text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// Nothing but spaces.
    #[error("the {0} is missing")]
    Missing(NamePart),
    /// Longer than any name on an identity document.
    #[error("the {0} has more than {MOST_CHARACTERS} characters")]
    TooLong(NamePart),
    /// Digits, control characters, or signs that no name has.
    #[error("the {0} has a character that is no letter, space, hyphen, apostrophe, dot or comma")]
    Character(NamePart),
}

impl PersonName {
    /// Checks and normalises the names. `surname2` of nothing but spaces counts as none.
    pub fn new(given: &str, surname1: &str, surname2: Option<&str>) -> Result<Self, InvalidName> {
        Ok(Self {
            given: checked(NamePart::Given, given)?,
            surname1: checked(NamePart::Surname1, surname1)?,
            surname2: surname2
                .filter(|text| !text.trim().is_empty())
                .map(|text| checked(NamePart::Surname2, text))
                .transpose()?,
        })
    }

    /// The given name.
    pub fn given(&self) -> &str {
        &self.given
    }

    /// The first surname.
    pub fn surname1(&self) -> &str {
        &self.surname1
    }

    /// The second surname; foreigners often have none.
    pub fn surname2(&self) -> Option<&str> {
        self.surname2.as_deref()
    }

    /// Both surnames, as certificates hold them in one attribute (X.520 `surname`).
    pub fn surnames(&self) -> String {
        self.surname2.as_ref().map_or_else(
            || self.surname1.clone(),
            |second| format!("{} {second}", self.surname1),
        )
    }

    /// Whether a text from another source is this given name: case, accents, hyphens and signs do not matter, words do.
    pub fn is_given_as(&self, text: &str) -> bool {
        words(text) == words(&self.given)
    }

    /// The same of the surnames. They may stand in any order; the first one may stand alone, as on the DNIe.
    pub fn is_surnamed_as(&self, text: &str) -> bool {
        let sorted = |text: &str| {
            let mut words = words(text);
            words.sort_unstable();
            words
        };
        let found = sorted(text);
        found == sorted(&self.surnames()) || found == sorted(&self.surname1)
    }

    /// Given name and surnames, as a person is addressed.
    pub fn full(&self) -> String {
        format!("{} {}", self.given, self.surnames())
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonName(…)")
    }
}

impl fmt::Display for NamePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Given => "given name",
            Self::Surname1 => "first surname",
            Self::Surname2 => "second surname",
        })
    }
}

fn checked(part: NamePart, text: &str) -> Result<String, InvalidName> {
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(text);
    if composed.chars().any(|c| c != ' ' && !may_be_in_a_name(c)) {
        return Err(InvalidName::Character(part));
    }
    let name = composed.split_whitespace().collect::<Vec<_>>().join(" ");
    if !name.chars().any(char::is_alphabetic) {
        return Err(InvalidName::Missing(part));
    }
    if name.chars().count() > MOST_CHARACTERS {
        return Err(InvalidName::TooLong(part));
    }
    Ok(name)
}

/// The words of a name without what registers write differently: case, accents, and signs within words.
fn words(text: &str) -> Vec<String> {
    DecomposingNormalizerBorrowed::new_nfd()
        .normalize(text)
        .split(|c: char| c.is_whitespace() || c == '-')
        .map(|word| {
            word.chars()
                .filter(|c| c.is_alphabetic())
                .flat_map(char::to_uppercase)
                .collect::<String>()
        })
        .filter(|word| !word.is_empty())
        .collect()
}

fn may_be_in_a_name(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '-' | '\'' | '’' | '.' | ',' | '·' | '/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_of_many_kinds_are_taken() {
        for (given, first, second) in [
            ("María del Mar", "García-Lorca", Some("de la Peña")),
            ("Mª José", "Núñez", None),
            ("Gil·la", "O'Donnell", Some("Çelik")),
            ("Ελένη", "Παπαδοπούλου", None),
        ] {
            assert!(PersonName::new(given, first, second).is_ok(), "{given}");
        }
    }

    #[test]
    fn spaces_and_accents_are_brought_into_one_form() {
        let name = PersonName::new("  Jose\u{301}   Luis ", "Pérez", Some("  ")).unwrap();
        assert_eq!(name.given(), "José Luis");
        assert_eq!(name.surname2(), None);
        assert_eq!(name.full(), "José Luis Pérez");
    }

    #[test]
    fn a_name_is_known_again_however_a_register_writes_it() {
        let name = PersonName::new("María José", "García-Lorca", Some("Núñez")).unwrap();
        for text in ["MARIA JOSE", "maría-josé", " Mari\u{301}a  José "] {
            assert!(name.is_given_as(text), "{text}");
        }
        for text in ["MARIA", "JOSE MARIA", "MARIA JOSEFA", ""] {
            assert!(!name.is_given_as(text), "{text}");
        }
        for text in [
            "GARCIA LORCA NUNEZ",
            "García-Lorca Núñez",
            "NUÑEZ GARCIA LORCA",
            "GARCIA LORCA",
        ] {
            assert!(name.is_surnamed_as(text), "{text}");
        }
        for text in ["NUÑEZ", "GARCIA", "GARCIA LORCA NUÑO", ""] {
            assert!(!name.is_surnamed_as(text), "{text}");
        }
        let short = PersonName::new("Ana", "O'Donnell", None).unwrap();
        assert!(short.is_surnamed_as("ODONNELL"));
    }

    #[test]
    fn the_wrong_name_is_named_in_the_refusal() {
        let long = "a".repeat(61);
        for (given, first, second, refusal) in [
            (" ", "Gil", None, InvalidName::Missing(NamePart::Given)),
            ("Ana", "-", None, InvalidName::Missing(NamePart::Surname1)),
            (
                "Ana",
                "Gil\n",
                None,
                InvalidName::Character(NamePart::Surname1),
            ),
            (
                "Ana",
                "Gil\u{202e}",
                None,
                InvalidName::Character(NamePart::Surname1),
            ),
            (
                "Ana",
                "Gil",
                Some("R2"),
                InvalidName::Character(NamePart::Surname2),
            ),
            ("<b>", "Gil", None, InvalidName::Character(NamePart::Given)),
            (
                long.as_str(),
                "Gil",
                None,
                InvalidName::TooLong(NamePart::Given),
            ),
        ] {
            assert_eq!(PersonName::new(given, first, second), Err(refusal));
        }
    }

    proptest! {
        #[test]
        fn a_name_that_was_taken_is_taken_again_as_it_is(text in "\\PC{0,70}") {
            if let Ok(name) = PersonName::new(&text, "Gil", None) {
                prop_assert!(!name.given().chars().any(char::is_control));
                prop_assert_eq!(PersonName::new(name.given(), "Gil", None).unwrap(), name);
            }
        }
    }
}
