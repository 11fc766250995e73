//! Digests of streams, whose state can be kept and taken up again.

use std::fmt;

use sha2::digest::common::hazmat::{SerializableState, SerializedState};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::algorithm::{Digest, DigestAlgorithm};

/// Digests a stream piece by piece. A clone goes on from the same state.
///
/// Whole blocks are digested as they come; the rest of a block waits here, so that a midstate never holds
/// a byte of the data.
#[derive(Clone)]
pub struct Hasher {
    function: Function,
    waiting: Vec<u8>,
    length: u64,
}

#[derive(Clone)]
enum Function {
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

/// A kept state that this program did not write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the state of a digest computation")]
pub struct InvalidMidstate;

impl Hasher {
    /// An empty digest computation.
    pub fn new(algorithm: DigestAlgorithm) -> Self {
        let function = match algorithm {
            DigestAlgorithm::Sha256 => Function::Sha256(Sha256::new()),
            DigestAlgorithm::Sha384 => Function::Sha384(Sha384::new()),
            DigestAlgorithm::Sha512 => Function::Sha512(Sha512::new()),
        };
        Self {
            function,
            waiting: Vec::new(),
            length: 0,
        }
    }

    /// Takes in the next piece.
    pub fn update(&mut self, mut data: &[u8]) {
        self.length = self
            .length
            .saturating_add(u64::try_from(data.len()).unwrap_or(u64::MAX));
        let block = self.function.block_len();
        if !self.waiting.is_empty() {
            let missing = block.saturating_sub(self.waiting.len()).min(data.len());
            let (head, rest) = data.split_at(missing);
            self.waiting.extend_from_slice(head);
            data = rest;
            if self.waiting.len() < block {
                return;
            }
            self.function.update(&self.waiting);
            self.waiting.clear();
        }
        let (blocks, rest) = data.split_at(data.len() - data.len() % block);
        self.function.update(blocks);
        self.waiting.extend_from_slice(rest);
    }

    /// How many bytes were taken in.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The digest of all that was taken in.
    pub fn finish(mut self) -> Digest {
        self.function.update(&self.waiting);
        match self.function {
            Function::Sha256(inner) => {
                Digest::from_output(DigestAlgorithm::Sha256, inner.finalize().to_vec())
            }
            Function::Sha384(inner) => {
                Digest::from_output(DigestAlgorithm::Sha384, inner.finalize().to_vec())
            }
            Function::Sha512(inner) => {
                Digest::from_output(DigestAlgorithm::Sha512, inner.finalize().to_vec())
            }
        }
    }

    /// The state after the last whole block: eight bytes of position (big-endian), then the chaining value and the count of
    /// blocks. It holds nothing of the data itself.
    pub fn midstate(&self) -> Vec<u8> {
        let position = self
            .length
            .saturating_sub(u64::try_from(self.waiting.len()).unwrap_or(0));
        let mut kept = position.to_be_bytes().to_vec();
        kept.extend(match &self.function {
            Function::Sha256(inner) => inner.serialize().to_vec(),
            Function::Sha384(inner) => inner.serialize().to_vec(),
            Function::Sha512(inner) => inner.serialize().to_vec(),
        });
        // What follows is room for a block, and empty: no part of one is ever in there.
        kept.truncate(kept.len().saturating_sub(self.function.block_len()));
        kept
    }

    /// Takes a kept state up again. The caller feeds it the data from [`length`](Self::length) on.
    pub fn resume(algorithm: DigestAlgorithm, midstate: &[u8]) -> Result<Self, InvalidMidstate> {
        let (position, state) = midstate.split_first_chunk::<8>().ok_or(InvalidMidstate)?;
        let mut state = state.to_vec();
        let room = Self::new(algorithm).function.block_len();
        state.resize(state.len().saturating_add(room), 0);
        let function = match algorithm {
            DigestAlgorithm::Sha256 => Function::Sha256(deserialize(&state)?),
            DigestAlgorithm::Sha384 => Function::Sha384(deserialize(&state)?),
            DigestAlgorithm::Sha512 => Function::Sha512(deserialize(&state)?),
        };
        Ok(Self {
            function,
            waiting: Vec::new(),
            length: u64::from_be_bytes(*position),
        })
    }
}

impl Function {
    fn block_len(&self) -> usize {
        match self {
            Self::Sha256(_) => 64,
            Self::Sha384(_) | Self::Sha512(_) => 128,
        }
    }

    fn update(&mut self, data: &[u8]) {
        match self {
            Self::Sha256(inner) => inner.update(data),
            Self::Sha384(inner) => inner.update(data),
            Self::Sha512(inner) => inner.update(data),
        }
    }
}

fn deserialize<S: SerializableState>(state: &[u8]) -> Result<S, InvalidMidstate> {
    let state = SerializedState::<S>::try_from(state)
        .ok()
        .ok_or(InvalidMidstate)?;
    S::deserialize(&state).ok().ok_or(InvalidMidstate)
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher")
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sha_256_of_abc_is_the_standards_example() {
        assert_eq!(
            Digest::of(DigestAlgorithm::Sha256, b"abc").to_hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn a_midstate_holds_nothing_of_the_last_block() {
        let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
        hasher.update(&[0xAA; 64]);
        let before = hasher.midstate();
        hasher.update(&[0xBB; 63]);
        assert_eq!(hasher.midstate(), before);
    }

    #[test]
    fn a_foreign_midstate_is_refused() {
        assert!(Hasher::resume(DigestAlgorithm::Sha256, &[0; 12]).is_err());
    }

    proptest! {
        #[test]
        fn resuming_gives_the_digest_of_the_whole(
            data in proptest::collection::vec(any::<u8>(), 0..700),
            cut in 0_usize..700,
            which in 0_usize..3,
        ) {
            let algorithm = DigestAlgorithm::ALL[which];
            let cut = cut.min(data.len());
            let mut first = Hasher::new(algorithm);
            first.update(&data[..cut]);
            let mut second = Hasher::resume(algorithm, &first.midstate()).unwrap();
            let from = usize::try_from(second.length()).unwrap();
            second.update(&data[from..]);
            prop_assert_eq!(second.finish(), Digest::of(algorithm, &data));
        }

        #[test]
        fn pieces_do_not_matter(data in proptest::collection::vec(any::<u8>(), 0..700), size in 1_usize..200) {
            let mut hasher = Hasher::new(DigestAlgorithm::Sha512);
            for piece in data.chunks(size) {
                hasher.update(piece);
            }
            let expected = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA512, &data);
            let digest = hasher.finish();
            prop_assert_eq!(digest.bytes(), expected.as_ref());
        }
    }
}
