//! Files that are not what their rows say are not handed out whole.

use std::fs;

use crate::harness::asked::{detached, enveloping};
use crate::harness::database::both_databases;
use crate::harness::town::Town;

/// More than one piece of the stream.
fn long() -> Vec<u8> {
    b"0123456789abcdef".repeat(100_000)
}

/// Changes a stored file.
fn damage(town: &Town, key: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let path = town.place().join(&key[..2]).join(key);
    let mut bytes = fs::read(&path).unwrap();
    change(&mut bytes);
    fs::write(&path, bytes).unwrap();
}

both_databases! {
    fn a_document_changed_in_the_store_is_not_shown_to_its_end(database) {
        let town = Town::new(database);
        let visitor = town.server.visitor();
        for (bytes, at) in [(b"short".to_vec(), 0), (long(), 0), (long(), 1_500_000)] {
            let asked = town.ask(&[("a.txt", &bytes, detached())]);
            let row = &town.rows(&asked)[0];
            let key = row.object_key.as_ref().unwrap();
            let path = asked.at(&format!("/documents/{}", row.id));
            assert!(visitor.fetch(&path).unwrap() == bytes);
            damage(&town, key, |bytes| bytes[at] ^= 1);
            let broken = visitor.fetch(&path).map(drop).unwrap_err();
            assert!(broken.received < bytes.len(), "{}", broken.received);
            damage(&town, key, |bytes| bytes.push(0));
            assert_eq!(visitor.get(&path).status, 500);
        }
    }

    fn a_signed_document_changed_in_the_store_is_not_given_to_its_end(database) {
        let town = Town::new(database);
        for (bytes, at) in [(b"short".to_vec(), 0), (long(), 0), (long(), 1_500_000)] {
            let asked = town.ask(&[("a.txt", &bytes, enveloping())]);
            town.approve(&asked);
            let row = &town.rows(&asked)[0];
            let key = row.signed.as_ref().unwrap().object_key.as_ref().unwrap();
            let path = format!("/v1/signature-requests/{}/documents/{}", asked.id, row.id);
            let whole = town.app.client.fetch(&path).unwrap();
            assert!(whole == town.signed(row));
            damage(&town, key, |bytes| bytes[at] ^= 1);
            let broken = town.app.client.fetch(&path).map(drop).unwrap_err();
            assert!(broken.received < whole.len(), "{}", broken.received);
            damage(&town, key, |bytes| bytes.push(0));
            let refused = town.app.client.get(&path);
            assert_eq!(refused.problem(), (500, "internal_error".to_owned()));
        }
    }
}
