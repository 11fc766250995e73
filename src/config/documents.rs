//! `[documents]`

use super::reader::Reader;
use super::section::{Section, section};
use super::setting::FolderUrl;
use crate::documents::Settings;

section! {
    /// Where the documents are kept, until their time is over.
    RawDocuments "documents" {
        /// A folder, as "file:PATH". It is made when missing, for the server's account alone.
        url: FolderUrl = default r#""file:data/documents""#,
    }
}

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Settings> {
    let raw = RawDocuments::read(reader)?;
    Some(Settings { url: raw.url.0 })
}
