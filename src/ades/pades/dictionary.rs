//! The signature dictionary (ISO 32000-1 table 252, EN 319 142-1 clause 6.3), with room for what is known last:
//! `/ByteRange` and `/Contents`.

use std::ops::Range;

use time::{OffsetDateTime, UtcOffset};

use super::options::{Meaning, Options};
use crate::ades::AdesError;
use crate::ades::pdf::{
    self, Dictionary, Document, Lock, Name, Object, PdfError, PdfString, Reference, Revision,
    text_string,
};

/// Digits of the largest 64-bit number.
const WIDTH: usize = 20;

/// Where the two open entries are in the appended bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Places {
    /// The four numbers between the brackets of `/ByteRange`.
    pub(super) byte_range: Range<usize>,
    /// The hexadecimal digits between the angle brackets of `/Contents`.
    pub(super) contents: Range<usize>,
}

/// Writes the dictionary with room for `room` bytes of CMS.
pub(super) fn write(
    revision: &mut Revision,
    reference: Reference,
    entries: &Dictionary,
    room: usize,
) -> Places {
    let mut places = Places {
        byte_range: 0..0,
        contents: 0..0,
    };
    let start = revision.put_with(reference, |out| {
        let begin = out.len();
        entries.write(out);
        // The open entries go before the closing >>.
        out.truncate(out.len() - b"\n>>".len());
        out.extend_from_slice(b"\n/ByteRange [");
        let numbers = out.len() - begin;
        out.extend(std::iter::repeat_n(b' ', 4 * WIDTH + 3));
        places.byte_range = numbers..out.len() - begin;
        out.extend_from_slice(b"]\n/Contents <");
        let digits = out.len() - begin;
        out.extend(std::iter::repeat_n(b'0', 2 * room));
        places.contents = digits..out.len() - begin;
        out.extend_from_slice(b">\n>>");
    });
    for range in [&mut places.byte_range, &mut places.contents] {
        *range = range.start + start..range.end + start;
    }
    places
}

/// The entries that are known from the start.
///
/// `/Name` is left out: it is meant for signatures from which the signer's name cannot be taken otherwise (ISO 32000-1
/// table 252), and here it is in the certificate, where no app can choose it.
pub(super) fn entries(
    options: &Options,
    signing_time: OffsetDateTime,
    references: Vec<Object>,
) -> Result<Dictionary, AdesError> {
    let mut entries = Dictionary::from([
        ("Type", Object::name("Sig")),
        ("Filter", Object::name("Adobe.PPKLite")),
        ("SubFilter", Object::name("ETSI.CAdES.detached")),
        ("M", Object::String(date(signing_time)?)),
    ]);
    let reason = match &options.meaning {
        Meaning::Reason(reason) => Some(reason),
        Meaning::Unstated | Meaning::Commitment(_) | Meaning::Policy { .. } => None,
    };
    for (key, text) in [
        ("Reason", reason),
        ("Location", options.location.as_ref()),
        ("ContactInfo", options.contact.as_ref()),
    ] {
        if let Some(text) = text {
            entries.set(key, Object::String(text_string(text.as_str())));
        }
    }
    if !references.is_empty() {
        entries.set("Reference", Object::Array(references));
    }
    Ok(entries)
}

/// Signature reference dictionaries (ISO 32000-1 table 253) that a field's `/Lock` demands of its signature.
pub(super) fn references(
    document: &mut Document<'_>,
    field: &Dictionary,
) -> Result<Vec<Object>, PdfError> {
    let Object::Dictionary(lock) = document.value(field, "Lock")? else {
        return Ok(Vec::new());
    };
    let mut references = Vec::new();
    if let Some(lock) = pdf::lock(document, &lock)? {
        let (action, fields) = match lock {
            Lock::All => ("All", None),
            Lock::Include(names) => ("Include", Some(names)),
            Lock::Exclude(names) => ("Exclude", Some(names)),
        };
        let mut parameters = parameters();
        parameters.set("Action", Object::name(action));
        if let Some(names) = fields {
            let names = names.iter().map(|name| Object::String(text_string(name)));
            parameters.set("Fields", Object::Array(names.collect()));
        }
        references.push(transform("FieldMDP", parameters, document.catalog().0));
    }
    // ISO 32000-2 table 236: the lock may also lower what is permitted in the whole document.
    if pdf::changes(document, &lock)?.is_some()
        && let Some(level) = lock.get("P")
    {
        let mut parameters = parameters();
        parameters.set("P", document.resolve(level)?);
        references.push(transform("DocMDP", parameters, document.catalog().0));
    }
    Ok(references)
}

fn parameters() -> Dictionary {
    Dictionary::from([
        ("Type", Object::name("TransformParams")),
        ("V", Object::Name(Name::new("1.2"))),
    ])
}

fn transform(method: &str, parameters: Dictionary, catalog: Reference) -> Object {
    Object::Dictionary(Dictionary::from([
        ("Type", Object::name("SigRef")),
        ("TransformMethod", Object::name(method)),
        ("TransformParams", Object::Dictionary(parameters)),
        ("Data", Object::Reference(catalog)),
    ]))
}

/// A date (ISO 32000-1 section 7.9.4) in UTC, to the second.
fn date(time: OffsetDateTime) -> Result<PdfString, AdesError> {
    let time = time.to_offset(UtcOffset::UTC);
    if !(1970..=9999).contains(&time.year()) {
        return Err(AdesError::SigningTime);
    }
    let (date, (hour, minute, second)) = (time.date(), time.to_hms());
    let text = format!(
        "D:{:04}{:02}{:02}{hour:02}{minute:02}{second:02}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
    );
    Ok(PdfString::literal(text.into_bytes()))
}

/// The four numbers of a byte range, filled up with spaces to the room there is.
pub(super) fn byte_range(numbers: [u64; 4]) -> Vec<u8> {
    let text = numbers.map(|number| number.to_string()).join(" ");
    format!("{text:<width$}", width = 4 * WIDTH + 3).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn dates_are_in_utc() {
        let time = datetime!(2027-03-01 01:02:03.9 +02:00);
        assert_eq!(*date(time).unwrap().bytes, *b"D:20270228230203Z");
        assert!(date(datetime!(1969-12-31 00:00 UTC)).is_err());
    }

    #[test]
    fn a_byte_range_always_has_the_same_length() {
        let longest = byte_range([0, u64::MAX, u64::MAX, u64::MAX]).len();
        assert_eq!(byte_range([0, 1, 2, 3]).len(), longest);
        assert!(longest <= 4 * WIDTH + 3);
    }
}
