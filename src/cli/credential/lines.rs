//! The lines of a file that names many citizens: comma-separated values (RFC 4180), read one line after the other.
//!
//! Semicolons separate too, as spreadsheets write them where the comma is for decimals. The first line names the columns.
//! No value here has reason to hold a line break, so a line is always a line: a quotation mark that is never closed spoils
//! its own and no other. What a line holds is never repeated in a fault: it may be a DNI, and what is told of a long run
//! is kept somewhere.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::{self, BufRead, BufReader, Read};

use csv::{ByteRecord, ReaderBuilder};

use crate::domain::algorithm::KeyAlgorithm;
use crate::domain::identifier::{InvalidNationalId, NationalId};
use crate::service::credentials::Earlier;

/// In bytes. What has longer lines is no such file.
const LONGEST: u64 = 64 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads the lines.
pub(super) struct Lines {
    source: BufReader<Box<dyn Read + Send>>,
    /// How many were read.
    number: u64,
    delimiter: u8,
    columns: Vec<Column>,
    /// Who stood in which line: some tens of bytes for each, the one thing that grows with the file.
    seen: HashMap<[u8; 9], u64>,
}

/// What a line asks for. What it does not say is left to the options of the command.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) signer: NationalId,
    pub(super) key: Option<KeyAlgorithm>,
    pub(super) earlier: Option<Earlier>,
}

/// A line after the first, with its number in the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// From 1.
    pub(super) number: u64,
    pub(super) wish: Result<Wish, Fault>,
}

/// Why a line cannot be followed. The others can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("{found} values where the first line names {expected} columns")]
    Values { found: usize, expected: usize },
    #[error("not UTF-8 text")]
    Text,
    #[error("dni: {0}")]
    Signer(InvalidNationalId),
    #[error("the same citizen as line {first}")]
    Repeated { first: u64 },
    #[error("key: expected one of {}", names().join(", "))]
    Key,
    #[error("keep_earlier: expected yes or no")]
    KeepEarlier,
}

/// Why the file, or the rest of it, cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    #[error("it is empty; the first line names the columns: {}", Column::list())]
    Empty,
    #[error(
        "line {line}: column {column} has no known name; the columns are {}",
        Column::list()
    )]
    UnknownColumn { line: u64, column: usize },
    #[error("line {line}: there are two columns {column}")]
    TwoColumns { line: u64, column: &'static str },
    #[error(
        "line {line}: there is no column dni; the columns are {}",
        Column::list()
    )]
    NoSigners { line: u64 },
    #[error("line {line} has more than {LONGEST} bytes")]
    TooLong { line: u64 },
    #[error("line {line} cannot be read")]
    Unreadable { line: u64, source: io::Error },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Signer,
    Key,
    KeepEarlier,
}

impl Lines {
    /// Reads the first line.
    pub(super) fn begin(source: Box<dyn Read + Send>) -> Result<Self, Unusable> {
        let mut lines = Self {
            source: BufReader::new(source),
            number: 0,
            delimiter: b',',
            columns: Vec::new(),
            seen: HashMap::new(),
        };
        let first = lines.read()?.ok_or(Unusable::Empty)?;
        let first = first.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&first);
        if first.contains(&b';') && !first.contains(&b',') {
            lines.delimiter = b';';
        }
        lines.columns = columns(&lines.values(first), lines.number)?;
        Ok(lines)
    }

    /// The next line that is not blank.
    pub(super) fn next(&mut self) -> Result<Option<Line>, Unusable> {
        let Some(line) = self.read()? else {
            return Ok(None);
        };
        let values = self.values(&line);
        Ok(Some(Line {
            number: self.number,
            wish: self.wish(&values),
        }))
    }

    fn read(&mut self) -> Result<Option<Vec<u8>>, Unusable> {
        let mut line = Vec::new();
        while line.trim_ascii().is_empty() {
            line.clear();
            self.number += 1;
            let read = self
                .source
                .by_ref()
                .take(LONGEST)
                .read_until(b'\n', &mut line);
            let read = read.map_err(|source| Unusable::Unreadable {
                line: self.number,
                source,
            })?;
            let read = u64::try_from(read).unwrap_or(u64::MAX);
            if read == 0 {
                return Ok(None);
            }
            if read == LONGEST && !line.ends_with(b"\n") {
                return Err(Unusable::TooLong { line: self.number });
            }
        }
        Ok(Some(line))
    }

    fn values(&self, line: &[u8]) -> ByteRecord {
        let mut values = ByteRecord::new();
        let read = ReaderBuilder::new()
            .has_headers(false)
            .delimiter(self.delimiter)
            .buffer_capacity(256)
            .from_reader(line)
            .read_byte_record(&mut values);
        // Memory is always read, and any bytes are values of some kind.
        read.map_or_else(|_| ByteRecord::new(), |_| values)
    }

    fn wish(&mut self, values: &ByteRecord) -> Result<Wish, Fault> {
        let (found, expected) = (values.len(), self.columns.len());
        if found != expected {
            return Err(Fault::Values { found, expected });
        }
        let (mut signer, mut key, mut earlier) = (None, None, None);
        for (column, value) in self.columns.iter().zip(values) {
            let value = std::str::from_utf8(value).or(Err(Fault::Text))?.trim();
            match column {
                Column::Signer => signer = Some(value.parse().map_err(Fault::Signer)?),
                Column::Key => {
                    key = unless_empty(value, |value| value.parse().or(Err(Fault::Key)))?;
                }
                Column::KeepEarlier => {
                    earlier = unless_empty(value, |value| match value {
                        "yes" => Ok(Earlier::Keep),
                        "no" => Ok(Earlier::Revoke),
                        _ => Err(Fault::KeepEarlier),
                    })?;
                }
            }
        }
        let signer: NationalId = signer.ok_or(Fault::Signer(InvalidNationalId::Shape))?;
        let whole = signer.as_str().as_bytes().try_into();
        match self
            .seen
            .entry(whole.or(Err(Fault::Signer(InvalidNationalId::Shape)))?)
        {
            Entry::Occupied(first) => {
                return Err(Fault::Repeated {
                    first: *first.get(),
                });
            }
            Entry::Vacant(place) => place.insert(self.number),
        };
        Ok(Wish {
            signer,
            key,
            earlier,
        })
    }
}

