//! What stands on a benchmark's command line.

use std::ffi::OsString;

use anyhow::{Context, bail};

/// The words after `--`, taken one after the other.
pub(crate) struct Arguments {
    given: std::vec::IntoIter<OsString>,
}

impl Arguments {
    pub(crate) fn read() -> Self {
        // cargo says `--bench` to every benchmark.
        let given: Vec<_> = std::env::args_os()
            .skip(1)
            .filter(|argument| argument != "--bench")
            .collect();
        Self {
            given: given.into_iter(),
        }
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
