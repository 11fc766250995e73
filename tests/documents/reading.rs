//! Reading gives the bytes that were stored, from wherever they are read.

use std::io::{Seek, SeekFrom};

use proptest::prelude::*;
use rubrica::documents::{Chunks, ObjectReader, Source};
use rubrica::domain::block_states::BlockHasher;

use super::*;

#[test]
fn what_was_never_stored_is_not_there() {
    let place = Place::new();
    assert!(place.documents.open(&key(1)).unwrap().is_none());
    assert!(content(&place.documents, &key(1)).is_none());
}

#[test]
fn an_object_that_is_deleted_while_it_is_read_is_read_to_its_end() {
    let place = Place::new();
    let bytes: Vec<u8> = (0..3_000_000).map(generated).collect();
    let key = place.store(1, &bytes);
    let mut chunks = chunks(&place, &key, &bytes).unwrap();
    let mut reader = place.documents.open(&key).unwrap().unwrap();
    let first = chunks.next().unwrap().unwrap();
    place.documents.delete(&key).unwrap();
    assert!(place.documents.open(&key).unwrap().is_none());
    let rest: Vec<_> = chunks.map(|chunk| chunk.unwrap()).collect();
    assert!([vec![first], rest].concat().concat() == bytes);
    let mut read = Vec::new();
    reader.read_to_end(&mut read).unwrap();
    assert!(read == bytes);
}

#[test]
fn an_object_cut_short_while_it_is_read_is_an_error_and_not_an_end() {
    let place = Place::new();
    let bytes: Vec<u8> = (0..3_000_000).map(generated).collect();
    let key = place.store(1, &bytes);
    let mut chunks = chunks(&place, &key, &bytes).unwrap();
    let file = place.files().pop().unwrap();
    std::fs::File::options()
        .write(true)
        .open(file)
        .unwrap()
        .set_len(1_500_000)
        .unwrap();
    assert!(chunks.next().unwrap().is_ok());
    assert!(chunks.next().unwrap().is_err());
    assert!(chunks.next().is_none());
}

/// An object that has to be these bytes.
fn chunks(place: &Place, key: &ObjectKey, bytes: &[u8]) -> Result<Chunks, DocumentsError> {
    let chunks = place.documents.chunks(Source {
        key,
        size: u64::try_from(bytes.len()).unwrap(),
        sha256: &sha256(bytes),
    });
    chunks.map(Option::unwrap)
}

#[test]
fn an_object_that_is_another_is_never_given_to_its_end() {
    const MIB: usize = 1 << 20;
    let place = Place::new();
    for length in [1, MIB - 1, MIB, MIB + 1, 2 * MIB, 2 * MIB + 5] {
        for at in [0, length / 2, length - 1] {
            let mut bytes: Vec<u8> = (0..u64::try_from(length).unwrap()).map(generated).collect();
            let key = place.store(1, &bytes);
            let same: Result<Vec<_>, _> = chunks(&place, &key, &bytes).unwrap().collect();
            assert!(same.unwrap().concat() == bytes);
            bytes[at] ^= 1;
            let mut given = 0;
            let mut told = chunks(&place, &key, &bytes).unwrap();
            let error = loop {
                match told.next().unwrap() {
                    Ok(piece) => given += piece.len(),
                    Err(error) => break error,
                }
            };
            assert!(matches!(error, DocumentsError::Changed), "{error}");
            assert!(given < length, "{given} of {length}");
            assert!(told.next().is_none());
        }
    }
}

#[test]
fn an_object_of_another_length_is_not_even_begun() {
    let place = Place::new();
    let key = place.store(1, b"abc");
    for other in [&b"ab"[..], b"abcd", b""] {
        let refused = chunks(&place, &key, other);
        assert!(matches!(refused.map(drop), Err(DocumentsError::Changed)));
    }
    let empty = place.store(2, b"");
    assert_eq!(chunks(&place, &empty, b"").unwrap().count(), 0);
}

