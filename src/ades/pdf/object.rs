//! PDF objects (ISO 32000-1 section 7.3) as values, and how they are written.
//!
//! Numbers with a fraction and the form of strings are kept as they were read, so that an object can be written
//! again without a change of meaning. Comments and white space are not kept.

use std::fmt;

/// An indirect object's number and generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    /// Object number, from 1.
    pub number: u32,
    /// Generation, 0 for all but reused numbers.
    pub generation: u16,
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.generation)
    }
}

/// Any PDF object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Object {
    Null,
    Boolean(bool),
    Integer(i64),
    /// A number that is no `i64`, as it was written.
    Real(Box<[u8]>),
    String(PdfString),
    Name(Name),
    Array(Vec<Object>),
    Dictionary(Dictionary),
    Reference(Reference),
    /// Only ever an indirect object itself.
    Stream(Stream),
}

/// A name without its slash, `#` sequences decoded.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Name(pub(crate) Box<[u8]>);

/// A string's bytes and the form it was written in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PdfString {
    pub(crate) bytes: Box<[u8]>,
    pub(crate) form: StringForm,
}

/// `(literal)` or `<hexadecimal>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StringForm {
    Literal,
    Hexadecimal,
}

/// Keys and values in the order of the file; no key twice.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Dictionary(Vec<(Name, Object)>);

/// A stream's dictionary and where its data begin in the file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stream {
    pub(crate) dictionary: Dictionary,
    pub(crate) data_at: u64,
}

impl Name {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.as_bytes().into())
    }

    pub(crate) fn is(&self, text: &str) -> bool {
        *self.0 == *text.as_bytes()
    }

    /// The name for people; bytes that are no UTF-8 are replaced.
    pub(crate) fn to_text(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}", self.to_text())
    }
}

impl PdfString {
    pub(crate) fn literal(bytes: impl Into<Box<[u8]>>) -> Self {
        Self {
            bytes: bytes.into(),
            form: StringForm::Literal,
        }
    }

    pub(crate) fn hexadecimal(bytes: impl Into<Box<[u8]>>) -> Self {
        Self {
            bytes: bytes.into(),
            form: StringForm::Hexadecimal,
        }
    }
}

impl Dictionary {
    /// The value of a key; `None` when it is absent or null, which mean the same (ISO 32000-1 section 7.3.7).
    pub(crate) fn get(&self, key: &str) -> Option<&Object> {
        self.0
            .iter()
            .find(|(name, value)| name.is(key) && *value != Object::Null)
            .map(|(_, value)| value)
    }

    /// Sets a key in its place, or at the end when it is new.
    pub(crate) fn set(&mut self, key: &str, value: Object) {
        match self.0.iter_mut().find(|(name, _)| name.is(key)) {
            Some((_, old)) => *old = value,
            None => self.0.push((Name::new(key), value)),
        }
    }

    pub(crate) fn remove(&mut self, key: &str) {
        self.0.retain(|(name, _)| !name.is(key));
    }

    /// Adds pairs whose keys are not there yet.
    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes pairs whose keys are known to differ.
    pub(crate) fn from_pairs(pairs: Vec<(Name, Object)>) -> Self {
        Self(pairs)
    }
}

impl<const N: usize> From<[(&str, Object); N]> for Dictionary {
    fn from(pairs: [(&str, Object); N]) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(key, value)| (Name::new(key), value))
                .collect(),
        )
    }
}

impl Object {
    pub(crate) fn name(text: &str) -> Self {
        Self::Name(Name::new(text))
    }

    pub(crate) fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(value) => Some(*value),
            _ => None,
        }
    }

    pub(crate) fn as_name(&self) -> Option<&Name> {
        match self {
            Self::Name(name) => Some(name),
            _ => None,
        }
    }

    pub(crate) fn as_string(&self) -> Option<&PdfString> {
        match self {
            Self::String(string) => Some(string),
            _ => None,
        }
    }

    pub(crate) fn as_array(&self) -> Option<&[Object]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    pub(crate) fn as_reference(&self) -> Option<Reference> {
        match self {
            Self::Reference(reference) => Some(*reference),
            _ => None,
        }
    }

    pub(crate) fn into_dictionary(self) -> Option<Dictionary> {
        match self {
            Self::Dictionary(dictionary) => Some(dictionary),
            _ => None,
        }
    }

    /// Appends the object as PDF syntax. Of a stream only the dictionary is written.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Boolean(true) => out.extend_from_slice(b"true"),
            Self::Boolean(false) => out.extend_from_slice(b"false"),
            Self::Integer(value) => out.extend_from_slice(value.to_string().as_bytes()),
            Self::Real(text) => out.extend_from_slice(text),
            Self::String(string) => string.write(out),
            Self::Name(name) => name.write(out),
            Self::Array(items) => {
                out.push(b'[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        // A line now and then: some tools read line by line.
                        out.push(if index % 16 == 0 { b'\n' } else { b' ' });
                    }
                    item.write(out);
                }
                out.push(b']');
            }
            Self::Dictionary(dictionary) => dictionary.write(out),
            Self::Reference(reference) => {
                out.extend_from_slice(reference.to_string().as_bytes());
                out.extend_from_slice(b" R");
            }
            Self::Stream(stream) => stream.dictionary.write(out),
        }
    }
}

impl Dictionary {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"<<");
        for (name, value) in &self.0 {
            out.push(b'\n');
            name.write(out);
            out.push(b' ');
            value.write(out);
        }
        out.extend_from_slice(b"\n>>");
    }
}

impl Name {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'/');
        for byte in &self.0 {
            if byte.is_ascii_graphic() && !b"#()<>[]{}/%".contains(byte) {
                out.push(*byte);
            } else {
                out.extend_from_slice(format!("#{byte:02X}").as_bytes());
            }
        }
    }
}

impl PdfString {
    fn write(&self, out: &mut Vec<u8>) {
        match self.form {
            StringForm::Hexadecimal => {
                out.push(b'<');
                out.extend_from_slice(hex::encode(&self.bytes).as_bytes());
                out.push(b'>');
            }
            StringForm::Literal => {
                out.push(b'(');
                for byte in &self.bytes {
                    match byte {
                        b'(' | b')' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
                        // An end of line inside a string would be read as a line feed.
                        b'\r' => out.extend_from_slice(b"\\r"),
                        b'\n' => out.extend_from_slice(b"\\n"),
                        _ => out.push(*byte),
                    }
                }
                out.push(b')');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(object: &Object) -> String {
        let mut out = Vec::new();
        object.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn names_and_strings_are_escaped_where_the_syntax_needs_it() {
        assert_eq!(written(&Object::name("A B#/é")), "/A#20B#23#2F#C3#A9");
        let string = PdfString::literal(*b"a(b\\\r\n");
        assert_eq!(written(&Object::String(string)), "(a\\(b\\\\\\r\\n)");
        let string = PdfString::hexadecimal([0xfe, 0x01]);
        assert_eq!(written(&Object::String(string)), "<fe01>");
    }

    #[test]
    fn a_null_value_counts_as_absent() {
        let mut dictionary = Dictionary::from([("A", Object::Null)]);
        assert_eq!(dictionary.get("A"), None);
        dictionary.set("A", Object::Integer(1));
        assert_eq!(dictionary.0.len(), 1);
    }
}
