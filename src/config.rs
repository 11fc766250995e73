//! The configuration: one TOML file, overlaid by the environment, becomes a validated [`Config`].
//!
//! Every key has a default or is asked for; keys nobody reads are refused; everything wrong is told at once. An
//! environment variable `RUBRICA_<SECTION>__<KEY>` goes before the file. Secrets come from files of their own, which
//! `<key>_file` names, or from the environment; never from arguments, and from the configuration file only where they
//! are part of an address (`database.url`, `sms.url`). Such an address is shown without them, and there is a warning
//! when others can read the file.
//!
//! This is the only place that reads the environment. It opens nothing but the configuration, the files of secrets and
//! the certificates of authorities that it names: whether the database, the token or a port is there is for `doctor` to say.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

mod database;
mod documents;
mod example;
mod hsm;
mod identity;
mod journal;
mod listeners;
mod pki;
mod problem;
pub mod process;
mod profile;
mod reader;
pub mod secret;
mod section;
mod server;
mod setting;
mod signing;
mod sms;
mod telemetry;

pub use hsm::Hsm;
pub use problem::{Nameable, Origin, Problem, Problems};
pub use profile::{Profile, profile};

use crate::{
    documents as documents_part, http, identity as identity_part, notify, pki as pki_part, store,
    telemetry as telemetry_part,
};
use reader::{File, Reader, Shown};
use section::{Description, Section};

/// The file read when none is named, if it is there.
pub const DEFAULT_FILE: &str = "rubrica.toml";

/// Everything the parts need to know, checked.
pub struct Config {
    /// This node.
    pub server: server::Server,
    /// Addresses, certificates and limits.
    pub http: http::Settings,
    /// How citizens reach their pages from outside; `None` when by the listener's own address.
    pub citizen_url: Option<Url>,
    /// The life and size of requests.
    pub requests: Requests,
    /// The database.
    pub store: store::Settings,
    /// Where document bytes are.
    pub documents: documents_part::Settings,
    /// The token.
    pub hsm: Hsm,
    /// Messages to phones.
    pub sms: notify::Settings,
    /// Rules for the citizens' accounts.
    pub identity: identity_part::Settings,
    /// The built-in authorities.
    pub pki: pki_part::Settings,
    /// When the journal is signed, and how long its rows stay.
    pub journal: journal::Journal,
    /// Logs.
    pub telemetry: telemetry_part::Settings,
}

/// The life and size of signature requests.
#[derive(Debug, Clone, Copy)]
pub struct Requests {
    /// How long one waits for approval when the app does not say.
    pub default_lifetime: Duration,
    /// The longest an app may ask for.
    pub longest_lifetime: Duration,
    /// How long documents stay after the request's end.
    pub retention: Duration,
    /// Most documents in one request.
    pub documents_per_request: u32,
    /// Largest document in bytes.
    pub document_bytes: u64,
}

/// A configuration and how it came about.
pub struct Loaded {
    /// What is in force.
    pub config: Config,
    /// What works and should be otherwise.
    pub warnings: Vec<Problem>,
    /// The file, when there was one.
    pub file: Option<PathBuf>,
    shown: Vec<Shown>,
}

/// Reads the named file, or [`DEFAULT_FILE`] when it is there, and this process's environment.
pub fn load(file: Option<&Path>) -> Result<Loaded, Problems> {
    let path = match file {
        Some(path) => Some(path),
        None => Some(Path::new(DEFAULT_FILE)).filter(|path| path.exists()),
    };
    let file = path.map(open).transpose()?;
    read(file.as_ref(), reader::environment())
}

/// Reads only where the database is, from the named file and this process's environment. The rest of the file may be
/// missing or wrong.
pub fn database(file: Option<&Path>) -> Result<store::Settings, Problems> {
    let file = file.map(open).transpose()?;
    let mut reader = Reader::new(file.as_ref(), reader::environment());
    let settings = database::read(&mut reader).filter(|_| reader.problems.is_empty());
    settings.ok_or(Problems(reader.problems))
}