#[test]
fn no_one_can_seek_before_the_beginning() {
    let place = Place::new();
    let key = place.store(1, b"abc");
    let mut reader = place.documents.open(&key).unwrap().unwrap();
    assert_eq!(reader.size(), 3);
    assert!(reader.seek(SeekFrom::End(-4)).is_err());
    assert!(reader.seek(SeekFrom::Current(-1)).is_err());
    assert_eq!(reader.seek(SeekFrom::End(-1)).unwrap(), 2);
    let mut rest = String::new();
    reader.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "c");
    assert_eq!(reader.seek(SeekFrom::Start(1 << 40)).unwrap(), 1 << 40);
    assert_eq!(reader.read(&mut [0; 8]).unwrap(), 0);
}

#[test]
fn an_object_that_is_what_it_was_reads_as_the_bytes_do() {
    let place = Place::new();
    for (number, length) in (1..).zip(LENGTHS) {
        let bytes: Vec<u8> = (0..length).map(generated).collect();
        let stored = place.store(number, &bytes);
        let opened = known(&place, &stored, length, &bytes);
        let mut reader = opened.unwrap().unwrap();
        let mut read = Vec::new();
        reader.seek(SeekFrom::Start(length / 2)).unwrap();
        reader.read_to_end(&mut read).unwrap();
        reader.rewind().unwrap();
        reader.read_to_end(&mut read).unwrap();
        let half = usize::try_from(length / 2).unwrap();
        assert_eq!(read, [&bytes[half..], &bytes[..]].concat());
    }
    let nothing = known(&place, &key(9), 0, b"");
    assert!(nothing.unwrap().is_none());
}

#[test]
fn an_object_that_is_not_what_it_was_is_not_read() {
    let place = Place::new();
    let stored = place.store(1, b"pay 99");
    let longer = known(&place, &stored, 7, b"pay 99");
    assert!(matches!(longer, Err(DocumentsError::Changed)));
    let mut other = known(&place, &stored, 6, b"pay 10").unwrap().unwrap();
    assert!(matches!(other.check_all(), Err(DocumentsError::Changed)));
    assert!(matches!(other.sha256(), Err(DocumentsError::Changed)));
    assert!(other.read(&mut [0; 8]).is_err());
    let mut same = known(&place, &stored, 6, b"pay 99").unwrap().unwrap();
    same.check_all().unwrap();
}

#[test]
fn the_digest_of_the_whole_goes_on_from_the_last_block() {
    let place = Place::new();
    for (number, length) in (1..).zip(LENGTHS) {
        let bytes: Vec<u8> = (0..length).map(generated).collect();
        let stored = place.store(number, &bytes);
        let mut reader = known(&place, &stored, length, &bytes).unwrap().unwrap();
        reader.check_all().unwrap();
        let mut whole = reader.sha256().unwrap();
        whole.update(b"tail");
        assert_eq!(whole.finish(), sha256(&[&bytes[..], b"tail"].concat()));
    }
}

#[test]
fn objects_are_read_as_one_when_they_are_together_what_they_have_to_be() {
    let place = Place::new();
    let bytes: Vec<u8> = (0..3_000_000).map(generated).collect();
    let keys = [
        place.store(1, &bytes[..2_500_000]),
        place.store(2, b""),
        place.store(3, &bytes[2_500_000..]),
    ];
    let joined =
        |keys: &[ObjectKey], size, bytes: &[u8]| place.documents.joined(keys, size, &sha256(bytes));
    let chunks = joined(&keys, 3_000_000, &bytes).unwrap().unwrap();
    assert_eq!(chunks.size(), 3_000_000);
    let read: Vec<_> = chunks.map(Result::unwrap).collect();
    assert!(read.concat() == bytes);
    let swapped = [keys[2], keys[1], keys[0]];
    let chunks = joined(&swapped, 3_000_000, &bytes).unwrap().unwrap();
    let mut read = chunks.collect::<Vec<_>>();
    assert!(matches!(read.pop().unwrap(), Err(DocumentsError::Changed)));
    assert!(read.iter().all(Result::is_ok));
    let shorter = joined(&keys[..2], 3_000_000, &bytes);
    assert!(matches!(shorter, Err(DocumentsError::Changed)));
    let missing = joined(&[keys[0], key(9)], 3_000_000, &bytes);
    assert!(missing.unwrap().is_none());
}

