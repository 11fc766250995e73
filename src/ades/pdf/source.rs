//! Random access to a file that may be far away and very long: blocks, a few of them kept.

use std::io::{self, Read, Seek, SeekFrom};

const BLOCK: usize = 64 << 10;
const BLOCKS_KEPT: usize = 16;

/// What a document is read from.
pub trait RandomAccess: Read + Seek {}

impl<T: Read + Seek + ?Sized> RandomAccess for T {}

/// Reads ranges of a file through a cache of one mebibyte.
pub(crate) struct Source<'s> {
    inner: &'s mut dyn RandomAccess,
    len: u64,
    blocks: Vec<Block>,
    clock: u64,
    fetched: u64,
}

struct Block {
    index: u64,
    bytes: Vec<u8>,
    used: u64,
}

impl<'s> Source<'s> {
    pub(crate) fn new(inner: &'s mut dyn RandomAccess) -> io::Result<Self> {
        let len = inner.seek(SeekFrom::End(0))?;
        Ok(Self {
            inner,
            len,
            blocks: Vec::new(),
            clock: 0,
            fetched: 0,
        })
    }

    /// The length of the file in bytes.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// How many bytes were fetched from the file itself.
    pub(crate) fn fetched(&self) -> u64 {
        self.fetched
    }

    /// The bytes from `at` on: `count` of them, or fewer at the end of the file.
    pub(crate) fn read(&mut self, at: u64, count: usize) -> io::Result<Vec<u8>> {
        let available = usize::try_from(self.len.saturating_sub(at)).unwrap_or(usize::MAX);
        let count = count.min(available);
        let mut out = Vec::with_capacity(count);
        let block_len = u64::try_from(BLOCK).unwrap_or(u64::MAX);
        while out.len() < count {
            let position = at.saturating_add(u64::try_from(out.len()).unwrap_or(u64::MAX));
            let from = usize::try_from(position % block_len).unwrap_or(0);
            let wanted = count - out.len();
            let block = self.block(position / block_len)?;
            let rest = block.get(from..).unwrap_or_default();
            if rest.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            out.extend_from_slice(rest.get(..wanted).unwrap_or(rest));
        }
        Ok(out)
    }

    fn block(&mut self, index: u64) -> io::Result<&[u8]> {
        self.clock += 1;
        let clock = self.clock;
        let place = match self.blocks.iter().position(|block| block.index == index) {
            Some(place) => place,
            None => self.fetch(index)?,
        };
        let block = self
            .blocks
            .get_mut(place)
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        block.used = clock;
        Ok(&block.bytes)
    }

    fn fetch(&mut self, index: u64) -> io::Result<usize> {
        let block_len = u64::try_from(BLOCK).unwrap_or(u64::MAX);
        let start = index.saturating_mul(block_len);
        let count = block_len.min(self.len.saturating_sub(start));
        let mut bytes = vec![0; usize::try_from(count).unwrap_or(0)];
        self.inner.seek(SeekFrom::Start(start))?;
        self.inner.read_exact(&mut bytes)?;
        self.fetched = self.fetched.saturating_add(count);
        let oldest = if self.blocks.len() < BLOCKS_KEPT {
            None
        } else {
            self.blocks
                .iter()
                .enumerate()
                .min_by_key(|(_, block)| block.used)
                .map(|(place, _)| place)
        };
        let block = Block {
            index,
            bytes,
            used: self.clock,
        };
        if let Some((place, slot)) =
            oldest.and_then(|place| self.blocks.get_mut(place).map(|slot| (place, slot)))
        {
            *slot = block;
            return Ok(place);
        }
        self.blocks.push(block);
        Ok(self.blocks.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn ranges_across_blocks_come_out_whole_and_end_with_the_file() {
        let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
        let mut cursor = Cursor::new(&bytes);
        let mut source = Source::new(&mut cursor).unwrap();
        for at in [0, 65_530, 2_999_990, 1_000_000, 131_071] {
            let start = usize::try_from(at).unwrap();
            let end = (start + 200_000).min(bytes.len());
            assert_eq!(source.read(at, 200_000).unwrap(), &bytes[start..end]);
        }
        assert_eq!(source.read(9_999_999, 5).unwrap(), b"");
        assert!(source.blocks.len() <= BLOCKS_KEPT);
    }
}
