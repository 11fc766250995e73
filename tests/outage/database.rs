//! The database is away: 503 for apps, a page for citizens, not ready for operators; then all goes on.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use rubrica::domain::request::RequestState;
use rubrica::hsm::Hsm;
use rubrica::store::StoreError;
use serde_json::Value;

use super::{REQUESTS, away, body, come_back, count, fetch, post, read, waits};
use crate::harness::alone;
use crate::harness::browser::{Browser, Seen};
use crate::harness::database::TestDatabase;
use crate::harness::log;
use crate::harness::postgres::Postgres;
use crate::harness::server::{TestServer, Wishes};
use crate::harness::steps;
use crate::harness::town::{Asked, Town};

const UNAVAILABLE: &str = "database_unavailable";

fn impatient() -> Wishes {
    Wishes {
        database_wait: Duration::from_millis(700),
        ..Wishes::default()
    }
}

/// The page for a citizen whom the database keeps waiting.
#[track_caller]
fn says_so(page: &Seen, asked: &Asked) {
    come_back(&page.answer);
    assert_eq!(page.heading(), "El servicio no está disponible");
    assert!(page.leads_to(&asked.link), "{}", page.html);
    assert!(!page.text("#next + p").is_empty());
}

#[test]
fn a_postgres_that_stops_is_told_everywhere_and_found_again() {
    let mut postgres = Postgres::start();
    postgres.administer("CREATE DATABASE outage");
    let database = TestDatabase::existing(&postgres.url("outage"));
    database.store().migrate().unwrap();
    let town = Town::like(&database, impatient());
    let (asked, signed) = (post(&town), post(&town));
    assert_eq!(town.approve(&signed), RequestState::Completed);
    let page = town.to_code(&asked);
    let code = town.code();
    let objects = town.server.stored_objects();
    assert_eq!(town.server.operator().get("/readyz").status, 200);

    postgres.interrupt();
    away(&town.app.client.get("/v1/app"), UNAVAILABLE);
    away(
        &town.app.client.post_json(REQUESTS, &body(&town)),
        UNAVAILABLE,
    );
    away(&read(&town, &asked), UNAVAILABLE);
    away(&fetch(&town, &signed), UNAVAILABLE);
    says_so(&town.browser.open(&asked.link), &asked);
    says_so(&town.give(&asked, &page, &code), &asked);
    let change = "/account/password";
    let form = town.browser.open(change);
    assert_eq!(form.status, 200, "a page that needs no database");
    let values = [
        ("national-id", town.citizen.national_id.expose()),
        ("password", town.citizen.password.expose()),
    ];
    let refused = town.browser.send(&form, change, &values);
    come_back(&refused.answer);
    assert!(refused.leads_to(change));
    let ready = town.server.operator().get("/readyz");
    away(&ready, "not_ready");
    let detail = ready.at("/detail");
    let told = "database: the database is not reachable; HSM: up; documents: up";
    assert_eq!(detail, told);
    assert_eq!(town.server.operator().get("/healthz").status, 200);

    postgres.resume();
    assert_eq!(town.server.operator().get("/readyz").status, 200);
    assert_eq!(read(&town, &asked).at("/state"), "pending");
    assert_eq!(
        town.server.stored_objects(),
        objects,
        "left by what was refused"
    );
    let done = town.give(&asked, &page, &code);
    assert_eq!(done.heading(), "El documento está firmado");
    assert_eq!(read(&town, &asked).at("/state"), "completed");
    assert_eq!(fetch(&town, &asked).status, 200);
    assert_eq!(fetch(&town, &signed).status, 200);
    post(&town);
    assert_eq!(count(&town, "signature.intent"), 2);
}

/// Where the database stops, and how the request ends: what was signed is kept, and while nothing can have been signed
/// the citizen may approve again.
const LOST: [(&str, &str); 5] = [
    ("claimed", "pending"),
    ("prepared", "pending"),
    ("spent", "completed"),
    ("signed", "completed"),
    ("stored", "completed"),
];

#[test]
fn a_postgres_that_stops_in_the_middle_of_signing_loses_nothing_that_was_signed() {
    alone!(
        a_postgres_that_stops_in_the_middle_of_signing_loses_nothing_that_was_signed,
        |token| {
            let hsm = token.hsm();
            let postgres = Arc::new(Mutex::new(Postgres::start()));
            for (step, end) in LOST {
                lose_at(&postgres, &hsm, step, end);
            }
        }
    );
}

