//! The decompression of structure streams: Flate with PNG and TIFF predictors (ISO 32000-1 section 7.4.4).
//!
//! Decoded bytes pass by in pieces and count against the budget, so that a bomb ends early.

use std::ops::ControlFlow;

use flate2::{Decompress, FlushDecompress, Status};

use super::error::{PdfError, Unsupported};
use super::fault::Fault;
use super::object::{Dictionary, Object};
use super::predictor::{Predictor, Unpredict};
use super::reader::{Reader, damaged};

const PIECE: usize = 16 << 10;

/// Takes decoded pieces; breaks when it has seen enough.
pub(crate) type Sink<'f> = dyn FnMut(&[u8]) -> ControlFlow<()> + 'f;

/// Takes encoded pieces, and the reader back for its budget.
type Take<'f> = dyn FnMut(&mut Reader<'_>, &[u8]) -> Result<ControlFlow<()>, PdfError> + 'f;

/// Where a stream's encoded data are and how they are encoded.
#[derive(Debug, Clone)]
pub(crate) struct Data {
    pub(crate) at: u64,
    pub(crate) len: u64,
    pub(crate) coding: Coding,
}

/// How a stream is encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Coding {
    Plain,
    Flate(Predictor),
}

impl Coding {
    /// Reads `/Filter` and `/DecodeParms`, both already resolved.
    pub(crate) fn read(
        dictionary: &Dictionary,
        filter: Option<&Object>,
        parameters: Option<&Object>,
        at: u64,
    ) -> Result<Self, PdfError> {
        if dictionary.get("F").is_some() {
            return Err(PdfError::Unsupported(Unsupported::ExternalData));
        }
        let wrong = || damaged(Fault::Key("Filter"), at);
        let filter = match filter {
            Some(Object::Array(items)) if items.len() < 2 => items.first(),
            Some(Object::Array(items)) => {
                let names: Vec<_> = items
                    .iter()
                    .filter_map(|item| Some(item.as_name()?.to_text()))
                    .collect();
                return Err(PdfError::Unsupported(Unsupported::Filter(
                    names.join(" + "),
                )));
            }
            other => other,
        };
        let parameters = match parameters {
            Some(Object::Array(items)) => items.first(),
            other => other,
        };
        match filter {
            None => Ok(Self::Plain),
            Some(Object::Name(name)) if name.is("FlateDecode") => {
                let predictor = match parameters {
                    None | Some(Object::Null) => Predictor::None,
                    Some(Object::Dictionary(parameters)) => Predictor::read(parameters, at)?,
                    Some(_) => return Err(damaged(Fault::Key("DecodeParms"), at)),
                };
                Ok(Self::Flate(predictor))
            }
            Some(Object::Name(name)) => {
                Err(PdfError::Unsupported(Unsupported::Filter(name.to_text())))
            }
            Some(_) => Err(wrong()),
        }
    }
}

impl Data {
    /// Decodes from the beginning until the data end or the sink breaks.
    pub(crate) fn decode(
        &self,
        reader: &mut Reader<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<(), PdfError> {
        match &self.coding {
            Coding::Plain => self.pieces(reader, &mut |_, piece| Ok(sink(piece))),
            Coding::Flate(predictor) => {
                let mut unpredict = Unpredict::new(predictor);
                let mut inflate = Decompress::new(true);
                let mut out = vec![0; PIECE];
                let mut ended = false;
                self.pieces(reader, &mut |reader, piece| {
                    let mut rest = piece;
                    loop {
                        let (before_in, before_out) = (inflate.total_in(), inflate.total_out());
                        let status = inflate
                            .decompress(rest, &mut out, FlushDecompress::None)
                            .ok()
                            .ok_or_else(|| damaged(Fault::Compression, self.at))?;
                        let read = distance(before_in, inflate.total_in());
                        let written = distance(before_out, inflate.total_out());
                        reader.budget.inflated(written)?;
                        rest = rest.get(read..).unwrap_or_default();
                        let decoded = out.get(..written).unwrap_or_default();
                        let flow = unpredict
                            .feed(decoded, sink)
                            .ok_or_else(|| damaged(Fault::Compression, self.at))?;
                        if status == Status::StreamEnd || flow.is_break() {
                            ended = true;
                            if flow.is_continue() && !unpredict.is_at_row_end() {
                                return Err(damaged(Fault::Compression, self.at));
                            }
                            return Ok(ControlFlow::Break(()));
                        }
                        if read == 0 && written == 0 {
                            return Ok(ControlFlow::Continue(()));
                        }
                    }
                })?;
                if ended {
                    Ok(())
                } else {
                    Err(damaged(Fault::Compression, self.at))
                }
            }
        }
    }

    fn pieces(&self, reader: &mut Reader<'_>, take: &mut Take<'_>) -> Result<(), PdfError> {
        let mut done = 0;
        while done < self.len {
            let count = usize::try_from(self.len - done).map_or(PIECE, |rest| rest.min(PIECE));
            let piece = reader.bytes(self.at.saturating_add(done), count)?;
            if piece.is_empty() {
                return Err(damaged(Fault::StreamLength, self.at));
            }
            done += u64::try_from(piece.len()).unwrap_or(u64::MAX);
            if take(reader, &piece)?.is_break() {
                break;
            }
        }
        Ok(())
    }
}

fn distance(before: u64, after: u64) -> usize {
    usize::try_from(after.saturating_sub(before)).unwrap_or(usize::MAX)
}
