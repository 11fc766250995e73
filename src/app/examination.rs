//! Looks at everything around the server and says what is wrong with it, and what to do about each.
//!
//! It changes nothing: a folder is tried with a file that is removed again, a port by taking it for a moment, the HSM
//! with a single login.

use std::fmt;

use serde::Serialize;
use time::OffsetDateTime;
use url::Url;

mod authorities;
mod clock;
mod database;
mod document_store;
mod folders;
mod hsm;
mod ports;
mod sms;
mod tls;

use crate::clock::Ambient;
use crate::config::Config;
use crate::documents;
use crate::domain::text::with_causes as told;

/// What was found about one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about: a key of the configuration, where there is one.
    pub about: String,
    /// How bad it is.
    pub verdict: Verdict,
    /// What was found.
    pub words: String,
    /// What to do.
    pub advice: Option<String>,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Fine,
    /// It works, and should be otherwise.
    Warning,
    /// It cannot work.
    Wrong,
}

/// Looks at everything, in the order in which things are needed.
pub fn examine(config: &Config) -> Vec<Finding> {
    let now = Ambient::system().now();
    let mut findings = vec![clock::examine(now)];
    let database = database::examine(&config.store);
    let tables = !database.iter().any(Finding::is_wrong);
    findings.extend(database);
    if tables {
        findings.extend(authorities::examine(&config.store, now));
    }
    findings.extend(authorities::examine_addresses(&config.pki));
    findings.extend(hsm::examine(
        &config.hsm,
        &config.journal.checkpoints.key_label,
        &database::keks(&config.store),
    ));
    findings.extend(folders(config));
    findings.extend(listeners(config, now));
    findings
}

fn folders(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    match &config.documents {
        documents::Settings::Folder(folder) => {
            findings.push(folders::examine("documents.url", folder));
            findings.extend(document_store::examine_mark(&config.documents));
        }
        bucket @ documents::Settings::Bucket(_) => findings.push(document_store::examine(bucket)),
    }
    findings.extend(sms::examine(&config.sms));
    findings
}

fn listeners(config: &Config, now: OffsetDateTime) -> Vec<Finding> {
    let http = &config.http;
    let host = config.citizen_url.as_ref().and_then(Url::host_str);
    let mut findings = tls::examine("api", &http.api, None, now);
    findings.extend(tls::examine("citizen", &http.citizen, host, now));
    if config.citizen_url.is_none() {
        findings.push(Finding::warning(
            "citizen.url",
            "not set: approval links lead to the listener's own address",
            "set it to how citizens reach the pages from outside, unless only this machine is meant to",
        ));
    }
    for (about, address) in [
        ("api.listen", http.api.address),
        ("citizen.listen", http.citizen.address),
        ("ops.listen", http.ops),
    ] {
        findings.push(ports::examine(about, address));
    }
    if !http.ops.ip().is_loopback() {
        findings.push(Finding::warning(
            "ops.listen",
            "health and metrics can be read from other machines, without TLS or password",
            "listen on 127.0.0.1, or see to it that only the operators' network reaches it",
        ));
    }
    findings
}

impl Finding {
    /// Whether it keeps the server from working.
    pub(super) fn is_wrong(&self) -> bool {
        self.verdict == Verdict::Wrong
    }

    /// As it should be.
    pub(super) fn fine(about: impl Into<String>, words: impl Into<String>) -> Self {
        Self {
            about: about.into(),
            verdict: Verdict::Fine,
            words: words.into(),
            advice: None,
        }
    }

    /// It works, and should be otherwise.
    pub(super) fn warning(
        about: impl Into<String>,
        words: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            about: about.into(),
            verdict: Verdict::Warning,
            words: words.into(),
            advice: Some(advice.into()),
        }
    }

    /// It cannot work.
    pub(super) fn wrong(
        about: impl Into<String>,
        words: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            about: about.into(),
            verdict: Verdict::Wrong,
            words: words.into(),
            advice: Some(advice.into()),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fine => "ok",
            Self::Warning => "warning",
            Self::Wrong => "wrong",
        })
    }
}
