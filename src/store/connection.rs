//! One connection type over both databases, and the pool that makes them.

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::prelude::*;

/// A connection to whichever database is configured. Every query works on both.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    /// A file on this machine.
    Sqlite(SqliteConnection),
    /// A server, shared by all nodes.
    Postgres(PgConnection),
}

/// Which database a URL means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// `sqlite:PATH`
    Sqlite,
    /// `postgres://…` or `postgresql://…`
    Postgres,
}

/// Makes connections for the pool.
#[derive(Debug, Clone)]
pub(super) struct Manager {
    pub(super) database: Database,
    /// For SQLite the path, for PostgreSQL the whole URL (it may hold a password: never print it).
    pub(super) target: String,
}

impl r2d2::ManageConnection for Manager {
    type Connection = AnyConnection;
    type Error = ConnectionFailed;

    fn connect(&self) -> Result<AnyConnection, ConnectionFailed> {
        match self.database {
            Database::Sqlite => {
                let mut connection = SqliteConnection::establish(&self.target)?;
                // FULL: a commit is on the disk when it returns; the journal's promises rest on it.
                connection.batch_execute(
                    "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; \
                     PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;",
                )?;
                Ok(AnyConnection::Sqlite(connection))
            }
            Database::Postgres => Ok(AnyConnection::Postgres(PgConnection::establish(
                &self.target,
            )?)),
        }
    }

    fn is_valid(&self, connection: &mut AnyConnection) -> Result<(), ConnectionFailed> {
        connection.batch_execute("SELECT 1").map_err(Into::into)
    }

    fn has_broken(&self, connection: &mut AnyConnection) -> bool {
        use diesel::r2d2::R2D2Connection;
        std::thread::panicking()
            || match connection {
                AnyConnection::Sqlite(inner) => inner.is_broken(),
                AnyConnection::Postgres(inner) => inner.is_broken(),
            }
    }
}

/// The database could not be reached or prepared.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectionFailed {
    #[error(transparent)]
    Connect(#[from] diesel::ConnectionError),
    #[error(transparent)]
    Query(#[from] diesel::result::Error),
}

/// Begins a transaction that may write. SQLite takes its write lock here, so that it cannot fail half-way.
pub(super) fn begin_write(connection: &mut AnyConnection) -> QueryResult<()> {
    match connection {
        AnyConnection::Sqlite(inner) => {
            AnsiTransactionManager::begin_transaction_sql(inner, "BEGIN IMMEDIATE")
        }
        AnyConnection::Postgres(inner) => AnsiTransactionManager::begin_transaction(inner),
    }
}

pub(super) fn commit(connection: &mut AnyConnection) -> QueryResult<()> {
    match connection {
        AnyConnection::Sqlite(inner) => AnsiTransactionManager::commit_transaction(inner),
        AnyConnection::Postgres(inner) => AnsiTransactionManager::commit_transaction(inner),
    }
}

pub(super) fn roll_back(connection: &mut AnyConnection) -> QueryResult<()> {
    match connection {
        AnyConnection::Sqlite(inner) => AnsiTransactionManager::rollback_transaction(inner),
        AnyConnection::Postgres(inner) => AnsiTransactionManager::rollback_transaction(inner),
    }
}
