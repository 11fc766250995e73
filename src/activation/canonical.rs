//! One byte string for each value, and different ones for different values: each part is preceded by its length.

/// Builds such a byte string.
pub(super) struct Canonical(Vec<u8>);

impl Canonical {
    /// Begins with what it is for, so that strings of different purposes never coincide.
    pub(super) fn new(purpose: &str) -> Self {
        Self(Vec::new()).part(purpose.as_bytes())
    }

    /// Adds a part: its length in 8 bytes, big-endian, and the part itself.
    pub(super) fn part(mut self, bytes: &[u8]) -> Self {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.0.extend(length.to_be_bytes());
        self.0.extend(bytes);
        self
    }

    /// The byte string.
    pub(super) fn finish(self) -> Vec<u8> {
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
