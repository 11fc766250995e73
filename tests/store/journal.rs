//! With very many rows, nothing that asks the journal reads more of it than it gives.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use diesel::connection::{Connection, InstrumentationEvent, SimpleConnection};
use diesel::sql_types::{BigInt, Text};
use diesel::{PgConnection, QueryableByName, RunQueryDsl, SqliteConnection};
use rubrica::store::journal::{self, Record, Window};
use rubrica::store::{AnyConnection, Store, StoreError};
use time::OffsetDateTime;

use crate::harness::database::TestDatabase;

/// Of each of the two nodes. Every fourth begins a new request.
const ROWS: i64 = 20_000;
/// Between two rows of a node, in seconds.
const BETWEEN: i64 = 10;
/// How long before the last row an audit begins, in seconds, and how much before that it looks at.
const LATELY: i64 = 600;
const SLACK: i64 = 3600;
const NODES: [&str; 2] = ["alpha", "beta"];
/// Of the first row, in seconds since 1970.
const BEGIN: i64 = 1_750_000_000;
const SECOND: i64 = 1_000_000;
/// What may be read beyond what is given: the entry of an index on either side, and dead ones.
const BESIDE: i64 = 8;

/// The rows of both nodes about each request of that time.
const ABOUT_LATELY: i64 = (LATELY + SLACK) / BETWEEN * 2;

/// A question, and how many rows or entries it may read.
struct Question {
    name: &'static str,
    reads: i64,
    ask: fn(&mut AnyConnection) -> Result<(), StoreError>,
}

const QUESTIONS: [Question; 11] = [
    Question {
        name: "end",
        reads: 1,
        ask: |connection| {
            let end = journal::end(connection, "alpha")?;
            assert_eq!(end.unwrap().seq, ROWS);
            Ok(())
        },
    },
    Question {
        name: "first",
        reads: 1,
        ask: |connection| {
            assert_eq!(journal::first(connection, "beta")?, Some(1));
            Ok(())
        },
    },
    Question {
        name: "hash_at",
        reads: 1,
        ask: |connection| {
            assert!(journal::hash_at(connection, "beta", 5_000)?.is_some());
            Ok(())
        },
    },
    Question {
        name: "nodes",
        reads: 3,
        ask: |connection| {
            assert_eq!(journal::nodes(connection)?, NODES);
            Ok(())
        },
    },
    Question {
        name: "bodies",
        reads: 8,
        ask: |connection| {
            let request = request_of(7_000);
            let bodies = journal::bodies(connection, &request, "request.signed", 10)?;
            assert_eq!(bodies.len(), 2);
            Ok(())
        },
    },
    Question {
        name: "page",
        reads: 500,
        ask: |connection| {
            let page = journal::page(connection, "alpha", 9_000, ROWS, 500)?;
            assert_eq!(page.len(), 500);
            Ok(())
        },
    },
    Question {
        name: "last_before",
        reads: 1,
        ask: |connection| {
            let before = moment(10_000);
            assert_eq!(
                journal::last_before(connection, "beta", before)?,
                Some(9_999)
            );
            Ok(())
        },
    },
    Question {
        name: "span",
        reads: 100,
        ask: |connection| {
            let window = Window {
                from: moment(300),
                until: moment(400),
            };
            let span = journal::span(connection, "alpha", window)?.unwrap();
            assert_eq!((span.first, span.last, span.rows), (300, 399, 100));
            Ok(())
        },
    },
    Question {
        name: "unknown_acts",
        reads: ABOUT_LATELY,
        ask: |connection| {
            let after = Some(lately());
            let unknown = journal::unknown_acts(connection, "sad.spent", after, 10)?;
            assert_eq!(unknown, Vec::<String>::new());
            Ok(())
        },
    },
    Question {
        name: "unknown_outcomes",
        reads: ABOUT_LATELY,
        ask: |connection| {
            let after = Some(lately());
            let unknown = journal::unknown_outcomes(connection, "request.signed", after, 10)?;
            assert_eq!(unknown, Vec::<String>::new());
            Ok(())
        },
    },
    Question {
        name: "delete",
        reads: 100,
        ask: |connection| {
            assert_eq!(journal::delete(connection, "beta", 1, 100)?, 100);
            Ok(())
        },
    },
];

fn moment(seq: i64) -> i64 {
    (BEGIN + seq * BETWEEN) * SECOND
}

fn lately() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(BEGIN + ROWS * BETWEEN - LATELY).unwrap()
}

/// The request that a row is about: a UUID of version 7 made when its first row was written.
fn request_of(seq: i64) -> String {
    uuid_of(seq - seq % 4)
}

