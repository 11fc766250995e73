//! A database of its own for each test, and the macro that runs a test on both kinds.

use std::fs;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rubrica::domain::secret::SecretText;
use rubrica::store::{Settings, Store, StoreError};
use tempfile::TempDir;

use super::postgres::Postgres;

/// How long tests wait for a connection on a machine with much to do.
const WAIT: Duration = Duration::from_secs(20);

/// As few connections as tests need.
const CONNECTIONS: u32 = 8;

/// Declares tests that run once on SQLite and once on PostgreSQL, each on a database of its own with the schema
/// in place.
///
/// ```ignore
/// both_databases! {
///     fn what_is_written_can_be_read(database) {
///         let store = database.store();
///     }
/// }
/// ```
macro_rules! both_databases {
    ($($(#[$attribute:meta])* fn $name:ident($database:ident) $body:block)+) => {
        $(
            mod $name {
                #[allow(unused_imports, clippy::allow_attributes, reason = "a test may need nothing")]
                use super::*;

                fn statement($database: &$crate::harness::database::TestDatabase) $body

                $(#[$attribute])*
                #[test]
                fn on_sqlite() {
                    statement(&$crate::harness::database::TestDatabase::sqlite());
                }

                $(#[$attribute])*
                #[test]
                fn on_postgres() {
                    statement(&$crate::harness::database::TestDatabase::postgres());
                }
            }
        )+
    };
}
pub(crate) use both_databases;

/// Runs statements as somebody would who has the database's password.
pub(crate) fn tamper(store: &Store, statements: &str) {
    use diesel::connection::SimpleConnection;
    store
        .write(|connection| {
            connection
                .batch_execute(statements)
                .map_err(StoreError::from)
        })
        .unwrap();
}

/// A fresh, migrated database, removed when dropped.
pub(crate) struct TestDatabase {
    url: String,
    place: Place,
}

enum Place {
    Sqlite { _folder: TempDir },
    Postgres { name: String },
    Elsewhere,
}

impl TestDatabase {
    /// In a file of its own.
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rubrica.db");
        fs::write(&path, "").unwrap();
        let database = Self {
            url: format!("sqlite:{}", path.display()),
            place: Place::Sqlite { _folder: folder },
        };
        database.store().migrate().unwrap();
        database
    }

    /// On the server all tests of this run share.
    pub(crate) fn postgres() -> Self {
        Self::on_shared_server("TEMPLATE migrated")
    }

    fn on_shared_server(like: &str) -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let server = shared_server();
        let name = format!("test_{}", MADE.fetch_add(1, Ordering::Relaxed));
        server.administer(&format!("CREATE DATABASE {name} {like}"));
        Self {
            url: server.url(&name),
            place: Place::Postgres { name },
        }
    }

    /// One that nothing was migrated to yet, on PostgreSQL; on SQLite that is a file that is not there.
    pub(crate) fn blank(&self) -> Option<Self> {
        match self.place {
            Place::Sqlite { .. } => None,
            Place::Postgres { .. } | Place::Elsewhere => Some(Self::on_shared_server("")),
        }
    }

    /// A fresh one of the same kind.
    pub(crate) fn another(&self) -> Self {
        match self.place {
            Place::Sqlite { .. } => Self::sqlite(),
            Place::Postgres { .. } | Place::Elsewhere => Self::postgres(),
        }
    }

    /// One that another process made and will remove.
    pub(crate) fn existing(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            place: Place::Elsewhere,
        }
    }

    /// Its address, for `database.url`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// A pool of connections of its own, as another node has one.
    pub(crate) fn store(&self) -> Store {
        self.store_waiting(WAIT)
    }

    /// The same, which waits no longer than that for a database that is away.
    pub(crate) fn store_waiting(&self, wait: Duration) -> Store {
        self.store_of(CONNECTIONS, wait)
    }

    /// The same, with no more connections than that.
    pub(crate) fn store_of(&self, connections: u32, wait: Duration) -> Store {
        open_pool(&self.url, connections, wait)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Place::Postgres { name } = &self.place {
            shared_server().administer(&format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

/// Opens a pool as small as tests need it.
pub(crate) fn open(url: &str) -> Store {
    open_pool(url, CONNECTIONS, WAIT)
}

fn open_pool(url: &str, connections: u32, wait: Duration) -> Store {
    Store::open(&Settings {
        url: SecretText::new(url.to_owned()),
        connections,
        wait,
        statement_timeout: Duration::from_secs(30),
    })
    .unwrap()
}

fn shared_server() -> &'static Postgres {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    SERVER.get_or_init(|| {
        let server = Postgres::start();
        server.administer("CREATE DATABASE migrated");
        open(&server.url("migrated")).migrate().unwrap();
        server
    })
}
