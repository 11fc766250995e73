//! Logs and metrics: what the server tells about its work, without the secrets it works with.
//!
//! Everywhere else the macros of `tracing` and `metrics` are used; here they get somewhere to go. Secret types already
//! print nothing of themselves; [`redaction`] is the net below them.

use std::fmt;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

mod metrics;
pub mod redaction;

pub use metrics::rendered_metrics;

use crate::domain::algorithm::named;
use redaction::Redacting;

named!(
    /// How a line of the log looks.
    LogFormat {
        /// One JSON object, for machines.
        Json = "json",
        /// Text, for people.
        Text = "text",
    }
);

/// What is logged and how.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How a line looks.
    pub format: LogFormat,
    /// Levels, in the notation of `tracing`'s filters; checked by [`checked_filter`].
    pub level: String,
}

/// Where lines go.
#[derive(Debug, Clone)]
pub enum Output {
    /// The standard error output.
    StandardError,
    /// A file, appended to, readable by its owner alone.
    File(PathBuf),
}

/// What goes before any configured level. The binding of PKCS#11 reports each mechanism of a token that it does not know
/// as an error of its own. The HTTP client tells whole addresses, and an SMS gateway may want its key in there; so do the
/// parts below it and those of the object store.
const QUIET: [&str; 6] = [
    "cryptoki=off",
    "ureq=info",
    "ureq_proto=info",
    "object_store=info",
    "reqwest=info",
    "hyper_util=info",
];

/// Why nothing can be told.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The levels are no filter.
    #[error("not understood: {0}; write \"info\", or by module \"info,rubrica::hsm=debug\"")]
    Filter(#[source] tracing_subscriber::filter::ParseError),
    /// The log's file cannot be opened.
    #[error("the log {} cannot be opened", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody in this process has done it before.
    #[error("logs or metrics have been set up already")]
    Twice,
}

/// Sees to it that a filter can be understood before it is needed.
pub fn checked_filter(level: &str) -> Result<String, TelemetryError> {
    EnvFilter::try_new(level).map_err(TelemetryError::Filter)?;
    Ok(level.to_owned())
}

fn filter(level: &str) -> Result<EnvFilter, tracing_subscriber::filter::ParseError> {
    QUIET
        .iter()
        .try_fold(EnvFilter::try_new(level)?, |filter, quiet| {
            Ok(filter.add_directive(quiet.parse()?))
        })
}

/// Starts logs and metrics for the whole process; once.
pub fn start(settings: &Settings, output: &Output) -> Result<(), TelemetryError> {
    let filter = filter(&settings.level).map_err(TelemetryError::Filter)?;
    let writer = match output {
        Output::StandardError => BoxMakeWriter::new(|| Redacting::new(io::stderr())),
        Output::File(path) => {
            let file = OpenOptions::new()
                .create(true)
                .append(true)
                .mode(0o600)
                .open(path)
                .map_err(|source| TelemetryError::File {
                    path: path.clone(),
                    source,
                })?;
            BoxMakeWriter::new(Mutex::new(Redacting::new(file)))
        }
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(false);
    let started = match settings.format {
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
        LogFormat::Text => builder.try_init(),
    };
    started.ok().ok_or(TelemetryError::Twice)?;
    metrics::start().ok_or(TelemetryError::Twice)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(line);
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn no_level_shows_the_addresses_that_are_called() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(filter("trace,ureq=trace").unwrap())
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            let address = "http://sms.example/send?key=hunter2";
            tracing::debug!(target: "ureq::run", "POST {address}");
            tracing::debug!(target: "ureq_proto::client", "{address}");
            tracing::trace!(target: "rubrica::notify", "a message is sent");
        });
        let told = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert!(told.contains("a message is sent"), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}
