//! What is wrong with a configuration, in words for the person who wrote it.

use std::fmt;
use std::path::PathBuf;

/// Where a value was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody gave it: the value built in.
    Default,
    /// A line of the configuration file.
    File {
        /// The file.
        path: PathBuf,
        /// Counted from one.
        line: usize,
    },
    /// An environment variable, by name.
    Environment(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) => f.write_str(name),
        }
    }
}

/// One thing that is wrong. A secret's value is never part of it.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The configuration file cannot be read.
    #[error("{}: cannot be read: {source}; name another one with --config", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("{at}: not TOML: {message}")]
    Syntax {
        /// Where.
        at: Origin,
        /// What the parser says.
        message: String,
    },
    /// A section, a key of a section, or a variable, that nobody reads.
    #[error("{}unknown {}{}", what.place(at, key), what.word(), suggestion.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default())]
    Unknown {
        /// Where it was written.
        at: Origin,
        /// Its path.
        key: String,
        /// What it would be.
        what: Nameable,
        /// A known name that differs by little.
        suggestion: Option<String>,
    },
    /// A key without a default was not given.
    #[error(
        "{key}: missing; write for example `{example}` in section [{section}], or set {variable}"
    )]
    Missing {
        /// Its path.
        key: String,
        /// The section to write it in.
        section: &'static str,
        /// A line that would do.
        example: String,
        /// The environment variable that would do.
        variable: String,
    },
    /// The value is not of the kind the key takes.
    #[error("{at}: {key}: expected {expected}, {found}")]
    Unsuitable {
        /// Where.
        at: Origin,
        /// Its path.
        key: String,
        /// What the key takes.
        expected: String,
        /// What was there instead.
        found: String,
    },
    /// The value is of the right kind and cannot work, alone or beside another one.
    #[error("{key}: {detail}")]
    Unworkable {
        /// Its path.
        key: String,
        /// Why, and what to do.
        detail: String,
    },
    /// The value works, and better ones are at hand.
    #[error("{at}: {key}: {detail}")]
    Unwise {
        /// Where it was given.
        at: Origin,
        /// Its path.
        key: String,
        /// Why, and what would be better.
        detail: String,
    },
    /// A secret's file cannot be used.
    #[error("{at}: {key}: {}: {detail}", path.display())]
    SecretFile {
        /// Where it was named.
        at: Origin,
        /// The key that names it.
        key: String,
        /// The file.
        path: PathBuf,
        /// Why, and what to do.
        detail: String,
    },
}

/// What can be misspelt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nameable {
    /// `[name]`
    Section,
    /// `name = …`
    Key,
    /// `RUBRICA_SECTION__NAME=…`
    Variable,
}

impl Nameable {
    fn word(self) -> &'static str {
        match self {
            Self::Section => "section",
            Self::Key => "key",
            Self::Variable => "variable",
        }
    }

    /// Where it was written and, unless that says it already, as what.
    fn place(self, at: &Origin, key: &str) -> String {
        match self {
            Self::Section | Self::Key => format!("{at}: {key}: "),
            Self::Variable => format!("{at}: "),
        }
    }
}

/// Everything that is wrong, in the order of the sections.
#[derive(Debug)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [one] => write!(f, "the configuration is wrong: {one}"),
            many => {
                write!(f, "the configuration is wrong in {} places:", many.len())?;
                for problem in many {
                    write!(f, "\n  {problem}")?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for Problems {}

/// The known name closest to a misspelt one, when it is close enough to be meant.
pub(super) fn nearest<'a>(
    written: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(written, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 4)
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_keyboard_finds_the_name_meant() {
        let known = ["slot", "token", "module", "connections"];
        assert_eq!(nearest("slto", known), Some("slot"));
        assert_eq!(nearest("conections", known), Some("connections"));
        assert_eq!(nearest("colour", known), None);
    }
}
