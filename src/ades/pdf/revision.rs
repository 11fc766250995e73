//! An appended revision: changed and new objects, and a cross-reference section of the same form as the newest one
//! in the file (ISO 32000-1 section 7.5.6).

use std::collections::BTreeMap;

use super::document::Document;
use super::error::{PdfError, Unsupported};
use super::limits::{self, Limit, too_complex};
use super::object::{Dictionary, Object, PdfString, Reference};
use super::xref::{Entry, XrefForm};

/// The highest offset that the ten digits of a table can say.
const TABLE_OFFSET: u64 = 9_999_999_999;
/// What belongs to one cross-reference stream or trailer and is not taken over into the next.
const NOT_CARRIED: &[&str] = &[
    "Type",
    "Size",
    "Index",
    "Prev",
    "W",
    "XRefStm",
    "Length",
    "Filter",
    "DecodeParms",
    "F",
    "FFilter",
    "FDecodeParms",
    "DL",
];

/// Bytes to append to a document.
pub(crate) struct Revision {
    base: u64,
    bytes: Vec<u8>,
    entries: BTreeMap<u32, (u64, u16)>,
    next_number: u32,
}

impl Revision {
    /// Begins a revision behind the document's last byte.
    pub(crate) fn new(document: &mut Document<'_>) -> Result<Self, PdfError> {
        // An object must begin on a line of its own, and %%EOF ends with its line.
        let bytes = match document.last_byte()? {
            Some(b'\n') => Vec::new(),
            _ => vec![b'\n'],
        };
        Ok(Self {
            base: document.len(),
            bytes,
            entries: BTreeMap::new(),
            next_number: document.xref().next_number(),
        })
    }

    /// A new object number; numbers are given without gaps.
    pub(crate) fn allocate(&mut self) -> Result<Reference, PdfError> {
        let number = self.next_number;
        if number > limits::OBJECT_NUMBER {
            return Err(too_complex(Limit::ObjectNumber));
        }
        self.next_number += 1;
        Ok(Reference {
            number,
            generation: 0,
        })
    }

    /// Writes an object, new or in place of an older version.
    pub(crate) fn put(&mut self, reference: Reference, object: &Object) {
        self.put_with(reference, |out| object.write(out));
    }

    /// Writes an object by hand; gives where its text begins in the appended bytes.
    pub(crate) fn put_with(
        &mut self,
        reference: Reference,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> usize {
        let offset = self.position();
        self.entries
            .insert(reference.number, (offset, reference.generation));
        self.bytes
            .extend_from_slice(format!("{reference} obj\n").as_bytes());
        let start = self.bytes.len();
        write(&mut self.bytes);
        self.bytes.extend_from_slice(b"\nendobj\n");
        start
    }

    /// Writes the cross-reference section and the end; gives the appended bytes.
    ///
    /// `id` becomes the second half of `/ID`, and both halves when the document has none.
    pub(crate) fn finish(
        mut self,
        document: &mut Document<'_>,
        id: &[u8; 16],
    ) -> Result<Vec<u8>, PdfError> {
        let old = document.xref().trailer().clone();
        let prev = i64::try_from(document.xref().startxref()).unwrap_or(i64::MAX);
        let first_id = document
            .value(&old, "ID")?
            .as_array()
            .and_then(|parts| parts.first())
            .and_then(Object::as_string)
            .cloned();
        let second_id = PdfString::hexadecimal(*id);
        let mut trailer = old;
        for key in NOT_CARRIED {
            trailer.remove(key);
        }
        trailer.set("Prev", Object::Integer(prev));
        trailer.set(
            "ID",
            Object::Array(vec![
                Object::String(first_id.unwrap_or_else(|| second_id.clone())),
                Object::String(second_id),
            ]),
        );
        let head = document.entry(0)?;
        let startxref = match document.xref().form() {
            XrefForm::Table => self.table(trailer, head)?,
            XrefForm::Stream => self.stream(trailer, head)?,
        };
        self.bytes
            .extend_from_slice(format!("startxref\n{startxref}\n%%EOF\n").as_bytes());
        Ok(self.bytes)
    }

    fn position(&self) -> u64 {
        let written = u64::try_from(self.bytes.len()).unwrap_or(u64::MAX);
        self.base.saturating_add(written)
    }

    /// Runs of consecutive object numbers: the first and the entries.
    fn runs(&self) -> Vec<(u32, Vec<(u64, u16)>)> {
        let mut runs: Vec<(u32, Vec<(u64, u16)>)> = Vec::new();
        let mut next = None;
        for (number, entry) in &self.entries {
            match runs.last_mut() {
                Some((_, run)) if next == Some(*number) => run.push(*entry),
                _ => runs.push((*number, vec![*entry])),
            }
            next = number.checked_add(1);
        }
        runs
    }

    fn table(&mut self, mut trailer: Dictionary, head: Option<Entry>) -> Result<u64, PdfError> {
        let at = self.position();
        if at > TABLE_OFFSET {
            return Err(PdfError::Unsupported(Unsupported::TableOffset));
        }
        // The head of the free list is repeated as it was, so that the list stays whole.
        let (next, generation) = free_head(head);
        let runs = self.runs();
        let out = &mut self.bytes;
        out.extend(format!("xref\n0 1\n{next:010} {generation:05} f \n").bytes());
        for (first, run) in runs {
            out.extend(format!("{first} {}\n", run.len()).bytes());
            for (offset, generation) in run {
                out.extend(format!("{offset:010} {generation:05} n \n").bytes());
            }
        }
        out.extend_from_slice(b"trailer\n");
        trailer.set("Size", Object::Integer(i64::from(self.next_number)));
        trailer.write(&mut self.bytes);
        self.bytes.push(b'\n');
        Ok(at)
    }

    fn stream(&mut self, carried: Dictionary, head: Option<Entry>) -> Result<u64, PdfError> {
        let reference = self.allocate()?;
        let at = self.position();
        self.entries
            .insert(reference.number, (at, reference.generation));
        let (next, generation) = free_head(head);
        let mut index = vec![Object::Integer(0), Object::Integer(1)];
        let mut rows = row(0, next, generation);
        for (first, run) in self.runs() {
            index.push(Object::Integer(i64::from(first)));
            index.push(Object::Integer(
                i64::try_from(run.len()).unwrap_or(i64::MAX),
            ));
            for (offset, generation) in run {
                rows.extend(row(1, offset, generation));
            }
        }
        let mut dictionary = Dictionary::from([("Type", Object::name("XRef"))]);
        dictionary.set("W", Object::Array([1, 8, 2].map(Object::Integer).to_vec()));
        dictionary.set("Index", Object::Array(index));
        dictionary.set("Size", Object::Integer(i64::from(self.next_number)));
        let length = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        dictionary.set("Length", Object::Integer(length));
        dictionary.extend(carried);
        self.bytes
            .extend_from_slice(format!("{reference} obj\n").as_bytes());
        dictionary.write(&mut self.bytes);
        self.bytes.extend_from_slice(b"\nstream\n");
        self.bytes.extend_from_slice(&rows);
        self.bytes.extend_from_slice(b"\nendstream\nendobj\n");
        Ok(at)
    }
}

fn free_head(head: Option<Entry>) -> (u64, u16) {
    match head {
        Some(Entry::Free { next, generation }) if next <= TABLE_OFFSET => (next, generation),
        _ => (0, u16::MAX),
    }
}

fn row(kind: u8, second: u64, third: u16) -> Vec<u8> {
    let mut row = vec![kind];
    row.extend_from_slice(&second.to_be_bytes());
    row.extend_from_slice(&third.to_be_bytes());
    row
}
