//! Rotating the KEK while the server signs, and destroying the old one.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rubrica::activation::Activation;
use rubrica::auth::{Authorized, op};
use rubrica::domain::algorithm::KeyAlgorithm;
use rubrica::domain::credential::Credential;
use rubrica::domain::key::KekVersion;
use rubrica::domain::request::{DocumentState, RequestState};
use rubrica::domain::wrapping::WrappedBy;
use rubrica::hsm::{Hsm, HsmError, SessionKeys};
use rubrica::service::ServiceError;
use rubrica::service::credentials::Earlier;
use rubrica::service::keks::{KekKept, KekWanted, Rotation};
use rubrica::store::{credentials, signers, wrapping_keys};
use time::Duration;

use crate::harness::alone;
use crate::harness::database::{TestDatabase, tamper};
use crate::harness::server::{TestServer, Wishes, administrator};
use crate::harness::town::{self, Town};
use crate::harness::wrapping;

fn databases() -> [TestDatabase; 2] {
    [TestDatabase::sqlite(), TestDatabase::postgres()]
}

fn manager() -> Authorized<op::ManageHsm> {
    administrator().authorize(op::ManageHsm)
}

fn on(hsm: &Hsm, database: &TestDatabase) -> Town {
    let hsm = Some(hsm.clone());
    Town::like(
        database,
        Wishes {
            hsm,
            ..Wishes::default()
        },
    )
}

fn rotate(server: &TestServer) -> Rotation {
    server
        .service()
        .rotate_kek(&manager(), &mut |_| ())
        .unwrap()
}

fn newest(hsm: &Hsm) -> KekVersion {
    hsm.keks().unwrap().into_iter().max().unwrap()
}

fn credential(town: &Town) -> Credential {
    town.store
        .read(|connection| credentials::find(connection, town.citizen.credential))
        .unwrap()
        .unwrap()
}

/// An hour after the last time, because only so many codes go to one phone.
fn signs(town: &Town) {
    town.server.clock().advance(Duration::hours(1));
    let asked = town.ask_one();
    town.approve(&asked);
    assert_eq!(town.request(&asked).state, RequestState::Completed);
    assert_eq!(town.rows(&asked)[0].state, DocumentState::Signed);
}

/// Ends the signing when it is dropped.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn every_signature_during_rotations_succeeds() {
    alone!(every_signature_during_rotations_succeeds, |token| {
        let hsm = token.hsm();
        for first in databases() {
            let databases = [first.another(), first.another(), first];
            let towns = databases.each_ref().map(|database| on(&hsm, database));
            let over = AtomicBool::new(false);
            let before = hsm.object_count().unwrap().token;
            let rotations = thread::scope(|scope| {
                let signing: Vec<_> = towns
                    .iter()
                    .map(|town| {
                        scope.spawn(|| {
                            let mut signed = 0;
                            while !over.load(Ordering::Relaxed) || signed < 3 {
                                signs(town);
                                signed += 1;
                            }
                            signed
                        })
                    })
                    .collect();
                // Also when a rotation fails, so that the test ends.
                let ending = Over(&over);
                let mut rotations = 0;
                for _ in 0..4 {
                    for town in &towns {
                        assert_eq!(rotate(&town.server).failed, []);
                        rotations += 1;
                    }
                }
                drop(ending);
                for signing in signing {
                    assert!(signing.join().unwrap() >= 3);
                }
                rotations
            });
            // Each town has a database of its own, and so wrapping keys that others' rotations do not touch: what the token
            // gained are the KEKs alone.
            assert!(hsm.object_count().unwrap().token <= before + rotations);
            for town in &towns {
                let rotation = rotate(&town.server);
                assert_eq!(credential(town).wrapped_by.kek(), rotation.to);
                signs(town);
            }
        }
    });
}