/// How many lines there are that are not blank. What is in them is not looked at, and none is kept.
pub(super) fn count(source: impl Read) -> io::Result<u64> {
    let mut source = BufReader::new(source);
    let (mut lines, mut is_blank) = (0, true);
    loop {
        let bytes = source.fill_buf()?;
        if bytes.is_empty() {
            return Ok(lines);
        }
        for byte in bytes {
            match byte {
                b'\n' => is_blank = true,
                byte if is_blank && !byte.is_ascii_whitespace() => {
                    is_blank = false;
                    lines += 1;
                }
                _ => {}
            }
        }
        let read = bytes.len();
        source.consume(read);
    }
}

impl Column {
    const ALL: [Self; 3] = [Self::Signer, Self::Key, Self::KeepEarlier];

    fn name(self) -> &'static str {
        match self {
            Self::Signer => "dni",
            Self::Key => "key",
            Self::KeepEarlier => "keep_earlier",
        }
    }

    fn list() -> String {
        format!(
            "{}; only dni must be there",
            Self::ALL.map(Self::name).join(", ")
        )
    }
}

fn columns(first: &ByteRecord, line: u64) -> Result<Vec<Column>, Unusable> {
    let mut columns = Vec::new();
    for (at, name) in first.iter().enumerate() {
        let name = name.trim_ascii().to_ascii_lowercase();
        let known = Column::ALL
            .into_iter()
            .find(|column| column.name().as_bytes() == name);
        let column = known.ok_or(Unusable::UnknownColumn {
            line,
            column: at + 1,
        })?;
        if columns.contains(&column) {
            let column = column.name();
            return Err(Unusable::TwoColumns { line, column });
        }
        columns.push(column);
    }
    if columns.contains(&Column::Signer) {
        Ok(columns)
    } else {
        Err(Unusable::NoSigners { line })
    }
}

fn unless_empty<T>(
    value: &str,
    read: impl FnOnce(&str) -> Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    if value.is_empty() {
        Ok(None)
    } else {
        read(value).map(Some)
    }
}

