//! The bucket that documents are kept in.

use super::{Finding, told};
use crate::clock::Ambient;
use crate::documents::{Documents, ObjectKey, Settings};

/// Whether objects can be written there, read and deleted.
pub(super) fn examine(settings: &Settings) -> Finding {
    let about = "documents.url";
    let key = ObjectKey::from_random(Ambient::system().random());
    match Documents::new(settings).and_then(|documents| documents.try_out(&key)) {
        Ok(()) => Finding::fine(
            about,
            "the bucket takes objects, gives them back and deletes them",
        ),
        Err(error) => Finding::wrong(
            about,
            format!("the bucket cannot be used: {}", told(&error)),
            "see whether it is there, whether documents.endpoint, region and access_key are right, and whether that key \
             may read, write, list and delete in it",
        ),
    }
}
