//! Finding the signature value in a file that was signed earlier.
//!
//! Nothing is told by where a value is: it counts only when it verifies, and the file only when it is, byte for byte,
//! what [`assemble`](super::cades::Prepared::assemble) makes of that value.

use std::io::{self, Read, SeekFrom};

use super::pdf::RandomAccess;

/// `count` bytes of a file, of which the first is `from_end` before its end; fewer when the file is shorter.
pub(super) fn before_end(
    file: &mut dyn RandomAccess,
    from_end: usize,
    count: usize,
) -> io::Result<Vec<u8>> {
    let octets = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(octets(from_end))))?;
    let mut bytes = Vec::with_capacity(count);
    file.take(octets(count)).read_to_end(&mut bytes)?;
    Ok(bytes)
}
