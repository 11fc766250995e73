//! A look at whether the cross-reference tells the truth, beyond the objects that signing needs.
//!
//! A reader that meets a wrong entry later rebuilds the whole cross-reference, and the signature with it is lost.

use super::document::Document;
use super::error::PdfError;
use super::fault::Fault;
use super::object::Reference;
use super::reader::inconsistent;
use super::xref::Entry;

/// How many entries are checked, evenly spread; all of them where there are fewer.
const CHECKED: u32 = 1024;
/// The same in files longer than [`LONG`], where each look is likely to fetch another block.
const CHECKED_WHEN_LONG: u32 = 32;
/// What counts as long, in bytes.
const LONG: u64 = 4 << 20;
/// Beyond this many objects a look-up in a cross-reference stream is no longer cheap, and none is made.
const CHEAP: u32 = 65_536;

/// Checks that objects are where the cross-reference says.
pub(crate) fn check(document: &mut Document<'_>) -> Result<(), PdfError> {
    let next = document.xref().next_number();
    if next > CHEAP {
        return Ok(());
    }
    let checked = if document.len() > LONG {
        CHECKED_WHEN_LONG
    } else {
        CHECKED
    };
    let step = usize::try_from(next / checked + 1).unwrap_or(usize::MAX);
    for number in (1..next).step_by(step) {
        match document.entry(number)? {
            Some(Entry::At { offset, generation }) if offset > 0 => {
                let reference = Reference { number, generation };
                document.check_place(reference, offset)?;
            }
            Some(Entry::InStream { stream, .. })
                if !matches!(document.entry(stream)?, Some(Entry::At { .. })) =>
            {
                return Err(inconsistent(Fault::NotObjectStream(stream)));
            }
            _ => {}
        }
    }
    Ok(())
}
