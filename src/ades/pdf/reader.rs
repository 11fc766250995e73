//! Parsing at a place in the file, with a window that grows as needed and the document's budget.

use super::error::PdfError;
use super::fault::Fault;
use super::lexer::{End, Lexer, SyntaxError};
use super::limits::{self, Budget, Limit, too_complex};
use super::parser;
use super::source::{RandomAccess, Source};

const FIRST_WINDOW: usize = 2 << 10;
const WINDOW_GROWTH: usize = 8;

/// The file and what may still be spent on it.
pub(crate) struct Reader<'s> {
    source: Source<'s>,
    pub(crate) budget: Budget,
}

impl<'s> Reader<'s> {
    pub(crate) fn new(source: &'s mut dyn RandomAccess) -> Result<Self, PdfError> {
        Ok(Self {
            source: Source::new(source).map_err(PdfError::Read)?,
            budget: Budget::full(),
        })
    }

    /// The length of the file in bytes.
    pub(crate) fn len(&self) -> u64 {
        self.source.len()
    }

    /// Up to `count` bytes from `at` on.
    pub(crate) fn bytes(&mut self, at: u64, count: usize) -> Result<Vec<u8>, PdfError> {
        self.budget.parsed(count)?;
        if self.source.fetched() > limits::FETCHED {
            return Err(too_complex(Limit::Fetched));
        }
        self.source.read(at, count).map_err(PdfError::Read)
    }

    /// Lets `parse` read from `at` on, again with a larger window as long as it finds its own too short.
    pub(crate) fn parse<T>(
        &mut self,
        at: u64,
        parse: impl Fn(&mut Lexer<'_>) -> Result<T, SyntaxError>,
    ) -> Result<T, PdfError> {
        if at >= self.len() {
            return Err(damaged(Fault::BeyondEnd, at));
        }
        let mut window = FIRST_WINDOW;
        loop {
            let bytes = self.bytes(at, window)?;
            let reached = at.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
            let end = if reached >= self.len() {
                End::OfFile
            } else {
                End::OfWindow
            };
            match parse(&mut Lexer::new(&bytes, at, end)) {
                Err(SyntaxError::Short) if window < limits::OBJECT_BYTES => {
                    window = (window * WINDOW_GROWTH).min(limits::OBJECT_BYTES);
                }
                result => return result.map_err(PdfError::from),
            }
        }
    }

    /// Checks that a stream's data end with `endstream` (ISO 32000-1 section 7.3.8.1).
    pub(crate) fn check_stream_end(&mut self, data_at: u64, length: u64) -> Result<(), PdfError> {
        let at = data_at.saturating_add(length);
        let wrong = damaged(Fault::StreamLength, at);
        if at >= self.len() {
            return Err(wrong);
        }
        let ends = self.parse(at, |lexer| {
            Ok(parser::is_keyword(&lexer.token()?, "endstream"))
        });
        match ends {
            Ok(true) => Ok(()),
            Err(error @ PdfError::Read(_)) => Err(error),
            _ => Err(wrong),
        }
    }
}

/// The error for a wrong place in the file.
pub(crate) fn damaged(fault: Fault, at: u64) -> PdfError {
    PdfError::Damaged {
        fault,
        at: Some(at),
    }
}

/// The error for objects that do not fit together.
pub(crate) fn inconsistent(fault: Fault) -> PdfError {
    PdfError::Damaged { fault, at: None }
}

impl From<SyntaxError> for PdfError {
    fn from(error: SyntaxError) -> Self {
        match error {
            SyntaxError::Short => too_complex(Limit::ObjectBytes),
            SyntaxError::Fault { fault, at } => damaged(fault, at),
            SyntaxError::TooComplex(limit) => too_complex(limit),
        }
    }
}
