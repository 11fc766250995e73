//! What stands on a benchmark's command line.

use std::ffi::OsString;

use anyhow::{Context, bail};

/// `cargo bench` says this to every benchmark, and `cargo test` to none.
pub(crate) const BENCH: &str = "--bench";

/// The words after `--`, taken one after the other.
pub(crate) struct Arguments {
    given: std::vec::IntoIter<OsString>,
    /// Whether they are meant for a benchmark and not for tests.
    pub(crate) benchmark: bool,
}

impl Arguments {
    pub(crate) fn read() -> Self {
        let mut given: Vec<_> = std::env::args_os().skip(1).collect();
        let all = given.len();
        given.retain(|argument| argument != BENCH);
        Self {
            benchmark: given.len() < all,
            given: given.into_iter(),
        }
    }

    /// Whether `cargo test` wants the one test that a benchmark of this name is.
    pub(crate) fn wants(self, name: &str) -> bool {
        let names = self.names();
        names.is_empty() || names.iter().any(|wanted| name.contains(wanted.as_str()))
    }

    /// The words that are no options: which tests are wanted.
    pub(crate) fn names(self) -> Vec<String> {
        let names = self
            .given
            .filter_map(|argument| argument.into_string().ok());
        names.filter(|name| !name.starts_with('-')).collect()
    }

    /// The next option.
    pub(crate) fn option(&mut self) -> anyhow::Result<Option<String>> {
        match self.given.next().map(OsString::into_string) {
            None => Ok(None),
            Some(Ok(option)) => Ok(Some(option)),
            Some(Err(argument)) => bail!("unknown argument {}", argument.display()),
        }
    }

    /// What belongs to it.
    pub(crate) fn value(&mut self, option: &str) -> anyhow::Result<String> {
        let value = self.given.next();
        let value = value.and_then(|value| value.into_string().ok());
        value.with_context(|| format!("{option} needs a value"))
    }
}
