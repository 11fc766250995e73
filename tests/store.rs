//! The database layer: the schema's way up and down, transactions, and how failures are told.

mod apps;
mod authorities;
pub(crate) mod credentials;
mod journal;
mod reading;
mod spending;
mod upkeep;
mod wrapping_keys;

use std::thread;
use std::time::Duration;

use diesel::RunQueryDsl;
use rubrica::clock::Ambient;
use rubrica::domain::id::SadId;
use rubrica::domain::secret::SecretText;
use rubrica::store::{self, AnyConnection, Settings, Store, StoreError, sads};

use crate::harness::database::{TestDatabase, both_databases};
use crate::harness::postgres::Postgres;

both_databases! {
    fn the_schema_goes_up_down_and_up_again(database) {
        let store = database.store();
        spend(&store, Ambient::system().id()).unwrap();
        store.revert_all_migrations().unwrap();
        assert!(matches!(spend(&store, Ambient::system().id()), Err(StoreError::Query(_))));
        store.migrate().unwrap();
        store.migrate().unwrap();
        spend(&store, Ambient::system().id()).unwrap();
    }

    fn two_nodes_migrate_at_once(database) {
        database.store().revert_all_migrations().unwrap();
        let nodes = [database.store(), database.store(), database.store(), database.store()];
        std::thread::scope(|scope| {
            for node in &nodes {
                scope.spawn(|| node.migrate().unwrap());
            }
        });
        spend(&database.store(), Ambient::system().id()).unwrap();
    }

    fn what_must_be_unique_conflicts(database) {
        let store = database.store();
        let sad = Ambient::system().id();
        spend(&store, sad).unwrap();
        let error = spend(&database.store(), sad).unwrap_err();
        assert!(matches!(error, StoreError::Conflict { .. }), "{error:?}");
    }

    fn of_many_who_spend_one_sad_one_succeeds(database) {
        let sad = Ambient::system().id();
        let nodes = [database.store(), database.store()];
        let spent: usize = std::thread::scope(|scope| {
            let tries: Vec<_> = nodes
                .iter()
                .cycle()
                .take(8)
                .map(|node| scope.spawn(move || usize::from(spend(node, sad).is_ok())))
                .collect();
            tries.into_iter().map(|one| one.join().unwrap()).sum()
        });
        assert_eq!(spent, 1);
    }

    fn a_failed_transaction_leaves_nothing(database) {
        let store = database.store();
        let sad = Ambient::system().id();
        let outcome: Result<(), StoreError> = store.write(|connection| {
            spend_in(connection, sad)?;
            spend_in(connection, sad)
        });
        assert!(matches!(outcome, Err(StoreError::Conflict { .. })));
        assert_eq!(store.read(|connection| sads::spent_at(connection, sad)).unwrap(), None);
    }

    fn a_panic_leaves_nothing_and_the_pool_goes_on(database) {
        let store = database.store();
        let sad = Ambient::system().id();
        std::thread::scope(|scope| {
            let panicked = scope.spawn(|| {
                store.write(|connection| -> Result<(), StoreError> {
                    spend_in(connection, sad)?;
                    panic!("on purpose");
                })
            });
            assert!(panicked.join().is_err());
        });
        assert_eq!(store.read(|connection| sads::spent_at(connection, sad)).unwrap(), None);
        spend(&store, sad).unwrap();
    }
}

#[derive(diesel::QueryableByName)]
struct Kept {
    #[diesel(sql_type = diesel::sql_types::Text)]
    statement: String,
}

