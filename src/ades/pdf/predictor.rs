//! Predictors, which Flate-coded tables use to become smaller (ISO 32000-1 section 7.4.4.4).

use std::ops::ControlFlow;

use super::error::{PdfError, Unsupported};
use super::fault::Fault;
use super::filter::Sink;
use super::object::Dictionary;
use super::reader::damaged;

const LONGEST_ROW: usize = 64 << 10;

/// How rows were changed before compression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Predictor {
    None,
    /// TIFF predictor 2: differences to the pixel on the left.
    Tiff {
        row: usize,
        pixel: usize,
    },
    /// PNG: every row says itself how (W3C PNG section 9).
    Png {
        row: usize,
        pixel: usize,
    },
}

impl Predictor {
    /// Reads `/DecodeParms`.
    pub(crate) fn read(parameters: &Dictionary, at: u64) -> Result<Self, PdfError> {
        let number = |key: &'static str, default: i64| match parameters.get(key) {
            None => Ok(default),
            Some(value) => value
                .as_integer()
                .ok_or_else(|| damaged(Fault::Key(key), at)),
        };
        let kind = number("Predictor", 1)?;
        if kind == 1 {
            return Ok(Self::None);
        }
        let wrong = || damaged(Fault::Key("DecodeParms"), at);
        let bounded = |value: i64| {
            usize::try_from(value)
                .ok()
                .filter(|v| (1..=LONGEST_ROW).contains(v))
                .ok_or_else(wrong)
        };
        let colors = bounded(number("Colors", 1)?)?;
        let bits = bounded(number("BitsPerComponent", 8)?)?;
        let columns = bounded(number("Columns", 1)?)?;
        let pixel_bits = colors.saturating_mul(bits);
        let row = pixel_bits.saturating_mul(columns).div_ceil(8);
        if row > LONGEST_ROW {
            return Err(wrong());
        }
        let pixel = pixel_bits.div_ceil(8);
        match kind {
            2 if bits == 8 => Ok(Self::Tiff { row, pixel }),
            10..=15 => Ok(Self::Png { row, pixel }),
            other => Err(PdfError::Unsupported(Unsupported::Predictor(other))),
        }
    }
}

/// Undoes a predictor, row by row.
pub(crate) struct Unpredict {
    row: usize,
    pixel: usize,
    tagged: bool,
    previous: Vec<u8>,
    current: Vec<u8>,
}

impl Unpredict {
    pub(crate) fn new(predictor: &Predictor) -> Self {
        let (row, pixel, tagged) = match *predictor {
            Predictor::None => (0, 0, false),
            Predictor::Tiff { row, pixel } => (row, pixel, false),
            Predictor::Png { row, pixel } => (row, pixel, true),
        };
        Self {
            row,
            pixel,
            tagged,
            previous: vec![0; row],
            current: Vec::new(),
        }
    }

    /// Whether no row is left half read.
    pub(crate) fn is_at_row_end(&self) -> bool {
        self.current.is_empty()
    }

    /// Takes decompressed bytes and gives finished rows on; `None` when a row names an unknown filter.
    pub(crate) fn feed(
        &mut self,
        mut bytes: &[u8],
        sink: &mut Sink<'_>,
    ) -> Option<ControlFlow<()>> {
        if self.row == 0 {
            return Some(if bytes.is_empty() {
                ControlFlow::Continue(())
            } else {
                sink(bytes)
            });
        }
        let whole = self.row + usize::from(self.tagged);
        while !bytes.is_empty() {
            let wanted = whole - self.current.len();
            let (part, rest) = bytes.split_at_checked(wanted).unwrap_or((bytes, &[]));
            self.current.extend_from_slice(part);
            bytes = rest;
            if self.current.len() < whole {
                break;
            }
            let mut row = std::mem::take(&mut self.current);
            let tag = if self.tagged { row.remove(0) } else { 1 };
            self.undo(tag, &mut row)?;
            let flow = sink(&row);
            self.previous = row;
            if flow.is_break() {
                return Some(flow);
            }
        }
        Some(ControlFlow::Continue(()))
    }

    fn undo(&self, tag: u8, row: &mut [u8]) -> Option<()> {
        for index in 0..row.len() {
            let left_at = index.checked_sub(self.pixel);
            let left = left_at.and_then(|at| row.get(at)).copied().unwrap_or(0);
            let up = self.previous.get(index).copied().unwrap_or(0);
            let up_left = left_at
                .and_then(|at| self.previous.get(at))
                .copied()
                .unwrap_or(0);
            let predicted = match tag {
                0 => 0,
                1 => left,
                2 => up,
                3 => left.midpoint(up),
                4 => paeth(left, up, up_left),
                _ => return None,
            };
            let byte = row.get_mut(index)?;
            *byte = byte.wrapping_add(predicted);
        }
        Some(())
    }
}

/// The Paeth function of the PNG standard, section 9.4.
fn paeth(left: u8, up: u8, up_left: u8) -> u8 {
    let (a, b, c) = (i16::from(left), i16::from(up), i16::from(up_left));
    let estimate = a + b - c;
    let (to_a, to_b, to_c) = (
        (estimate - a).abs(),
        (estimate - b).abs(),
        (estimate - c).abs(),
    );
    if to_a <= to_b && to_a <= to_c {
        left
    } else if to_b <= to_c {
        up
    } else {
        up_left
    }
}

#[cfg(test)]
mod tests {
    use super::super::object::Object;
    use super::*;

    fn undo(predictor: &Predictor, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let mut unpredict = Unpredict::new(predictor);
        for byte in bytes {
            let flow = unpredict.feed(&[*byte], &mut |row| {
                out.extend_from_slice(row);
                ControlFlow::Continue(())
            });
            assert!(flow?.is_continue());
        }
        Some(out)
    }

    #[test]
    fn every_png_row_filter_is_undone() {
        let png = Predictor::Png { row: 3, pixel: 1 };
        let rows = [
            0, 1, 2, 3, // none
            1, 1, 1, 1, // left
            2, 1, 1, 1, // up
            3, 1, 1, 1, // average
            4, 1, 1, 1, // Paeth
        ];
        assert_eq!(
            undo(&png, &rows).unwrap(),
            [1, 2, 3, 1, 2, 3, 2, 3, 4, 2, 3, 4, 3, 4, 5]
        );
        assert_eq!(undo(&png, &[5, 0, 0, 0]), None);
    }

    #[test]
    fn tiff_differences_are_summed_by_pixel() {
        let tiff = Predictor::Tiff { row: 4, pixel: 2 };
        assert_eq!(
            undo(&tiff, &[1, 2, 3, 4, 5, 6, 255, 0]).unwrap(),
            [1, 2, 4, 6, 5, 6, 4, 6]
        );
    }

    #[test]
    fn absurd_row_lengths_are_refused() {
        let parameters = Dictionary::from([
            ("Predictor", Object::Integer(12)),
            ("Columns", Object::Integer(i64::MAX)),
        ]);
        assert!(matches!(
            Predictor::read(&parameters, 0),
            Err(PdfError::Damaged {
                fault: Fault::Key("DecodeParms"),
                ..
            })
        ));
    }
}
