//! Places in chains, noted down.

use std::fmt;
use std::str::FromStr;

use serde_json::{Value, json};

use crate::store::journal::Place;

/// A place in a chain and the hash there, noted down outside the database: at the end of an export, or of an
/// earlier verification.
///
/// Written `node:number:hash`, the hash in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// Whose chain.
    pub node: String,
    /// The row's place in the chain.
    pub seq: i64,
    /// The row's hash.
    pub hash: [u8; 32],
}

/// The text is no anchor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an anchor: `node:number:hash` expected, the hash as 64 hexadecimal digits")]
pub struct InvalidAnchor;

impl Anchor {
    /// Of that place; `None` when there is no hash of 32 bytes.
    pub(super) fn at(node: &str, place: Place) -> Option<Self> {
        Some(Self {
            node: node.to_owned(),
            seq: place.seq,
            hash: place.hash.try_into().ok()?,
        })
    }

    /// The members `hash`, `node` and `seq` of a statement.
    pub(super) fn read(value: &Value) -> Option<Self> {
        Some(Self {
            node: value.get("node")?.as_str()?.to_owned(),
            seq: value.get("seq")?.as_i64()?,
            hash: hash(value.get("hash")?)?,
        })
    }

    /// The same as an object of its own.
    pub(super) fn to_json(&self) -> Value {
        json!({"hash": hex::encode(self.hash), "node": self.node, "seq": self.seq})
    }
}

/// 32 bytes in hexadecimal.
pub(super) fn hash(value: &Value) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    hex::decode_to_slice(value.as_str()?, &mut hash).ok()?;
    Some(hash)
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.node, self.seq, hex::encode(self.hash))
    }
}

impl FromStr for Anchor {
    type Err = InvalidAnchor;

    fn from_str(text: &str) -> Result<Self, InvalidAnchor> {
        let mut parts = text.trim().splitn(3, ':');
        let mut next = || parts.next().ok_or(InvalidAnchor);
        let node = next()?.to_owned();
        let seq = next()?.parse().ok().ok_or(InvalidAnchor)?;
        let mut hash = [0; 32];
        hex::decode_to_slice(next()?, &mut hash)
            .ok()
            .ok_or(InvalidAnchor)?;
        Ok(Self { node, seq, hash })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_is_an_anchor_or_refused(text in "\\PC*|[a-z]{0,3}:[0-9-]{0,20}:[0-9a-f]{60,66}") {
            if let Ok(anchor) = text.parse::<Anchor>() {
                prop_assert_eq!(anchor.to_string().parse(), Ok(anchor));
            }
        }
    }

    #[test]
    fn an_anchor_reads_back() {
        let anchor = Anchor {
            node: "alpha-1.example".to_owned(),
            seq: 42,
            hash: [0xC3; 32],
        };
        assert_eq!(anchor.to_string().parse(), Ok(anchor));
        assert_eq!("alpha:1:abc".parse::<Anchor>(), Err(InvalidAnchor));
    }
}
