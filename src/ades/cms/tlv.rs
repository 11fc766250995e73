//! Tag and length octets of DER (X.690 clauses 8.1 and 10.1) for lengths up to 64 bits.
//!
//! Needed beside the `der` crate, whose lengths end at 32 bits and whose values are whole in memory: the wrappers
//! around a document of many gigabytes are written here.

use crate::ades::AdesError;

/// `SEQUENCE`.
pub(super) const SEQUENCE: u8 = 0x30;
/// `SET OF`.
pub(super) const SET: u8 = 0x31;
/// `OCTET STRING`.
pub(super) const OCTET_STRING: u8 = 0x04;
/// `[0]`, constructed.
pub(super) const CONTEXT_0: u8 = 0xa0;

/// A tag and the shortest definite length.
pub(super) fn header(tag: u8, length: u64) -> Vec<u8> {
    let octets = length.to_be_bytes();
    let significant = octets.iter().skip_while(|octet| **octet == 0).copied();
    let mut header = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => header.push(short),
        _ => {
            let significant: Vec<u8> = significant.collect();
            header.push(0x80 | u8::try_from(significant.len()).unwrap_or(8));
            header.extend(significant);
        }
    }
    header
}

/// A whole value.
pub(super) fn wrap(tag: u8, content: &[u8]) -> Result<Vec<u8>, AdesError> {
    let mut value = header(tag, length(content)?);
    value.extend_from_slice(content);
    Ok(value)
}

/// A `SET OF` or `[n] IMPLICIT SET OF`, its members in the order of their encodings (X.690 clause 11.6).
pub(super) fn set_of(tag: u8, mut members: Vec<Vec<u8>>) -> Result<Vec<u8>, AdesError> {
    members.sort_unstable();
    wrap(tag, &members.concat())
}

/// The length of bytes at hand.
pub(super) fn length(bytes: &[u8]) -> Result<u64, AdesError> {
    u64::try_from(bytes.len()).ok().ok_or(AdesError::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_in_the_fewest_octets() {
        for (length, expected) in [
            (0, "0400"),
            (127, "047f"),
            (128, "048180"),
            (255, "0481ff"),
            (256, "04820100"),
            (65_535, "0482ffff"),
            (65_536, "0483010000"),
            (0xffff_ffff, "0484ffffffff"),
            (0x1_0000_0000, "04850100000000"),
            (u64::MAX, "0488ffffffffffffffff"),
        ] {
            assert_eq!(hex::encode(header(OCTET_STRING, length)), expected);
        }
    }
}
