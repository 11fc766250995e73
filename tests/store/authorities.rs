//! Authorities and their revocation lists in the database.

use rubrica::domain::authority::AuthorityRole::{Issuing, Root};
use rubrica::store::StoreError;
use rubrica::store::authorities::{self, Kept, StoredList};
use time::Duration;
use time::macros::datetime;

use crate::harness::database::both_databases;

both_databases! {
    fn an_authority_is_kept_once(database) {
        let store = database.store();
        let at = datetime!(2026-11-23 10:00:00.123456 UTC);
        assert_eq!(store.read(|connection| authorities::find(connection, Root)).unwrap(), None);
        store.write(|connection| authorities::insert(connection, Root, b"root", at)).unwrap();
        let again = store.write(|connection| authorities::insert(connection, Root, b"other", at));
        assert!(matches!(again, Err(StoreError::Conflict { .. })));
        let kept = store.read(|connection| authorities::find(connection, Root)).unwrap().unwrap();
        assert_eq!(kept.certificate, b"root");
        assert_eq!(kept.created_at, at);
        assert_eq!(kept.revocation_list, None);
        assert_eq!(store.read(|connection| authorities::find(connection, Issuing)).unwrap(), None);
    }

    fn an_older_list_does_not_replace_a_newer_one(database) {
        let store = database.store();
        let now = datetime!(2026-11-23 10:00 UTC);
        let take = || {
            store
                .write(|connection| authorities::take_turn(connection, Issuing))
                .unwrap()
        };
        assert_eq!(take(), None);
        store
            .write(|connection| authorities::insert(connection, Issuing, b"issuing", now))
            .unwrap();
        let first = take().unwrap();
        let second = take().unwrap();
        assert_eq!((first.number, second.number), (1, 2));
        let list = |der: &[u8]| StoredList {
            der: der.to_vec(),
            next_update: now + Duration::DAY,
        };
        for (turn, der, expected) in [
            (second, b"second", Kept::Newest),
            (first, b"first ", Kept::Overtaken),
        ] {
            let kept = store
                .write(|connection| authorities::keep_list(connection, Issuing, turn, &list(der)));
            assert_eq!(kept.unwrap(), expected);
        }
        let kept = store.read(|connection| authorities::find(connection, Issuing)).unwrap();
        assert_eq!(kept.unwrap().revocation_list, Some(list(b"second")));
    }
}
