//! Making files durable, those of a batch at once.
//!
//! A file that is written by itself is on the disk before it has its name. The files of a [`Batch`](super::Batch) are
//! written and named without waiting, and are here before anybody is told that they are stored: one flush of their file
//! system (`syncfs(2)`) takes hardly longer than that of one file. It also waits for what others have written to that file
//! system.
//!
//! `syncfs` tells of a write that failed once for each descriptor, and not in which file (Linux 5.8 and later); of a file
//! system that has given up writing it may tell nothing, so one of the files is asked too. With the first failure all
//! that were to be flushed count as not written, and from then on, for as long as the process lives, no file is named
//! before it is on the disk.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Flushes the files of one folder.
pub(super) struct Flush<D = Disk> {
    folder: PathBuf,
    disk: D,
    system: Mutex<System>,
    /// Whoever flushes the file system has it: of two at once, one would be told of the other's failure, and the other of
    /// none.
    turn: Mutex<()>,
}

/// What is asked of the disk.
pub(super) trait Flushing {
    /// Flushes a file, or a folder's names.
    fn one(&self, path: &Path) -> io::Result<()>;
    /// Flushes the file system of a folder that is held open.
    fn all(&self, folder: &File) -> io::Result<()>;
}

/// The disk.
pub(super) struct Disk;

/// The files that could not be flushed, and why.
type Failed = HashMap<PathBuf, (io::ErrorKind, String)>;

/// The file system that the folder is on.
#[derive(Clone, Default)]
enum System {
    #[default]
    Unknown,
    /// Its folder is open since before the files were written, so that no failure is missed.
    Watched(Arc<Watched>),
    /// It has failed to write something.
    Distrusted,
}

struct Watched {
    folder: File,
    device: u64,
}

impl Flush {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self::on(Disk, folder)
    }
}

impl<D: Flushing> Flush<D> {
    fn on(disk: D, folder: PathBuf) -> Self {
        Self {
            folder,
            disk,
            system: Mutex::default(),
            turn: Mutex::default(),
        }
    }

    /// Before a file is written. A folder that is not there is looked at again with the next one; of one in whose place
    /// another was mounted the old file system is let go. Tells whether the file may be flushed with others later.
    pub(super) fn watch(&self) -> bool {
        let mut system = self.system();
        match &*system {
            System::Distrusted => false,
            System::Watched(watched) if watched.holds(&self.folder) => true,
            System::Watched(_) | System::Unknown => {
                let watched = Watched::open(&self.folder);
                let is_watched = watched.is_ok();
                *system = watched.map_or(System::Unknown, |watched| {
                    System::Watched(Arc::new(watched))
                });
                is_watched
            }
        }
    }

    /// Waits until files, and their names, are on the disk: those that were written when their file system was watched. Tells
    /// of each, in their order, whether it is.
    pub(super) fn together(&self, files: &[PathBuf]) -> Vec<io::Result<()>> {
        let system = self.system().clone();
        let failed = match system {
            System::Watched(watched) => self.by_system(files, &watched),
            System::Unknown | System::Distrusted => self.by_file(files),
        };
        told(files, &failed)
    }

    /// The same for files that may have been written by another process, each by itself.
    pub(super) fn each(&self, files: &[PathBuf]) -> Vec<io::Result<()>> {
        told(files, &self.by_file(files))
    }

    fn by_system(&self, files: &[PathBuf], watched: &Watched) -> Failed {
        // Whoever moved the store, or a part of it, to another disk has it flushed all the same.
        let (here, elsewhere): (Vec<_>, Vec<_>) =
            files.iter().partition(|file| watched.holds(file));
        let mut failed = self.by_file(elsewhere);
        if here.is_empty() {
            return failed;
        }
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        // Somebody else was told of a failure, perhaps of one of these.
        if let System::Distrusted = *self.system() {
            failed.extend(self.by_file(here));
            return failed;
        }
        let flushed = self.disk.all(&watched.folder);
        if let Err(error) = flushed.and_then(|()| self.ask_one(&here, &mut failed)) {
            let folder = self.folder.display();
            tracing::error!(%error, %folder, "the file system of the documents failed to write something; from now on no file is named before it is on the disk");
            *self.system() = System::Distrusted;
            let why = (error.kind(), error.to_string());
            failed.extend(here.into_iter().map(|file| (file.clone(), why.clone())));
        }
        failed
    }