#[test]
fn a_rotation_is_on_record_and_leaves_the_seals_as_they_are() {
    alone!(
        a_rotation_is_on_record_and_leaves_the_seals_as_they_are,
        |token| {
            let hsm = token.hsm();
            for database in databases() {
                let town = on(&hsm, &database);
                let before = credential(&town);
                let objects = hsm.object_count().unwrap().token;
                let mut steps = Vec::new();
                let rotation = town
                    .server
                    .service()
                    .rotate_kek(&manager(), &mut |rotation| {
                        steps.push((rotation.wrapping_keys_done, rotation.credentials_done));
                    })
                    .unwrap();
                assert_eq!(rotation.to, newest(&hsm));
                assert_eq!(
                    (rotation.wrapping_keys_done, rotation.credentials_done),
                    (1, 1)
                );
                assert_eq!(steps, [(0, 0), (1, 1)]);
                assert_eq!(rotation.left, BTreeMap::new());
                assert_eq!(hsm.object_count().unwrap().token, objects + 1);
                let after = credential(&town);
                assert_eq!(after.sealed_key, before.sealed_key);
                assert_eq!(after.wrapped_by.kek(), rotation.to);
                assert_ne!(after.wrapped_by, before.wrapped_by);
                let told = told(&town.server);
                let told: Vec<_> = told.iter().map(String::as_str).collect();
                assert_eq!(
                    told,
                    [
                        "kek.created intended",
                        "kek.created done",
                        "wrapping-key.rewrapped intended",
                        "wrapping-key.rewrapped done",
                    ]
                );
                signs(&town);
            }
        }
    );
}

#[test]
fn a_rotation_that_was_interrupted_is_finished_and_no_version_more_is_made() {
    alone!(
        a_rotation_that_was_interrupted_is_finished_and_no_version_more_is_made,
        |token| {
            let hsm = token.hsm();
            for database in databases() {
                let town = on(&hsm, &database);
                town.server
                    .service()
                    .init_kek(&manager(), KekWanted::Next)
                    .unwrap();
                let to = newest(&hsm);
                assert_eq!(rotate(&town.server).to, to);
                assert_eq!(newest(&hsm), to);
                assert_eq!(credential(&town).wrapped_by.kek(), to);
            }
        }
    );
}

#[test]
fn two_administrators_at_once_are_harmless() {
    alone!(two_administrators_at_once_are_harmless, |token| {
        let hsm = token.hsm();
        for database in databases() {
            let town = on(&hsm, &database);
            for _ in 0..20 {
                wrapping::kept(&hsm, &town.store, newest(&hsm));
            }
            thread::scope(|scope| {
                let both = [(); 2].map(|()| scope.spawn(|| rotate(&town.server)));
                for rotation in both {
                    assert_eq!(rotation.join().unwrap().failed, []);
                }
            });
            let to = newest(&hsm);
            let rotation = rotate(&town.server);
            assert!(rotation.to >= to);
            let older = |connection: &mut _| wrapping_keys::older_than(connection, rotation.to);
            assert_eq!(town.store.read(older).unwrap(), []);
            signs(&town);
        }
    });
}

#[test]
fn a_wrapping_key_that_cannot_be_opened_does_not_stop_the_others() {
    alone!(
        a_wrapping_key_that_cannot_be_opened_does_not_stop_the_others,
        |token| {
            let hsm = token.hsm();
            let database = TestDatabase::sqlite();
            let town = on(&hsm, &database);
            let WrappedBy::WrappingKey(lost) = wrapping::kept(&hsm, &town.store, KekVersion(1))
            else {
                panic!("a wrapping key");
            };
            tamper(
                &town.store,
                &format!(
                    "UPDATE wrapping_keys SET wrapped_key = x'0102' WHERE id = '{}'",
                    lost.id
                ),
            );
            let rotation = rotate(&town.server);
            let failed: Vec<_> = rotation.failed.iter().map(|failed| failed.id).collect();
            assert_eq!(failed, [lost.id]);
            assert_eq!(rotation.wrapping_keys_done, 1);
            assert_eq!(credential(&town).wrapped_by.kek(), rotation.to);
        }
    );
}

#[test]
fn a_kek_is_destroyed_only_when_nothing_needs_it() {
    alone!(a_kek_is_destroyed_only_when_nothing_needs_it, |token| {
        let hsm = token.hsm();
        for database in databases() {
            let town = on(&hsm, &database);
            let service = town.server.service();
            let old = newest(&hsm);
            let destroy = |version| service.destroy_kek(&manager(), version);
            let refused = |version| match destroy(version) {
                Err(ServiceError::KekKept { version: kept, why }) if kept == version => why,
                other => panic!("{other:?}"),
            };
            assert_eq!(refused(old), KekKept::Newest);
            assert!(matches!(
                destroy(KekVersion(4096)),
                Err(ServiceError::Hsm(HsmError::KekMissing(KekVersion(4096))))
            ));
            service.init_kek(&manager(), KekWanted::Next).unwrap();
            assert_eq!(
                refused(old),
                KekKept::WrapsWrappingKeys {
                    wrapping_keys: 1,
                    credentials: 1
                }
            );
            rotate(&town.server);
            assert!(matches!(refused(old), KekKept::JustRotated { .. }));
            assert!(hsm.keks().unwrap().contains(&old));
            town.server.clock().advance(Duration::minutes(6));
            destroy(old).unwrap();
            assert!(!hsm.keks().unwrap().contains(&old));
            let told = told(&town.server);
            assert!(told.ends_with(&[
                "kek.destroyed intended".to_owned(),
                "kek.destroyed done".to_owned()
            ]));
            // The server that signs need not be told.
            signs(&town);
            assert!(destroy(old).is_err());
        }
    });
}

