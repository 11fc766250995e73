//! Where the objects are: the cross-reference sections of all revisions (ISO 32000-1 sections 7.5.4 and 7.5.8).
//!
//! Sections are found by `startxref` and `/Prev` alone. Nothing is rebuilt by searching the file: a file that needs
//! it is damaged.

mod start;
mod stream;
mod table;

use std::collections::HashSet;

use super::error::PdfError;
use super::fault::Fault;
use super::limits::{self, Limit, too_complex};
use super::object::{Dictionary, Object};
use super::reader::{Reader, damaged};
pub use start::Version;
pub(crate) use start::{header, startxref};
use stream::StreamSection;
use table::Table;

/// How a cross-reference section is written. What is appended must be of the same form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum XrefForm {
    /// A table in text, also that of a hybrid file.
    Table,
    /// A stream.
    Stream,
}

/// What a cross-reference section says of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    Free { next: u64, generation: u16 },
    At { offset: u64, generation: u16 },
    InStream { stream: u32, index: u32 },
}

/// All sections of a file.
pub(crate) struct Xref {
    /// Newest first.
    sections: Vec<Section>,
    trailer: Dictionary,
    startxref: u64,
    next_number: u32,
    cached: usize,
}

/// One section; a hybrid file has a table and a stream in one (ISO 32000-1 section 7.5.8.4).
struct Section {
    table: Option<Table>,
    stream: Option<StreamSection>,
}

/// A run of object numbers and where their entries begin: a place in the file, or a row of the stream.
#[derive(Debug, Clone, Copy)]
struct Subsection {
    first: u32,
    count: u32,
    entries: u64,
}

impl Xref {
    /// Follows the chain from `startxref` to the oldest section.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, PdfError> {
        let newest = startxref(reader)?;
        let mut xref = Self {
            sections: Vec::new(),
            trailer: Dictionary::default(),
            startxref: newest,
            next_number: 1,
            cached: 0,
        };
        let mut seen = HashSet::new();
        let mut subsections = 0;
        let mut next = Some(newest);
        while let Some(at) = next {
            if !seen.insert(at) {
                return Err(damaged(Fault::XrefLoop, at));
            }
            if seen.len() > limits::SECTIONS {
                return Err(too_complex(Limit::Sections));
            }
            let (section, trailer) = Section::read(reader, at)?;
            for part in section.subsections() {
                subsections += part.len();
                let highest = part.iter().map(Subsection::end).max().unwrap_or(0);
                xref.next_number = xref.next_number.max(highest);
            }
            if subsections > limits::SUBSECTIONS {
                return Err(too_complex(Limit::Subsections));
            }
            let own = section.stream.as_ref().map_or(0, StreamSection::number);
            let size = size(&trailer, at)?.max(own.saturating_add(1));
            xref.next_number = xref.next_number.max(size);
            next = offset(&trailer, "Prev", at)?;
            xref.sections.push(section);
            if at == newest {
                xref.trailer = trailer;
            }
        }
        Ok(xref)
    }

    /// The newest trailer, or the dictionary of the newest cross-reference stream.
    pub(crate) fn trailer(&self) -> &Dictionary {
        &self.trailer
    }

    /// Where the newest section is.
    pub(crate) fn startxref(&self) -> u64 {
        self.startxref
    }

    /// The form of the newest section.
    pub(crate) fn form(&self) -> XrefForm {
        match self.sections.first() {
            Some(Section { table: None, .. }) => XrefForm::Stream,
            _ => XrefForm::Table,
        }
    }

    /// How many sections there are.
    pub(crate) fn sections(&self) -> usize {
        self.sections.len()
    }

    /// The first object number that no section knows of.
    pub(crate) fn next_number(&self) -> u32 {
        self.next_number
    }

    /// What the newest section that lists the object says of it.
    pub(crate) fn entry(
        &mut self,
        reader: &mut Reader<'_>,
        number: u32,
    ) -> Result<Option<Entry>, PdfError> {
        for section in &mut self.sections {
            let in_table = match &section.table {
                Some(table) => table.entry(reader, number)?,
                None => None,
            };
            if in_table.is_some_and(|entry| !matches!(entry, Entry::Free { .. })) {
                return Ok(in_table);
            }
            // Objects that old readers must not see are free in the table and in use in the stream.
            let in_stream = match &mut section.stream {
                Some(stream) => stream.entry(reader, number, &mut self.cached)?,
                None => None,
            };
            if in_stream.is_some() || in_table.is_some() {
                return Ok(in_stream.or(in_table));
            }
        }
        Ok(None)
    }
}

