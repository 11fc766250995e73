//! Objects are written whole or not at all.

use std::process::Stdio;

use proptest::prelude::*;
use rubrica::documents::Source;
use rubrica::domain::algorithm::Hasher;
use time::{Duration, OffsetDateTime};

use super::*;
use crate::harness::process::{alone, argument};

const MEBIBYTE: u64 = 1024 * 1024;

#[test]
fn what_is_stored_was_digested_on_its_way() {
    let place = Place::new();
    let mut hashers = [
        Hasher::new(DigestAlgorithm::Sha256),
        Hasher::new(DigestAlgorithm::Sha512),
    ];
    let length = 3 * MEBIBYTE + 17;
    let stored = place
        .documents
        .put(&key(1), &mut Generated::whole(length), length, &mut hashers)
        .unwrap();
    assert_eq!(stored.size, length);
    let bytes = content(&place.documents, &key(1)).unwrap();
    for hasher in hashers {
        let digest = hasher.finish();
        assert_eq!(digest, Digest::of(digest.algorithm(), &bytes));
    }
    let expected: Vec<u8> = (0..length).map(generated).collect();
    assert!(bytes == expected);
}

#[test]
fn an_empty_document_is_a_document() {
    let place = Place::new();
    let key = place.store(1, b"");
    assert_eq!(content(&place.documents, &key).unwrap(), b"");
}

#[test]
fn of_too_large_a_document_nothing_stays_and_the_rest_is_not_read() {
    let place = Place::new();
    for limit in [0, 5, MEBIBYTE, 2 * MEBIBYTE + 1] {
        let mut reader = Generated::whole(u64::MAX);
        let refused = place.documents.put(&key(1), &mut reader, limit, &mut []);
        assert!(
            matches!(refused, Err(DocumentsError::TooLarge { limit: told }) if told == limit),
            "{refused:?}"
        );
        assert_eq!(reader.position, limit + 1);
        assert_eq!(place.files(), Vec::<PathBuf>::new());
        let exact = &mut Generated::whole(limit);
        assert_eq!(
            place
                .documents
                .put(&key(2), exact, limit, &mut [])
                .unwrap()
                .size,
            limit
        );
        place.documents.delete(&key(2)).unwrap();
    }
}

#[test]
fn of_a_document_whose_sender_fails_nothing_stays() {
    let place = Place::new();
    let mut broken = Generated {
        end: || Err(io::ErrorKind::ConnectionReset.into()),
        ..Generated::whole(3 * MEBIBYTE)
    };
    let refused = place.documents.put(&key(1), &mut broken, u64::MAX, &mut []);
    assert!(
        matches!(&refused, Err(DocumentsError::Incoming(cause)) if cause.kind() == io::ErrorKind::ConnectionReset),
        "{refused:?}"
    );
    assert_eq!(place.files(), Vec::<PathBuf>::new());
    assert!(content(&place.documents, &key(1)).is_none());
}

#[test]
fn of_a_document_whose_sender_panics_nothing_stays() {
    let place = Place::new();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut reader = Generated {
            end: || panic!("on purpose"),
            ..Generated::whole(2 * MEBIBYTE)
        };
        place.documents.put(&key(1), &mut reader, u64::MAX, &mut [])
    }));
    assert!(panicked.is_err());
    assert_eq!(place.files(), Vec::<PathBuf>::new());
    place.store(1, b"goes on");
}

#[test]
fn a_document_that_is_still_coming_is_not_there() {
    let place = Place::new();
    let documents = place.documents.clone();
    let mut reader = Looking { documents, left: 3 };
    place
        .documents
        .put(&key(1), &mut reader, u64::MAX, &mut [])
        .unwrap();
    assert!(content(&place.documents, &key(1)).is_some());
}

/// Sends three parts, and looks each time whether the object is there already.
struct Looking {
    documents: Documents,
    left: usize,
}

impl Read for Looking {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        assert!(self.documents.open(&key(1)).unwrap().is_none());
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(0);
        };
        self.left = left;
        buffer.fill(7);
        Ok(buffer.len())
    }
}

