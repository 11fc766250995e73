//! How much a question reads: of SQLite by its plan, of PostgreSQL by its statistics.

use std::sync::{Arc, Mutex};

use diesel::connection::{Connection, InstrumentationEvent, SimpleConnection};
use diesel::sql_types::{BigInt, Text};
use diesel::{PgConnection, QueryableByName, RunQueryDsl, SqliteConnection};
use rubrica::store::{AnyConnection, Store, StoreError};

use crate::harness::database::TestDatabase;

/// What may be read beyond what is given: the entry of an index on either side, and dead ones.
const BESIDE: i64 = 8;

/// A question, and how many entries of indexes it may read.
pub(super) struct Question {
    pub(super) name: &'static str,
    pub(super) reads: i64,
    pub(super) ask: fn(&mut AnyConnection) -> Result<(), StoreError>,
}

/// How PostgreSQL plans (`plan_cache_mode`).
#[derive(Clone, Copy)]
pub(super) enum Planned {
    /// As a statement that is new.
    WithValues,
    /// As one that was prepared and run often may be.
    WithoutValues,
}

/// Inserts rows whose references lead nowhere.
pub(super) fn insert_unchecked(database: &TestDatabase, statements: &str) {
    match database.url().strip_prefix("sqlite:") {
        Some(path) => SqliteConnection::establish(path)
            .unwrap()
            .batch_execute(&format!("PRAGMA foreign_keys = OFF; {statements}")),
        None => PgConnection::establish(database.url())
            .unwrap()
            .batch_execute(&format!(
                "SET session_replication_role = replica; {statements}; ANALYZE"
            )),
    }
    .unwrap();
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// No plan walks through a table or a whole index.
pub(super) fn goes_along_indexes(store: &Store, questions: &[Question]) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    for Question { name, ask, .. } in questions {
        let statements = store
            .write::<_, StoreError>(|connection| {
                let heard = Arc::clone(&asked);
                connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
                    if let InstrumentationEvent::StartQuery { query, .. } = event {
                        heard.lock().unwrap().push(query.to_string());
                    }
                });
                asked.lock().unwrap().clear();
                ask(connection)?;
                let statements = std::mem::take(&mut *asked.lock().unwrap());
                for statement in &statements {
                    let text = statement.split(" -- binds:").next().unwrap();
                    let plan: Vec<Step> =
                        diesel::sql_query(format!("EXPLAIN QUERY PLAN {text}")).load(connection)?;
                    let plan: Vec<String> = plan.into_iter().map(|step| step.detail).collect();
                    // The first entry of an index is found without a value to look for.
                    let first = text.contains("ORDER BY")
                        && text.contains("LIMIT")
                        && !text.contains("WHERE");
                    let along = plan.iter().all(|step| {
                        !step.starts_with("SCAN")
                            || (first && step.contains("USING COVERING INDEX"))
                    });
                    assert!(!plan.is_empty() && along, "{name}: {text}: {plan:?}");
                }
                Ok(statements)
            })
            .unwrap();
        assert!(!statements.is_empty(), "{name} asks nothing");
    }
}

#[derive(QueryableByName)]
struct Reads {
    #[diesel(sql_type = Text)]
    scanned: String,
    #[diesel(sql_type = BigInt)]
    entries: i64,
}

/// What was read so far: which tables as a whole and how often, and entries of indexes.
fn reads(store: &Store) -> Reads {
    // A connection tells of it when it has had nothing to do for a while, unless it is told to.
    let flush = |connection: &mut AnyConnection| {
        Ok::<_, StoreError>(connection.batch_execute("SELECT pg_stat_force_next_flush()")?)
    };
    store.read(flush).unwrap();
    store
        .read::<_, StoreError>(|connection| {
            Ok(diesel::sql_query(
                "SELECT (SELECT string_agg(relname || ' ' || seq_scan, ', ' ORDER BY relname) \
                         FROM pg_stat_user_tables) AS scanned, \
                        (SELECT sum(idx_tup_read)::bigint FROM pg_stat_user_indexes) AS entries",
            )
            .get_result(connection)?)
        })
        .unwrap()
}

/// No question reads a whole table, or more entries than it may. To be asked over one connection.
pub(super) fn reads_no_more(store: &Store, planned: Planned, questions: &[Question]) {
    let mode = match planned {
        Planned::WithValues => "force_custom_plan",
        Planned::WithoutValues => "force_generic_plan",
    };
    store
        .read::<_, StoreError>(|connection| {
            Ok(connection.batch_execute(&format!("SET plan_cache_mode = {mode}"))?)
        })
        .unwrap();
    for Question {
        name,
        reads: most,
        ask,
    } in questions
    {
        let before = reads(store);
        store.write(ask).unwrap();
        let after = reads(store);
        assert_eq!(after.scanned, before.scanned, "{name} reads a whole table");
        let entries = after.entries - before.entries;
        assert!(entries <= most + BESIDE, "{name} reads {entries} entries");
    }
}
