//! One connection type over both databases, and the pool that makes them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::{
    AnsiTransactionManager, InstrumentationEvent, SimpleConnection, TransactionManager,
};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};

use crate::domain::secret::SecretText;

/// A connection to whichever database is configured. Every query works on both.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    /// A file on this machine.
    Sqlite(SqliteConnection),
    /// A server, shared by all nodes.
    Postgres(PgConnection),
}

/// Asks whichever database it is, as one of its kind. Diesel then knows the query by its type and puts its words together
/// once for each connection; to both kinds at once, it does so each time.
macro_rules! on_either {
    ($connection:expr, $inner:ident => $query:expr) => {
        match $connection {
            $crate::store::AnyConnection::Sqlite($inner) => $query,
            $crate::store::AnyConnection::Postgres($inner) => $query,
        }
    };
}

pub(super) use on_either;

/// Which database a URL means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// `sqlite:PATH`
    Sqlite,
    /// `postgres://…` or `postgresql://…`
    Postgres,
}

/// Most of what a connection to SQLite keeps of the database's pages. Whatever another connection commits
/// empties it, so that more of it costs memory and saves no reading; the system keeps the pages too.
const SQLITE_CACHE_KIB: u32 = 512;

/// A commit is on the disk when it returns, also where the server was told to be quicker than that: a spent SAD and
/// the journal's intent must outlive a crash. Stricter settings (`remote_apply`) stay.
const DURABLE: &str = "SELECT set_config('synchronous_commit', 'on', false) \
                       WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write')";

/// Makes connections for the pool.
#[derive(Debug, Clone)]
pub(super) struct Manager {
    pub(super) database: Database,
    /// For SQLite the path, for PostgreSQL the whole URL, which may hold a password.
    pub(super) target: SecretText,
    /// How long SQLite waits for another writer.
    pub(super) wait: Duration,
    /// How long PostgreSQL may take for one statement.
    pub(super) statement_timeout: Duration,
}

/// A PostgreSQL URL by which the client notices within seconds that the network dropped the server: parameters of
/// libpq (PostgreSQL 15 documentation, section 34.1.2), where the URL does not say something else.
pub(super) fn watched(url: &str, wait: Duration) -> String {
    let seconds = wait.as_secs().max(2);
    let mut url = url.to_owned();
    for (parameter, value) in [
        ("connect_timeout", seconds.to_string()),
        (
            "tcp_user_timeout",
            seconds.saturating_mul(2_000).to_string(),
        ),
        ("keepalives_idle", "5".to_owned()),
        ("keepalives_interval", "2".to_owned()),
        ("keepalives_count", "3".to_owned()),
    ] {
        if url.contains(&format!("{parameter}=")) {
            continue;
        }
        url.push(if url.contains('?') { '&' } else { '?' });
        url.push_str(parameter);
        url.push('=');
        url.push_str(&value);
    }
    url
}

impl r2d2::ManageConnection for Manager {
    type Connection = AnyConnection;
    type Error = ConnectionFailed;

