//! What is deleted is gone from the database's files too, not only from its tables.

use diesel::prelude::*;
use diesel::sql_types::Binary;
use rubrica::domain::request::RequestState;
use rubrica::domain::revocation::RevocationReason;
use rubrica::service::credentials::Earlier;

use super::credentials::{Town as Office, authorized};
use crate::harness::database::TestDatabase;
use crate::harness::town::Town;

#[derive(QueryableByName)]
struct Bytes {
    #[diesel(sql_type = Binary)]
    bytes: Vec<u8>,
}

/// The one value that a query gives, under the name `bytes`.
fn value(database: &TestDatabase, query: &str) -> Vec<u8> {
    let store = database.store();
    let mut rows: Vec<Bytes> = store
        .read::<_, rubrica::store::StoreError>(|connection| {
            Ok(diesel::sql_query(query).load(connection)?)
        })
        .unwrap();
    assert_eq!(rows.len(), 1);
    rows.remove(0).bytes
}

/// How many of the secret's stretches are in the database's file or its log.
fn remnants(database: &TestDatabase, secret: &[u8]) -> usize {
    let path = database.url().strip_prefix("sqlite:").unwrap();
    let mut bytes = std::fs::read(path).unwrap();
    bytes.extend(std::fs::read(format!("{path}-wal")).unwrap_or_default());
    let stretches = secret.chunks_exact(16);
    stretches
        .filter(|stretch| bytes.windows(16).any(|window| window == *stretch))
        .count()
}

#[test]
fn nothing_of_a_revoked_key_stays() {
    let database = TestDatabase::sqlite();
    let office = Office::on(&database);
    let issued = office.issue(Earlier::Keep).unwrap();
    let sealed = value(&database, "SELECT sealed_key AS bytes FROM credentials");
    assert!(
        remnants(&database, &sealed) > 4,
        "the search finds nothing at all"
    );
    let service = office.server.service();
    service
        .revoke_credential(&authorized(), issued.id, RevocationReason::KeyCompromise)
        .unwrap();
    assert_eq!(remnants(&database, &sealed), 0);
}

#[test]
fn nothing_of_the_secret_that_waited_for_the_code_stays() {
    let database = TestDatabase::sqlite();
    let town = Town::new(&database);
    let asked = town.ask_one();
    let sent = town.begin(&asked).unwrap();
    let query = "SELECT sealed_secret AS bytes FROM challenges WHERE sealed_secret IS NOT NULL";
    let waiting = value(&database, query);
    assert!(
        remnants(&database, &waiting) > 1,
        "the search finds nothing at all"
    );
    let state = town.confirm(&asked, &sent, &town.code()).unwrap();
    assert_eq!(state, RequestState::Completed);
    let round = town.server.service().upkeep();
    assert!(round.failed.is_empty(), "{round:?}");
    assert_eq!(remnants(&database, &waiting), 0);
}
