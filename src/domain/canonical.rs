//! One byte string for each value, and different ones for different values: each part is preceded by its length.

/// Builds such a byte string.
pub struct Canonical(Vec<u8>);

impl Canonical {
    /// Begins with what it is for, so that strings of different purposes never coincide.
    #[must_use]
    pub fn new(purpose: &str) -> Self {
        Self(Vec::new()).part(purpose.as_bytes())
    }

    /// Adds a part: its length in 8 bytes, big-endian, and the part itself.
    #[must_use]
    pub fn part(mut self, bytes: &[u8]) -> Self {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.0.extend(length.to_be_bytes());
        self.0.extend(bytes);
        self
    }

    /// Adds a part that may be missing. A missing one and an empty one differ.
    #[must_use]
    pub fn optional(self, bytes: Option<&[u8]>) -> Self {
        match bytes {
            Some(bytes) => self.part(&[1]).part(bytes),
            None => self.part(&[0]),
        }
    }

    /// Adds a list: how many parts it has, and each.
    #[must_use]
    pub fn list<'a>(self, parts: impl ExactSizeIterator<Item = &'a [u8]>) -> Self {
        let count = u64::try_from(parts.len()).unwrap_or(u64::MAX);
        parts.fold(self.part(&count.to_be_bytes()), Self::part)
    }

    /// The byte string.
    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encode(parts: &[Vec<u8>]) -> Vec<u8> {
        parts
            .iter()
            .fold(Canonical::new("test"), |canonical, part| {
                canonical.part(part)
            })
            .finish()
    }

    #[test]
    fn moving_a_boundary_changes_the_encoding() {
        assert_ne!(
            Canonical::new("test").optional(None).finish(),
            Canonical::new("test").optional(Some(b"")).finish()
        );
        assert_ne!(
            encode(&[b"ab".to_vec(), b"c".to_vec()]),
            encode(&[b"a".to_vec(), b"bc".to_vec()])
        );
    }

    proptest! {
        #[test]
        fn different_parts_have_different_encodings(a: Vec<Vec<u8>>, b: Vec<Vec<u8>>) {
            prop_assert_eq!(a == b, encode(&a) == encode(&b));
        }
    }
}
