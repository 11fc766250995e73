//! The database: diesel over SQLite (default) and PostgreSQL, one file per table.
//!
//! A table's functions take a [`AnyConnection`], so that callers put several into one transaction with
//! [`Store::write`]. Nothing here decides anything: rules live in the parts above.

use std::sync::Arc;
use std::time::Duration;

use diesel::backend::Backend;
use diesel::migration::{self, Migration};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

pub mod apps;
pub mod archives;
pub mod authorities;
mod cached;
pub mod challenges;
pub mod checkpoints;
mod column;
mod connection;
pub mod credentials;
pub mod documents;
pub mod duties;
mod group;
pub mod journal;
pub mod keyslots;
mod moment;
pub mod nodes;
pub mod requests;
pub mod sads;
mod schema;
pub mod signers;
pub mod wrapping_keys;

pub use connection::{AnyConnection, Database};
pub use group::TransactionNumber;

use crate::domain::secret::SecretText;
use group::Group;

const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Where the database is and how many connections to keep.
#[derive(Clone)]
pub struct Settings {
    /// `sqlite:PATH` of a file that is there, if empty, or `postgres://USER:PASSWORD@HOST/NAME`.
    pub url: SecretText,
    /// Most connections held at once.
    pub connections: u32,
    /// How long to wait for one, and for other writers of an SQLite file, before saying that the database is
    /// away.
    pub wait: Duration,
    /// How long PostgreSQL may take for one statement before it is given up and the database counts as away. Keeps
    /// a server that hangs, or a lock nobody gives back, from holding calls for ever.
    pub statement_timeout: Duration,
}

/// What SQLite says when the file cannot be used for now: another process keeps it to itself (after `busy_timeout`), or
/// the disk below it is full, broken or read-only (`sqlite3_errstr`).
const SQLITE_AWAY: [&str; 5] = [
    "database is locked",
    "database or disk is full",
    "disk I/O error",
    "unable to open database file",
    "attempt to write a readonly database",
];

