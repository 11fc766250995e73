//! `rubrica serve`

use std::path::Path;

use super::{Ending, office};
use crate::config::{self, process};
use crate::{app, telemetry};

/// Serves until it is told to stop.
pub(super) fn run(file: Option<&Path>) -> anyhow::Result<Ending> {
    let mut loaded = config::load(file)?;
    process::adopt(&loaded.config.hsm.environment)?;
    office::provide_pin(&mut loaded.config.hsm)?;
    telemetry::start(&loaded.config.telemetry, &telemetry::Output::StandardError)?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let server = app::start(loaded.config)?;
    let (api, citizen, ops) = (server.api, server.citizen, server.ops);
    server.until_signal(|| {
        let version = env!("CARGO_PKG_VERSION");
        tracing::info!(%api, %citizen, %ops, version, "serving");
    })?;
    tracing::info!("stopped");
    Ok(Ending::Well)
}