#[test]
fn a_kek_destroyed_by_another_process_is_not_taken_for_a_lost_token() {
    alone!(
        a_kek_destroyed_by_another_process_is_not_taken_for_a_lost_token,
        |token| {
            let hsm = token.hsm();
            let town = on(&hsm, &TestDatabase::sqlite());
            signs(&town);
            rotate(&town.server);
            // Another handle with a memory of its own stands for the other process.
            Hsm::new(token.settings())
                .destroy_kek(KekVersion(1))
                .unwrap();
            for _ in 0..3 {
                signs(&town);
            }
        }
    );
}

#[test]
fn keys_that_only_trusted_keys_may_wrap_stay_under_their_kek_and_are_told() {
    alone!(
        keys_that_only_trusted_keys_may_wrap_stay_under_their_kek_and_are_told,
        |token| {
            let hsm = token.hsm();
            let town = on(&hsm, &TestDatabase::sqlite());
            let signer = town.citizen.id;
            let ambient = town.server.service().ambient().clone();
            let id = ambient.id();
            let sealing_key = town
                .store
                .read(|connection| signers::find(connection, signer))
                .unwrap()
                .unwrap()
                .sealing_key;
            let kept = credential(&town);
            let by = WrappedBy::Kek(KekVersion(1));
            let provisioned = Activation::new(hsm.clone(), ambient)
                .provision(signer, id, &sealing_key, &by, KeyAlgorithm::EcP256)
                .unwrap();
            let direct = Credential {
                id,
                public_key: provisioned.public_key,
                wrapped_by: provisioned.wrapped_by,
                sealed_key: Some(provisioned.sealed_key),
                ..kept
            };
            town.store
                .write(|connection| credentials::insert(connection, &direct))
                .unwrap();
            let rotation = rotate(&town.server);
            assert_eq!(rotation.left, BTreeMap::from([(KekVersion(1), 1)]));
            let why = town
                .server
                .service()
                .destroy_kek(&manager(), KekVersion(1))
                .unwrap_err();
            assert!(
                matches!(
                    why,
                    ServiceError::KekKept {
                        why: KekKept::WrapsCredentials { credentials: 1 },
                        ..
                    }
                ),
                "{why:?}"
            );
            let mut settings = token.settings();
            settings.session_keys = SessionKeys::WrapWithTrusted;
            assert_eq!(
                Hsm::new(settings).session_keys(),
                SessionKeys::WrapWithTrusted
            );
        }
    );
}

#[test]
fn credentials_share_a_wrapping_key_under_the_newest_kek() {
    alone!(
        credentials_share_a_wrapping_key_under_the_newest_kek,
        |token| {
            let hsm = token.hsm();
            for database in databases() {
                let town = on(&hsm, &database);
                let service = town.server.service();
                service
                    .init_authorities(&administrator().authorize(op::ManageAuthorities))
                    .unwrap();
                let office = administrator().authorize(op::ManageCredentials);
                let issue = || {
                    service
                        .issue_credential(
                            &office,
                            &town.citizen.national_id.expose().parse().unwrap(),
                            KeyAlgorithm::EcP256,
                            Earlier::Keep,
                        )
                        .unwrap()
                };
                let (first, second) = (issue(), issue());
                assert!(first.wrapping_key.is_some());
                assert_eq!(first.wrapping_key, second.wrapping_key);
                assert_eq!(first.kek_version, newest(&hsm));
                service.init_kek(&manager(), KekWanted::Next).unwrap();
                let third = issue();
                assert_ne!(third.wrapping_key, first.wrapping_key);
                assert_eq!(third.kek_version, newest(&hsm));
            }
        }
    );
}

/// Event and result of each entry about keys of the HSM, in order.
fn told(server: &TestServer) -> Vec<String> {
    let entries = town::entries(server.store(), server.service().ambient());
    let told = entries.iter().filter_map(|entry| {
        let event = entry["event"].as_str().unwrap();
        let result = entry["body"]["outcome"]["result"].as_str().unwrap();
        let keys = event.starts_with("kek.") || event.starts_with("wrapping-key.");
        keys.then(|| format!("{event} {result}"))
    });
    told.collect()
}
