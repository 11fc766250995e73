//! What the signed files are called: as the documents, and never one like another.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;

use super::place::{ANCHOR, CHAIN, ORIGINALS, SERVER};
use crate::domain::document::{Format, Packaging};

/// Files and folders the demo writes beside the signed ones.
const TAKEN: [&str; 4] = [ANCHOR, CHAIN, ORIGINALS, SERVER];

/// Hands out the names of one folder.
pub(super) struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// With the demo's own files taken.
    pub(super) fn new() -> Self {
        Self {
            taken: TAKEN.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    /// The name of a document's signed file. When it is taken, a number is put before the ending: `a.pdf`, `a-2.pdf`.
    pub(super) fn take(&mut self, document: &Path, format: Format, packaging: Packaging) -> String {
        let name = document
            .file_name()
            .unwrap_or(OsStr::new("document"))
            .to_string_lossy();
        let (stem, ending) = match name.rsplit_once('.') {
            Some((stem, ending)) if !stem.is_empty() => (stem.to_owned(), format!(".{ending}")),
            _ => (name.clone().into_owned(), String::new()),
        };
        let added = match format {
            Format::Pades => "",
            Format::Cades => packaging.ending(),
        };
        let mut candidate = format!("{name}{added}");
        let mut number = 2;
        // Some file systems do not tell upper from lower case.
        while !self.taken.insert(candidate.to_lowercase()) {
            candidate = format!("{stem}-{number}{ending}{added}");
            number += 1;
        }
        candidate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_documents_of_one_name_do_not_overwrite_each_other() {
        let mut names = Names::new();
        let mut take =
            |path: &str, format| names.take(Path::new(path), format, Packaging::Enveloping);
        assert_eq!(take("a/x.pdf", Format::Pades), "x.pdf");
        assert_eq!(take("b/X.PDF", Format::Pades), "X-2.PDF");
        assert_eq!(take("c/x.pdf", Format::Cades), "x.pdf.p7m");
        assert_eq!(take("d/x.pdf", Format::Cades), "x-2.pdf.p7m");
        assert_eq!(take("LICENSE", Format::Cades), "LICENSE.p7m");
        assert_eq!(take("e/LICENSE", Format::Cades), "LICENSE-2.p7m");
        assert_eq!(take(".env", Format::Cades), ".env.p7m");
    }

    #[test]
    fn the_demos_own_files_are_not_overwritten() {
        for (own, other) in [
            ("ca.pem", "ca-2.pem"),
            ("chain.pem", "chain-2.pem"),
            ("originals", "originals-2"),
            ("server", "server-2"),
        ] {
            let name = Names::new().take(Path::new(own), Format::Pades, Packaging::Enveloping);
            assert_eq!(name, other);
        }
    }
}
