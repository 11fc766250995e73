//! Cross-reference streams (ISO 32000-1 section 7.5.8).
//!
//! Small ones are kept decoded; large ones are decoded again for each look-up, up to the row that is wanted, so that
//! memory does not grow with the document.

use std::ops::ControlFlow;

use super::super::error::PdfError;
use super::super::fault::Fault;
use super::super::filter::{Coding, Data};
use super::super::limits::{self, Limit, too_complex};
use super::super::object::{Dictionary, Object};
use super::super::parser;
use super::super::reader::{Reader, damaged};
use super::{Entry, Subsection, size};

/// Largest decoded section that is kept, and how much is kept of all sections together.
const KEPT_SECTION: usize = 512 << 10;
const KEPT_TOTAL: usize = 2 << 20;

/// One cross-reference stream.
pub(super) struct StreamSection {
    number: u32,
    at: u64,
    subsections: Vec<Subsection>,
    widths: [usize; 3],
    rows: u64,
    data: Data,
    decoded: Option<Vec<u8>>,
}

impl StreamSection {
    /// Reads the dictionary of the stream at `at`.
    pub(super) fn read(reader: &mut Reader<'_>, at: u64) -> Result<(Self, Dictionary), PdfError> {
        if !reader.bytes(at, 1)?.first().is_some_and(u8::is_ascii_digit) {
            return Err(damaged(Fault::NoXref, at));
        }
        let (reference, object) = reader.parse(at, |lexer| parser::indirect(lexer, None))?;
        let Object::Stream(stream) = object else {
            return Err(damaged(Fault::NoXref, at));
        };
        let dictionary = stream.dictionary;
        let is_xref = dictionary
            .get("Type")
            .and_then(Object::as_name)
            .is_some_and(|name| name.is("XRef"));
        if !is_xref {
            return Err(damaged(Fault::NoXref, at));
        }
        // Everything is direct here: the section that would resolve a reference is this one.
        let len = dictionary
            .get("Length")
            .and_then(Object::as_integer)
            .and_then(|length| u64::try_from(length).ok())
            .ok_or_else(|| damaged(Fault::Key("Length"), at))?;
        let coding = Coding::read(
            &dictionary,
            dictionary.get("Filter"),
            dictionary.get("DecodeParms"),
            at,
        )?;
        reader.check_stream_end(stream.data_at, len)?;
        let (subsections, rows) = subsections(&dictionary, at)?;
        let section = Self {
            number: reference.number,
            at,
            subsections,
            widths: widths(&dictionary, at)?,
            rows,
            data: Data {
                at: stream.data_at,
                len,
                coding,
            },
            decoded: None,
        };
        Ok((section, dictionary))
    }

    /// The stream's own object number, which some programs list nowhere.
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    pub(super) fn subsections(&self) -> &[Subsection] {
        &self.subsections
    }

    /// What the stream says of an object. `cached` counts what all sections keep decoded.
    pub(super) fn entry(
        &mut self,
        reader: &mut Reader<'_>,
        number: u32,
        cached: &mut usize,
    ) -> Result<Option<Entry>, PdfError> {
        let Some((subsection, index)) = Subsection::find(&self.subsections, number) else {
            return Ok(None);
        };
        let row = subsection.entries.saturating_add(u64::from(index));
        let width: usize = self.widths.iter().sum();
        let size = usize::try_from(self.rows).map_or(usize::MAX, |rows| rows.saturating_mul(width));
        if self.decoded.is_none() && size <= KEPT_SECTION && *cached + size <= KEPT_TOTAL {
            self.decoded = Some(self.range(reader, 0, size)?);
            *cached += size;
        }
        let from = usize::try_from(row).map_or(usize::MAX, |row| row.saturating_mul(width));
        let bytes = match &self.decoded {
            Some(all) => all
                .get(from..from.saturating_add(width))
                .unwrap_or_default()
                .to_vec(),
            None => self.range(reader, from, width)?,
        };
        self.decode(&bytes)
            .map(Some)
            .ok_or_else(|| damaged(Fault::Entry(number), self.at))
    }