    /// Flushes one of the files, whose file system may have given up. Those that are gone by now tell nothing of it.
    fn ask_one(&self, files: &[&PathBuf], failed: &mut Failed) -> io::Result<()> {
        for file in files {
            match self.disk.one(file) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    failed.insert((*file).clone(), (error.kind(), error.to_string()));
                }
                asked => return asked,
            }
        }
        Ok(())
    }

    fn by_file<'a>(&self, files: impl IntoIterator<Item = &'a PathBuf>) -> Failed {
        let mut failed = Failed::new();
        let mut folders: HashMap<&Path, Vec<&PathBuf>> = HashMap::new();
        for file in files {
            match self.disk.one(file) {
                Ok(()) => {
                    let folder = file.parent().unwrap_or(file);
                    folders.entry(folder).or_default().push(file);
                }
                Err(error) => {
                    failed.insert(file.clone(), (error.kind(), error.to_string()));
                }
            }
        }
        for (folder, files) in folders {
            if let Err(error) = self.disk.one(folder) {
                let why = (error.kind(), error.to_string());
                failed.extend(files.into_iter().map(|file| (file.clone(), why.clone())));
            }
        }
        failed
    }

    fn system(&self) -> MutexGuard<'_, System> {
        self.system.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn told(files: &[PathBuf], failed: &Failed) -> Vec<io::Result<()>> {
    let of = |file| match failed.get(file) {
        None => Ok(()),
        Some((kind, why)) => Err(io::Error::new(*kind, why.clone())),
    };
    files.iter().map(of).collect()
}

impl Watched {
    fn open(path: &Path) -> io::Result<Self> {
        let folder = File::open(path)?;
        let device = folder.metadata()?.dev();
        Ok(Self { folder, device })
    }

    /// Whether something is on that file system.
    fn holds(&self, path: &Path) -> bool {
        path.metadata()
            .is_ok_and(|metadata| metadata.dev() == self.device)
    }
}

impl Flushing for Disk {
    fn one(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn all(&self, folder: &File) -> io::Result<()> {
        Ok(rustix::fs::syncfs(folder)?)
    }
}

impl<D> fmt::Debug for Flush<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flush").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::{fs, mem};

    use tempfile::TempDir;

    use super::*;

    /// Notes what it is asked, and does it.
    #[derive(Default)]
    struct Noting {
        asked: Mutex<Vec<Asked>>,
        /// Whether the file system has failed to write something.
        is_broken: AtomicBool,
    }

    #[derive(Debug, PartialEq, Eq)]
    enum Asked {
        One(PathBuf),
        All,
    }

    impl Noting {
        fn note(&self, asked: Asked) {
            self.asked.lock().unwrap().push(asked);
        }
    }

    impl Flushing for Noting {
        fn one(&self, path: &Path) -> io::Result<()> {
            self.note(Asked::One(path.to_owned()));
            Disk.one(path)
        }

        fn all(&self, folder: &File) -> io::Result<()> {
            self.note(Asked::All);
            if self.is_broken.load(Ordering::Relaxed) {
                return Err(io::Error::from_raw_os_error(5));
            }
            Disk.all(folder)
        }
    }

    struct Place {
        folder: TempDir,
        flush: Flush<Noting>,
    }

    impl Place {
        fn new(disk: Noting) -> Self {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir(folder.path().join("00")).unwrap();
            let flush = Flush::on(disk, folder.path().to_owned());
            flush.watch();
            Self { folder, flush }
        }

        fn files(&self, names: &[&str]) -> Vec<PathBuf> {
            let shard = self.shard();
            let files: Vec<_> = names.iter().map(|name| shard.join(name)).collect();
            for file in &files {
                fs::write(file, b"bytes").unwrap();
            }
            files
        }

        fn shard(&self) -> PathBuf {
            self.folder.path().join("00")
        }

        fn asked(&self) -> Vec<Asked> {
            mem::take(&mut *self.flush.disk.asked.lock().unwrap())
        }

        fn together(&self, files: &[PathBuf]) -> Vec<Result<(), io::ErrorKind>> {
            kinds(self.flush.together(files))
        }

        fn each(&self, files: &[PathBuf]) -> Vec<Result<(), io::ErrorKind>> {
            kinds(self.flush.each(files))
        }
    }

    fn kinds(flushed: Vec<io::Result<()>>) -> Vec<Result<(), io::ErrorKind>> {
        let flushed = flushed.into_iter();
        flushed
            .map(|one| one.map_err(|error| error.kind()))
            .collect()
    }

    fn one_by_one(files: &[PathBuf], shard: PathBuf) -> Vec<Asked> {
        let files = files.iter().cloned().map(Asked::One);
        files.chain([Asked::One(shard)]).collect()
    }

    /// One of them is asked whether the file system still writes.
    fn by_system(files: &[PathBuf]) -> Vec<Asked> {
        vec![Asked::All, Asked::One(files[0].clone())]
    }