fn uuid_of(seq: i64) -> String {
    let millis = (BEGIN + seq * BETWEEN) * 1000;
    format!(
        "{:08x}-{:04x}-7000-8000-000000000000",
        millis >> 16,
        millis & 0xFFFF
    )
}

/// Fills the journal, and as many requests and spent SADs as it tells of. One connection is used from then on.
fn filled(database: &TestDatabase) -> Store {
    let store = database.store_of(1, Duration::from_secs(10));
    let events = [
        "request.created",
        "request.approved",
        "sad.spent",
        "request.signed",
    ];
    for node in NODES {
        let rows: Vec<Record> = (1..=ROWS)
            .zip(events.iter().cycle())
            .map(|(seq, event)| Record {
                node: node.to_owned(),
                seq,
                at: moment(seq),
                event: (*event).to_owned(),
                request_id: Some(request_of(seq)),
                body: format!("{{\"sad\":\"{}\"}}", request_of(seq)),
                previous: vec![0; 32],
                hash: vec![0; 32],
            })
            .collect();
        store
            .write::<_, StoreError>(|connection| journal::insert_all(connection, &rows))
            .unwrap();
    }
    let requests: Vec<String> = (0..ROWS)
        .step_by(4)
        .map(|seq| {
            let (id, at) = (uuid_of(seq), moment(seq));
            format!("('{id}', 'app', 'signer', 'completed', 'es', {at}, {at}, {at}, {at})")
        })
        .collect();
    let sads: Vec<String> = (0..ROWS)
        .step_by(4)
        .map(|seq| {
            let (id, at) = (uuid_of(seq), moment(seq));
            format!("('{id}', '{id}', 'claim', 'credential', {at})")
        })
        .collect();
    let insert = format!(
        "INSERT INTO requests (id, app_id, signer_id, state, language, created_at, expires_at, finished_at, \
         delete_at) VALUES {}; \
         INSERT INTO sads (id, request_id, claim_id, credential_id, spent_at) VALUES {}",
        requests.join(", "),
        sads.join(", ")
    );
    // There is no such app and no such signer.
    match database.url().strip_prefix("sqlite:") {
        Some(path) => SqliteConnection::establish(path)
            .unwrap()
            .batch_execute(&format!("PRAGMA foreign_keys = OFF; {insert}")),
        None => PgConnection::establish(database.url())
            .unwrap()
            .batch_execute(&format!(
                "SET session_replication_role = replica; {insert}; ANALYZE"
            )),
    }
    .unwrap();
    store
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[test]
fn sqlite_goes_along_an_index_with_every_question() {
    let database = TestDatabase::sqlite();
    let store = filled(&database);
    let asked = Arc::new(Mutex::new(Vec::new()));
    for Question { name, ask, .. } in QUESTIONS {
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
    #[diesel(sql_type = BigInt)]
    scans: i64,
    #[diesel(sql_type = BigInt)]
    entries: i64,
}

/// What was read of the journal so far: the whole table, how often, and entries of its indexes.
fn reads(store: &Store) -> Reads {
    // A connection tells of it when it has had nothing to do for a while, unless it is told to.
    let flush = |connection: &mut AnyConnection| {
        Ok::<_, StoreError>(connection.batch_execute("SELECT pg_stat_force_next_flush()")?)
    };
    store.read(flush).unwrap();
    store
        .read::<_, StoreError>(|connection| {
            Ok(diesel::sql_query(
                "SELECT (SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'journal') AS scans, \
                 (SELECT sum(idx_tup_read)::bigint FROM pg_stat_user_indexes WHERE relname = 'journal') AS entries",
            )
            .get_result(connection)?)
        })
        .unwrap()
}

#[test]
fn postgres_reads_no_more_than_it_gives() {
    // As statements are planned that were prepared and run often, without a look at their values; and as new ones are, as
    // those that an audit asks once.
    for planned in ["force_generic_plan", "force_custom_plan"] {
        let database = TestDatabase::postgres();
        let store = filled(&database);
        store
            .read::<_, StoreError>(|connection| {
                Ok(connection.batch_execute(&format!("SET plan_cache_mode = {planned}"))?)
            })
            .unwrap();
        for Question {
            name,
            reads: most,
            ask,
        } in QUESTIONS
        {
            if name.starts_with("unknown") && planned == "force_generic_plan" {
                continue;
            }
            let before = reads(&store);
            store.write(ask).unwrap();
            let after = reads(&store);
            assert_eq!(
                after.scans, before.scans,
                "{name} reads the whole table, {planned}"
            );
            let entries = after.entries - before.entries;
            assert!(
                0 < entries && entries <= most + BESIDE,
                "{name} reads {entries} entries, {planned}"
            );
        }
    }
}