impl Section {
    fn read(reader: &mut Reader<'_>, at: u64) -> Result<(Self, Dictionary), PdfError> {
        if at >= reader.len() {
            return Err(damaged(Fault::BeyondEnd, at));
        }
        if !reader.bytes(at, 1)?.starts_with(b"x") {
            let (stream, dictionary) = StreamSection::read(reader, at)?;
            let section = Self {
                table: None,
                stream: Some(stream),
            };
            return Ok((section, dictionary));
        }
        let (table, trailer) = Table::read(reader, at)?;
        // Some programs copy the key from revision to revision, so the same stream may come again.
        let stream = match offset(&trailer, "XRefStm", at)? {
            None => None,
            Some(hybrid) => Some(StreamSection::read(reader, hybrid)?.0),
        };
        let section = Self {
            table: Some(table),
            stream,
        };
        Ok((section, trailer))
    }

    fn subsections(&self) -> impl Iterator<Item = &[Subsection]> {
        let table = self.table.as_ref().map(Table::subsections);
        table
            .into_iter()
            .chain(self.stream.as_ref().map(StreamSection::subsections))
    }
}

impl Subsection {
    fn new(first: i64, count: i64, entries: u64) -> Option<Result<Self, PdfError>> {
        let (first, count) = (u32::try_from(first).ok()?, u32::try_from(count).ok()?);
        match first.checked_add(count) {
            Some(end) if end <= limits::OBJECT_NUMBER + 1 => Some(Ok(Self {
                first,
                count,
                entries,
            })),
            _ => Some(Err(too_complex(Limit::ObjectNumber))),
        }
    }

    fn end(&self) -> u32 {
        self.first.saturating_add(self.count)
    }

    /// Sorts by object number; two runs with the same object are a fault.
    fn sorted(mut all: Vec<Self>, at: u64) -> Result<Vec<Self>, PdfError> {
        all.retain(|one| one.count > 0);
        all.sort_by_key(|one| one.first);
        let overlaps = all
            .iter()
            .zip(all.iter().skip(1))
            .any(|(one, next)| one.end() > next.first);
        if overlaps {
            return Err(damaged(Fault::SubsectionOverlap, at));
        }
        Ok(all)
    }

    /// The subsection that lists the number, and how many entries come before it there.
    fn find(all: &[Self], number: u32) -> Option<(&Self, u32)> {
        let after = all.partition_point(|one| one.first <= number);
        let one = all.get(after.checked_sub(1)?)?;
        (number < one.end()).then(|| (one, number - one.first))
    }
}

fn size(trailer: &Dictionary, at: u64) -> Result<u32, PdfError> {
    let size = trailer
        .get("Size")
        .and_then(Object::as_integer)
        .and_then(|size| u32::try_from(size).ok())
        .filter(|size| *size > 0)
        .ok_or_else(|| damaged(Fault::Key("Size"), at))?;
    if size > limits::OBJECT_NUMBER + 1 {
        return Err(too_complex(Limit::ObjectNumber));
    }
    Ok(size)
}

fn offset(trailer: &Dictionary, key: &'static str, at: u64) -> Result<Option<u64>, PdfError> {
    trailer
        .get(key)
        .map(|value| {
            value
                .as_integer()
                .and_then(|offset| u64::try_from(offset).ok())
                .ok_or_else(|| damaged(Fault::Key(key), at))
        })
        .transpose()
}