#[test]
fn of_a_changed_or_missing_original_nothing_is_made() {
    let place = Place::new();
    let original = place.store(1, b"original");
    let refused = place.documents.assemble(
        Some(Source {
            key: &original,
            size: 8,
            sha256: &sha256(b"Original"),
        }),
        b"<",
        b">",
        &key(2),
    );
    assert!(
        matches!(refused, Err(DocumentsError::Changed)),
        "{refused:?}"
    );
    let refused = place.documents.assemble(
        Some(Source {
            key: &key(9),
            size: 0,
            sha256: &sha256(b""),
        }),
        b"<",
        b">",
        &key(2),
    );
    assert!(
        matches!(refused, Err(DocumentsError::Missing)),
        "{refused:?}"
    );
    assert_eq!(place.files().len(), 1);
}

#[test]
fn deleting_twice_is_deleting() {
    let place = Place::new();
    let key = place.store(1, b"gone soon");
    place.documents.delete(&key).unwrap();
    place.documents.delete(&key).unwrap();
    assert_eq!(place.files(), Vec::<PathBuf>::new());
}

#[test]
fn what_a_killed_process_left_can_be_found_and_removed() {
    let place = Place::new();
    let kept = place.store(1, b"in use");
    let orphan = place.store(2, b"never recorded");
    let mut child = alone(
        "documents::writing::stores_until_it_is_killed",
        place.folder.path().to_str().unwrap(),
        "",
    )
    .stdout(Stdio::null())
    .spawn()
    .unwrap();
    let staged = || {
        place
            .files()
            .iter()
            .any(|file| file.to_str().unwrap().contains('#'))
    };
    while !staged() {
        assert_eq!(
            child.try_wait().unwrap(),
            None,
            "the writer ended by itself"
        );
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(content(&place.documents, &key(3)).is_none());

    let now = modified(&place, &kept);
    let mut found = Vec::new();
    let visit = &mut |key| -> Result<(), DocumentsError> {
        found.push(key);
        Ok(())
    };
    place
        .documents
        .written_before(now - Duration::hours(1), visit)
        .unwrap();
    place
        .documents
        .written_before(now + Duration::hours(1), visit)
        .unwrap();
    found.sort();
    assert_eq!(found, [kept, orphan]);
    assert_eq!(
        place
            .documents
            .remove_unfinished(now - Duration::hours(1))
            .unwrap(),
        0
    );
    assert!(staged());
    assert_eq!(
        place
            .documents
            .remove_unfinished(now + Duration::hours(1))
            .unwrap(),
        1
    );
    assert_eq!(place.files().len(), 2);
}

#[test]
#[ignore = "runs in a process of its own, for `what_a_killed_process_left_can_be_found_and_removed`"]
fn stores_until_it_is_killed() {
    let Some(folder) = argument() else { return };
    let mut endless = Generated {
        end: || loop {
            std::thread::sleep(std::time::Duration::from_secs(1));
        },
        // More than is written at once.
        ..Generated::whole(2 * MEBIBYTE)
    };
    open(Path::new(&folder))
        .put(&key(3), &mut endless, u64::MAX, &mut [])
        .unwrap();
}

fn modified(place: &Place, key: &ObjectKey) -> OffsetDateTime {
    let name = key.to_string();
    let file = place
        .files()
        .into_iter()
        .find(|file| file.ends_with(&name))
        .unwrap();
    std::fs::metadata(file).unwrap().modified().unwrap().into()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn an_assembled_object_is_its_three_parts(
        prefix in proptest::collection::vec(any::<u8>(), 0..2000),
        original in proptest::option::of(0_u64..3_000_000),
        suffix in proptest::collection::vec(any::<u8>(), 0..2000),
    ) {
        let place = Place::new();
        let middle: Vec<u8> = (0..original.unwrap_or(0)).map(generated).collect();
        let from = place.store(1, &middle);
        let sha256_of_it = sha256(&middle);
        let source = original.map(|_| Source { key: &from, size: original.unwrap_or(0), sha256: &sha256_of_it });
        let assembled = place.documents.assemble(source, &prefix, &suffix, &key(2)).unwrap();
        let expected = [prefix, middle, suffix].concat();
        prop_assert!(content(&place.documents, &key(2)).unwrap() == expected);
        prop_assert_eq!(assembled.sha256, sha256(&expected));
        prop_assert_eq!(assembled.size, u64::try_from(expected.len()).unwrap());
    }
}
