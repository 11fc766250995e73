//! Where the parts are put together; nothing else knows all of them.
//!
//! It decides nothing: what a part needs is in the [`Config`], and what they do together is in `service`.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use url::Url;

use crate::activation::Activation;
use crate::auth::LinkKey;
use crate::clock::Ambient;
use crate::config::Config;
use crate::documents::{Documents, DocumentsError};
use crate::hsm::{Hsm, InvalidSettings};
use crate::http::{self, ServeError};
use crate::identity::Identity;
use crate::journal::Journal;
use crate::notify::Notify;
use crate::service::{self, Parts, Service, ServiceError};
use crate::store::{self, Store, StoreError};

mod checkpointing;
pub mod examination;
mod upkeep;

use checkpointing::Checkpointing;
use upkeep::Upkeep;

/// Why the parts do not come together.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The SQLite file cannot be made.
    #[error("the database {} cannot be made", path.display())]
    DatabaseFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no SQLite file.
    #[error("there is no database at {}; make it with: rubrica database migrate", path.display())]
    NoDatabase {
        /// Where it should be.
        path: PathBuf,
    },
    /// The address of the citizens' listener gives no URL.
    #[error("the address {address} gives no URL; set citizen.url")]
    CitizenUrl {
        /// Where citizens are answered.
        address: SocketAddr,
        /// Why.
        source: url::ParseError,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The documents.
    #[error(transparent)]
    Documents(#[from] DocumentsError),
    /// The database knows documents in a store that is not there.
    #[error(
        "the tables are up to date, but the store that documents.url names is not the one with the documents that the \
         database knows: mount it, or bring its content back, with the object rubrica-documents; or say --new-document-store \
         to go on without them"
    )]
    DocumentsLost,
    /// The HSM's PIN is not configured.
    #[error("the HSM's PIN is missing; set hsm.pin_file")]
    NoPin,
    /// The HSM's settings.
    #[error(transparent)]
    Hsm(#[from] InvalidSettings),
    /// The listeners.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The use cases.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// A server that answers.
pub struct Server {
    /// The use cases it answers with.
    pub service: Service,
    /// Where apps are answered.
    pub api: SocketAddr,
    /// Where citizens are answered.
    pub citizen: SocketAddr,
    /// Where operators are answered.
    pub ops: SocketAddr,
    running: http::Running,
    threads: Threads,
}

/// What runs beside the listeners.
struct Threads {
    service: Service,
    upkeep: Upkeep,
    checkpointing: Checkpointing,
}

/// Creates the database's tables or brings them up to date, and sets up the document store. A store that is not there
/// although the database knows documents in it is not replaced by an empty one.
pub fn migrate(config: &Config) -> Result<(), AppError> {
    let store = migrate_tables(config)?;
    if store.read(store::documents::are_any_kept)? {
        let there = Documents::new(&config.documents)?.is_there()?;
        return there.then_some(()).ok_or(AppError::DocumentsLost);
    }
    Ok(Documents::set_up(&config.documents)?)
}

/// The same where documents of an earlier store are given up, or lie elsewhere.
pub fn migrate_without_documents(config: &Config) -> Result<(), AppError> {
    migrate_tables(config)?;
    Ok(Documents::set_up(&config.documents)?)
}

fn migrate_tables(config: &Config) -> Result<Store, AppError> {
    if let Some(path) = sqlite_file(config.store.url.expose()) {
        make_private_file(path)?;
    }
    let store = Store::open(&config.store)?;
    store.migrate()?;
    Ok(store)
}

/// The use cases, for a command that runs beside the server or without it.
pub fn service(config: Config) -> Result<Service, AppError> {
    let citizen = config.http.citizen.address;
    assemble(config, citizen)
}

/// Opens the listeners, puts the parts together, and begins to answer.
pub fn start(config: Config) -> Result<Server, AppError> {
    let bound = http::bind(config.http.clone())?;
    let (api, citizen, ops) = (
        bound.api_address(),
        bound.citizen_address(),
        bound.ops_address(),
    );
    let service = assemble(config, citizen)?;
    let threads = Threads {
        service: service.clone(),
        upkeep: Upkeep::begin(service.clone()),
        checkpointing: Checkpointing::begin(service.clone()),
    };
    noted(service.note_started(env!("CARGO_PKG_VERSION")));
    let running = bound.start(service.clone())?;
    Ok(Server {
        service,
        api,
        citizen,
        ops,
        running,
        threads,
    })
}

impl Server {
    /// Serves until SIGTERM or SIGINT, lets calls under way finish within the configured time, and ends.
    /// `ready` is called once signals are heard.
    pub fn until_signal(self, ready: impl FnOnce()) -> Result<(), AppError> {
        let Self {
            running, threads, ..
        } = self;
        running.until_signal(ready)?;
        threads.end();
        Ok(())
    }

    /// Lets calls under way finish within the configured time, and ends.
    pub fn stop(self) -> Result<(), AppError> {
        let Self {
            running, threads, ..
        } = self;
        running.stop()?;
        threads.end();
        Ok(())
    }
}

impl Threads {
    /// What was done last is signed last.
    fn end(self) {
        self.upkeep.end();
        noted(self.service.note_stopped());
        self.checkpointing.end();
    }
}

/// A database that is away keeps no server from starting or stopping.
fn noted(outcome: Result<(), ServiceError>) {
    if let Err(error) = outcome {
        tracing::error!(%error, "the journal could not be told");
    }
}

/// `citizen` is where the citizens' listener is; it makes links when no address for outside is configured.
fn assemble(config: Config, citizen: SocketAddr) -> Result<Service, AppError> {
    let ambient = Ambient::system();
    let store = store(&config)?;
    let requests = config.requests;
    let citizen_url = match config.citizen_url {
        Some(url) => url,
        None => {
            Url::parse(&format!("https://{citizen}/")).map_err(|source| AppError::CitizenUrl {
                address: citizen,
                source,
            })?
        }
    };
    let pin = config.hsm.pin.clone().ok_or(AppError::NoPin)?;
    let hsm = Hsm::new(config.hsm.settings(pin)?);
    Ok(Service::new(Parts {
        activation: Activation::new(hsm.clone(), ambient.clone()),
        hsm,
        identity: Identity::new(store.clone(), ambient.clone(), config.identity),
        documents: Documents::new(&config.documents)?,
        notify: Notify::new(config.sms, ambient.clone()),
        journal: Journal::new(store.clone(), ambient.clone(), config.server.node.clone()),
        node: config.server.node,
        ambient,
        store,
        link_key: LinkKey::new(config.server.link_key),
        settings: service::Settings {
            citizen_url,
            default_lifetime: requests.default_lifetime,
            longest_lifetime: requests.longest_lifetime,
            retention: requests.retention,
            documents_per_request: requests.documents_per_request,
            document_bytes: requests.document_bytes,
            pki: config.pki,
            checkpoints: config.journal.checkpoints,
            journal_retention: config.journal.retention,
        },
    }))
}

fn store(config: &Config) -> Result<Store, AppError> {
    // SQLite would make an empty one, and every question to it would fail with less clear words.
    if let Some(path) = sqlite_file(config.store.url.expose())
        && !path.exists()
    {
        return Err(AppError::NoDatabase {
            path: path.to_owned(),
        });
    }
    Ok(Store::open(&config.store)?)
}

/// The file of a SQLite database.
fn sqlite_file(url: &str) -> Option<&Path> {
    url.strip_prefix("sqlite:").map(Path::new)
}

/// Makes a file, and the folders above it, that only its owner can read; what is there stays as it is. SQLite gives the
/// files beside it the same rights.
fn make_private_file(path: &Path) -> Result<(), AppError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let attempt = || {
        if !folder.as_os_str().is_empty() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)?;
        }
        OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)
    };
    attempt()
        .map(drop)
        .map_err(|source| AppError::DatabaseFile {
            path: path.to_owned(),
            source,
        })
}
