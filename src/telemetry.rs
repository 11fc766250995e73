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

/// The binding of PKCS#11 reports each mechanism of a token that it does not know as an error of its own.
const QUIET: &str = "cryptoki=off";

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

/// Starts logs and metrics for the whole process; once.
pub fn start(settings: &Settings, output: &Output) -> Result<(), TelemetryError> {
    let filter = EnvFilter::try_new(&settings.level)
        .and_then(|filter| Ok(filter.add_directive(QUIET.parse()?)))
        .map_err(TelemetryError::Filter)?;
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
