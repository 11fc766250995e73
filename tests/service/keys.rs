//! Keys that administrators make in the HSM: the intent is on record before the token is touched.

use std::thread;
use std::time::Duration;

use rubrica::auth::op;
use rubrica::hsm::Hsm;
use rubrica::service::ServiceError;
use rubrica::service::keks::{KekMade, KekWanted};

use crate::harness::alone;
use crate::harness::database::{TestDatabase, tamper};
use crate::harness::server::{TestServer, Wishes, administrator};
use crate::harness::town;

fn databases() -> [TestDatabase; 2] {
    [TestDatabase::sqlite(), TestDatabase::postgres()]
}

fn on(hsm: &Hsm, database: &TestDatabase) -> TestServer {
    let hsm = Some(hsm.clone());
    TestServer::start_with(
        database,
        Wishes {
            hsm,
            ..Wishes::default()
        },
    )
}

/// Event and result of each entry, in order.
fn told(server: &TestServer) -> Vec<String> {
    let entries = town::entries(server.store(), server.service().ambient());
    let told = entries.iter().map(|entry| {
        let result = &entry["body"]["outcome"]["result"];
        format!(
            "{} {}",
            entry["event"].as_str().unwrap(),
            result.as_str().unwrap()
        )
    });
    told.collect()
}

#[test]
fn a_kek_and_the_audit_key_are_on_record_before_and_after_on_sqlite() {
    alone!(
        a_kek_and_the_audit_key_are_on_record_before_and_after_on_sqlite,
        |token| on_record_before_and_after(&token.hsm(), &TestDatabase::sqlite())
    );
}

#[test]
fn a_kek_and_the_audit_key_are_on_record_before_and_after_on_postgres() {
    alone!(
        a_kek_and_the_audit_key_are_on_record_before_and_after_on_postgres,
        |token| on_record_before_and_after(&token.hsm(), &TestDatabase::postgres())
    );
}

/// On a token on which neither was made yet.
fn on_record_before_and_after(hsm: &Hsm, database: &TestDatabase) {
    let server = on(hsm, database);
    let authorized = administrator().authorize(op::ManageHsm);
    let service = server.service();
    let before = service.hsm_view(&authorized).unwrap().keks.len();
    assert!(service.audit_public_key().unwrap().is_none());
    let made = service.init_kek(&authorized, KekWanted::Next).unwrap();
    assert!(matches!(made, KekMade::New(_)));
    assert_eq!(
        service.hsm_view(&authorized).unwrap().keks.len(),
        before + 1
    );
    assert!(service.audit_public_key().unwrap().is_some());
    assert_eq!(
        told(&server),
        [
            "audit-key.created intended",
            "audit-key.created done",
            "kek.created intended",
            "kek.created done",
        ]
    );
}

#[test]
fn no_key_is_made_that_the_journal_does_not_take() {
    alone!(no_key_is_made_that_the_journal_does_not_take, |token| {
        let hsm = token.hsm();
        for database in databases() {
            let server = on(&hsm, &database);
            let authorized = administrator().authorize(op::ManageHsm);
            let service = server.service();
            let before = service.hsm_view(&authorized).unwrap().keks;
            tamper(server.store(), "ALTER TABLE journal RENAME TO away");
            let outcome = service.init_kek(&authorized, KekWanted::Next);
            assert!(
                matches!(outcome, Err(ServiceError::Store(_))),
                "{outcome:?}"
            );
            assert!(service.audit_public_key().unwrap().is_none());
            assert_eq!(service.hsm_view(&authorized).unwrap().keks, before);
        }
    });
}

#[test]
fn an_authority_that_the_hsm_cannot_make_is_told_with_its_intent() {
    alone!(
        an_authority_that_the_hsm_cannot_make_is_told_with_its_intent,
        |token| {
            let hsm = token.hsm();
            for database in databases() {
                let server = on(&hsm, &database);
                let service = server.service();
                let authorities = administrator().authorize(op::ManageAuthorities);
                let keys = administrator().authorize(op::ManageHsm);
                service.hsm_view(&keys).unwrap();
                token.pull_out();
                assert!(service.init_authorities(&authorities).is_err());
                assert!(service.init_kek(&keys, KekWanted::Next).is_err());
                assert_eq!(
                    told(&server),
                    ["authority.created intended", "authority.created failed"]
                );
                token.put_back();
                thread::sleep(Duration::from_millis(700));
                service.init_authorities(&authorities).unwrap();
            }
        }
    );
}
