//! Objects compressed together in one stream (ISO 32000-1 section 7.5.7).
//!
//! `/Extends` only groups streams; the cross-reference names the very stream that holds an object, so it is not
//! followed.

use std::ops::ControlFlow;

use super::error::PdfError;
use super::fault::Fault;
use super::filter::Data;
use super::lexer::{End, Lexer, Token};
use super::limits::{self, Limit, too_complex};
use super::object::{Dictionary, Object};
use super::parser;
use super::reader::{Reader, damaged, inconsistent};

/// How many decoded bytes of object streams are kept.
const KEPT_TOTAL: usize = 2 << 20;

/// A decoded object stream.
pub(crate) struct ObjectStream {
    number: u32,
    bytes: Vec<u8>,
    /// Object numbers and where they begin in `bytes`.
    index: Vec<(u32, usize)>,
}

/// The object streams read last.
#[derive(Default)]
pub(crate) struct ObjectStreams(Vec<ObjectStream>);

impl ObjectStream {
    /// Decodes a stream whose dictionary was checked to be that of an object stream.
    pub(crate) fn read(
        reader: &mut Reader<'_>,
        number: u32,
        dictionary: &Dictionary,
        data: &Data,
    ) -> Result<Self, PdfError> {
        let count = size(dictionary, "N", data.at)?;
        let first = size(dictionary, "First", data.at)?;
        let mut bytes = Vec::new();
        let mut too_large = false;
        data.decode(reader, &mut |piece| {
            bytes.extend_from_slice(piece);
            too_large = u64::try_from(bytes.len()).map_or(true, |n| n > limits::OBJECT_STREAM);
            if too_large {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })?;
        if too_large {
            return Err(too_complex(Limit::ObjectStream));
        }
        let head = bytes
            .get(..first)
            .ok_or_else(|| damaged(Fault::Key("First"), data.at))?;
        let mut lexer = Lexer::new(head, 0, End::OfFile);
        let mut index = Vec::new();
        for _ in 0..count {
            let (Token::Integer(object), Token::Integer(offset)) = (lexer.token()?, lexer.token()?)
            else {
                return Err(damaged(Fault::Key("N"), data.at));
            };
            let place = u32::try_from(object).ok().zip(
                usize::try_from(offset)
                    .ok()
                    .and_then(|offset| offset.checked_add(first)),
            );
            index.push(place.ok_or_else(|| damaged(Fault::Key("N"), data.at))?);
        }
        Ok(Self {
            number,
            bytes,
            index,
        })
    }

    /// The object with this number, which must stand at this index, and the length of its text.
    pub(crate) fn object(&self, number: u32, index: u32) -> Result<(Object, usize), PdfError> {
        let missing = || {
            inconsistent(Fault::NotInStream {
                stream: self.number,
                object: number,
            })
        };
        let place = usize::try_from(index)
            .ok()
            .and_then(|index| self.index.get(index));
        let (_, offset) = place
            .filter(|(object, _)| *object == number)
            .ok_or_else(missing)?;
        let rest = self
            .bytes
            .get(*offset..)
            .filter(|rest| !rest.is_empty())
            .ok_or_else(missing)?;
        let base = u64::try_from(*offset).unwrap_or(u64::MAX);
        let mut lexer = Lexer::new(rest, base, End::OfFile);
        let object = parser::value(&mut lexer)?;
        let length = usize::try_from(lexer.position() - base).unwrap_or(usize::MAX);
        Ok((object, length))
    }
}

impl ObjectStreams {
    /// A stream that was read before.
    pub(crate) fn find(&self, number: u32) -> Option<&ObjectStream> {
        self.0.iter().find(|stream| stream.number == number)
    }

    /// Keeps a stream; the oldest go when there are too many bytes.
    pub(crate) fn keep(&mut self, stream: ObjectStream) {
        self.0.push(stream);
        while self.0.len() > 1
            && self.0.iter().map(|one| one.bytes.len()).sum::<usize>() > KEPT_TOTAL
        {
            self.0.remove(0);
        }
    }
}

fn size(dictionary: &Dictionary, key: &'static str, at: u64) -> Result<usize, PdfError> {
    dictionary
        .get(key)
        .and_then(Object::as_integer)
        .and_then(|value| usize::try_from(value).ok())
        .ok_or_else(|| damaged(Fault::Key(key), at))
}
