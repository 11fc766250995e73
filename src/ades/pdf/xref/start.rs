//! The two ends of the file: the header and `startxref` (ISO 32000-1 sections 7.5.2 and 7.5.5).

use std::fmt;

use super::super::error::{NotPdf, PdfError};
use super::super::fault::Fault;
use super::super::lexer::{End, Lexer, Token, is_space};
use super::super::limits::TAIL;
use super::super::reader::{Reader, damaged, inconsistent};

/// How much is read to find the end behind white space.
const END_WINDOW: u64 = 64 << 10;
/// How far into a file a header is looked for, to tell a shifted PDF from no PDF.
const HEADER_WINDOW: usize = 1024;

/// A PDF version, such as 1.7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// 1 or 2.
    pub major: u8,
    /// 0 to 9.
    pub minor: u8,
}

impl Version {
    /// PDF 1.7 (ISO 32000-1).
    pub const V1_7: Self = Self { major: 1, minor: 7 };
    /// PDF 2.0 (ISO 32000-2).
    pub const V2_0: Self = Self { major: 2, minor: 0 };

    /// Reads `1.7`.
    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        match text {
            [major @ b'1'..=b'9', b'.', minor @ b'0'..=b'9', ..] => Some(Self {
                major: major - b'0',
                minor: minor - b'0',
            }),
            _ => None,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// The version in the header, which must be the first bytes of the file: anything before it moves all offsets.
pub(crate) fn header(reader: &mut Reader<'_>) -> Result<Version, PdfError> {
    let bytes = reader.bytes(0, HEADER_WINDOW)?;
    if bytes.is_empty() {
        return Err(PdfError::NotPdf(NotPdf::Empty));
    }
    match find(&bytes, b"%PDF-") {
        Some(0) => bytes
            .get(5..)
            .and_then(Version::read)
            .ok_or_else(|| damaged(Fault::Version, 5)),
        Some(before) => Err(inconsistent(Fault::BytesBeforeHeader(before))),
        None => Err(PdfError::NotPdf(NotPdf::NoHeader)),
    }
}

/// The place of the newest cross-reference section, from the last `startxref`.
///
/// After `%%EOF` white space may follow, and up to a kilobyte of anything else, as readers tolerate it.
pub(crate) fn startxref(reader: &mut Reader<'_>) -> Result<u64, PdfError> {
    let begin = reader.len().saturating_sub(END_WINDOW);
    let count = usize::try_from(END_WINDOW).unwrap_or(usize::MAX);
    let window = reader.bytes(begin, count)?;
    let no_end = || damaged(Fault::NoEnd, reader.len());
    let used = window
        .iter()
        .rposition(|byte| !is_space(*byte))
        .map_or(0, |last| last + 1);
    let window = window.get(..used).unwrap_or_default();
    let eof = find_last(window, b"%%EOF").ok_or_else(no_end)?;
    let after = window.get(eof + 5..).unwrap_or_default();
    // A further startxref means that a later revision was cut off.
    if u64::try_from(after.len()).map_or(true, |n| n > TAIL) || find(after, b"startxref").is_some()
    {
        return Err(no_end());
    }
    let before = window.get(..eof).unwrap_or_default();
    let wrong = |at: usize| {
        let at = begin.saturating_add(u64::try_from(at).unwrap_or(u64::MAX));
        damaged(Fault::StartXref, at)
    };
    let keyword = find_last(before, b"startxref").ok_or_else(|| wrong(eof))?;
    let number = before.get(keyword + 9..).unwrap_or_default();
    let mut lexer = Lexer::new(number, 0, End::OfFile);
    match (lexer.token(), lexer.token()) {
        (Ok(Token::Integer(offset)), Ok(Token::End))
            if number.first().copied().is_some_and(is_space) =>
        {
            u64::try_from(offset).ok().ok_or_else(|| wrong(keyword))
        }
        _ => Err(wrong(keyword)),
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|here| here == wanted)
}

fn find_last(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).rposition(|here| here == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn start(text: &[u8]) -> Option<u64> {
        let mut cursor = Cursor::new(text.to_vec());
        startxref(&mut Reader::new(&mut cursor).unwrap()).ok()
    }

    #[test]
    fn the_end_is_found_behind_white_space_and_a_little_rest() {
        let end = b"%PDF-1.7\nstartxref\r\n3679  \r\n%%EOF".to_vec();
        for tail in [
            &b""[..],
            b"\r",
            b"\n",
            &[b' '; 5000],
            &[0; 512],
            b"\n<!-- 3 ms -->",
        ] {
            assert_eq!(start(&[&end[..], tail].concat()), Some(3679));
        }
    }

    #[test]
    fn a_cut_off_file_has_no_end() {
        for text in [
            &b"startxref\n12\n%%EO"[..],
            b"startxref\n12\n%%EOF\n7 0 obj\nstartxref\n99\n",
            b"startxref12\n%%EOF",
            b"startxref\n-12\n%%EOF",
            b"startxref\n12 0 R\n%%EOF",
            b"",
        ] {
            assert_eq!(start(text), None);
        }
        assert_eq!(
            start(&[b"startxref\n12\n%%EOF", &[b'x'; 1100][..]].concat()),
            None
        );
    }

    #[test]
    fn a_shifted_header_is_told_from_no_header() {
        let check = |text: &[u8]| {
            let mut cursor = Cursor::new(text.to_vec());
            header(&mut Reader::new(&mut cursor).unwrap())
        };
        assert_eq!(
            check(b"%PDF-1.4\n").unwrap(),
            Version { major: 1, minor: 4 }
        );
        assert!(matches!(
            check(b"\n%PDF-1.4"),
            Err(PdfError::Damaged {
                fault: Fault::BytesBeforeHeader(1),
                ..
            })
        ));
        assert!(matches!(
            check(b"PK\x03\x04"),
            Err(PdfError::NotPdf(NotPdf::NoHeader))
        ));
        assert!(matches!(check(b""), Err(PdfError::NotPdf(NotPdf::Empty))));
    }
}
