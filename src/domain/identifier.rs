//! DNI and NIE, the identifiers of citizens.

use std::fmt;
use std::str::FromStr;

/// The letters of the modulo 23 check (Real Decreto 1553/2005 and Orden INT/2058/2008), by remainder.
const CHECK_LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";

/// A DNI (eight digits and a letter) or NIE (X, Y or Z, seven digits and a letter), check letter verified.
///
/// Kept in upper case without separators. `Display` masks it as `****5678*`; [`as_str`](Self::as_str) is the
/// whole.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct NationalId(String);

/// Why a text is no DNI or NIE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNationalId {
    /// Neither shape fits.
    #[error("neither a DNI (8 digits and a letter) nor a NIE (X, Y or Z, 7 digits and a letter)")]
    Shape,
    /// The shape fits and the check letter does not: a typing mistake.
    #[error("the check letter does not fit the digits")]
    CheckLetter,
}

impl NationalId {
    /// The DNI with this number and the letter that checks it; `None` for more than eight digits.
    pub fn dni(number: u32) -> Option<Self> {
        let letter = CHECK_LETTERS.get(usize::try_from(number).ok()? % CHECK_LETTERS.len())?;
        (number <= 99_999_999).then(|| Self(format!("{number:08}{}", char::from(*letter))))
    }

    /// The whole identifier, for certificates and look-ups. Never for logs, pages or addresses.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NationalId {
    type Err = InvalidNationalId;

    /// Takes lower case, and spaces, hyphens and dots anywhere, as people write them.
    fn from_str(text: &str) -> Result<Self, InvalidNationalId> {
        let plain: String = text
            .chars()
            .filter(|c| !matches!(c, ' ' | '-' | '.'))
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let Some((digits, letter)) = plain.split_at_checked(8) else {
            return Err(InvalidNationalId::Shape);
        };
        let number = match digits.as_bytes() {
            [b'X', ..] => digits.replacen('X', "0", 1),
            [b'Y', ..] => digits.replacen('Y', "1", 1),
            [b'Z', ..] => digits.replacen('Z', "2", 1),
            _ => digits.to_owned(),
        };
        let [letter] = letter.as_bytes() else {
            return Err(InvalidNationalId::Shape);
        };
        if !number.bytes().all(|b| b.is_ascii_digit()) || !letter.is_ascii_uppercase() {
            return Err(InvalidNationalId::Shape);
        }
        let remainder = number
            .parse::<usize>()
            .map_or(usize::MAX, |n| n % CHECK_LETTERS.len());
        if CHECK_LETTERS.get(remainder) != Some(letter) {
            return Err(InvalidNationalId::CheckLetter);
        }
        Ok(Self(plain))
    }
}

impl fmt::Display for NationalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let middle = self.0.get(4..8).unwrap_or_default();
        write!(f, "****{middle}*")
    }
}

impl fmt::Debug for NationalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NationalId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_examples_are_valid() {
        for text in [
            "00000000T",
            "99999999R",
            "12345678Z",
            "X0000000T",
            "Z1234567R",
            "12.345.678-z",
            " y1234567x ",
        ] {
            assert!(text.parse::<NationalId>().is_ok(), "{text}");
        }
    }

    #[test]
    fn a_dni_made_of_its_number_has_the_right_letter() {
        for number in (0..40).chain([12_345_678, 99_999_999]) {
            let made = NationalId::dni(number).unwrap();
            assert_eq!(made.as_str().parse(), Ok(made));
        }
        assert_eq!(NationalId::dni(12_345_678).unwrap().as_str(), "12345678Z");
        assert_eq!(NationalId::dni(100_000_000), None);
    }

    #[test]
    fn a_wrong_check_letter_is_told_apart_from_a_wrong_shape() {
        assert_eq!(
            "12345678A".parse::<NationalId>(),
            Err(InvalidNationalId::CheckLetter)
        );
        for text in [
            "",
            "1234567",
            "123456789Z",
            "A1234567X",
            "X12345678Z",
            "1234567ÑZ",
            "éééééééé",
            "0000000X0",
        ] {
            assert_eq!(
                text.parse::<NationalId>(),
                Err(InvalidNationalId::Shape),
                "{text}"
            );
        }
    }

    #[test]
    fn printing_masks_it() {
        let id: NationalId = "12345678Z".parse().unwrap();
        assert_eq!(format!("{id} {id:?}"), "****5678* NationalId(****5678*)");
    }
}