    fn connect(&self) -> Result<AnyConnection, ConnectionFailed> {
        match self.database {
            Database::Sqlite => {
                let mut connection = SqliteConnection::establish(&existing(self.target.expose()))?;
                // FULL: a commit is on the disk when it returns; the journal's promises rest on it. Secure delete: what was
                // deleted or replaced, such as a revoked credential's key, is overwritten and not left in a free page.
                connection.batch_execute(&format!(
                    "PRAGMA busy_timeout = {}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                     PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; \
                     PRAGMA cache_size = -{SQLITE_CACHE_KIB};",
                    self.wait.as_millis()
                ))?;
                Ok(AnyConnection::Sqlite(connection))
            }
            Database::Postgres => {
                let mut connection = PgConnection::establish(self.target.expose())?;
                connection.batch_execute(&format!(
                    "{DURABLE}; SET statement_timeout = {}",
                    self.statement_timeout.as_millis()
                ))?;
                Ok(AnyConnection::Postgres(connection))
            }
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

/// A path as SQLite's URI that opens what is there and makes nothing (<https://www.sqlite.org/uri.html>): an empty
/// database in the place of one that is away for a moment would be taken for it as long as the connection lives.
fn existing(path: &str) -> String {
    let mut uri = String::from("file:");
    for letter in path.chars() {
        match letter {
            '%' => uri.push_str("%25"),
            '?' => uri.push_str("%3f"),
            '#' => uri.push_str("%23"),
            other => uri.push(other),
        }
    }
    uri.push_str("?mode=rw");
    uri
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

/// Bounds how long each statement of this transaction waits for a lock (PostgreSQL 15 documentation, section 20.11.1,
/// `lock_timeout`). SQLite has its one lock by then.
pub(super) fn wait_for_locks(connection: &mut AnyConnection, longest: Duration) -> QueryResult<()> {
    match connection {
        AnyConnection::Sqlite(_) => Ok(()),
        // 0 would be for ever.
        AnyConnection::Postgres(inner) => inner.batch_execute(&format!(
            "SET LOCAL lock_timeout = {}",
            longest.as_millis().max(1)
        )),
    }
}

/// Tells whether a statement was given up because its time was over. The server says so in words of its own language alone
/// (SQLSTATE 57014 and 55P03, which diesel does not hand on), so each statement is timed.
pub(super) struct Watch(Arc<AtomicBool>);

impl Watch {
    /// Watches from now on, in the place of an earlier watch. SQLite gives no statement up: it says when the file is locked.
    pub(super) fn over(connection: &mut AnyConnection, longest: Duration) -> Self {
        let late = Arc::new(AtomicBool::new(false));
        if let AnyConnection::Postgres(inner) = connection {
            let told = Arc::clone(&late);
            let mut begun = Instant::now();
            inner.set_instrumentation(move |event: InstrumentationEvent<'_>| match event {
                InstrumentationEvent::StartQuery { .. } => begun = Instant::now(),
                InstrumentationEvent::FinishQuery {
                    error: Some(Error::DatabaseError(DatabaseErrorKind::Unknown, _)),
                    ..
                } if begun.elapsed() >= longest => told.store(true, Ordering::Relaxed),
                _ => {}
            });
        }
        Self(late)
    }

    /// Whether a statement was given up since.
    pub(super) fn gave_up(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Empties SQLite's write-ahead log, in which pages stay as they were until later ones are written over them
/// (<https://www.sqlite.org/pragma.html#pragma_wal_checkpoint>). Waits for nobody: somebody who reads or writes at this
/// moment puts it off. PostgreSQL has no such call: its dead rows go with the next vacuum, its log with the next segments.
pub(super) fn erase_remnants(
    connection: &mut AnyConnection,
    usual_wait: Duration,
) -> QueryResult<()> {
    match connection {
        AnyConnection::Sqlite(inner) => {
            let emptied =
                inner.batch_execute("PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)");
            // Also after a failure: whoever has the connection next waits as usual.
            let usual = format!("PRAGMA busy_timeout = {}", usual_wait.as_millis());
            inner.batch_execute(&usual).and(emptied)
        }
        AnyConnection::Postgres(_) => Ok(()),
    }
}

/// A savepoint within a transaction; ended as a transaction is.
pub(super) fn begin_nested(connection: &mut AnyConnection) -> QueryResult<()> {
    match connection {
        AnyConnection::Sqlite(inner) => AnsiTransactionManager::begin_transaction(inner),
        AnyConnection::Postgres(inner) => AnsiTransactionManager::begin_transaction(inner),
    }
}

/// Finds out after a failure whether the connection itself is gone: the drivers do not always say so.
pub(super) fn probe(connection: &mut AnyConnection) -> QueryResult<()> {
    match connection {
        AnyConnection::Sqlite(_) => Ok(()),
        AnyConnection::Postgres(inner) => inner.batch_execute("SELECT 1"),
    }
}

pub(super) fn commit(connection: &mut AnyConnection) -> QueryResult<()> {
    match connection {
        AnyConnection::Sqlite(inner) => AnsiTransactionManager::commit_transaction(inner),
        AnyConnection::Postgres(inner) => AnsiTransactionManager::commit_transaction(inner),
    }
}

/// Ends a transaction that failed. An error means that the connection is gone; SQLite has none to lose, and
/// rolls back by itself when, say, the disk is full.
pub(super) fn roll_back(connection: &mut AnyConnection) -> QueryResult<()> {
    match connection {
        AnyConnection::Sqlite(inner) => {
            if let Err(error) = AnsiTransactionManager::rollback_transaction(inner) {
                tracing::warn!(%error, "a transaction ended before it could be rolled back");
            }
            Ok(())
        }
        AnyConnection::Postgres(inner) => AnsiTransactionManager::rollback_transaction(inner),
    }
}

/// Undoes what was done since a savepoint. An error means that the whole transaction is gone.
pub(super) fn roll_back_nested(connection: &mut AnyConnection) -> QueryResult<()> {
    match connection {
        AnyConnection::Sqlite(inner) => AnsiTransactionManager::rollback_transaction(inner),
        AnyConnection::Postgres(inner) => AnsiTransactionManager::rollback_transaction(inner),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_opened_as_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a%20b?mode=memory#c ñ.db");
        let path = path.to_str().unwrap();
        assert!(SqliteConnection::establish(&existing(path)).is_err());
        std::fs::write(path, "").unwrap();
        let mut connection = SqliteConnection::establish(&existing(path)).unwrap();
        connection.batch_execute("CREATE TABLE t (a)").unwrap();
        drop(connection);
        assert!(std::fs::metadata(path).unwrap().len() > 0);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_the_url_says_itself_stays() {
        let watched = |url| watched(url, Duration::from_secs(5));
        assert_eq!(
            watched("postgres://db/rubrica"),
            "postgres://db/rubrica?connect_timeout=5&tcp_user_timeout=10000&keepalives_idle=5\
             &keepalives_interval=2&keepalives_count=3"
        );
        let own = watched("postgres://db/rubrica?sslmode=verify-full&connect_timeout=60");
        assert!(own.starts_with(
            "postgres://db/rubrica?sslmode=verify-full&connect_timeout=60&tcp_user_timeout="
        ));
        assert_eq!(own.matches("connect_timeout").count(), 1);
    }
}
