//! From a password or activation code to a key: Argon2id (RFC 9106), run once for each look.

use std::fmt;
use std::str::FromStr;

use argon2::{Algorithm, Argon2, Params, Version};
use zeroize::Zeroizing;

use crate::domain::secret::SecretBytes;

/// Bytes of salt (RFC 9106 section 3.1 recommends 16).
pub(super) const SALT_BYTES: usize = 16;

/// The cost of Argon2id. Written as `argon2id;v=19;m=19456;t=2;p=1` beside each keyslot, so that the cost can be
/// raised later: a slot is sealed anew when it is next opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Derivation {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// Costs that Argon2id or this machine cannot mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "Argon2id needs 8 KiB of memory for each lane and at most 4 GiB, 1 to 100 passes and 1 to 16 lanes"
)]
pub struct InvalidDerivation;

impl Derivation {
    /// Memory in KiB, passes over it, and lanes (RFC 9106 section 3.1: m, t, p).
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, InvalidDerivation> {
        let good = (1..=16).contains(&lanes)
            && (1..=100).contains(&passes)
            && (8 * lanes..=4 * 1024 * 1024).contains(&memory_kib);
        if good {
            Ok(Self {
                memory_kib,
                passes,
                lanes,
            })
        } else {
            Err(InvalidDerivation)
        }
    }

    /// Whether an attacker with the database has it easier than with `other`.
    pub(super) fn is_weaker_than(&self, other: &Self) -> bool {
        self.memory_kib < other.memory_kib || self.passes < other.passes
    }

    /// One run gives 64 bytes: a verifier, of which only the SHA-256 is kept, and the key of the slot. Each run is
    /// traced with its cost, and nothing else of it.
    pub(super) fn derive(
        &self,
        knowledge: &[u8],
        salt: &[u8],
    ) -> Result<Derived, DerivationFailed> {
        let parameters = Params::new(self.memory_kib, self.passes, self.lanes, Some(64))
            .map_err(DerivationFailed)?;
        tracing::trace!(cost = %self, "Argon2id");
        let mut output = Zeroizing::new([0_u8; 64]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
            .hash_password_into(knowledge, salt, output.as_mut_slice())
            .map_err(DerivationFailed)?;
        let mut verifier = Zeroizing::new([0; 32]);
        let mut key = Zeroizing::new([0; 32]);
        let (first, second) = output.split_at(32);
        verifier.copy_from_slice(first);
        key.copy_from_slice(second);
        Ok(Derived {
            verifier: SecretBytes::new(*verifier),
            key: SecretBytes::new(*key),
        })
    }
}

/// What one run gives.
pub(super) struct Derived {
    pub(super) verifier: SecretBytes<32>,
    pub(super) key: SecretBytes<32>,
}

/// Argon2id refused its input.
#[derive(Debug, thiserror::Error)]
#[error("Argon2id failed: {0}")]
pub(super) struct DerivationFailed(argon2::Error);

impl Default for Derivation {
    /// OWASP's password storage cheat sheet, first choice with little memory: 19 MiB, 2 passes, 1 lane.
    fn default() -> Self {
        Self {
            memory_kib: 19 * 1024,
            passes: 2,
            lanes: 1,
        }
    }
}

impl fmt::Display for Derivation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "argon2id;v=19;m={};t={};p={}",
            self.memory_kib, self.passes, self.lanes
        )
    }
}

impl FromStr for Derivation {
    type Err = InvalidDerivation;

    fn from_str(text: &str) -> Result<Self, InvalidDerivation> {
        let numbers: Vec<u32> = text
            .strip_prefix("argon2id;v=19;m=")
            .and_then(|rest| rest.split_once(";t="))
            .and_then(|(memory, rest)| {
                let (passes, lanes) = rest.split_once(";p=")?;
                [memory, passes, lanes]
                    .into_iter()
                    .map(|number| number.parse().ok())
                    .collect()
            })
            .ok_or(InvalidDerivation)?;
        match numbers.as_slice() {
            [memory, passes, lanes] => Self::new(*memory, *passes, *lanes),
            _ => Err(InvalidDerivation),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_written_form_comes_back() {
        let derivation = Derivation::new(64, 3, 2).unwrap();
        assert_eq!(derivation.to_string(), "argon2id;v=19;m=64;t=3;p=2");
        assert_eq!(derivation.to_string().parse(), Ok(derivation));
        for text in [
            "",
            "argon2id;v=19;m=64;t=3",
            "argon2i;v=19;m=64;t=3;p=2",
            "argon2id;v=19;m=1;t=1;p=1",
        ] {
            assert_eq!(text.parse::<Derivation>(), Err(InvalidDerivation), "{text}");
        }
    }

    #[test]
    fn the_verifier_says_nothing_of_the_key() {
        let derived = Derivation::new(8, 1, 1)
            .unwrap()
            .derive(b"password", &[1; 16])
            .unwrap();
        assert_ne!(derived.verifier.expose(), derived.key.expose());
        let other = Derivation::new(8, 1, 1)
            .unwrap()
            .derive(b"password", &[2; 16])
            .unwrap();
        assert_ne!(derived.key.expose(), other.key.expose());
    }
}