    /// `count` decoded bytes from `from` on.
    fn range(
        &self,
        reader: &mut Reader<'_>,
        from: usize,
        count: usize,
    ) -> Result<Vec<u8>, PdfError> {
        let mut out = Vec::with_capacity(count);
        let mut skip = from;
        if self.data.coding == Coding::Plain {
            let offset = u64::try_from(from).unwrap_or(u64::MAX);
            if offset.saturating_add(u64::try_from(count).unwrap_or(u64::MAX)) <= self.data.len {
                out = reader.bytes(self.data.at.saturating_add(offset), count)?;
            }
        } else {
            self.data.decode(reader, &mut |piece| {
                let passed = skip.min(piece.len());
                skip -= passed;
                let wanted = count - out.len();
                let part = piece.get(passed..).unwrap_or_default();
                out.extend_from_slice(part.get(..wanted).unwrap_or(part));
                if out.len() == count {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            })?;
        }
        if out.len() == count {
            Ok(out)
        } else {
            Err(damaged(Fault::StreamLength, self.at))
        }
    }

    /// One row. A type that does not exist stands for null (table 18), as a free object does.
    fn decode(&self, row: &[u8]) -> Option<Entry> {
        let [kind, second, third] = self.widths;
        let (kind_bytes, rest) = row.split_at_checked(kind)?;
        let (second_bytes, third_bytes) = rest.split_at_checked(second)?;
        if third_bytes.len() != third {
            return None;
        }
        let kind = if kind == 0 { 1 } else { big_endian(kind_bytes) };
        let (second, third) = (big_endian(second_bytes), big_endian(third_bytes));
        Some(match kind {
            0 => Entry::Free {
                next: second,
                generation: u16::try_from(third).unwrap_or(u16::MAX),
            },
            1 => Entry::At {
                offset: second,
                generation: u16::try_from(third).ok()?,
            },
            2 => Entry::InStream {
                stream: u32::try_from(second).ok()?,
                index: u32::try_from(third).ok()?,
            },
            _ => Entry::Free {
                next: 0,
                generation: u16::MAX,
            },
        })
    }
}

fn widths(dictionary: &Dictionary, at: u64) -> Result<[usize; 3], PdfError> {
    let wrong = || damaged(Fault::Key("W"), at);
    let Some(
        [
            Object::Integer(a),
            Object::Integer(b),
            Object::Integer(c),
            ..,
        ],
    ) = dictionary.get("W").and_then(Object::as_array)
    else {
        return Err(wrong());
    };
    let mut widths = [0; 3];
    for (width, value) in widths.iter_mut().zip([a, b, c]) {
        *width = usize::try_from(*value)
            .ok()
            .filter(|width| *width <= 8)
            .ok_or_else(wrong)?;
    }
    if widths.iter().sum::<usize>() == 0 {
        return Err(wrong());
    }
    Ok(widths)
}

fn subsections(dictionary: &Dictionary, at: u64) -> Result<(Vec<Subsection>, u64), PdfError> {
    let wrong = || damaged(Fault::Key("Index"), at);
    let whole = [
        Object::Integer(0),
        Object::Integer(i64::from(size(dictionary, at)?)),
    ];
    let index = match dictionary.get("Index") {
        None => &whole[..],
        Some(Object::Array(items)) if !items.is_empty() && items.len() % 2 == 0 => items,
        Some(_) => return Err(wrong()),
    };
    let mut rows = 0;
    let mut all = Vec::new();
    for pair in index.chunks_exact(2) {
        let [Object::Integer(first), Object::Integer(count)] = pair else {
            return Err(wrong());
        };
        let one = Subsection::new(*first, *count, rows).ok_or_else(wrong)??;
        rows += u64::from(one.count);
        all.push(one);
    }
    if all.len() > limits::SUBSECTIONS {
        return Err(too_complex(Limit::Subsections));
    }
    Ok((Subsection::sorted(all, at)?, rows))
}

fn big_endian(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |value, byte| value << 8 | u64::from(*byte))
}
