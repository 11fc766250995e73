//! What upkeep asks again and again reads what is to be done, and nothing of what is done with.

use std::time::Duration;

use rubrica::store::{Database, Store, challenges, credentials, requests};
use time::OffsetDateTime;

use super::reading::{self, Planned, Question};
use crate::harness::database::TestDatabase;

/// Of each kind, all done with but the last few.
const ROWS: i64 = 20_000;
const LEFT: i64 = 10;
/// Of the first row, in seconds since 1970. One is made each minute.
const BEGIN: i64 = 1_750_000_000;
const MINUTE: i64 = 60;
const SECOND: i64 = 1_000_000;

/// Each that is left is found by an entry of one index, and what belongs to it by two or three more.
const QUESTIONS: [Question; 6] = [
    Question {
        name: "overdue",
        reads: LEFT,
        ask: |connection| {
            assert_eq!(requests::overdue(connection, now(), 200)?.len(), 10);
            Ok(())
        },
    },
    Question {
        name: "due_for_deletion",
        reads: LEFT,
        ask: |connection| {
            assert_eq!(
                requests::due_for_deletion(connection, now(), 200)?.len(),
                10
            );
            Ok(())
        },
    },
    Question {
        name: "exhausted",
        reads: 3 * LEFT,
        ask: |connection| {
            // Their time is over too.
            assert_eq!(requests::exhausted(connection, now(), 200)?.len(), 0);
            let early = now() - Duration::from_secs(3600 * 24 * 365);
            assert_eq!(requests::exhausted(connection, early, 200)?.len(), 0);
            Ok(())
        },
    },
    Question {
        name: "left_to_closed",
        reads: 3 * LEFT,
        ask: |connection| {
            let lately = now() - Duration::from_secs(60 * 15);
            assert_eq!(
                credentials::left_to_closed(connection, lately, 200)?.len(),
                0
            );
            Ok(())
        },
    },
    Question {
        name: "forget_secrets",
        reads: 3 * LEFT,
        ask: |connection| {
            assert_eq!(challenges::forget_secrets(connection, now(), 500)?, 10);
            Ok(())
        },
    },
    Question {
        name: "forget",
        // Each by its age, its request, itself, and all that is told to forget it.
        reads: 100 * 6,
        ask: |connection| {
            let oldest = moment(100);
            let oldest = OffsetDateTime::from_unix_timestamp(oldest / SECOND).unwrap();
            assert_eq!(challenges::forget(connection, now(), oldest, 500)?, 100);
            Ok(())
        },
    },
];

fn moment(row: i64) -> i64 {
    (BEGIN + row * MINUTE) * SECOND
}

fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(BEGIN + ROWS * MINUTE).unwrap()
}

fn uuid(row: i64) -> String {
    format!("{row:08x}-0000-7000-8000-000000000000")
}

fn filled(database: &TestDatabase) -> Store {
    let store = database.store_of(1, Duration::from_secs(10));
    let hex = |bytes: usize| match store.database() {
        Database::Sqlite => format!("x'{}'", "00".repeat(bytes)),
        Database::Postgres => format!("'\\x{}'", "00".repeat(bytes)),
    };
    let (key, mac) = (hex(32), hex(32));
    let rows = |row: fn(i64, bool) -> String| {
        let rows: Vec<String> = (0..ROWS)
            .map(|number| row(number, number >= ROWS - LEFT))
            .collect();
        rows.join(", ")
    };
    let signers = rows(|row, _| {
        let (id, at) = (uuid(row), moment(row));
        format!(
            "('{id}', 'N{row}', 'Ana', 'Paz', 'es', 'in-person', 'advanced', {at}, {at}, {at}, KEY)"
        )
    });
    let credentials = rows(|row, _| {
        let (id, at) = (uuid(row), moment(row));
        format!("('{id}', '{id}', 'revoked', 'ec-p256', KEY, 1, 'built-in', {at}, {at})")
    });
    let requests = rows(|row, left| {
        let (id, at) = (uuid(row), moment(row));
        let deleted = if left {
            "NULL".to_owned()
        } else {
            at.to_string()
        };
        format!(
            "('{id}', '00000000-0000-7000-8000-00000000000a', '{id}', 'completed', 'es', {at}, {at}, {at}, {at}, {deleted})"
        )
    });
    let pending = (0..LEFT)
        .map(|row| {
            let (id, at) = (uuid(ROWS + row), moment(row));
            format!("('{id}', '00000000-0000-7000-8000-00000000000a', '{id}', 'pending', 'es', {at}, {at}, NULL, {at}, NULL)")
        })
        .collect::<Vec<_>>()
        .join(", ");
    let challenges = rows(|row, left| {
        let (id, at) = (uuid(row), moment(row));
        let secret = if left { "KEY" } else { "NULL" };
        let tries = if left { 0 } else { 3 };
        format!(
            "('{id}', '{id}', 'sign', '{id}', KEY, KEY, {secret}, MAC, {tries}, 1, 'sent', {at}, {at}, {at})"
        )
    });
    let statements = format!(
        "INSERT INTO signers (id, national_id, given_name, surname1, language, method, level, proofed_at, \
         registered_at, deregistered_at, sealing_key) VALUES {signers}; \
         INSERT INTO credentials (id, signer_id, state, algorithm, public_key, kek_version, issuer, created_at, \
         revoked_at) VALUES {credentials}; \
         INSERT INTO requests (id, app_id, signer_id, state, language, created_at, expires_at, finished_at, delete_at, \
         documents_deleted_at) VALUES {requests}, {pending}; \
         INSERT INTO challenges (id, signer_id, purpose, request_id, binding, key_check, sealed_secret, code_hash, \
         tries_left, sms_count, sms_state, created_at, expires_at, ended_at) VALUES {challenges}"
    );
    reading::insert_unchecked(
        database,
        &statements.replace("KEY", &key).replace("MAC", &mac),
    );
    store
}

#[test]
fn sqlite_goes_along_an_index_with_every_question() {
    reading::goes_along_indexes(&filled(&TestDatabase::sqlite()), &QUESTIONS);
}

#[test]
fn postgres_reads_what_is_to_be_done() {
    let database = TestDatabase::postgres();
    reading::reads_no_more(&filled(&database), Planned::WithValues, &QUESTIONS);
}
