//! What may be chosen for a PAdES signature, as types that hold only what a PDF can carry.

use std::fmt;
use std::str::FromStr;

use crate::ades::AdesError;
use crate::ades::cms::OptionalAttribute;
use crate::domain::request::{Commitment, PadesOptions, SignaturePolicy};
use crate::domain::text;
pub use crate::domain::text::InvalidText;

/// Choices for one signature. The default is a new invisible field without any text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// An existing empty signature field to sign into; a new invisible one is made when there is none named.
    pub field: Option<FieldName>,
    /// What the signature means.
    pub meaning: Meaning,
    /// `/Location`: where the signer claims to be.
    pub location: Option<Text>,
    /// `/ContactInfo`: how a recipient may reach the signer.
    pub contact: Option<Text>,
}

/// What the signature means. A reason excludes commitment and policy (EN 319 142-1 table 1, notes d and m).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Meaning {
    /// Nothing is said.
    #[default]
    Unstated,
    /// `/Reason`, in the signer's words.
    Reason(Text),
    /// The commitment-type-indication attribute.
    Commitment(Commitment),
    /// The signature-policy-identifier attribute, and perhaps a commitment.
    Policy {
        /// Under which policy it is signed.
        policy: SignaturePolicy,
        /// What the signature commits to.
        commitment: Option<Commitment>,
    },
}

/// A line of text for people, as [`text::check`] takes it: readers show these texts on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(String);

/// The fully qualified name of a form field: partial names joined by full stops (ISO 32000-1 section 12.7.3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldName(String);

/// An option that cannot go into a signature.
#[derive(Debug, thiserror::Error)]
#[error("the option {option} cannot be used")]
pub struct InvalidOption {
    /// The option's name in [`PadesOptions`].
    pub option: &'static str,
    /// What is wrong with it.
    pub source: OptionFault,
}

/// What is wrong with an option.
#[derive(Debug, thiserror::Error)]
pub enum OptionFault {
    /// Its text cannot be shown.
    #[error(transparent)]
    Text(#[from] InvalidText),
    /// It stands beside a reason.
    #[error(
        "a signature has either a reason or this, never both (EN 319 142-1 clause 6.3); leave one of them out"
    )]
    BesideReason,
    /// The attribute cannot be made of it.
    #[error(transparent)]
    Attribute(Box<AdesError>),
}

impl TryFrom<&PadesOptions> for Options {
    type Error = InvalidOption;

    fn try_from(options: &PadesOptions) -> Result<Self, InvalidOption> {
        Ok(Self {
            field: parsed("field", options.field.as_deref())?,
            meaning: meaning(options)?,
            location: parsed("location", options.location.as_deref())?,
            contact: parsed("contact", options.contact.as_deref())?,
        })
    }
}

impl Text {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FieldName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Text {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        text::check(text)?;
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for FieldName {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        text::check(text)?;
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn meaning(options: &PadesOptions) -> Result<Meaning, InvalidOption> {
    let wrong = |option, source| Err(InvalidOption { option, source });
    if let Some(policy) = &options.policy
        && let Err(error) = OptionalAttribute::policy(policy)
    {
        return wrong("policy", OptionFault::Attribute(Box::new(error)));
    }
    let reason = parsed("reason", options.reason.as_deref())?;
    match (reason, options.commitment, options.policy.clone()) {
        (None, None, None) => Ok(Meaning::Unstated),
        (Some(reason), None, None) => Ok(Meaning::Reason(reason)),
        (None, Some(commitment), None) => Ok(Meaning::Commitment(commitment)),
        (None, commitment, Some(policy)) => Ok(Meaning::Policy { policy, commitment }),
        (Some(_), Some(_), _) => wrong("commitment", OptionFault::BesideReason),
        (Some(_), None, Some(_)) => wrong("policy", OptionFault::BesideReason),
    }
}

fn parsed<T: FromStr<Err = InvalidText>>(
    option: &'static str,
    text: Option<&str>,
) -> Result<Option<T>, InvalidOption> {
    text.map(|text| {
        text.parse().map_err(|source: InvalidText| InvalidOption {
            option,
            source: source.into(),
        })
    })
    .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_for_people_are_kept_and_tricks_refused() {
        assert_eq!("Castelló".parse::<Text>().unwrap().as_str(), "Castelló");
        assert_eq!(" \t".parse::<Text>(), Err(InvalidText::Empty));
        assert_eq!("a\nb".parse::<Text>(), Err(InvalidText::Control(10)));
        assert_eq!(
            "a\u{202e}b".parse::<Text>(),
            Err(InvalidText::Control(0x202e))
        );
        let longest = "é".repeat(text::LONGEST);
        assert_eq!(
            format!("{longest}.").parse::<FieldName>(),
            Err(InvalidText::TooLong)
        );
        assert!(longest.parse::<FieldName>().is_ok());
    }
}
