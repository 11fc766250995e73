//! The files to be signed.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::place::{ANCHOR, CHAIN, ORIGINALS, Place, SERVER};
use super::sample::samples;
use super::target::{self, Readers};

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

/// Refuses files that lie where the demo itself writes, by any name: they would be written over before they are signed.
pub(super) fn refuse_own(named: &[PathBuf], out: &Path) -> anyhow::Result<()> {
    // A folder that is not there has no files.
    let folders: Vec<_> = [SERVER, ORIGINALS]
        .iter()
        .filter_map(|name| out.join(name).canonicalize().ok())
        .collect();
    for document in named {
        let own = [ANCHOR, CHAIN].iter().any(|name| {
            target::original_at(&out.join(name), std::slice::from_ref(document)).is_some()
        });
        let inside = document
            .canonicalize()
            .is_ok_and(|path| folders.iter().any(|folder| path.starts_with(folder)));
        if own || inside {
            bail!(
                "{} lies where the demo writes its own files ({ANCHOR}, {CHAIN}, {SERVER}/ and {ORIGINALS}/ in {}); copy it \
                 to another place, or choose another folder with --out",
                document.display(),
                out.display()
            );
        }
    }
    Ok(())
}

/// The named files, or, when there is none, two that are made for the purpose.
pub(super) fn gather(named: &[PathBuf], place: &Place) -> anyhow::Result<Vec<Document>> {
    let mut documents = Vec::new();
    if named.is_empty() {
        let folder = place.out().join(ORIGINALS);
        fs::create_dir_all(&folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
        for (position, sample) in samples().into_iter().enumerate() {
            let path = folder.join(sample.name);
            let name = format!("{ORIGINALS}/{}", sample.name);
            place.made().write(&name, &sample.bytes, Readers::All)?;
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

/// Why a file's bytes cannot be sent, if so: all of it is read.
pub(super) fn unreadable(path: &Path) -> Option<String> {
    let read = || {
        let mut file = File::open(path)?;
        let told = file.metadata()?.len();
        Ok((told, io::copy(&mut file, &mut io::sink())?))
    };
    match read() {
        Ok((told, came)) if told == came => None,
        Ok((told, came)) => Some(format!(
            "its length is {told} bytes, and {came} can be read"
        )),
        Err::<_, io::Error>(error) => Some(error.to_string()),
    }
}

fn kind(path: &Path) -> anyhow::Result<Kind> {
    let mut head = Vec::new();
    // Opening a pipe would wait for somebody who writes into it.
    if !fs::metadata(path)?.is_file() {
        return Ok(Kind::Other);
    }
    File::open(path)?.take(1024).read_to_end(&mut head)?;
    let marked = head.windows(5).any(|window| window == b"%PDF-");
    Ok(if marked { Kind::Pdf } else { Kind::Other })
}
