//! The store that documents are kept in.

use super::{Finding, told};
use crate::clock::Ambient;
use crate::documents::{Documents, DocumentsError, ObjectKey, Settings};

/// Whether objects can be written there, read and deleted.
pub(super) fn examine(settings: &Settings) -> Finding {
    let about = "documents.url";
    let key = ObjectKey::from_random(Ambient::system().random());
    match Documents::new(settings).and_then(|documents| documents.try_out(&key)) {
        Ok(()) => Finding::fine(
            about,
            "the bucket takes objects, gives them back and deletes them",
        ),
        Err(DocumentsError::Away) => not_there(about),
        Err(error) => Finding::wrong(
            about,
            format!("the bucket cannot be used: {}", told(&error)),
            "see whether it is there, whether documents.endpoint, region and access_key are right, and whether that key \
             may read, write, list and delete in it",
        ),
    }
}

/// Whether a folder is the store that was set up; nothing when it is.
pub(super) fn examine_mark(settings: &Settings) -> Option<Finding> {
    match Documents::new(settings).and_then(|documents| documents.is_there()) {
        Ok(true) => None,
        Ok(false) | Err(DocumentsError::Away) => Some(not_there("documents.url")),
        Err(error) => Some(Finding::wrong(
            "documents.url",
            told(&error),
            "name a folder, and see whether the account that runs the server may enter it",
        )),
    }
}

fn not_there(about: &'static str) -> Finding {
    Finding::wrong(
        about,
        "the document store is not there, or was not set up",
        "if it is a disk of its own, mount it; a new one is set up by: rubrica database migrate",
    )
}
