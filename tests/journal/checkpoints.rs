//! What a checkpoint shows that the rows alone do not.

use rubrica::auth::op;
use rubrica::domain::key::PublicKey;
use rubrica::journal::JournalError;
use rubrica::service::audit::{Audit, Checkpointing};
use rubrica::service::checkpoints::Signed;
use rubrica::service::{Service, ServiceError};
use rubrica::store::{StoreError, checkpoints, sads};
use sha2::{Digest as _, Sha256};

use super::*;
use crate::harness::database::both_databases;
use crate::harness::server::{TestServer, administrator};
use crate::harness::software_key::SoftwareKey;
use crate::harness::town::Town;

fn audit(service: &Service, key: Option<PublicKey>) -> Audit {
    let authorized = administrator().authorize(op::ReadJournal);
    service
        .verify_journal(&authorized, &[], key, &mut |_| ())
        .unwrap()
}

/// Appends and signs, twice.
fn filled(server: &TestServer) {
    let journal = journal(server.store(), "test");
    for _ in 0..2 {
        fill(&journal, 3);
        assert_eq!(server.service().checkpoint().unwrap(), Signed::Now);
    }
}

/// The hash of a row with another detail, as somebody computes it who rewrites the chain.
fn forge(database: &TestDatabase) {
    let store = database.store();
    let text = export(&journal(&store, "reader"), &Range::default());
    let mut previous = vec![0; 32];
    for line in text.lines() {
        let mut row: serde_json::Value = serde_json::from_str(line).unwrap();
        let members = row.as_object_mut().unwrap();
        members.remove("hash");
        members.remove("previous");
        let seq = members["seq"].as_i64().unwrap();
        if let Some(detail) = members["body"].get_mut("detail")
            && seq == 2
        {
            *detail = "forged".into();
        }
        let body = members["body"].to_string();
        let mut hasher = Sha256::new();
        hasher.update(&previous);
        hasher.update(row.to_string());
        let hash = hasher.finalize();
        let blob = |bytes: &[u8]| match store.database() {
            rubrica::store::Database::Sqlite => format!("X'{}'", hex::encode(bytes)),
            rubrica::store::Database::Postgres => format!("'\\x{}'", hex::encode(bytes)),
        };
        tamper(
            database,
            &format!(
                "UPDATE journal SET body = '{body}', previous = {}, hash = {} WHERE seq = {seq}",
                blob(&previous),
                blob(&hash)
            ),
        );
        previous = hash.to_vec();
    }
}

fn unknown(store: &Store, event: &str) -> Vec<String> {
    store
        .read(|connection| rubrica::store::journal::unknown_outcomes(connection, event, None, 10))
        .unwrap()
}