/// What can go wrong with the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL names no database known here.
    #[error("database.url must begin with `sqlite:`, `postgres://` or `postgresql://`")]
    UnknownDatabase,
    /// No connection within the waiting time, or it broke. Trying again later may succeed. When it broke during
    /// a commit, nobody can say whether the transaction counts.
    #[error("the database is not reachable")]
    Away(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A value that must be unique is there already.
    #[error("the {constraint} exists already")]
    Conflict {
        /// The database's name of the constraint or column.
        constraint: String,
    },
    /// A column holds what this program never writes.
    #[error("the database holds {what} that cannot be read")]
    Corrupt {
        /// What was read.
        what: &'static str,
        /// Why it cannot be.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The schema could not be brought up to date.
    #[error("the database's schema could not be migrated")]
    Migration(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Any other failure of a query.
    #[error("a database query failed")]
    Query(#[source] diesel::result::Error),
}

impl From<diesel::result::Error> for StoreError {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::DatabaseErrorKind::{
            ClosedConnection, ReadOnlyTransaction, SerializationFailure, UnableToSendCommand,
            UniqueViolation, Unknown,
        };
        use diesel::result::Error::{
            BrokenTransactionManager, DatabaseError, RollbackErrorOnCommit,
        };
        match error {
            DatabaseError(UniqueViolation, ref information) => Self::Conflict {
                constraint: information
                    .constraint_name()
                    .map_or_else(|| information.message().to_owned(), str::to_owned),
            },
            // Read-only: a PostgreSQL server that became a standby.
            DatabaseError(
                ClosedConnection | UnableToSendCommand | ReadOnlyTransaction | SerializationFailure,
                _,
            )
            | BrokenTransactionManager
            | RollbackErrorOnCommit { .. } => Self::Away(Box::new(error)),
            DatabaseError(Unknown, ref information)
                if SQLITE_AWAY.contains(&information.message()) =>
            {
                Self::Away(Box::new(error))
            }
            other => Self::Query(other),
        }
    }
}

/// The pool of connections. Clones share it.
#[derive(Clone)]
pub struct Store {
    pool: r2d2::Pool<connection::Manager>,
    group: Arc<Group<Pooled>>,
    database: Database,
    statement_timeout: Duration,
}

impl Store {
    /// Prepares a pool. Connects when first used, so that a server starts while its database is away.
    pub fn open(settings: &Settings) -> Result<Self, StoreError> {
        let url = settings.url.expose();
        let (database, target) = if let Some(path) = url.strip_prefix("sqlite:") {
            (Database::Sqlite, path.trim_start_matches("//").to_owned())
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            (Database::Postgres, connection::watched(url, settings.wait))
        } else {
            return Err(StoreError::UnknownDatabase);
        };
        let pool = r2d2::Pool::builder()
            .max_size(settings.connections)
            .min_idle(Some(0))
            .connection_timeout(settings.wait)
            .test_on_check_out(database == Database::Postgres)
            .error_handler(Box::new(LogFailures))
            .build_unchecked(connection::Manager {
                database,
                target: SecretText::new(target),
                wait: settings.wait,
                statement_timeout: settings.statement_timeout,
            });
        Ok(Self {
            pool,
            group: Arc::default(),
            database,
            statement_timeout: settings.statement_timeout,
        })
    }

    /// Which database it is.
    pub fn database(&self) -> Database {
        self.database
    }

    /// Brings the schema up to date. Safe when several nodes start at once: PostgreSQL serialises them with an
    /// advisory lock, SQLite with its write lock.
    pub fn migrate(&self) -> Result<(), StoreError> {
        self.migrating(|connection| match connection {
            AnyConnection::Sqlite(inner) => {
                inner.run_pending_migrations(SQLITE_MIGRATIONS).map(|_| ())
            }
            AnyConnection::Postgres(inner) => inner
                .run_pending_migrations(POSTGRES_MIGRATIONS)
                .map(|_| ()),
        })
    }

    /// The migrations that the database lacks, by name; none when its schema is up to date. Also shows that the
    /// database answers.
    pub fn pending_migrations(&self) -> Result<Vec<String>, StoreError> {
        let mut connection = self.connection()?;
        let pending = match &mut *connection {
            AnyConnection::Sqlite(inner) => names(inner.pending_migrations(SQLITE_MIGRATIONS)),
            AnyConnection::Postgres(inner) => names(inner.pending_migrations(POSTGRES_MIGRATIONS)),
        };
        pending.map_err(StoreError::Migration)
    }

    /// Takes the whole schema, and all data, away again.
    pub fn revert_all_migrations(&self) -> Result<(), StoreError> {
        self.migrating(|connection| match connection {
            AnyConnection::Sqlite(inner) => {
                inner.revert_all_migrations(SQLITE_MIGRATIONS).map(|_| ())
            }
            AnyConnection::Postgres(inner) => {
                inner.revert_all_migrations(POSTGRES_MIGRATIONS).map(|_| ())
            }
        })
    }

    /// Runs queries outside a transaction.
    pub fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.connection()?;
        let longest = self.statement_timeout;
        let watch = connection::Watch::over(&mut connection, longest);
        work(&mut connection).map_err(|error| match connection::probe(&mut connection) {
            Ok(()) => unless_given_up(&watch, longest, error),
            Err(broken) => StoreError::Away(Box::new(broken)).into(),
        })
    }

    /// Runs queries in one transaction: all of them count, or, when `work` fails, none. They do when this returns.
    ///
    /// SQLite takes one writer at a time, so there the transaction is shared with all who write at the same time.
    pub fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        match self.database {
            Database::Sqlite => {
                self.write_together(self.statement_timeout, |connection, _| work(connection))
            }
            Database::Postgres => transact(self.connection()?, self.statement_timeout, work),
        }
    }

    /// The same in a transaction that is shared with all who call this at the same time, each in its turn. `work` is told
    /// which transaction it is in.
    ///
    /// The others wait for it. So a lock that another transaction of PostgreSQL does not give back within `longest` is not
    /// waited for any longer, and the database counts as away. On SQLite the one lock there is is taken at the beginning,
    /// and waited for as long as [`Settings::wait`] says.
    pub fn write_together<T, E: From<StoreError>>(
        &self,
        longest: Duration,
        work: impl FnOnce(&mut AnyConnection, TransactionNumber) -> Result<T, E>,
    ) -> Result<T, E> {
        let longest = longest.min(self.statement_timeout);
        let begin = || {
            let mut connection = self.connection()?;
            connection::begin_write(&mut connection)?;
            connection::wait_for_locks(&mut connection, longest)?;
            Ok(connection)
        };
        let most = self.pool.connection_timeout().saturating_mul(2);
        self.group.commit(most, begin, |connection, number| {
            let watch = connection::Watch::over(connection, longest);
            work(connection, number).map_err(|error| unless_given_up(&watch, longest, error))
        })
    }

    /// Takes what was deleted or replaced out of SQLite's write-ahead log too, as far as nobody reads or writes at this
    /// moment; to be called again now and then. Does nothing on PostgreSQL.
    pub fn erase_remnants(&self) -> Result<(), StoreError> {
        let mut connection = self.connection()?;
        Ok(connection::erase_remnants(
            &mut connection,
            self.pool.connection_timeout(),
        )?)
    }

    fn connection(&self) -> Result<Pooled, StoreError> {
        self.pool
            .get()
            .map_err(|error| StoreError::Away(Box::new(error)))
    }

    fn migrating(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<(), Box<dyn std::error::Error + Send + Sync>>,
    ) -> Result<(), StoreError> {
        use diesel::connection::SimpleConnection;
        let mut connection = self.connection()?;
        // All migrations are one transaction. SQLite's writing lock keeps other nodes out from its beginning.
        connection::begin_write(&mut connection)?;
        if self.database == Database::Postgres {
            // Another node may be migrating large tables.
            connection.batch_execute("SET LOCAL statement_timeout = 0")?;
            connection.batch_execute("SELECT pg_advisory_xact_lock(7211002)")?;
        }
        if let Err(source) = work(&mut connection) {
            connection::roll_back(&mut connection)?;
            return Err(StoreError::Migration(source));
        }
        connection::commit(&mut connection)?;
        Ok(())
    }
}

