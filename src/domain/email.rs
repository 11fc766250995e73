//! E-mail addresses.

use std::fmt;
use std::str::FromStr;

/// Longest address that mail can carry (RFC 5321 section 4.5.3.1.3, less the angle brackets).
const MOST_BYTES: usize = 254;
/// Longest part before the @ (RFC 5321 section 4.5.3.1.1).
const MOST_LOCAL_BYTES: usize = 64;
/// Longest label of a domain name (RFC 1035 section 2.3.4).
const MOST_LABEL_BYTES: usize = 63;

/// An address of the form `local@domain`: a dot-atom (RFC 5322 section 3.2.3) and a domain name with at least two
/// labels. Quoted local parts, address literals and non-ASCII addresses are refused.
///
/// Kept as given. `Display` masks it as `m…@example.com`; [`as_str`](Self::as_str) is the whole.
#[derive(Clone, PartialEq, Eq)]
pub struct Email(String);

/// The text is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address of the form name@example.com")]
pub struct InvalidEmail;

impl Email {
    /// The whole address. Never for logs.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a person typed this address, upper and lower case and outer spaces aside.
    pub fn is_typed_as(&self, typed: &str) -> bool {
        self.0.eq_ignore_ascii_case(typed.trim())
    }
}

impl FromStr for Email {
    type Err = InvalidEmail;

    /// Takes outer spaces, as people write them.
    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidEmail)?;
        let labels: Vec<&str> = domain.split('.').collect();
        let good = text.len() <= MOST_BYTES
            && local.len() <= MOST_LOCAL_BYTES
            && local.split('.').all(is_atom)
            && labels.len() >= 2
            && labels.iter().all(|label| is_label(label))
            && labels
                .last()
                .is_some_and(|top| !top.bytes().all(|byte| byte.is_ascii_digit()));
        if good {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidEmail)
        }
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or_default();
        write!(f, "{}…@{domain}", local.get(..1).unwrap_or_default())
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Email({self})")
    }
}

fn is_atom(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte))
}

fn is_label(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MOST_LABEL_BYTES
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn usual_addresses_are_taken() {
        for text in [
            "maria@example.com",
            " m.garcia+firma@correo.example.es ",
            "a@b.co",
        ] {
            assert!(text.parse::<Email>().is_ok(), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let long = format!("{}@example.com", "a".repeat(65));
        for text in [
            "",
            "maria",
            "@example.com",
            "maria@",
            "maria@localhost",
            "maria@-example.com",
            "maria@example..com",
            "ma ria@example.com",
            "a..b@example.com",
            "maria@example.com\r\nBcc: x@example.com",
            "maria@192.168.0.1",
            "a@b@example.com",
            long.as_str(),
        ] {
            assert_eq!(text.parse::<Email>(), Err(InvalidEmail), "{text}");
        }
    }

    #[test]
    fn case_does_not_matter_when_it_is_typed_again() {
        let email: Email = "Maria@Example.com".parse().unwrap();
        assert!(email.is_typed_as(" maria@example.COM"));
        assert!(!email.is_typed_as("mario@example.com"));
    }

    #[test]
    fn printing_masks_it() {
        let email: Email = "maria@example.com".parse().unwrap();
        assert_eq!(
            format!("{email} {email:?}"),
            "m…@example.com Email(m…@example.com)"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_an_address_of_one_line_or_refused(text in "\\PC{0,12}@?\\PC{0,12}|.{0,300}") {
            if let Ok(email) = text.parse::<Email>() {
                prop_assert!(email.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
                prop_assert!(email.is_typed_as(&text));
            }
        }
    }
}