both_databases! {
    fn a_chain_written_anew_is_found_by_its_checkpoints(database) {
        let server = TestServer::start(database);
        filled(&server);
        let clean = audit(server.service(), None);
        assert!(clean.is_intact(), "{clean:?}");
        assert_eq!(clean.checkpoints, Checkpointing::Judged);
        assert_eq!(clean.report.chains[0].sealed.unwrap().seq, clean.report.chains[0].end.as_ref().unwrap().seq);
        forge(database);
        // The rows alone fit together.
        assert!(verify(&journal(server.store(), "reader"), &[]).is_intact());
        let key = server.service().audit_public_key().unwrap().unwrap();
        let report = journal(server.store(), "reader")
            .verify(&[], &AuditKey::Known(key), &mut |_| ())
            .unwrap();
        assert!(
            faults(&report).iter().any(|(_, fault)| *fault == Fault::Rewritten),
            "{report:?}"
        );
    }

    fn an_end_cut_off_is_found_by_its_checkpoint(database) {
        let server = TestServer::start(database);
        filled(&server);
        tamper(database, "DELETE FROM journal WHERE seq > 4");
        let key = server.service().audit_public_key().unwrap().unwrap();
        let report = journal(server.store(), "reader")
            .verify(&[], &AuditKey::Known(key), &mut |_| ())
            .unwrap();
        assert_eq!(faults(&report).last().unwrap().1, Fault::CutOff);
    }

    fn a_checkpoint_by_another_key_is_told(database) {
        let server = TestServer::start(database);
        filled(&server);
        let other = SoftwareKey::p256(3);
        let audit = audit(server.service(), Some(other.public().clone()));
        let faults = faults(&audit.report);
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults.iter().all(|(_, fault)| *fault == Fault::NotSigned));
        assert_eq!(audit.report.chains[0].sealed, None);
    }

    fn nodes_hold_one_anothers_chains(database) {
        let server = TestServer::start(database);
        filled(&server);
        // Another node signs after that, and then the first one's chain and checkpoints are cut.
        let key = server.service().audit_public_key().unwrap().unwrap();
        let other = SoftwareKey::p256(4);
        let beta = journal(server.store(), "beta");
        fill(&beta, 1);
        let checkpoint = beta.checkpoint(&key).unwrap().unwrap();
        assert_eq!(checkpoint.ties.len(), 1);
        assert_eq!(checkpoint.ties[0].node, "test");
        let to_sign = checkpoint.to_sign(other.public().algorithm());
        let signature = other.value(to_sign.scheme, &to_sign.dtbs_r);
        beta.keep_checkpoint(&checkpoint, other.public(), &signature).unwrap();
        tamper(
            database,
            "DELETE FROM journal WHERE node = 'test' AND seq > 2; \
             DELETE FROM journal_checkpoints WHERE node = 'test'",
        );
        let judged = |key: PublicKey| {
            let report = beta.verify(&[], &AuditKey::Known(key), &mut |_| ()).unwrap();
            let chain = report.chains.iter().find(|chain| chain.node == "test").unwrap();
            chain.findings.iter().map(|finding| finding.fault).collect::<Vec<_>>()
        };
        assert_eq!(judged(other.public().clone()), [Fault::CutOff]);
        assert_eq!(judged(key), []);
    }

    fn a_signature_that_the_journal_does_not_know_is_found(database) {
        let server = TestServer::start(database);
        filled(&server);
        let ambient = server.service().ambient();
        let request = ambient.id();
        server
            .store()
            .write(|connection| {
                let (sad, claim, credential) = (ambient.id(), ambient.id(), ambient.id());
                sads::spend(connection, sad, request, claim, credential, ambient.now())?;
                Ok::<_, StoreError>(())
            })
            .unwrap();
        let audited = audit(server.service(), None);
        assert!(!audited.is_intact());
        assert_eq!(audited.unknown, [request.to_string()]);
        // An intent for the same request that names another SAD is not this one's.
        let other = Entry::new(Event::SignatureIntent).request(request).sad(ambient.id());
        journal(server.store(), "test").append(&[other]).unwrap();
        assert_eq!(audit(server.service(), None).unknown, [request.to_string()]);
    }

    fn a_completed_request_without_an_outcome_is_found(database) {
        let town = Town::new(database);
        let request = town.ask_one();
        town.approve(&request);
        let service = town.server.service();
        assert_eq!(audit(service, None).unknown, Vec::<String>::new());
        tamper(database, "DELETE FROM journal WHERE event = 'signature.outcome'");
        let reader = TestServer::start(database);
        assert_eq!(
            unknown(reader.store(), "signature.outcome"),
            [request.id.to_string()]
        );
    }

    fn checkpoints_are_read_page_by_page(database) {
        let server = TestServer::start(database);
        filled(&server);
        let mut read = Vec::new();
        let mut after = 0;
        loop {
            let page = server
                .store()
                .read(|connection| checkpoints::page(connection, "test", after, i64::MAX, 1))
                .unwrap();
            let Some(one) = page.into_iter().next() else { break };
            read.push(one.seq);
            after = one.seq;
        }
        assert_eq!(read, [3, 6]);
    }

    fn what_is_signed_is_not_signed_again(database) {
        let server = TestServer::start(database);
        let service = server.service();
        // An empty journal has no end.
        assert_eq!(service.checkpoint().unwrap(), Signed::Already);
        fill(&journal(server.store(), "test"), 1);
        assert_eq!(service.checkpoint().unwrap(), Signed::Now);
        assert_eq!(service.checkpoint().unwrap(), Signed::Already);
    }

    fn a_forged_checkpoint_neither_stops_signing_nor_gets_into_what_is_signed(database) {
        let server = TestServer::start(database);
        filled(&server);
        let service = server.service();
        fill(&journal(server.store(), "test"), 1);
        for (node, seq) in [("beta", 999), ("test", 999)] {
            tamper(
                database,
                &format!(
                    "INSERT INTO journal_checkpoints (node, seq, statement, key, signature) \
                     SELECT '{node}', {seq}, statement, key, signature FROM journal_checkpoints WHERE seq = 6"
                ),
            );
        }
        assert_eq!(service.checkpoint().unwrap(), Signed::Now);
        tamper(database, "DELETE FROM journal_checkpoints WHERE seq = 999");
        let audit = audit(service, None);
        assert!(audit.is_intact(), "{audit:?}");
        assert_eq!(audit.report.chains.len(), 1);
    }

    fn a_chain_that_was_changed_under_a_server_is_not_signed(database) {
        let server = TestServer::start(database);
        // The server itself wrote the last row.
        server.app("sede");
        tamper(database, "UPDATE journal SET hash = previous");
        let error = server.service().checkpoint().unwrap_err();
        let ServiceError::Journal(JournalError::Rewritten { seq: 1, .. }) = error else {
            panic!("{error}");
        };
    }
}
