//! With very many rows, nothing that asks the journal reads more of it than it gives.

use std::time::Duration;

use rubrica::store::journal::{self, Record, Window};
use rubrica::store::{Store, StoreError};
use time::OffsetDateTime;

use super::reading::{self, Planned, Question};
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

/// The rows of both nodes about each request of that time.
const ABOUT_LATELY: i64 = (LATELY + SLACK) / BETWEEN * 2;

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
    reading::insert_unchecked(database, &insert);
    store
}

#[test]
fn sqlite_goes_along_an_index_with_every_question() {
    let database = TestDatabase::sqlite();
    reading::goes_along_indexes(&filled(&database), &QUESTIONS);
}

#[test]
fn postgres_reads_no_more_than_it_gives() {
    let database = TestDatabase::postgres();
    reading::reads_no_more(&filled(&database), Planned::WithValues, &QUESTIONS);
}

#[test]
fn postgres_reads_no_more_by_a_plan_for_all_values() {
    let database = TestDatabase::postgres();
    // An audit asks once, with its values.
    let often: Vec<Question> = QUESTIONS
        .into_iter()
        .filter(|question| !question.name.starts_with("unknown"))
        .collect();
    reading::reads_no_more(&filled(&database), Planned::WithoutValues, &often);
}
