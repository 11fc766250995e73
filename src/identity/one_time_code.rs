//! The digits of an SMS: drawn without bias.

use crate::clock::Ambient;
use crate::domain::secret::SecretText;

/// A code of `digits` decimal digits (at most 9), each code as likely as another.
pub(super) fn generate(ambient: &Ambient, digits: u32) -> SecretText {
    let codes = 10_u32.pow(digits.min(9));
    // The largest multiple of `codes` that fits; what lies above would favour small codes.
    let fair = u32::MAX - u32::MAX % codes;
    let drawn = loop {
        let number = u32::from_be_bytes(ambient.random());
        if number < fair {
            break number % codes;
        }
    };
    let width = usize::try_from(digits).unwrap_or(9);
    SecretText::new(format!("{drawn:0width$}"))
}

/// What a person typed, without the spaces that phones and people put in.
pub(super) fn typed(code: &SecretText) -> SecretText {
    SecretText::new(
        code.expose()
            .chars()
            .filter(|c| !matches!(c, ' ' | '-'))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::clock::Entropy;

    struct Sequence(AtomicU32);

    impl Entropy for Sequence {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.copy_from_slice(&self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        }
    }

    #[test]
    fn a_code_has_its_digits_with_the_noughts_in_front() {
        let ambient = Ambient {
            entropy: Arc::new(Sequence(AtomicU32::new(42))),
            ..Ambient::system()
        };
        assert_eq!(generate(&ambient, 6).expose(), "000042");
        assert_eq!(generate(&ambient, 9).expose(), "000000043");
    }

    #[test]
    fn draws_that_would_favour_some_codes_are_thrown_away() {
        // The last multiple of a million below 2^32 is 4 294 000 000.
        let ambient = Ambient {
            entropy: Arc::new(Sequence(AtomicU32::new(4_294_000_000))),
            ..Ambient::system()
        };
        assert_eq!(generate(&ambient, 6).expose(), "000000");
    }
}
