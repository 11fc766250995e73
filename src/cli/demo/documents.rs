//! The files to be signed.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::place::Place;
use super::sample::samples;

/// A file to be signed.
#[derive(Debug, Clone)]
pub(super) struct Document {
    /// Its place among those that were named.
    pub(super) position: usize,
    /// Where it is.
    pub(super) path: PathBuf,
    /// What it is called on the citizen's page, when it has more than a name.
    pub(super) title: Option<&'static str>,
    /// Whether it is a PDF by its first bytes; its name may say otherwise.
    pub(super) kind: Kind,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Begins as PDFs do.
    Pdf,
    /// Anything else.
    Other,
}

/// The named files, or, when there is none, two that are made for the purpose.
pub(super) fn gather(named: &[PathBuf], place: &Place) -> anyhow::Result<Vec<Document>> {
    let mut documents = Vec::new();
    if named.is_empty() {
        let folder = place.out().join("originals");
        fs::create_dir_all(&folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
        for (position, sample) in samples().into_iter().enumerate() {
            let path = folder.join(sample.name);
            fs::write(&path, &sample.bytes)
                .with_context(|| format!("{} cannot be written", path.display()))?;
            documents.push(Document {
                position,
                kind: kind(&path)?,
                path,
                title: Some(sample.title),
            });
        }
    }
    for (position, path) in named.iter().enumerate() {
        documents.push(Document {
            position,
            path: path.clone(),
            title: None,
            // A file that cannot be read is told of when its turn comes.
            kind: kind(path).unwrap_or(Kind::Other),
        });
    }
    Ok(documents)
}

fn kind(path: &Path) -> anyhow::Result<Kind> {
    let mut head = Vec::new();
    File::open(path)?.take(1024).read_to_end(&mut head)?;
    let marked = head.windows(5).any(|window| window == b"%PDF-");
    Ok(if marked { Kind::Pdf } else { Kind::Other })
}
