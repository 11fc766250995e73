//! Names of stored objects.

use std::fmt;
use std::str::FromStr;

/// The name of one stored object: 128 random bits, written as 32 lower-case hexadecimal digits.
///
/// It tells nothing of the object, of a person or of a file name, and cannot leave the folder it is used in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey([u8; 16]);

/// The text is no name of a stored object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an object key: 32 lower-case hexadecimal digits expected")]
pub struct InvalidObjectKey;

impl ObjectKey {
    /// Takes random bytes, fresh for each object.
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl FromStr for ObjectKey {
    type Err = InvalidObjectKey;

    fn from_str(text: &str) -> Result<Self, InvalidObjectKey> {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(InvalidObjectKey);
        }
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes)
            .ok()
            .ok_or(InvalidObjectKey)?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_its_own_writing_is_read() {
        let key = ObjectKey::from_random([0xA7; 16]);
        assert_eq!(key.to_string().parse(), Ok(key));
        for text in [
            "",
            "../../../../../../etc/passwd",
            &key.to_string().to_uppercase(),
        ] {
            assert_eq!(text.parse::<ObjectKey>(), Err(InvalidObjectKey), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_plain_hexadecimal(text in "\\PC{0,40}|[0-9a-f]{32}|[0-9a-fA-F./\\\\]{32}") {
            if let Ok(key) = text.parse::<ObjectKey>() {
                prop_assert_eq!(key.to_string(), text.clone());
                prop_assert!(text.bytes().all(|byte| byte.is_ascii_hexdigit()));
            }
        }
    }
}