fn names() -> Vec<&'static str> {
    KeyAlgorithm::ALL.iter().map(|key| key.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn begin(text: impl Into<Vec<u8>>) -> Result<Lines, Unusable> {
        Lines::begin(Box::new(io::Cursor::new(text.into())))
    }

    fn all(text: impl Into<Vec<u8>>) -> Vec<(u64, Result<Wish, Fault>)> {
        let mut lines = begin(text).unwrap();
        std::iter::from_fn(|| lines.next().unwrap())
            .map(|line| (line.number, line.wish))
            .collect()
    }

    fn numbers(text: impl Into<Vec<u8>>) -> Vec<u64> {
        all(text).iter().map(|(number, _)| *number).collect()
    }

    fn ana() -> NationalId {
        "12345678Z".parse().unwrap()
    }

    fn told(text: impl Into<Vec<u8>>) -> String {
        begin(text).err().unwrap().to_string()
    }

    #[test]
    fn a_line_says_what_its_columns_are_named_for() {
        let read = all("KEY, dni ,keep_earlier\nec-p256,12.345.678-z,yes\n,X0000000T,\n");
        let first = Wish {
            signer: ana(),
            key: Some(KeyAlgorithm::EcP256),
            earlier: Some(Earlier::Keep),
        };
        let second = Wish {
            signer: "X0000000T".parse().unwrap(),
            key: None,
            earlier: None,
        };
        assert_eq!(read, [(2, Ok(first)), (3, Ok(second))]);
    }

    #[test]
    fn what_spreadsheets_write_is_read() {
        for text in [
            "dni;key\r\n12345678Z;ec-p256\r\n",
            "\u{feff}dni,key\n12345678Z,ec-p256",
            "\"dni\",\"key\"\n\"12345678Z\",\"ec-p256\"\n",
        ] {
            let read = all(text);
            let (number, wish) = &read[0];
            assert_eq!((*number, read.len()), (2, 1), "{text:?}");
            assert_eq!(wish.as_ref().unwrap().signer, ana());
        }
    }

    #[test]
    fn lines_are_counted_as_an_editor_counts_them() {
        let three = "dni\n12345678Z\n\n00000000T\n\"X0000000T\"\n";
        assert_eq!(numbers(three), [2, 4, 5]);
        assert_eq!(numbers(three.replace('\n', "\r\n")), [2, 4, 5]);
        assert_eq!(numbers("\n\ndni\n12345678Z\n"), [4]);
    }

    #[test]
    fn a_faulty_line_is_told_and_the_others_are_read() {
        let read = all(
            b"dni,key\n12345678A,\n1,\n00000000T,rsa-512\n12345678Z\n12345678Z,,\n\xff,\n12345678Z,\n12345678-z,ec-p256\n",
        );
        let faults: Vec<_> = read
            .iter()
            .filter_map(|(number, wish)| Some((*number, *wish.as_ref().err()?)))
            .collect();
        assert_eq!(
            faults,
            [
                (2, Fault::Signer(InvalidNationalId::CheckLetter)),
                (3, Fault::Signer(InvalidNationalId::Shape)),
                (4, Fault::Key),
                (
                    5,
                    Fault::Values {
                        found: 1,
                        expected: 2
                    }
                ),
                (
                    6,
                    Fault::Values {
                        found: 3,
                        expected: 2
                    }
                ),
                (7, Fault::Text),
                (9, Fault::Repeated { first: 8 }),
            ]
        );
        assert_eq!(read[6].0, 8);
        assert!(read[6].1.is_ok());
    }

    #[test]
    fn a_file_of_another_kind_is_refused_and_nothing_of_it_repeated() {
        assert!(told("").starts_with("it is empty"));
        assert!(told("12345678Z,ec-p256\n").starts_with("line 1: column 1 has no known name"));
        assert!(told("dni,name\n").starts_with("line 1: column 2 has no known name"));
        assert_eq!(told("dni,DNI\n"), "line 1: there are two columns dni");
        assert!(told("key\nec-p256\n").starts_with("line 1: there is no column dni"));
        assert!(told(b"\xff\xfed\0n\0i\0\n\0").starts_with("line 1: column 1"));
    }

    #[test]
    fn a_quotation_mark_left_open_spoils_no_other_line() {
        let read = all("dni,key\n\"12345678Z,\n00000000T,\n");
        let faults: Vec<_> = read
            .iter()
            .map(|(number, wish)| (*number, wish.is_err()))
            .collect();
        assert_eq!(faults, [(2, true), (3, false)]);
    }

    #[test]
    fn a_line_without_end_is_not_read_whole() {
        let endless = format!("dni\n12345678Z\n{}", "0".repeat(1 << 20));
        let mut lines = begin(endless).unwrap();
        assert!(lines.next().unwrap().unwrap().wish.is_ok());
        assert!(matches!(lines.next(), Err(Unusable::TooLong { line: 3 })));
    }

    proptest! {
        #[test]
        fn what_is_counted_is_what_is_read(text in "dni\n[ \r\nX0-9]{0,60}") {
            let counted = count(text.as_bytes()).unwrap();
            let read = u64::try_from(numbers(text).len()).unwrap();
            prop_assert_eq!(counted, read + 1);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let text = [b"dni,key\n".as_slice(), &bytes].concat();
            let mut lines = begin(text).unwrap();
            while let Ok(Some(_)) = lines.next() {}
            if let Ok(mut lines) = begin(bytes) {
                while let Ok(Some(_)) = lines.next() {}
            }
        }
    }
}
