//! Talking with the person at the terminal: secrets in both directions, and questions before what cannot be undone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::domain::secret::SecretText;

/// Asks for a secret without showing what is typed. `otherwise` says what to do where there is no terminal.
pub(super) fn ask_secret(what: &str, otherwise: &str) -> anyhow::Result<SecretText> {
    if !io::stdin().is_terminal() {
        bail!("{what}: there is no terminal to ask at; {otherwise}");
    }
    let typed = rpassword::prompt_password(format!("{what}: "))
        .with_context(|| format!("{what} could not be read from the terminal"))?;
    if typed.is_empty() {
        bail!("{what}: nothing was typed");
    }
    Ok(SecretText::new(typed))
}

/// Where a secret that is shown once goes.
#[derive(Debug)]
pub(super) enum Destination {
    /// The terminal, or, when asked for with `-`, whatever the standard output is.
    StandardOutput,
    /// A new file that only its owner can read.
    File(NewFile),
}

/// A file that was made beforehand, empty. It goes away unless a secret was written to it.
#[derive(Debug)]
pub(super) struct NewFile {
    path: PathBuf,
    file: File,
    state: FileState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FileState {
    Waiting,
    Written,
}

impl Destination {
    /// From an option: a path, `-` for the standard output, or nothing, which is the terminal when there is one. A file
    /// is made here. Decided right before the act, so that no secret is made that nobody can be given; and after every
    /// question, because who ends the command there with Ctrl-C would find an empty file that stops the next try.
    pub(super) fn choose(file: Option<&Path>, option: &str) -> anyhow::Result<Self> {
        match file {
            Some(path) if path == Path::new("-") => Ok(Self::StandardOutput),
            Some(path) => NewFile::create(path).map(Self::File),
            None if io::stdout().is_terminal() => Ok(Self::StandardOutput),
            None => bail!(
                "the answer holds a secret and the output is no terminal; name a file with {option} FILE, \
                 or {option} - to write it to the standard output all the same"
            ),
        }
    }

    /// Whether [`Destination::choose`] would find a place now; nothing is left there. For acts with questions before
    /// them that are better not asked in vain.
    pub(super) fn check(file: Option<&Path>, option: &str) -> anyhow::Result<()> {
        Self::choose(file, option).map(drop)
    }

    /// Hands the secret over.
    pub(super) fn give(&mut self, text: &SecretText) -> anyhow::Result<()> {
        let written = match self {
            Self::StandardOutput => super::output::text(text.expose()),
            Self::File(new) => new.write(text),
        };
        written.context("the secret could not be handed over; make a new one")
    }

    /// Where it went, when that needs telling.
    pub(super) fn file(&self) -> Option<&Path> {
        match self {
            Self::StandardOutput => None,
            Self::File(new) => Some(&new.path),
        }
    }
}

impl NewFile {
    fn create(path: &Path) -> anyhow::Result<Self> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .with_context(|| format!("{} cannot be made; name a new file", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            state: FileState::Waiting,
        })
    }

    fn write(&mut self, text: &SecretText) -> io::Result<()> {
        self.file.write_all(text.expose().as_bytes())?;
        self.file.write_all(b"\n")?;
        self.file.sync_all()?;
        self.state = FileState::Written;
        Ok(())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if self.state == FileState::Waiting {
            // That an empty file stays is no further failure.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether to go on with what cannot be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Consent {
    /// Given with `--yes`.
    Given,
    /// To be asked for.
    Asked,
}

impl Consent {
    /// From the `--yes` flag.
    pub(super) fn from_flag(yes: bool) -> Self {
        if yes { Self::Given } else { Self::Asked }
    }

    /// Asks, unless it was given; anything but `yes` ends the command.
    pub(super) fn obtain(self, question: &str) -> anyhow::Result<()> {
        if self == Self::Given {
            return Ok(());
        }
        if !io::stdin().is_terminal() {
            bail!("{question} There is no terminal to ask at; say --yes if you mean it");
        }
        let mut out = io::stderr().lock();
        write!(out, "{question} Type yes to go on: ")?;
        out.flush()?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        if answer.trim() != "yes" {
            bail!("nothing was done");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn secret() -> SecretText {
        SecretText::new("rub_x".to_owned())
    }

    #[test]
    fn a_secret_goes_to_a_new_file_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let mut destination = Destination::choose(Some(&path), "--token-file").unwrap();
        destination.give(&secret()).unwrap();
        drop(destination);
        assert_eq!(fs::read_to_string(&path).unwrap(), "rub_x\n");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(Destination::choose(Some(&path), "--token-file").is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "rub_x\n");
    }

    #[test]
    fn a_place_that_cannot_be_is_refused_and_one_that_was_not_needed_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing/token");
        assert!(Destination::choose(Some(&missing), "--token-file").is_err());
        let path = folder.path().join("token");
        let destination = Destination::choose(Some(&path), "--token-file").unwrap();
        assert!(path.exists());
        assert!(Destination::check(Some(&path), "--token-file").is_err());
        drop(destination);
        assert!(!path.exists());
        Destination::check(Some(&path), "--token-file").unwrap();
        assert!(!path.exists());
    }
}
