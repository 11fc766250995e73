//! Names of the machines that serve together.

use std::fmt;
use std::str::FromStr;

/// The name of one node. Each running server must have one of its own: it names a chain of the journal and owns
/// leases.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeName(String);

/// The text is no name for a node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a node name: 1 to 64 of the characters a-z, A-Z, 0-9, `.`, `-`, `_` expected")]
pub struct InvalidNodeName;

impl NodeName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NodeName {
    type Err = InvalidNodeName;

    fn from_str(text: &str) -> Result<Self, InvalidNodeName> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        ((1..=64).contains(&text.len()) && text.chars().all(fits))
            .then(|| Self(text.to_owned()))
            .ok_or(InvalidNodeName)
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_are_node_names_and_sentences_are_not() {
        assert!("rubrica-2.example".parse::<NodeName>().is_ok());
        for text in ["", "a b", "ñ", &"x".repeat(65)] {
            assert_eq!(text.parse::<NodeName>(), Err(InvalidNodeName), "{text}");
        }
    }
}