#[test]
fn postgresql_prepares_a_change_once() {
    let database = TestDatabase::postgres();
    let store = database.store();
    let ambient = Ambient::system();
    let kept = store.write(|connection| {
        for _ in 0..3 {
            spend_in(connection, ambient.id())?;
            store::signers::lock(connection, ambient.id())?;
            store::signers::forget_wrong_codes(connection, ambient.id())?;
            store::challenges::take_try(connection, ambient.id(), ambient.now())?;
        }
        let AnyConnection::Postgres(inner) = connection else {
            panic!("another database");
        };
        let kept = diesel::sql_query("SELECT statement FROM pg_prepared_statements");
        Ok::<Vec<Kept>, StoreError>(kept.load(inner)?)
    });
    let kept = kept.unwrap();
    for beginning in [
        "INSERT INTO \"sads\"",
        "SELECT \"signers\"",
        "UPDATE \"signers\"",
        "UPDATE \"challenges\"",
    ] {
        let of_one = kept
            .iter()
            .filter(|kept| kept.statement.starts_with(beginning));
        assert_eq!(of_one.count(), 1, "{beginning}");
    }
}

#[test]
fn a_stopped_server_is_away_and_not_a_wrong_query() {
    let mut server = Postgres::start();
    let store = Store::open(&Settings {
        url: SecretText::new(server.url("postgres")),
        connections: 2,
        wait: Duration::from_secs(1),
        statement_timeout: Duration::from_secs(30),
    })
    .unwrap();
    store.migrate().unwrap();
    let outcome = store.write(|connection| {
        server.stop();
        spend_in(connection, Ambient::system().id())
    });
    assert!(matches!(outcome, Err(StoreError::Away(_))), "{outcome:?}");
    let outcome = spend(&store, Ambient::system().id());
    assert!(matches!(outcome, Err(StoreError::Away(_))), "{outcome:?}");
}

#[test]
fn a_pool_opens_while_its_server_is_away() {
    let store = Store::open(&Settings {
        url: SecretText::new("postgres:///rubrica?host=/nowhere&user=rubrica".to_owned()),
        connections: 2,
        wait: Duration::from_millis(300),
        statement_timeout: Duration::from_secs(30),
    })
    .unwrap();
    let outcome = store.migrate();
    assert!(matches!(outcome, Err(StoreError::Away(_))), "{outcome:?}");
}

#[test]
fn a_file_in_a_missing_folder_is_away_and_not_a_wrong_query() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!(
        "sqlite:{}",
        folder.path().join("missing/rubrica.db").display()
    );
    let store = Store::open(&Settings {
        url: SecretText::new(url),
        connections: 1,
        wait: Duration::from_millis(300),
        statement_timeout: Duration::from_secs(30),
    })
    .unwrap();
    let outcome = store.migrate();
    assert!(matches!(outcome, Err(StoreError::Away(_))), "{outcome:?}");
}

#[test]
fn a_file_another_process_keeps_locked_is_away() {
    use diesel::connection::SimpleConnection;
    use diesel::{Connection, SqliteConnection};
    let database = TestDatabase::sqlite();
    let store = Store::open(&Settings {
        url: SecretText::new(database.url().to_owned()),
        connections: 1,
        wait: Duration::from_millis(300),
        statement_timeout: Duration::from_secs(30),
    })
    .unwrap();
    let path = database.url().strip_prefix("sqlite:").unwrap();
    let mut other = SqliteConnection::establish(path).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let outcome = spend(&store, Ambient::system().id());
    assert!(matches!(outcome, Err(StoreError::Away(_))), "{outcome:?}");
    other.batch_execute("COMMIT").unwrap();
    spend(&store, Ambient::system().id()).unwrap();
}

#[test]
fn another_kind_of_database_is_refused_by_name() {
    let Err(error) = Store::open(&Settings {
        url: SecretText::new("mysql://localhost/rubrica".to_owned()),
        connections: 1,
        wait: Duration::from_secs(1),
        statement_timeout: Duration::from_secs(30),
    }) else {
        panic!("it was taken");
    };
    assert_eq!(
        error.to_string(),
        "database.url must begin with `sqlite:`, `postgres://` or `postgresql://`"
    );
}

fn spend(store: &Store, sad: SadId) -> Result<(), StoreError> {
    store.write(|connection| spend_in(connection, sad))
}

