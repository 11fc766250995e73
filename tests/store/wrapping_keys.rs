//! Wrapping keys in the database: what each KEK carries, and that of two re-wrappings one counts.

use rubrica::clock::Ambient;
use rubrica::domain::credential::Credential;
use rubrica::domain::key::KekVersion;
use rubrica::domain::revocation::RevocationReason;
use rubrica::domain::wrapping::{WrappedBy, WrappingKey};
use rubrica::store::wrapping_keys::{self, KekLoad, Rewrapping};
use rubrica::store::{Store, StoreError};
use time::{Duration, OffsetDateTime};

use super::credentials::{NOW, a_signer, insert, requested, revocation, revoke};
use crate::harness::database::both_databases;

both_databases! {
    fn the_newest_wrapping_key_of_a_kek_is_found(database) {
        let store = database.store();
        let old = key(&store, 1, NOW);
        let new = key(&store, 1, NOW + Duration::HOUR);
        let other = key(&store, 2, NOW + Duration::DAY);
        let newest = |kek| {
            store
                .read(|connection| wrapping_keys::newest(connection, KekVersion(kek)))
                .unwrap()
        };
        assert_eq!(newest(1), Some(new.clone()));
        assert_eq!(newest(2), Some(other.clone()));
        assert_eq!(newest(3), None);
        let older = |kek| {
            store
                .read(|connection| wrapping_keys::older_than(connection, KekVersion(kek)))
                .unwrap()
        };
        assert_eq!(older(1), []);
        assert_eq!(older(2), [old.clone(), new.clone()]);
        assert_eq!(older(3), [old, new, other]);
    }

    fn of_two_rewrappings_one_counts(database) {
        let store = database.store();
        let old = key(&store, 1, NOW);
        assert_eq!(last_rewrapping(&store), None);
        let rewrap = |wrapped| {
            let new = WrappingKey {
                kek: KekVersion(2),
                wrapped: vec![wrapped],
                rewrapped_at: Some(NOW + Duration::HOUR),
                ..old.clone()
            };
            let kept = store.write(|connection| {
                wrapping_keys::rewrap(connection, old.kek, &new)
            });
            (new, kept.unwrap())
        };
        let (first, kept) = rewrap(7);
        assert_eq!(kept, Rewrapping::Kept);
        assert_eq!(rewrap(8).1, Rewrapping::Missed);
        let found = store.read(|connection| wrapping_keys::find(connection, old.id));
        assert_eq!(found.unwrap(), Some(first));
        assert_eq!(last_rewrapping(&store), Some(NOW + Duration::HOUR));
    }

    fn what_each_kek_carries_is_counted_without_the_revoked(database) {
        let store = database.store();
        let signer = a_signer(&store);
        let (one, two, idle) = (key(&store, 1, NOW), key(&store, 1, NOW), key(&store, 2, NOW));
        let credential = |wrapped_by| {
            let credential = Credential { wrapped_by, ..requested(signer) };
            insert(&store, &credential);
            credential
        };
        let by = |key: &WrappingKey| WrappedBy::WrappingKey(key.clone());
        credential(by(&one));
        credential(by(&one));
        credential(by(&two));
        let ended = [credential(by(&one)), credential(WrappedBy::Kek(KekVersion(3)))];
        for credential in &ended {
            revoke(&store, credential, revocation(0, RevocationReason::Superseded));
        }
        credential(WrappedBy::Kek(KekVersion(2)));
        let loads = store.read(wrapping_keys::loads).unwrap();
        let expected = [
            (KekVersion(1), KekLoad { wrapping_keys: 2, credentials: 3, directly: 0 }),
            (KekVersion(2), KekLoad { wrapping_keys: 1, credentials: 0, directly: 1 }),
        ];
        assert_eq!(loads, expected.into());
        let count = |of: fn(&mut _, _) -> Result<u64, StoreError>, key: &WrappingKey| {
            store.read(|connection| of(connection, key.id)).unwrap()
        };
        assert_eq!(count(wrapping_keys::served, &one), 3);
        assert_eq!(count(wrapping_keys::depending, &one), 2);
        assert_eq!(count(wrapping_keys::served, &idle), 0);
    }
}

fn key(store: &Store, kek: u32, created_at: OffsetDateTime) -> WrappingKey {
    let key = WrappingKey {
        id: Ambient::system().id(),
        kek: KekVersion(kek),
        wrapped: vec![1, 2, 3],
        created_at,
        rewrapped_at: None,
    };
    store
        .write(|connection| wrapping_keys::insert(connection, &key))
        .unwrap();
    key
}

fn last_rewrapping(store: &Store) -> Option<OffsetDateTime> {
    store.read(wrapping_keys::last_rewrapping).unwrap()
}
