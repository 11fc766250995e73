//! By what a block of a long stream is recognised alone: states of its SHA-256 between the blocks.
//!
//! Whoever keeps them, in a place that cannot be changed, can read any part of a file and know that it is what was
//! digested, without reading the rest. A block leads from the state before it to the state behind it, which no other
//! block does: the compression function of SHA-256 resists collisions as the whole does.

use super::algorithm::{Digest, DigestAlgorithm, Hasher};

/// The shortest block: 128 KiB.
const SHORTEST: u64 = 128 * 1024;
/// Most states that are kept: of a longer stream, every second one is given up and the blocks are twice as long.
const MOST: usize = 1024;
/// A state as it is kept ([`Hasher::midstate`]): position, chaining value, and the count of blocks.
const STATE: usize = 48;

/// The states of one stream: 48 KiB at most, none of a stream of one block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockStates {
    block: u64,
    /// Behind each block but the last one, in order.
    states: Vec<Vec<u8>>,
}

/// Kept states that this program did not write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the block states of a digest computation")]
pub struct InvalidBlockStates;

/// A block is not the one that was digested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the block is not the one that was digested")]
pub struct BlockChanged;

/// Digests a stream by SHA-256 and keeps the states between its blocks.
#[derive(Debug)]
pub struct BlockHasher {
    hasher: Hasher,
    kept: BlockStates,
    /// Length at which the next state is due.
    due: u64,
}

impl Default for BlockHasher {
    fn default() -> Self {
        Self {
            hasher: Hasher::new(DigestAlgorithm::Sha256),
            kept: BlockStates::none(),
            due: SHORTEST,
        }
    }
}

impl BlockHasher {
    /// Takes in the next piece.
    pub fn update(&mut self, mut data: &[u8]) {
        while !data.is_empty() {
            if self.hasher.length() == self.due {
                self.keep();
            }
            let room = self.due.saturating_sub(self.hasher.length());
            let room = usize::try_from(room).unwrap_or(usize::MAX).min(data.len());
            let (now, later) = data.split_at(room);
            self.hasher.update(now);
            data = later;
        }
    }

    fn keep(&mut self) {
        let kept = &mut self.kept;
        kept.states.push(self.hasher.midstate());
        if kept.states.len() > MOST {
            let mut second = false;
            kept.states.retain(|_| {
                second = !second;
                !second
            });
            kept.block = kept.block.saturating_mul(2);
        }
        // A state that was given up just now belongs to the middle of a longer block.
        self.due = (self.hasher.length() / kept.block)
            .saturating_add(1)
            .saturating_mul(kept.block);
    }

    /// The digest computation, which has taken in all, and the states on the way.
    pub fn finish(self) -> (Hasher, BlockStates) {
        (self.hasher, self.kept)
    }
}

impl BlockStates {
    /// Those of a stream of one block, which is known by its digest.
    pub fn none() -> Self {
        Self {
            block: SHORTEST,
            states: Vec::new(),
        }
    }

    /// Length of a block in bytes; the last one may be shorter.
    pub fn block(&self) -> u64 {
        self.block
    }

    /// Compares a block, by its number from 0, with what was digested. `sha256` is the digest of the whole.
    pub fn check(&self, number: u64, block: &[u8], sha256: &Digest) -> Result<(), BlockChanged> {
        let index = usize::try_from(number).ok().ok_or(BlockChanged)?;
        let mut digest = self.before(index).ok_or(BlockChanged)?;
        digest.update(block);
        let same = match self.states.get(index) {
            // A midstate says nothing of what came after the last 64 whole bytes.
            Some(behind) => self.ends_at(number, &digest) && digest.midstate() == *behind,
            None => digest.finish() == *sha256,
        };
        if same { Ok(()) } else { Err(BlockChanged) }
    }

    /// Whether that is where the next block begins.
    fn ends_at(&self, number: u64, digest: &Hasher) -> bool {
        let end = number
            .checked_add(1)
            .and_then(|count| count.checked_mul(self.block));
        end == Some(digest.length())
    }

    /// The digest computation as it was before the last block.
    pub fn before_last(&self) -> Result<Hasher, InvalidBlockStates> {
        self.before(self.states.len()).ok_or(InvalidBlockStates)
    }

    fn before(&self, index: usize) -> Option<Hasher> {
        let Some(earlier) = index.checked_sub(1) else {
            return Some(Hasher::new(DigestAlgorithm::Sha256));
        };
        Hasher::resume(DigestAlgorithm::Sha256, self.states.get(earlier)?).ok()
    }

    /// As they are kept: nothing when there are none, otherwise eight bytes of block length (big-endian), then the states.
    pub fn encoded(&self) -> Vec<u8> {
        if self.states.is_empty() {
            return Vec::new();
        }
        let mut encoded = self.block.to_be_bytes().to_vec();
        encoded.extend(self.states.iter().flatten());
        encoded
    }

