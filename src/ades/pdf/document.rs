//! A PDF opened for reading: objects by reference, trailer and catalog.

use std::collections::HashSet;

use super::encryption;
use super::error::PdfError;
use super::fault::Fault;
use super::filter::{Coding, Data};
use super::limits;
use super::object::{Dictionary, Object, Reference, Stream};
use super::object_stream::{ObjectStream, ObjectStreams};
use super::parser;
use super::reader::{Reader, damaged, inconsistent};
use super::source::RandomAccess;
use super::xref::{self, Entry, Version, Xref};

/// An opened PDF. Objects are read when they are asked for and not kept.
pub(crate) struct Document<'s> {
    reader: Reader<'s>,
    xref: Xref,
    streams: ObjectStreams,
    version: Version,
    catalog: (Reference, Dictionary),
}

impl<'s> Document<'s> {
    /// Reads the cross-reference and the catalog; refuses what is encrypted.
    pub(crate) fn open(source: &'s mut dyn RandomAccess) -> Result<Self, PdfError> {
        let mut reader = Reader::new(source)?;
        let header_version = xref::header(&mut reader)?;
        let xref = Xref::read(&mut reader)?;
        let root = xref.trailer().get("Root").and_then(Object::as_reference);
        let no_catalog = damaged(Fault::NoCatalog, xref.startxref());
        let Some(root) = root else {
            return Err(no_catalog);
        };
        let mut document = Self {
            reader,
            xref,
            streams: ObjectStreams::default(),
            version: header_version,
            catalog: (root, Dictionary::default()),
        };
        if let Some(encrypt) = document.xref.trailer().get("Encrypt").cloned() {
            let encrypt = document.resolve(&encrypt)?.into_dictionary();
            let id = document.trailer_value("ID")?;
            return Err(encryption::refusal(&encrypt.unwrap_or_default(), &id));
        }
        let Some(catalog) = document.object(root)?.into_dictionary() else {
            return Err(no_catalog);
        };
        // A catalog may raise the version, never lower it (ISO 32000-1 table 28).
        let raised = catalog
            .get("Version")
            .and_then(Object::as_name)
            .and_then(|name| Version::read(&name.0));
        document.version = raised.map_or(header_version, |raised| raised.max(header_version));
        document.catalog = (root, catalog);
        Ok(document)
    }

    /// The length of the file in bytes.
    pub(crate) fn len(&self) -> u64 {
        self.reader.len()
    }

    /// Up to `count` bytes of the file from `at` on.
    pub(crate) fn bytes(&mut self, at: u64, count: usize) -> Result<Vec<u8>, PdfError> {
        self.reader.bytes(at, count)
    }

    /// The last byte of the file.
    pub(crate) fn last_byte(&mut self) -> Result<Option<u8>, PdfError> {
        let at = self.len().saturating_sub(1);
        Ok(self.reader.bytes(at, 1)?.first().copied())
    }

    /// The version by header and catalog.
    pub(crate) fn version(&self) -> Version {
        self.version
    }

    /// Where the catalog is, and the catalog.
    pub(crate) fn catalog(&self) -> (Reference, &Dictionary) {
        (self.catalog.0, &self.catalog.1)
    }

    pub(crate) fn xref(&self) -> &Xref {
        &self.xref
    }

    /// What the cross-reference says of an object.
    pub(crate) fn entry(&mut self, number: u32) -> Result<Option<Entry>, PdfError> {
        self.xref.entry(&mut self.reader, number)
    }

    /// An indirect object; null when it does not exist (ISO 32000-1 section 7.3.10).
    pub(crate) fn object(&mut self, reference: Reference) -> Result<Object, PdfError> {
        self.reader.budget.object()?;
        match self.entry(reference.number)? {
            None | Some(Entry::Free { .. } | Entry::At { offset: 0, .. }) => Ok(Object::Null),
            Some(Entry::At { offset, generation }) if generation == reference.generation => {
                let (_, object) = self
                    .reader
                    .parse(offset, |lexer| parser::indirect(lexer, Some(reference)))?;
                Ok(object)
            }
            Some(Entry::InStream { stream, index }) if reference.generation == 0 => {
                self.load_stream(stream)?;
                let Some(loaded) = self.streams.find(stream) else {
                    return Err(inconsistent(Fault::NotObjectStream(stream)));
                };
                let (object, length) = loaded.object(reference.number, index)?;
                self.reader.budget.parsed(length)?;
                Ok(object)
            }
            Some(_) => Ok(Object::Null),
        }
    }

