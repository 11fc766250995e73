//! The same in a bucket of a real S3 server.

use std::io::{Seek, SeekFrom};

use rubrica::documents::{AccessKey, Source};
use rubrica::domain::algorithm::Hasher;
use rubrica::domain::secret::SecretText;
use time::OffsetDateTime;

use super::*;
use crate::harness::s3::S3;

const MIB: u64 = 1 << 20;

fn bytes(length: u64) -> Vec<u8> {
    (0..length).map(generated).collect()
}

fn put(documents: &Documents, key: &ObjectKey, length: u64) {
    let stored = documents.put(key, &mut Generated::whole(length), u64::MAX, &mut []);
    assert_eq!(stored.unwrap().size, length);
}

fn keys(documents: &Documents) -> Vec<ObjectKey> {
    let mut found = Vec::new();
    let future = OffsetDateTime::from_unix_timestamp(4_000_000_000).unwrap();
    documents
        .written_before(future, &mut |key| {
            found.push(key);
            Ok::<_, DocumentsError>(())
        })
        .unwrap();
    found
}

#[test]
fn many_are_deleted_at_once_and_those_that_are_not_there_are_no_fault() {
    let s3 = S3::start();
    Documents::set_up(&s3.settings()).unwrap();
    let documents = Documents::new(&s3.settings()).unwrap();
    for number in 1..=25 {
        put(&documents, &key(number), 10);
    }
    documents
        .delete_all((1..=24).chain(100..=110).map(key))
        .unwrap();
    assert_eq!(keys(&documents), [key(25)]);
    documents.delete_all([]).unwrap();
    assert_eq!(keys(&documents), [key(25)]);
}

#[test]
fn what_is_stored_is_read_back_from_anywhere_and_deleted() {
    let s3 = S3::start();
    Documents::set_up(&s3.settings()).unwrap();
    let documents = Documents::new(&s3.settings()).unwrap();
    // Around what is sent at once, and around the parts of what is longer.
    for length in [
        0,
        1,
        MIB,
        5 * MIB - 1,
        5 * MIB,
        5 * MIB + 1,
        10 * MIB,
        12 * MIB + 3,
    ] {
        let bytes = bytes(length);
        put(&documents, &key(1), length);
        assert!(content(&documents, &key(1)).unwrap() == bytes, "{length}");
        let whole = documents.measure(&key(1)).unwrap().unwrap();
        assert_eq!((whole.size, whole.sha256), (length, sha256(&bytes)));
        if length > 100 {
            let mut reader = documents.open(&key(1)).unwrap().unwrap();
            let mut end = Vec::new();
            reader.seek(SeekFrom::End(-100)).unwrap();
            reader.read_to_end(&mut end).unwrap();
            assert_eq!(end, bytes[bytes.len() - 100..]);
        }
        assert_eq!(keys(&documents), [key(1)]);
        documents.delete(&key(1)).unwrap();
        documents.delete(&key(1)).unwrap();
        assert!(documents.open(&key(1)).unwrap().is_none());
    }
    assert_eq!(keys(&documents), []);
}

#[test]
fn an_object_that_vanishes_while_it_is_read_is_an_error_and_not_an_end() {
    let s3 = S3::start();
    Documents::set_up(&s3.settings()).unwrap();
    let documents = Documents::new(&s3.settings()).unwrap();
    put(&documents, &key(1), 3 * MIB);
    let from = Source {
        key: &key(1),
        size: 3 * MIB,
        sha256: &sha256(&bytes(3 * MIB)),
    };
    let mut chunks = documents.chunks(from).unwrap().unwrap();
    let mut reader = documents.open(&key(1)).unwrap().unwrap();
    assert!(chunks.next().unwrap().is_ok());
    documents.delete(&key(1)).unwrap();
    assert!(matches!(chunks.next(), Some(Err(DocumentsError::Missing))));
    assert!(chunks.next().is_none());
    assert!(reader.read_to_end(&mut Vec::new()).is_err());
}

