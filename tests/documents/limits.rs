//! Under a full disk and with little memory.

use std::io::{Seek, SeekFrom};

use rubrica::documents::Source;

use super::*;
use crate::harness::process::{alone, argument};

const LARGE: u64 = 128 * 1024 * 1024;

/// Runs an ignored test on a folder and expects it to pass.
fn passes(test: &str, folder: &Path, limits: &str) {
    let output = alone(test, folder.to_str().unwrap(), limits)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_full_disk_is_told_and_nothing_half_written_stays() {
    let place = Place::new();
    place.store(1, &sevens());
    // Files may have 512 blocks of 512 bytes and no more: the kernel refuses the write itself.
    passes(
        "documents::limits::meets_a_full_disk",
        place.folder.path(),
        "trap '' XFSZ; ulimit -f 512",
    );
    assert_eq!(place.files().len(), 2);
}

#[test]
#[ignore = "runs under a limit, for `a_full_disk_is_told_and_nothing_half_written_stays`"]
fn meets_a_full_disk() {
    let Some(folder) = argument() else { return };
    let documents = open(Path::new(&folder));
    let refused = documents.put(&key(2), &mut Generated::whole(3_000_000), u64::MAX, &mut []);
    assert!(
        matches!(refused, Err(DocumentsError::Full(_))),
        "{refused:?}"
    );
    assert_eq!(
        refused.unwrap_err().to_string(),
        "there is no room to store documents"
    );
    let original = Source {
        key: &key(1),
        size: u64::try_from(sevens().len()).unwrap(),
        sha256: &sha256(&sevens()),
    };
    let refused = documents.assemble(Some(original), b"<", b">", &key(3));
    assert!(
        matches!(refused, Err(DocumentsError::Full(_))),
        "{refused:?}"
    );
    // The first object and the store's mark.
    assert_eq!(files(Path::new(&folder)).len(), 2);
    documents
        .put(&key(4), &mut &b"small"[..], 10, &mut [])
        .unwrap();
}

#[test]
fn a_large_document_takes_little_memory() {
    let place = Place::new();
    passes(
        "documents::limits::handles_a_large_document",
        place.folder.path(),
        "",
    );
}

#[test]
#[ignore = "measures its own process, for `a_large_document_takes_little_memory`"]
fn handles_a_large_document() {
    let Some(folder) = argument() else { return };
    let documents = open(Path::new(&folder));
    documents
        .put(&key(1), &mut &b"warm"[..], 10, &mut [])
        .unwrap();
    let before = most_memory();
    let mut hashers = [rubrica::domain::algorithm::Hasher::new(
        DigestAlgorithm::Sha256,
    )];
    documents
        .put(&key(1), &mut Generated::whole(LARGE), LARGE, &mut hashers)
        .unwrap();
    let [hasher] = hashers;
    let sha256 = hasher.finish();
    let original = Source {
        key: &key(1),
        size: LARGE,
        sha256: &sha256,
    };
    let assembled = documents
        .assemble(Some(original), b"<", b">", &key(2))
        .unwrap();
    assert_eq!(assembled.size, LARGE + 2);
    let mut reader = documents.open(&key(2)).unwrap().unwrap();
    for position in (0..LARGE)
        .step_by(400_000)
        .chain((0..LARGE).rev().step_by(700_000))
    {
        reader.seek(SeekFrom::Start(position + 1)).unwrap();
        let mut byte = [0];
        reader.read_exact(&mut byte).unwrap();
        assert_eq!(byte, [generated(position)]);
    }
    let grown = most_memory() - before;
    println!("{grown} KiB more at the most");
    assert!(grown < 24 * 1024, "{grown} KiB");
}

/// More than the limit lets into one file.
fn sevens() -> Vec<u8> {
    vec![7; 300_000]
}

/// The most memory this process ever had, in KiB.
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