type Pooled = r2d2::PooledConnection<connection::Manager>;

fn transact<T, E: From<StoreError>>(
    mut connection: Pooled,
    longest: Duration,
    work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
) -> Result<T, E> {
    connection::begin_write(&mut connection).map_err(StoreError::from)?;
    let watch = connection::Watch::over(&mut connection, longest);
    match work(&mut connection) {
        Ok(value) => {
            connection::commit(&mut connection).map_err(StoreError::from)?;
            Ok(value)
        }
        Err(error) => Err(match connection::roll_back(&mut connection) {
            Ok(()) => unless_given_up(&watch, longest, error),
            Err(broken) => StoreError::Away(Box::new(broken)).into(),
        }),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a statement, or its wait for a lock, was given up after {0:?}")]
struct StatementTimeout(Duration);

/// What failed after a statement was given up failed for that; everything else is told as it is, however long it took.
fn unless_given_up<E: From<StoreError>>(
    watch: &connection::Watch,
    longest: Duration,
    error: E,
) -> E {
    if watch.gave_up() {
        StoreError::Away(Box::new(StatementTimeout(longest))).into()
    } else {
        error
    }
}

fn names<DB: Backend>(
    pending: migration::Result<Vec<Box<dyn Migration<DB>>>>,
) -> migration::Result<Vec<String>> {
    Ok(pending?
        .iter()
        .map(|migration| migration.name().to_string())
        .collect())
}

/// Connection failures are repeated by the pool until its waiting time is over; each goes to the log.
#[derive(Debug)]
struct LogFailures;

impl r2d2::HandleError<connection::ConnectionFailed> for LogFailures {
    fn handle_error(&self, error: connection::ConnectionFailed) {
        tracing::warn!(error = %error, "a database connection failed");
    }
}

/// Does a part of a transaction, of which nothing stays when it fails; what was done before it stays.
pub fn nested<T, E: From<StoreError>>(
    connection: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
) -> Result<T, E> {
    connection::begin_nested(connection).map_err(StoreError::from)?;
    match work(connection) {
        Ok(value) => {
            connection::commit(connection).map_err(StoreError::from)?;
            Ok(value)
        }
        Err(error) => {
            connection::roll_back(connection).map_err(StoreError::from)?;
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_goes_up_down_and_up_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        std::fs::write(&path, "").unwrap();
        let store = Store::open(&Settings {
            url: SecretText::new(format!("sqlite:{}", path.display())),
            connections: 2,
            wait: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
        })
        .unwrap();
        assert_eq!(store.pending_migrations().unwrap().len(), 1);
        store.migrate().unwrap();
        assert_eq!(store.pending_migrations().unwrap().len(), 0);
        store.revert_all_migrations().unwrap();
        store.migrate().unwrap();
        store.migrate().unwrap();
    }
}
