//! Of a long PDF what follows it is kept, and both are fetched as one.

use std::fs;

use rubrica::domain::algorithm::{Digest, DigestAlgorithm, KeyAlgorithm};
use rubrica::domain::request::{Document, DocumentReason, DocumentState, Kept, RequestState};

use super::recovery::{refused, stop_at};
use crate::harness::asked::{enveloping, pades};
use crate::harness::database::both_databases;
use crate::harness::pdf::{long, plain};
use crate::harness::town::{Asked, Town};

/// Longer than what is kept whole, and of many blocks.
const LENGTH: usize = 3_000_000;

fn fetch(town: &Town, asked: &Asked, row: &Document) -> Vec<u8> {
    let path = format!("/v1/signature-requests/{}/documents/{}", asked.id, row.id);
    town.app.client.fetch(&path).unwrap()
}

/// Changes one byte of the stored original.
fn damage(town: &Town, row: &Document, at: usize) {
    let key = row.object_key.as_ref().unwrap();
    let path = town.place().join(&key[..2]).join(key);
    let mut bytes = fs::read(&path).unwrap();
    bytes[at] ^= 1;
    fs::write(&path, bytes).unwrap();
}

both_databases! {
    fn a_long_pdf_is_kept_with_its_tail_and_fetched_as_one_file(database) {
        // Their digests are SHA-256, SHA-384 and SHA-256.
        for key in [KeyAlgorithm::EcP256, KeyAlgorithm::EcP384, KeyAlgorithm::Rsa2048] {
            let database = database.another();
            let town = Town::with(&database, key);
            let original = long(LENGTH);
            let asked = town.ask(&[
                ("a.pdf", &original, pades()),
                ("b.pdf", &plain(), pades()),
                ("c.pdf", &original, enveloping()),
            ]);
            assert_eq!(town.approve(&asked), RequestState::Completed);
            let rows = town.rows(&asked);
            let kept: Vec<_> = rows.iter().map(|row| row.signed.as_ref().unwrap().kept).collect();
            assert_eq!(kept, [Kept::Tail, Kept::Whole, Kept::Whole]);
            let tail = town.signed(&rows[0]);
            assert!(tail.len() < 100_000, "{}", tail.len());
            let fetched = fetch(&town, &asked, &rows[0]);
            assert!(fetched == [original, tail].concat());
            let signed = rows[0].signed.as_ref().unwrap();
            assert_eq!(u64::try_from(fetched.len()).unwrap(), signed.size);
            assert_eq!(Digest::of(DigestAlgorithm::Sha256, &fetched), signed.sha256);
        }
    }

    fn a_block_that_was_changed_is_noticed_before_anything_is_bound(database) {
        let town = Town::new(database);
        let original = long(LENGTH);
        // The header, the page, and the trailer.
        for at in [5, original.len() - 400, original.len() - 30] {
            let asked = town.ask(&[("a.pdf", &original, pades())]);
            damage(&town, &town.rows(&asked)[0], at);
            assert_eq!(town.approve(&asked), RequestState::Failed);
            assert_eq!(town.rows(&asked)[0].reason, Some(DocumentReason::DocumentChanged));
        }
        assert_eq!(town.spent(), 0);
    }

    fn what_was_changed_and_not_read_is_signed_as_it_came_and_not_given_to_its_end(database) {
        let town = Town::new(database);
        let asked = town.ask(&[("a.pdf", &long(LENGTH), pades())]);
        let waiting = &town.rows(&asked)[0];
        damage(&town, waiting, LENGTH / 2);
        assert_eq!(town.approve(&asked), RequestState::Completed);
        let row = &town.rows(&asked)[0];
        let path = format!("/v1/signature-requests/{}/documents/{}", asked.id, row.id);
        let broken = town.app.client.fetch(&path).map(drop).unwrap_err();
        assert!(u64::try_from(broken.received).unwrap() < row.signed.as_ref().unwrap().size);
        // It is what came that was signed.
        damage(&town, waiting, LENGTH / 2);
        let digest = Digest::of(DigestAlgorithm::Sha256, &fetch(&town, &asked, row));
        assert_eq!(digest, row.signed.as_ref().unwrap().sha256);
    }

    fn a_tail_found_after_a_stop_counts_when_it_is_the_signature(database) {
        let town = Town::new(database);
        let asked = town.ask(&[("a.pdf", &long(LENGTH), pades())]);
        stop_at(&town, &asked, "stored");
        assert_eq!(town.server.service().recover().unwrap(), 1);
        let row = &town.rows(&asked)[0];
        assert_eq!((row.state, &row.detail), (DocumentState::Signed, &None));
        let signed = row.signed.as_ref().unwrap();
        assert_eq!(signed.kept, Kept::Tail);
        let digest = Digest::of(DigestAlgorithm::Sha256, &fetch(&town, &asked, row));
        assert_eq!(digest, signed.sha256);
    }

    fn a_tail_found_after_a_stop_does_not_count_when_it_is_anything_else(database) {
        let forgeries: [fn(&mut Vec<u8>); 4] = [
            |bytes| bytes[0] ^= 1,
            |bytes| {
                let at = bytes.len() - 700;
                bytes[at] ^= 1;
            },
            |bytes| bytes.push(0),
            Vec::clear,
        ];
        for forge in forgeries {
            let database = database.another();
            let town = Town::new(&database);
            let asked = town.ask(&[("a.pdf", &long(LENGTH), pades())]);
            stop_at(&town, &asked, "stored");
            refused(&town, &asked, forge);
        }
    }
}