    /// Checks that an object begins at this place.
    pub(crate) fn check_place(
        &mut self,
        reference: Reference,
        offset: u64,
    ) -> Result<(), PdfError> {
        self.reader
            .parse(offset, |lexer| parser::check_header(lexer, reference))
    }

    /// The object itself, following references.
    pub(crate) fn resolve(&mut self, object: &Object) -> Result<Object, PdfError> {
        let Object::Reference(first) = object else {
            return Ok(object.clone());
        };
        let mut reference = *first;
        let mut seen = HashSet::new();
        while seen.insert(reference) && seen.len() <= limits::REFERENCE_HOPS {
            match self.object(reference)? {
                Object::Reference(next) => reference = next,
                found => return Ok(found),
            }
        }
        Err(inconsistent(Fault::ReferenceLoop(*first)))
    }

    /// A value of a dictionary, following references; null when absent.
    pub(crate) fn value(&mut self, dictionary: &Dictionary, key: &str) -> Result<Object, PdfError> {
        match dictionary.get(key) {
            Some(value) => self.resolve(value),
            None => Ok(Object::Null),
        }
    }

    fn trailer_value(&mut self, key: &str) -> Result<Object, PdfError> {
        match self.xref.trailer().get(key).cloned() {
            Some(value) => self.resolve(&value),
            None => Ok(Object::Null),
        }
    }

    fn load_stream(&mut self, number: u32) -> Result<(), PdfError> {
        if self.streams.find(number).is_some() {
            return Ok(());
        }
        let reference = Reference {
            number,
            generation: 0,
        };
        let not_one = || inconsistent(Fault::NotObjectStream(number));
        // An object stream is never itself in one; asking first keeps loops out.
        if !matches!(self.entry(number)?, Some(Entry::At { .. })) {
            return Err(not_one());
        }
        let Object::Stream(Stream {
            dictionary,
            data_at,
        }) = self.object(reference)?
        else {
            return Err(not_one());
        };
        let is_object_stream = dictionary
            .get("Type")
            .and_then(Object::as_name)
            .is_some_and(|name| name.is("ObjStm"));
        if !is_object_stream {
            return Err(not_one());
        }
        let data = self.data(&dictionary, data_at)?;
        self.reader.check_stream_end(data.at, data.len)?;
        let stream = ObjectStream::read(&mut self.reader, number, &dictionary, &data)?;
        self.streams.keep(stream);
        Ok(())
    }

    fn data(&mut self, dictionary: &Dictionary, at: u64) -> Result<Data, PdfError> {
        let length = dictionary.get("Length").cloned();
        let len = self
            .outside_streams(length, at)?
            .as_integer()
            .and_then(|length| u64::try_from(length).ok())
            .ok_or_else(|| damaged(Fault::Key("Length"), at))?;
        let filter = self.outside_streams(dictionary.get("Filter").cloned(), at)?;
        let parameters = self.outside_streams(dictionary.get("DecodeParms").cloned(), at)?;
        let present = |object: &Object| *object != Object::Null;
        let coding = Coding::read(
            dictionary,
            Some(&filter).filter(|object| present(object)),
            Some(&parameters).filter(|object| present(object)),
            at,
        )?;
        Ok(Data { at, len, coding })
    }

    /// Resolves what is needed to decode an object stream, which must not itself be in one.
    fn outside_streams(&mut self, object: Option<Object>, at: u64) -> Result<Object, PdfError> {
        match object {
            None => Ok(Object::Null),
            Some(Object::Reference(reference)) => match self.entry(reference.number)? {
                Some(Entry::At { .. }) => match self.object(reference)? {
                    Object::Reference(_) => Err(damaged(Fault::ReferenceLoop(reference), at)),
                    found => Ok(found),
                },
                _ => Err(damaged(Fault::Key("Length"), at)),
            },
            Some(direct) => Ok(direct),
        }
    }
}