/// Spends a SAD of no request that there is.
fn spend_in(connection: &mut AnyConnection, sad: SadId) -> Result<(), StoreError> {
    let ambient = Ambient::system();
    let (request, claim, credential) = (ambient.id(), ambient.id(), ambient.id());
    sads::spend(connection, sad, request, claim, credential, ambient.now())
}

#[test]
fn a_lock_that_nobody_gives_back_counts_as_a_database_that_is_away() {
    let database = TestDatabase::postgres();
    let store = Store::open(&Settings {
        url: SecretText::new(database.url().to_owned()),
        connections: 1,
        wait: Duration::from_secs(5),
        statement_timeout: Duration::from_millis(200),
    })
    .unwrap();
    let spend = || spend(&store, Ambient::system().id());
    spend().unwrap();
    database
        .store()
        .write(|connection| {
            use diesel::connection::SimpleConnection;
            connection.batch_execute("LOCK TABLE sads").unwrap();
            assert!(matches!(spend(), Err(StoreError::Away(_))));
            Ok::<_, StoreError>(())
        })
        .unwrap();
    spend().unwrap();
}

#[test]
fn a_lock_within_a_part_of_a_transaction_counts_as_a_database_that_is_away() {
    let database = TestDatabase::postgres();
    let store = database.store();
    let longest = Duration::from_millis(200);
    database
        .store()
        .write(|connection| {
            use diesel::connection::SimpleConnection;
            connection.batch_execute("LOCK TABLE sads").unwrap();
            let outcome = store.write_together(longest, |connection, _| {
                store::nested(connection, |connection| {
                    spend_in(connection, Ambient::system().id())
                })
            });
            assert!(matches!(outcome, Err(StoreError::Away(_))), "{outcome:?}");
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

#[test]
fn what_fails_late_for_another_reason_is_told_as_it_is() {
    let database = TestDatabase::postgres();
    let store = database.store();
    let longest = Duration::from_millis(100);
    let sad = Ambient::system().id();
    spend(&store, sad).unwrap();
    let outcome = store.write_together(longest, |connection, _| {
        thread::sleep(longest * 2);
        spend_in(connection, sad)
    });
    assert!(
        matches!(outcome, Err(StoreError::Conflict { .. })),
        "{outcome:?}"
    );
    let outcome = store.write_together(longest, |connection, _| {
        thread::sleep(longest * 2);
        sads::spent_at(connection, sad)?;
        Err::<(), _>(StoreError::Corrupt {
            what: "a test",
            source: "it says so".into(),
        })
    });
    assert!(
        matches!(outcome, Err(StoreError::Corrupt { .. })),
        "{outcome:?}"
    );
    let outcome = store.write_together(longest, |connection, _| {
        use diesel::connection::SimpleConnection;
        thread::sleep(longest * 2);
        Ok::<_, StoreError>(connection.batch_execute("SELECT 1 / 0")?)
    });
    assert!(matches!(outcome, Err(StoreError::Query(_))), "{outcome:?}");
}

#[test]
fn a_database_that_can_only_be_read_counts_as_away() {
    let full = TestDatabase::sqlite();
    let store = full.store();
    let spend_on = |store: &Store| spend(store, Ambient::system().id());
    let room = |pages: &str| {
        store
            .read(|connection| {
                use diesel::connection::SimpleConnection;
                connection
                    .batch_execute(&format!("PRAGMA max_page_count = {pages}"))
                    .map_err(StoreError::from)
            })
            .unwrap();
    };
    // Pooled connections are used again, the last one first; there is one here.
    room("1");
    let outcome = (0..200).find_map(|_| spend_on(&store).err());
    assert!(matches!(outcome, Some(StoreError::Away(_))), "{outcome:?}");

    let standby = TestDatabase::postgres();
    let store = standby.store();
    let outcome = store.write(|connection| {
        use diesel::connection::SimpleConnection;
        connection
            .batch_execute("SET TRANSACTION READ ONLY; DELETE FROM sads")
            .map_err(StoreError::from)
    });
    assert!(matches!(outcome, Err(StoreError::Away(_))), "{outcome:?}");
}
