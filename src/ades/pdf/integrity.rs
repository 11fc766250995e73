//! A look at whether the cross-reference tells the truth, beyond the objects that signing needs.
//!
//! A reader that meets a wrong entry later rebuilds the whole cross-reference, and the signature with it is lost.

use super::document::Document;
use super::error::PdfError;
use super::fault::Fault;
use super::object::Reference;
use super::reader::inconsistent;
use super::xref::Entry;

/// All entries are checked up to this many objects; of longer documents so many, evenly spread.
const CHECKED: u32 = 1024;
/// Beyond this many objects a look-up in a cross-reference stream is no longer cheap, and none is made.
const CHEAP: u32 = 65_536;

/// Checks that objects are where the cross-reference says.
pub(crate) fn check(document: &mut Document<'_>) -> Result<(), PdfError> {
    let next = document.xref().next_number();
    if next > CHEAP {
        return Ok(());
    }
    let step = usize::try_from(next / CHECKED + 1).unwrap_or(usize::MAX);
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