#[test]
fn a_signed_document_is_put_together_of_what_lies_there() {
    let s3 = S3::start();
    Documents::set_up(&s3.settings()).unwrap();
    let documents = Documents::new(&s3.settings()).unwrap();
    let original = bytes(7 * MIB);
    put(&documents, &key(1), 7 * MIB);
    let sha256 = sha256(&original);
    let from = Source {
        key: &key(1),
        size: 7 * MIB,
        sha256: &sha256,
    };
    let whole = documents
        .assemble(Some(from), b"<<", b">>", &key(2))
        .unwrap();
    assert_eq!(whole.size, 7 * MIB + 4);
    let expected = [b"<<".as_slice(), &original, b">>"].concat();
    assert!(content(&documents, &key(2)).unwrap() == expected);
    // One that was exchanged is noticed, and nothing of it is kept.
    put(&documents, &key(1), 7 * MIB - 1);
    let changed = documents.assemble(Some(from), b"<<", b">>", &key(3));
    assert!(
        matches!(changed, Err(DocumentsError::Changed)),
        "{changed:?}"
    );
    assert!(documents.open(&key(3)).unwrap().is_none());
}

#[test]
fn of_what_is_too_large_or_breaks_off_nothing_is_kept() {
    let s3 = S3::start();
    Documents::set_up(&s3.settings()).unwrap();
    let documents = Documents::new(&s3.settings()).unwrap();
    let mut hasher = [Hasher::new(DigestAlgorithm::Sha256)];
    for length in [11, 11 * MIB] {
        let refused = documents.put(
            &key(1),
            &mut Generated::whole(length),
            length - 1,
            &mut hasher,
        );
        assert!(
            matches!(refused, Err(DocumentsError::TooLarge { .. })),
            "{refused:?}"
        );
        let mut broken = Generated {
            position: 0,
            until: length,
            end: || Err(io::Error::other("the line was cut")),
        };
        let refused = documents.put(&key(1), &mut broken, u64::MAX, &mut hasher);
        assert!(
            matches!(refused, Err(DocumentsError::Incoming(_))),
            "{refused:?}"
        );
    }
    assert_eq!(keys(&documents), []);
}

#[test]
fn a_prefix_keeps_objects_apart() {
    let s3 = S3::start();
    let with_prefix = |prefix: &str| {
        let mut bucket = s3.bucket();
        bucket.prefix = prefix.to_owned();
        let settings = Settings::Bucket(Box::new(bucket));
        Documents::set_up(&settings).unwrap();
        Documents::new(&settings).unwrap()
    };
    let (one, other) = (with_prefix("rubrica/one"), with_prefix("rubrica/other"));
    put(&one, &key(1), 10);
    assert_eq!(content(&one, &key(1)).unwrap(), bytes(10));
    assert!(other.open(&key(1)).unwrap().is_none());
    assert_eq!(keys(&other), []);
    assert!(s3.objects().join("rubrica/one").is_dir());
}

#[test]
fn another_bucket_is_not_taken_for_one_without_documents() {
    let s3 = S3::start();
    let documents = Documents::new(&s3.settings()).unwrap();
    assert!(!documents.is_there().unwrap());
    let asked = documents.open(&key(1));
    assert!(matches!(asked, Err(DocumentsError::Away)));
    assert!(matches!(
        documents.delete(&key(1)),
        Err(DocumentsError::Away)
    ));
    Documents::set_up(&s3.settings()).unwrap();
    assert!(documents.open(&key(1)).unwrap().is_none());
    documents.delete(&key(1)).unwrap();
}

#[test]
fn a_bucket_that_refuses_or_is_away_is_no_missing_document() {
    let s3 = S3::start();
    let (mut wrong, away) = (s3.bucket(), s3.bucket());
    wrong.key = Some(AccessKey {
        id: "rubrica".to_owned(),
        secret: SecretText::new("hunter2".to_owned()),
    });
    drop(s3);
    let stopped = Documents::new(&Settings::Bucket(Box::new(away))).unwrap();
    let running = S3::start();
    wrong.endpoint = running.bucket().endpoint;
    let refused = Documents::new(&Settings::Bucket(Box::new(wrong))).unwrap();
    for documents in [refused, stopped] {
        let put = documents.put(&key(1), &mut &b"x"[..], 1, &mut []);
        let open = documents.open(&key(1)).map(|_| ());
        for error in [put.map(|_| ()).unwrap_err(), open.unwrap_err()] {
            assert!(matches!(error, DocumentsError::Store(_)), "{error:?}");
            assert!(!format!("{error:?}").contains("hunter2"));
        }
        assert!(documents.try_out(&key(2)).is_err());
    }
}