    #[test]
    fn files_are_flushed_with_their_folder_or_with_the_file_system() {
        let place = Place::new(Noting::default());
        let files = place.files(&["a", "b", "c"]);
        assert_eq!(place.each(&files), [Ok(()); 3]);
        assert_eq!(place.asked(), one_by_one(&files, place.shard()));
        assert_eq!(place.together(&files), [Ok(()); 3]);
        assert_eq!(place.asked(), by_system(&files));
        assert_eq!(place.together(&[]), []);
        assert_eq!(place.asked(), []);
    }

    #[test]
    fn a_file_that_cannot_be_flushed_is_told_alone() {
        let place = Place::new(Noting::default());
        let mut files = place.files(&["a", "b", "c", "d", "e"]);
        fs::remove_file(&files[1]).unwrap();
        let mut expected = vec![Ok(()); 5];
        expected[1] = Err(io::ErrorKind::NotFound);
        assert_eq!(place.together(&files), expected);
        assert_eq!(place.each(&files), expected);
        files.remove(1);
        assert_eq!(place.together(&files), [Ok(()); 4]);
        assert!(place.flush.watch());
    }

    #[test]
    fn after_a_failure_of_the_file_system_each_file_is_flushed_by_itself() {
        let place = Place::new(Noting::default());
        let files = place.files(&["a", "b"]);
        place.flush.disk.is_broken.store(true, Ordering::Relaxed);
        // Any of them may be what it failed to write.
        let broken = io::Error::from_raw_os_error(5).kind();
        assert_eq!(place.together(&files), [Err(broken); 2]);
        assert_eq!(place.asked(), [Asked::All]);
        // Which is told once, and may concern files that come later too.
        place.flush.disk.is_broken.store(false, Ordering::Relaxed);
        assert!(!place.flush.watch());
        assert_eq!(place.together(&files), [Ok(()); 2]);
        assert_eq!(place.asked(), one_by_one(&files, place.shard()));
    }

    #[test]
    fn who_waited_while_another_was_told_of_a_failure_does_not_trust_the_file_system() {
        let place = Place::new(Noting::default());
        let files = place.files(&["a", "b"]);
        let System::Watched(watched) = place.flush.system().clone() else {
            panic!("it is not watched");
        };
        *place.flush.system() = System::Distrusted;
        assert!(place.flush.by_system(&files, &watched).is_empty());
        assert_eq!(place.asked(), one_by_one(&files, place.shard()));
    }

    #[test]
    fn a_file_system_that_no_longer_writes_and_does_not_say_so_is_noticed() {
        let place = Place::new(Noting::default());
        let mut files = place.files(&["b", "c"]);
        // It is there, and to open it fails.
        let socket = place.shard().join("a");
        UnixListener::bind(&socket).unwrap();
        files.insert(0, socket);
        assert!(place.together(&files).iter().all(Result::is_err));
        assert!(!place.flush.watch());
    }

    #[test]
    fn a_file_system_that_was_not_watched_is_not_trusted() {
        let place = Place::new(Noting::default());
        let unwatched = Flush::on(Noting::default(), place.folder.path().to_owned());
        let files = place.files(&["a", "b"]);
        assert_eq!(kinds(unwatched.together(&files)), [Ok(()); 2]);
        let asked = mem::take(&mut *unwatched.disk.asked.lock().unwrap());
        assert_eq!(asked, one_by_one(&files, place.shard()));
        assert!(unwatched.watch());
        assert_eq!(kinds(unwatched.together(&files)), [Ok(()); 2]);
        assert_eq!(*unwatched.disk.asked.lock().unwrap(), by_system(&files));
    }

    #[test]
    fn a_folder_that_is_not_there_is_not_watched() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("documents");
        let flush = Flush::new(folder.clone());
        assert!(!flush.watch());
        fs::create_dir(&folder).unwrap();
        assert!(flush.watch());
    }

    #[test]
    fn files_on_another_file_system_are_flushed_one_by_one() {
        let place = Place::new(Noting::default());
        let mut files = place.files(&["a", "b"]);
        // Of one that is always mounted, and takes no flush.
        let elsewhere = PathBuf::from("/proc/self/stat");
        let flushed = Disk.one(&elsewhere);
        files.push(elsewhere.clone());
        let expected = flushed.map_err(|error| error.kind());
        assert_eq!(place.together(&files)[2], expected);
        let asked = place.asked();
        assert_eq!(asked[0], Asked::One(elsewhere));
        assert_eq!(asked[1..], by_system(&files[..2]));
    }
}