    /// What [`encoded`](Self::encoded) gave.
    pub fn decode(encoded: &[u8]) -> Result<Self, InvalidBlockStates> {
        if encoded.is_empty() {
            return Ok(Self::none());
        }
        let (block, rest) = encoded.split_first_chunk::<8>().ok_or(InvalidBlockStates)?;
        let block = u64::from_be_bytes(*block);
        let (states, over) = rest.as_chunks::<STATE>();
        let fits = block.is_power_of_two()
            && block >= SHORTEST
            && !states.is_empty()
            && states.len() <= MOST
            && over.is_empty();
        if !fits {
            return Err(InvalidBlockStates);
        }
        for (number, state) in (1_u64..).zip(states) {
            let resumed = Hasher::resume(DigestAlgorithm::Sha256, state);
            let position = resumed.ok().ok_or(InvalidBlockStates)?.length();
            if Some(position) != number.checked_mul(block) {
                return Err(InvalidBlockStates);
            }
        }
        Ok(Self {
            block,
            states: states.iter().map(|state| state.to_vec()).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As long as asked for, and different everywhere.
    fn stream(length: u64) -> Vec<u8> {
        (0..length)
            .map(|at| at.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()[0])
            .collect()
    }

    fn digested(bytes: &[u8], piece: usize) -> (Digest, BlockStates) {
        let mut hasher = BlockHasher::default();
        for piece in bytes.chunks(piece) {
            hasher.update(piece);
        }
        let (whole, states) = hasher.finish();
        (whole.finish(), states)
    }

    #[test]
    fn each_block_is_known_and_none_for_another() {
        for length in [1, SHORTEST, SHORTEST + 1, 3 * SHORTEST, 5 * SHORTEST + 77] {
            let bytes = stream(length);
            let (sha256, states) = digested(&bytes, 100_000);
            assert_eq!(sha256, Digest::of(DigestAlgorithm::Sha256, &bytes));
            let blocks: Vec<&[u8]> = bytes
                .chunks(usize::try_from(states.block()).unwrap())
                .collect();
            for (number, block) in (0..).zip(&blocks) {
                assert_eq!(states.check(number, block, &sha256), Ok(()), "{length}");
                let mut changed = block.to_vec();
                *changed.last_mut().unwrap() ^= 1;
                let longer = [block, &[0; 63][..]].concat();
                let by_one = &longer[..=block.len()];
                for other in [&changed[..], &block[1..], &[], &longer, by_one] {
                    assert_eq!(
                        states.check(number, other, &sha256),
                        Err(BlockChanged),
                        "{length}"
                    );
                }
                assert_eq!(states.check(number + 1, block, &sha256), Err(BlockChanged));
            }
            let mut last = states.before_last().unwrap();
            last.update(blocks.last().unwrap());
            assert_eq!(last.finish(), sha256);
        }
    }

    #[test]
    fn a_long_stream_keeps_few_states_of_longer_blocks() {
        // Zeros suffice: what matters is where the states are.
        let piece = vec![0; 1 << 20];
        let mut hasher = BlockHasher::default();
        for _ in 0..300 {
            hasher.update(&piece);
        }
        let (whole, states) = hasher.finish();
        assert_eq!(states.block(), 4 * SHORTEST);
        assert_eq!(states.states.len(), 599);
        assert!(states.encoded().len() < 48 * 1024);
        assert_eq!(BlockStates::decode(&states.encoded()), Ok(states.clone()));
        let block = vec![0; 4 * 128 * 1024];
        let sha256 = whole.finish();
        for number in [0, 1, 511, 512, 598, 599] {
            assert_eq!(states.check(number, &block, &sha256), Ok(()), "{number}");
        }
    }

    #[test]
    fn foreign_states_are_refused() {
        let (_, states) = digested(&stream(3 * SHORTEST), 4096);
        let encoded = states.encoded();
        let mut displaced = encoded.clone();
        displaced[15] ^= 64;
        let mut short_blocks = encoded.clone();
        short_blocks[..8].copy_from_slice(&1024_u64.to_be_bytes());
        for foreign in [
            &encoded[..7],
            &encoded[..8],
            &encoded[..encoded.len() - 1],
            &displaced,
            &short_blocks,
        ] {
            assert_eq!(BlockStates::decode(foreign), Err(InvalidBlockStates));
        }
        assert_eq!(BlockStates::decode(&[]), Ok(BlockStates::none()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn how_a_stream_was_cut_makes_no_difference(
            length in 0_u64..700_000,
            piece in 1_usize..300_000,
        ) {
            let bytes = stream(length);
            let cut = digested(&bytes, piece);
            prop_assert_eq!(&cut, &digested(&bytes, usize::MAX));
            prop_assert_eq!(BlockStates::decode(&cut.1.encoded()), Ok(cut.1));
        }
    }
}