fn lose_at(postgres: &Arc<Mutex<Postgres>>, hsm: &Hsm, step: &str, end: &str) {
    let url = {
        let postgres = postgres.lock().unwrap();
        postgres.administer(&format!("CREATE DATABASE lost_at_{step}"));
        postgres.url(&format!("lost_at_{step}"))
    };
    let database = TestDatabase::existing(&url);
    database.store().migrate().unwrap();
    let town = Town::like(
        &database,
        Wishes {
            hsm: Some(hsm.clone()),
            ..impatient()
        },
    );
    let asked = post(&town);
    let page = town.to_code(&asked);
    let stopped = Arc::clone(postgres);
    steps::at(step, 1, move || stopped.lock().unwrap().interrupt());
    says_so(&town.give(&asked, &page, &town.code()), &asked);

    postgres.lock().unwrap().resume();
    assert_eq!(read(&town, &asked).at("/state"), "signing", "{step}");
    assert_eq!(town.browser.open(&asked.link).heading(), "Estamos firmando");
    // This node may still be at it, for all that anybody knows, until its lease is over.
    assert_eq!(town.server.service().upkeep().recovered, 0, "{step}");
    town.server.clock().advance(time::Duration::minutes(11));
    assert_eq!(town.server.service().upkeep().recovered, 1, "{step}");
    let told = read(&town, &asked);
    assert_eq!(told.at("/state"), end, "{step}");
    let intents = count(&town, "signature.intent");
    if end == "pending" {
        assert_eq!(intents, 0, "{step}");
        assert_eq!((count(&town, "signature.outcome"), town.spent()), (1, 0));
        let journal = town.journal();
        let outcome = journal.last().unwrap();
        assert!(outcome.contains("nothing was signed"), "{step}: {outcome}");
        assert_eq!(town.approve(&asked), RequestState::Completed, "{step}");
    } else {
        assert_eq!(intents, 1, "{step}");
    }
    assert_eq!(fetch(&town, &asked).status, 200, "{step}");
    assert_eq!(town.spent(), 1, "{step}");
}

#[test]
fn an_sqlite_file_that_another_process_locks_stops_what_writes() {
    let database = TestDatabase::sqlite();
    let town = Town::like(&database, impatient());
    let asked = post(&town);
    let page = town.to_code(&asked);
    let code = town.code();
    let mut other = SqliteConnection::establish(path(&database)).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();

    away(
        &town.app.client.post_json(REQUESTS, &body(&town)),
        UNAVAILABLE,
    );
    says_so(&town.give(&asked, &page, &code), &asked);
    // Whoever only reads is not kept waiting.
    assert_eq!(read(&town, &asked).at("/state"), "pending");
    assert_eq!(town.browser.open(&asked.link).status, 200);
    assert_eq!(town.server.operator().get("/readyz").status, 200);

    other.batch_execute("COMMIT").unwrap();
    assert_eq!(
        town.give(&asked, &page, &code).heading(),
        "El documento está firmado"
    );
    assert_eq!(fetch(&town, &asked).status, 200);
    assert_eq!(count(&town, "signature.intent"), 1);
}

#[test]
fn a_database_that_goes_away_during_signing_is_told_once_it_is_back() {
    alone!(
        a_database_that_goes_away_during_signing_is_told_once_it_is_back,
        |token| {
            let database = TestDatabase::sqlite();
            let town = Town::like(
                &database,
                Wishes {
                    hsm: Some(token.hsm()),
                    ..impatient()
                },
            );
            let asked = post(&town);
            let page = town.to_code(&asked);
            let file = path(&database).to_owned();
            log::begin();
            steps::at("prepared", 1, move || {
                let mut other = SqliteConnection::establish(&file).unwrap();
                let locked = "PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE";
                other.batch_execute(locked).unwrap();
                // Until the SAD could not be spent.
                thread::spawn(move || {
                    let is_told = |line: &Value| line["message"] == "nothing was signed";
                    while !log::taken().iter().any(is_told) {
                        thread::sleep(Duration::from_millis(20));
                    }
                    other.batch_execute("COMMIT").unwrap();
                });
            });
            says_so(&town.give(&asked, &page, &town.code()), &asked);
            waits(&town, &asked, UNAVAILABLE);
            assert_eq!(town.spent(), 0);
            assert_eq!(town.approve(&asked), RequestState::Completed);
        }
    );
}

#[test]
fn an_sqlite_file_that_is_not_there_is_not_made_anew() {
    let database = TestDatabase::sqlite();
    let documents = tempfile::tempdir().unwrap();
    let with_documents = || Wishes {
        documents: Some(documents.path().to_owned()),
        ..impatient()
    };
    let town = Town::like(&database, with_documents());
    let asked = post(&town);
    let token = town.app.token.clone();
    drop(town);
    let file = Path::new(path(&database));
    let moved = file.with_extension("away");
    fs::rename(file, &moved).unwrap();

    let server = TestServer::start_with(&database, with_documents());
    let app = server.stranger().bearer(&token);
    away(&app.get("/v1/app"), UNAVAILABLE);
    says_so(&Browser::new(server.visitor()).open(&asked.link), &asked);
    away(&server.operator().get("/readyz"), "not_ready");
    assert!(
        !file.exists(),
        "an empty database stands where the real one belongs"
    );

    fs::rename(&moved, file).unwrap();
    assert_eq!(server.operator().get("/readyz").status, 200);
    assert_eq!(
        app.get(&format!("{REQUESTS}/{}", asked.id)).at("/state"),
        "pending"
    );
    assert_eq!(Browser::new(server.visitor()).open(&asked.link).status, 200);
}

#[test]
fn a_row_that_another_transaction_keeps_is_told_as_a_database_that_is_away() {
    let database = TestDatabase::postgres();
    let town = Town::new(&database);
    let asked = post(&town);
    let cancel = || {
        let path = format!("{REQUESTS}/{}/cancel", asked.id);
        town.app.client.call("POST", &path, ())
    };
    let kept = database.store().write(|connection| {
        connection.batch_execute("UPDATE requests SET title = title")?;
        away(&cancel(), UNAVAILABLE);
        // The rest of the server is not kept waiting.
        assert_eq!(post(&town).documents.len(), 1);
        Ok::<_, StoreError>(())
    });
    kept.unwrap();
    assert_eq!(cancel().status, 200);
}

fn path(database: &TestDatabase) -> &str {
    database.url().strip_prefix("sqlite:").unwrap()
}
