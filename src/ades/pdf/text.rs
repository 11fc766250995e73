//! Text strings (ISO 32000-1 section 7.9.2.2): `PDFDocEncoding`, UTF-16BE or, since PDF 2.0, UTF-8.

use super::object::PdfString;

/// The characters of `PDFDocEncoding` from 0x18 to 0x1f (ISO 32000-1 annex D.2).
const FROM_18: [char; 8] = ['˘', 'ˇ', 'ˆ', '˙', '˝', '˛', '˚', '˜'];
/// From 0x80 to 0xa0; 0x9f is undefined.
const FROM_80: [char; 33] = [
    '•', '†', '‡', '…', '—', '–', 'ƒ', '⁄', '‹', '›', '−', '‰', '„', '“', '”', '‘', '’', '‚', '™',
    'ﬁ', 'ﬂ', 'Ł', 'Œ', 'Š', 'Ÿ', 'Ž', 'ı', 'ł', 'œ', 'š', 'ž', '\u{fffd}', '€',
];

/// Reads a text string; what cannot be read becomes U+FFFD.
pub(crate) fn decode(bytes: &[u8]) -> String {
    match bytes {
        [0xfe, 0xff, rest @ ..] => {
            let units = rest.chunks(2).map(|pair| match pair {
                [high, low] => u16::from_be_bytes([*high, *low]),
                _ => 0xfffd,
            });
            char::decode_utf16(units)
                .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect()
        }
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => bytes.iter().map(|byte| pdf_doc(*byte)).collect(),
    }
}

/// Writes a text string: ASCII as it is, anything else in UTF-16BE, which every reader understands.
pub(crate) fn encode(text: &str) -> PdfString {
    if text.is_ascii() {
        return PdfString::literal(text.as_bytes());
    }
    let mut bytes = vec![0xfe, 0xff];
    bytes.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
    PdfString::hexadecimal(bytes)
}

fn pdf_doc(byte: u8) -> char {
    let table = |table: &[char], first: u8| {
        let index = usize::from(byte - first);
        table.get(index).copied().unwrap_or('\u{fffd}')
    };
    match byte {
        0x18..=0x1f => table(&FROM_18, 0x18),
        0x80..=0xa0 => table(&FROM_80, 0x80),
        0x7f | 0xad => char::REPLACEMENT_CHARACTER,
        other => char::from(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_encodings_are_read() {
        assert_eq!(decode(b"a\xf1o \xa0\x1f"), "año €˜");
        assert_eq!(
            decode(&[0xfe, 0xff, 0, b'a', 0xd8, 0x3d, 0xde, 0x00]),
            "a😀"
        );
        assert_eq!(decode(b"\xef\xbb\xbfa\xc3\xb1o"), "año");
        assert_eq!(decode(&[0xfe, 0xff, 0xd8]), "\u{fffd}");
    }

    #[test]
    fn what_is_written_reads_back() {
        for text in ["Madrid", "Castelló de la Plana", "Iruña 😀", ""] {
            assert_eq!(decode(&encode(text).bytes), text);
        }
    }
}