#[test]
fn of_an_object_exchanged_while_it_is_read_no_other_byte_is_given() {
    let place = Place::new();
    let length = 40 * BLOCK + 1000;
    let mut bytes: Vec<u8> = (0..length).map(generated).collect();
    let stored = place.store(1, &bytes);
    let opened = known(&place, &stored, length, &bytes);
    let mut reader = opened.unwrap().unwrap();
    let changed = [0, 7 * BLOCK + 5, length - 1];
    for at in changed {
        bytes[usize::try_from(at).unwrap()] ^= 1;
    }
    std::fs::write(place.files().pop().unwrap(), &bytes).unwrap();
    for block in 0..=40 {
        let touched = changed.iter().any(|at| at / BLOCK == block);
        reader.seek(SeekFrom::Start(block * BLOCK)).unwrap();
        let read = reader.read(&mut [0; 16]);
        assert_eq!(read.is_err(), touched, "{block}");
        if let Err(error) = read {
            let cause = error.downcast::<DocumentsError>();
            assert!(matches!(cause, Ok(DocumentsError::Changed)));
        }
    }
}

/// Opens an object that must have this length and be these bytes.
fn known(
    place: &Place,
    key: &ObjectKey,
    size: u64,
    bytes: &[u8],
) -> Result<Option<ObjectReader>, DocumentsError> {
    let mut hasher = BlockHasher::default();
    hasher.update(bytes);
    let (whole, blocks) = hasher.finish();
    let sha256 = &whole.finish();
    let documents = &place.documents;
    documents.open_known(Source { key, size, sha256 }, blocks)
}

/// The reader's blocks.
const BLOCK: u64 = 128 * 1024;
/// Of objects of no block, of one, and of several.
const LENGTHS: [u64; 5] = [0, 1, BLOCK, BLOCK + 1, 9 * BLOCK + 77];

#[derive(Debug, Clone)]
enum Step {
    Seek(SeekFrom),
    Read(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0_u64..6_000_000).prop_map(|to| Step::Seek(SeekFrom::Start(to))),
        (-6_000_000_i64..10).prop_map(|by| Step::Seek(SeekFrom::End(by))),
        (-300_000_i64..300_000).prop_map(|by| Step::Seek(SeekFrom::Current(by))),
        (0_usize..400_000).prop_map(Step::Read),
        (0_usize..64).prop_map(Step::Read),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_reader_behaves_as_the_bytes_in_memory_do(
        length in prop_oneof![0_u64..200, 0_u64..5_000_000],
        steps in proptest::collection::vec(step(), 1..40),
    ) {
        let place = Place::new();
        let bytes: Vec<u8> = (0..length).map(generated).collect();
        let stored = place.store(1, &bytes);
        let mut reader = place.documents.open(&stored).unwrap().unwrap();
        let mut model = io::Cursor::new(bytes);
        for step in steps {
            match step {
                Step::Seek(to) => prop_assert_eq!(reader.seek(to).ok(), model.seek(to).ok()),
                Step::Read(count) => {
                    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
                    let count = u64::try_from(count).unwrap();
                    Read::by_ref(&mut reader).take(count).read_to_end(&mut ours).unwrap();
                    Read::by_ref(&mut model).take(count).read_to_end(&mut theirs).unwrap();
                    prop_assert!(ours == theirs);
                }
            }
        }
    }
}
