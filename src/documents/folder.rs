//! Reading from a folder, and writing to it, on the calling thread.
//!
//! `object_store` hands every call on a folder to another thread, opens the file anew for each range, and waits for the disk
//! with each file. While a citizen waits, that costs more than the reading and writing.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use bytes::Bytes;
use object_store::path::Path;

use super::DocumentsError;
use super::flush::Flush;

/// Of a file that is being written, no more than this waits for the disk, or flushing would take long at its end.
const UNFLUSHED: u64 = 16 * 1024 * 1024;

/// Where files lie. Only this program writes there.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    flush: Flush,
}

/// A file on its way, beside its place: `NAME#NUMBER`. Unless it is named, nothing of it stays.
pub(super) struct Staged {
    file: File,
    path: PathBuf,
    place: PathBuf,
    unflushed: u64,
    /// With others, once it has its name.
    is_flushed_later: bool,
    is_named: bool,
}

impl Folder {
    pub(super) fn new(path: PathBuf) -> Self {
        let folder = Self {
            flush: Flush::new(path.clone()),
            path,
        };
        folder.flush.watch();
        folder
    }

    /// The folder itself.
    pub(super) fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// Writes a short file, which is durable then.
    pub(super) fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), DocumentsError> {
        let mut staged = self.stage(path, false)?;
        staged.write(bytes)?;
        staged.name()
    }

    /// Begins a file, which is durable once it is named, or perhaps only when it is flushed later.
    pub(super) fn stage(
        &self,
        path: &Path,
        is_flushed_later: bool,
    ) -> Result<Staged, DocumentsError> {
        let is_flushed_later = is_flushed_later && self.flush.watch();
        let place = self.place(path);
        let mut number = 1_u32;
        let mut has_shard = true;
        loop {
            let mut staged = place.clone().into_os_string();
            staged.push(format!("#{number}"));
            let staged = PathBuf::from(staged);
            let made = OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(&staged);
            match made {
                Ok(file) => {
                    return Ok(Staged {
                        file,
                        path: staged,
                        place,
                        unflushed: 0,
                        is_flushed_later,
                        is_named: false,
                    });
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
                Err(error) if is_absence(&error) && has_shard => {
                    has_shard = false;
                    self.make_shard(&place)?;
                }
                Err(error) => return Err(not_taken(error)),
            }
        }
    }

    /// Files with the same first byte share a folder, which is made with the first of them. Who finds it there does not ask
    /// whether its own name is on the disk yet: a file system that orders its log, as ext4 and XFS do, has it there before the
    /// names in it.
    fn make_shard(&self, place: &std::path::Path) -> Result<(), DocumentsError> {
        let Some(shard) = place.parent() else {
            return Ok(());
        };
        let made = match fs::create_dir(shard) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            made => made,
        };
        let flushed = made.and_then(|()| File::open(&self.path)?.sync_all());
        flushed.map_err(not_taken)
    }

    /// Waits until files that were to be flushed later are on the disk. Tells of each whether it is.
    pub(super) fn flush_together(&self, paths: &[Path]) -> Vec<Result<(), DocumentsError>> {
        flushed(self.flush.together(&self.places(paths)))
    }

    /// The same for files that another process may have written.
    pub(super) fn flush_each(&self, paths: &[Path]) -> Vec<Result<(), DocumentsError>> {
        flushed(self.flush.each(&self.places(paths)))
    }

    fn places(&self, paths: &[Path]) -> Vec<PathBuf> {
        paths.iter().map(|path| self.place(path)).collect()
    }

    /// Whether a file is there.
    pub(super) fn has(&self, path: &Path) -> Result<bool, DocumentsError> {
        match self.place(path).metadata() {
            Ok(metadata) => Ok(metadata.is_file()),
            Err(error) if is_absence(&error) => Ok(false),
            Err(error) => Err(failed(error)),
        }
    }

    /// A file and its length; `None` when it is not there. It can be read to its end also when it is deleted meanwhile.
    pub(super) fn open(&self, path: &Path) -> Result<Option<(File, u64)>, DocumentsError> {
        let opened = File::open(self.place(path)).and_then(|file| {
            let metadata = file.metadata()?;
            Ok(metadata.is_file().then_some((file, metadata.len())))
        });
        match opened {
            Ok(found) => Ok(found),
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// Where a file lies, if it is there.
    pub(super) fn place(&self, path: &Path) -> PathBuf {
        self.path.join(path.as_ref())
    }
}

impl Staged {
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), DocumentsError> {
        self.file.write_all(bytes).map_err(failed)?;
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.unflushed = self.unflushed.saturating_add(length);
        if self.unflushed > UNFLUSHED {
            self.unflushed = 0;
            self.file.sync_data().map_err(failed)?;
        }
        Ok(())
    }

    /// Gives it its name, in the place of a file that had it.
    pub(super) fn name(mut self) -> Result<(), DocumentsError> {
        if self.is_flushed_later {
            return self.rename();
        }
        self.file.sync_all().map_err(failed)?;
        self.rename()?;
        let folder = self.place.parent().unwrap_or(&self.place);
        let flushed = File::open(folder).and_then(|folder| folder.sync_all());
        if flushed.is_err()
            && let Err(error) = fs::remove_file(&self.place)
        {
            tracing::warn!(%error, "a document whose name is not on the disk could not be removed");
        }
        flushed.map_err(not_taken)
    }

    fn rename(&mut self) -> Result<(), DocumentsError> {
        fs::rename(&self.path, &self.place).map_err(not_taken)?;
        self.is_named = true;
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if self.is_named {
            return;
        }
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, "a half-written document could not be removed");
        }
    }
}

/// That many bytes from a position on. A file that has become shorter is [`DocumentsError::Changed`].
pub(super) fn read(file: &File, from: u64, length: u64) -> Result<Bytes, DocumentsError> {
    let length = usize::try_from(length).map_err(|error| failed(io::Error::other(error)))?;
    let mut bytes = vec![0; length];
    match file.read_exact_at(&mut bytes, from) {
        Ok(()) => Ok(bytes.into()),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(DocumentsError::Changed),
        Err(error) => Err(failed(error)),
    }
}

/// A folder above it may be missing too.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn flushed(files: Vec<io::Result<()>>) -> Vec<Result<(), DocumentsError>> {
    let told = |error: io::Error| match error.kind() {
        ErrorKind::NotFound => DocumentsError::Missing,
        _ => failed(error),
    };
    files.into_iter().map(|file| file.map_err(told)).collect()
}

/// Whoever writes and is told that something is not there misses the store, not a file.
fn not_taken(error: io::Error) -> DocumentsError {
    if is_absence(&error) {
        DocumentsError::Away
    } else {
        failed(error)
    }
}

fn failed(error: io::Error) -> DocumentsError {
    DocumentsError::from_store(object_store::Error::Generic {
        store: "folder",
        source: error.into(),
    })
}
