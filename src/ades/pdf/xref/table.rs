//! Cross-reference tables in text (ISO 32000-1 section 7.5.4).
//!
//! Entries are twenty bytes each, so only the subsection headers are kept and entries are read where they stand.

use super::super::error::PdfError;
use super::super::fault::Fault;
use super::super::lexer::Token;
use super::super::limits::{self, Limit, too_complex};
use super::super::object::Dictionary;
use super::super::parser;
use super::super::reader::{Reader, damaged};
use super::{Entry, Subsection};

const ENTRY: usize = 20;

/// One table.
pub(super) struct Table {
    subsections: Vec<Subsection>,
}

enum Part {
    Subsection {
        first: i64,
        count: i64,
        entries: u64,
    },
    Trailer(Dictionary),
}

impl Table {
    /// Reads the subsection headers of the table at `at`, and the trailer behind it.
    pub(super) fn read(reader: &mut Reader<'_>, at: u64) -> Result<(Self, Dictionary), PdfError> {
        let mut next = reader.parse(at, |lexer| {
            let here = *lexer;
            if parser::is_keyword(&lexer.token()?, "xref") {
                Ok(lexer.position())
            } else {
                Err(here.fault(Fault::NoXref))
            }
        })?;
        let mut subsections = Vec::new();
        loop {
            match part(reader, next)? {
                Part::Trailer(trailer) => {
                    let subsections = Subsection::sorted(subsections, at)?;
                    return Ok((Self { subsections }, trailer));
                }
                Part::Subsection {
                    first,
                    count,
                    entries,
                } => {
                    let one = Subsection::new(first, count, entries)
                        .ok_or_else(|| damaged(Fault::Subsection, next))??;
                    next = entry_at(entries, one.count);
                    subsections.push(one);
                    if subsections.len() > limits::SUBSECTIONS {
                        return Err(too_complex(Limit::Subsections));
                    }
                }
            }
        }
    }

    pub(super) fn subsections(&self) -> &[Subsection] {
        &self.subsections
    }

    /// What the table says of an object.
    pub(super) fn entry(
        &self,
        reader: &mut Reader<'_>,
        number: u32,
    ) -> Result<Option<Entry>, PdfError> {
        let Some((subsection, index)) = Subsection::find(&self.subsections, number) else {
            return Ok(None);
        };
        let at = entry_at(subsection.entries, index);
        let bytes = reader.bytes(at, ENTRY)?;
        match entry(&bytes) {
            Some(entry) => Ok(Some(entry)),
            None => Err(damaged(Fault::Entry(number), at)),
        }
    }
}

fn entry_at(entries: u64, index: u32) -> u64 {
    let length = u64::try_from(ENTRY).unwrap_or(u64::MAX);
    entries.saturating_add(u64::from(index).saturating_mul(length))
}

fn part(reader: &mut Reader<'_>, at: u64) -> Result<Part, PdfError> {
    reader.parse(at, |lexer| {
        let here = *lexer;
        match lexer.token()? {
            Token::Integer(first) => {
                let Token::Integer(count) = lexer.token()? else {
                    return Err(here.fault(Fault::Subsection));
                };
                while matches!(lexer.peek()?, Some(b' ' | b'\t')) {
                    lexer.bump()?;
                }
                match (lexer.bump()?, lexer.peek()?) {
                    (Some(b'\r'), Some(b'\n')) => {
                        lexer.bump()?;
                    }
                    (Some(b'\r' | b'\n'), _) => {}
                    _ => return Err(here.fault(Fault::Subsection)),
                }
                Ok(Part::Subsection {
                    first,
                    count,
                    entries: lexer.position(),
                })
            }
            token if parser::is_keyword(&token, "trailer") => {
                Ok(Part::Trailer(parser::dictionary(lexer)?))
            }
            _ => Err(here.fault(Fault::NoTrailer)),
        }
    })
}

/// `nnnnnnnnnn ggggg n` and a two-byte end of line.
fn entry(bytes: &[u8]) -> Option<Entry> {
    let (offset, rest) = bytes.split_at_checked(10)?;
    let (b' ', rest) = rest.split_first().map(|(first, rest)| (*first, rest))? else {
        return None;
    };
    let (generation, rest) = rest.split_at_checked(5)?;
    let offset: u64 = digits(offset)?.parse().ok()?;
    // 65535 is the highest generation, the head of the free list has it.
    let generation: u16 = digits(generation)?.parse().ok()?;
    match rest {
        [b' ', kind, b' ', b'\r' | b'\n'] | [b' ', kind, b'\r', b'\n'] => match kind {
            b'n' => Some(Entry::At { offset, generation }),
            b'f' => Some(Entry::Free {
                next: offset,
                generation,
            }),
            _ => None,
        },
        _ => None,
    }
}

fn digits(bytes: &[u8]) -> Option<&str> {
    bytes
        .iter()
        .all(u8::is_ascii_digit)
        .then(|| std::str::from_utf8(bytes).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_twenty_byte_entries_are_understood() {
        assert_eq!(
            entry(b"0000000018 00001 n \n"),
            Some(Entry::At {
                offset: 18,
                generation: 1
            })
        );
        assert_eq!(
            entry(b"0000000003 65535 f\r\n"),
            Some(Entry::Free {
                next: 3,
                generation: 65535
            })
        );
        for wrong in [
            &b"0000000018 00000 n\n0"[..],
            b"        15 00000 n \n",
            b"0000000018 00000 n \r",
            b"0000000018 00000 x \n",
            b"0000000018 99999 n \n",
            b"0000000018-00000 n \n",
            b"0000000018 00000 n",
        ] {
            let accepted = entry(wrong).is_some();
            assert_eq!(accepted, wrong.ends_with(b" \r"), "{wrong:?}");
        }
    }
}