/// A configuration file with every key, its explanation and its default.
pub fn example() -> String {
    example::text(&sections())
}

/// Understands a time as the configuration writes it, such as `24 h`.
pub fn duration(text: &str) -> Result<Duration, String> {
    setting::from_text(text)
}

impl Config {
    /// The folder that messages to phones are written to; `None` when a gateway sends them.
    pub fn outbox(&self) -> Option<&Path> {
        match &self.sms {
            notify::Settings::Outbox(outbox) => Some(outbox.folder()),
            notify::Settings::Http(_) => None,
        }
    }
}

impl Loaded {
    /// What is in force, as TOML, with where each value came from. Secrets are not in it.
    pub fn effective(&self) -> String {
        example::effective(&self.shown)
    }
}

/// Every section, in the order of the example.
fn sections() -> Vec<&'static Description> {
    vec![
        &server::RawServer::DESCRIPTION,
        &listeners::RawApi::DESCRIPTION,
        &listeners::RawCitizen::DESCRIPTION,
        &listeners::RawOps::DESCRIPTION,
        &listeners::RawLimits::DESCRIPTION,
        &database::RawDatabase::DESCRIPTION,
        &documents::RawDocuments::DESCRIPTION,
        &hsm::RawHsm::DESCRIPTION,
        &signing::RawSigning::DESCRIPTION,
        &sms::RawSms::DESCRIPTION,
        &identity::RawIdentity::DESCRIPTION,
        &pki::RawPki::DESCRIPTION,
        &journal::RawJournal::DESCRIPTION,
        &telemetry::RawTelemetry::DESCRIPTION,
    ]
}

fn open(path: &Path) -> Result<File, Problems> {
    let path = path.to_owned();
    match fs::read_to_string(&path) {
        Ok(text) => Ok(File::new(path, text)),
        Err(source) => Err(Problems(vec![Problem::Unreadable { path, source }])),
    }
}

fn read(file: Option<&File>, environment: BTreeMap<String, String>) -> Result<Loaded, Problems> {
    let mut reader = Reader::new(file, environment);
    if !reader.problems.is_empty() {
        // What is read of a file with such mistakes is not what was meant; more complaints would mislead.
        return Err(Problems(reader.problems));
    }
    let config = sections_of(&mut reader);
    reader.note_unknown(&sections());
    match config {
        Some(config) if reader.problems.is_empty() => Ok(Loaded {
            config,
            warnings: reader.warnings,
            file: file.map(|file| file.path.clone()),
            shown: reader.shown,
        }),
        _ => Err(Problems(reader.problems)),
    }
}

/// Reads all sections before giving up on any, so that everything wrong is noted.
fn sections_of(reader: &mut Reader<'_>) -> Option<Config> {
    let server = server::read(reader);
    let stop_within = server.as_ref().map(|server| server.stop_within);
    let listeners = listeners::read(reader, stop_within);
    let store = database::read(reader);
    let documents = documents::read(reader);
    let hsm = hsm::read(reader);
    let signing = signing::read(reader);
    let sms = sms::read(reader);
    let identity = identity::read(reader);
    let pki = pki::read(reader);
    let journal = journal::read(reader);
    let telemetry = telemetry::read(reader);
    let (listeners, signing) = (listeners?, signing?);
    Some(Config {
        server: server?,
        http: listeners.http,
        citizen_url: listeners.citizen_url,
        requests: Requests {
            default_lifetime: signing.lifetime,
            longest_lifetime: signing.longest_lifetime,
            retention: signing.retention,
            documents_per_request: listeners.documents_per_request,
            document_bytes: listeners.document_bytes,
        },
        store: store?,
        documents: documents?,
        hsm: hsm?,
        sms: sms?,
        identity: identity?,
        pki: pki?,
        journal: journal?,
        telemetry: telemetry?,
    })
}

#[cfg(test)]
mod tests;
