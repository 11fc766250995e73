//! Telephone numbers that can receive an SMS.

use std::fmt;
use std::str::FromStr;

/// Spain's country code (ITU-T E.164, list of assigned codes).
const SPAIN: &str = "34";

/// A mobile number in E.164 form (`+`, country code, national number; at most 15 digits).
///
/// `Display` and `Debug` show the last three digits only; [`as_str`](Self::as_str) is the whole.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Phone(String);

/// Why a text is no number we can send a code to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPhone {
    /// Letters, or too few or too many digits.
    #[error("not a telephone number: 9 digits for Spain, or + and the country code (E.164)")]
    Shape,
    /// A Spanish number of a kind that gets no SMS.
    #[error("not a mobile number: in Spain they begin with 6 or 7")]
    NotMobile,
}

impl Phone {
    /// The whole number, `+` first. Never for logs or pages.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last three digits: what a page may show so that the citizen recognises the phone.
    pub fn hint(&self) -> &str {
        let shown = self.0.len().saturating_sub(3);
        self.0.get(shown..).unwrap_or_default()
    }
}

impl FromStr for Phone {
    type Err = InvalidPhone;

    /// Takes spaces, hyphens, dots, slashes and brackets anywhere, `00` for `+`, and Spanish numbers without prefix.
    fn from_str(text: &str) -> Result<Self, InvalidPhone> {
        let plain: String = text
            .chars()
            .filter(|c| !matches!(c, ' ' | '\u{a0}' | '-' | '.' | '/' | '(' | ')'))
            .collect();
        let international = plain
            .strip_prefix('+')
            .or_else(|| plain.strip_prefix("00"))
            .map_or_else(
                || match plain.len() {
                    9 => Some(format!("{SPAIN}{plain}")),
                    _ => None,
                },
                |digits| Some(digits.to_owned()),
            )
            .ok_or(InvalidPhone::Shape)?;
        if !international.bytes().all(|byte| byte.is_ascii_digit())
            || !(8..=15).contains(&international.len())
            || international.starts_with('0')
        {
            return Err(InvalidPhone::Shape);
        }
        if let Some(national) = international.strip_prefix(SPAIN) {
            if national.len() != 9 {
                return Err(InvalidPhone::Shape);
            }
            if !national.starts_with(['6', '7']) {
                return Err(InvalidPhone::NotMobile);
            }
        }
        Ok(Self(format!("+{international}")))
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "******{}", self.hint())
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_number_is_one_value_however_it_is_written() {
        for text in [
            "600123456",
            "600 12 34 56",
            "600-123-456",
            "+34600123456",
            "+34 (600) 123.456",
            "0034 600 123 456",
        ] {
            assert_eq!(
                text.parse::<Phone>().map(|phone| phone.as_str().to_owned()),
                Ok("+34600123456".to_owned()),
                "{text}"
            );
        }
        assert_eq!(
            "+351 912 345 678".parse::<Phone>().unwrap().as_str(),
            "+351912345678"
        );
    }

    #[test]
    fn what_cannot_get_an_sms_is_refused() {
        for text in [
            "",
            "+",
            "12345",
            "60012345",
            "6001234567",
            "+3460012345",
            "+3460012345678",
            "+0600123456",
            "+1234567890123456",
            "600123abc",
            "６００１２３４５６",
        ] {
            assert_eq!(text.parse::<Phone>(), Err(InvalidPhone::Shape), "{text}");
        }
        for text in ["912345678", "+34 812 345 678"] {
            assert_eq!(
                text.parse::<Phone>(),
                Err(InvalidPhone::NotMobile),
                "{text}"
            );
        }
    }

    #[test]
    fn printing_masks_it() {
        let phone: Phone = "600123456".parse().unwrap();
        assert_eq!(format!("{phone} {phone:?}"), "******456 Phone(******456)");
    }

    proptest! {
        #[test]
        fn any_text_is_a_number_in_one_form_or_refused(text in ".{0,24}") {
            if let Ok(phone) = text.parse::<Phone>() {
                prop_assert_eq!(phone.as_str().parse::<Phone>().unwrap(), phone);
            }
        }
    }
}
