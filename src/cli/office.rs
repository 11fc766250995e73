//! Where administrators' commands begin: the configuration is read, the parts are put together, and whoever runs the
//! command is the administrator.

use std::fmt::Debug;
use std::path::Path;

use crate::auth::op::ForAdministrators;
use crate::auth::{Administrator, Authorized, local_administrator};
use crate::config::{self, process};
use crate::domain::secret::SecretText;
use crate::service::Service;
use crate::telemetry::{self, LogFormat, Output, Settings};
use crate::{app, cli::terminal};

/// What an administrator's command works with.
pub(super) struct Office {
    pub(super) service: Service,
    /// How many calls the HSM takes at once.
    pub(super) hsm_sessions: usize,
    administrator: Administrator,
    citizen_url: String,
}

impl Office {
    /// Opens the database and, when it is needed, the HSM; the server may run meanwhile.
    pub(super) fn open(file: Option<&Path>) -> anyhow::Result<Self> {
        let mut loaded = config::load(file)?;
        process::adopt(&loaded.config.hsm.environment)?;
        // Warnings of the parts are worth knowing; the rest is the server's log.
        let quiet = Settings {
            format: LogFormat::Text,
            level: "warn".to_owned(),
        };
        telemetry::start(&quiet, &Output::StandardError)?;
        for warning in &loaded.warnings {
            tracing::warn!("{warning}");
        }
        provide_pin(&mut loaded.config.hsm)?;
        let citizen_url = match &loaded.config.citizen_url {
            Some(url) => url.to_string(),
            None => format!("https://{}/", loaded.config.http.citizen.address),
        };
        Ok(Self {
            citizen_url,
            hsm_sessions: loaded.config.hsm.sessions(),
            service: app::service(loaded.config)?,
            administrator: local_administrator(process::account_name()),
        })
    }

    /// The address of one of the citizens' pages.
    pub(super) fn page(&self, path: &str) -> String {
        format!("{}{path}", self.citizen_url)
    }

    /// Leave for one operation.
    pub(super) fn authorize<Op: ForAdministrators + Debug>(&self, operation: Op) -> Authorized<Op> {
        self.administrator.authorize(operation)
    }
}

/// Asks for the HSM's PIN when the configuration has none.
pub(super) fn provide_pin(hsm: &mut config::Hsm) -> anyhow::Result<()> {
    if hsm.pin.is_none() {
        let pin: SecretText = terminal::ask_secret(
            "PIN of the HSM",
            "set RUBRICA_HSM__PIN, or name a file with hsm.pin_file",
        )?;
        hsm.pin = Some(pin);
    }
    Ok(())
}
