//! Judges of signed PDFs: the bytes themselves, `qpdf` and poppler's `pdfsig`.

use std::io::Cursor;
use std::process::Command;

use rubrica::ades::pdf::{self, Inspection};
use rubrica::domain::algorithm::{Digest, DigestAlgorithm};

/// Checks a file signed just now over `original`, by all judges; gives what the reader finds in it.
pub(super) fn judge(original: &[u8], signed: &[u8]) -> Inspection {
    assert!(signed.starts_with(original), "the original is not a prefix");
    let before = pdf::inspect(&mut Cursor::new(original)).unwrap();
    let after = pdf::inspect(&mut Cursor::new(signed)).unwrap();
    assert_eq!(after.signatures.len(), before.signatures.len() + 1);
    assert_eq!(after.xref_form, before.xref_form);
    assert_eq!(after.sections, before.sections + 1);
    covers_all_but_its_digits(original.len(), signed);

    let file = tempfile::Builder::new().suffix(".pdf").tempfile().unwrap();
    std::fs::write(file.path(), signed).unwrap();
    let path = file.path().to_str().unwrap();
    let (checked, said) = run("qpdf", &["--check", path]);
    assert!(
        checked && said.contains("No syntax or stream encoding errors"),
        "qpdf: {said}"
    );
    let (_, said) = run("pdfsig", &[path]);
    let valid = said.matches("Signature is Valid").count();
    assert_eq!(valid, after.signatures.len(), "pdfsig: {said}");
    assert!(said.contains("Total document signed"), "pdfsig: {said}");
    after
}

/// Runs a tool; whether it succeeded and everything it said.
pub(super) fn run(tool: &str, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(tool)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| {
            panic!("{tool}, installed by `./SoftHSM-setup.sh --tests`, does not run: {error}")
        });
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    (output.status.success(), said)
}

/// The byte range leaves out nothing but `<…>`, and the CMS holds the digest of the rest.
fn covers_all_but_its_digits(original: usize, signed: &[u8]) {
    let suffix = &signed[original..];
    let text = String::from_utf8_lossy(suffix);
    let numbers = between(&text, "/ByteRange [", "]");
    let numbers: Vec<usize> = numbers
        .split_whitespace()
        .map(|n| n.parse().unwrap())
        .collect();
    let [0, first, second, rest] = numbers[..] else {
        panic!("{numbers:?}");
    };
    assert_eq!(signed[first], b'<');
    assert_eq!(signed[second - 1], b'>');
    assert_eq!(second + rest, signed.len());
    let digits = &signed[first + 1..second - 1];
    let cms = hex::decode(digits).unwrap();
    let covered = [&signed[..first], &signed[second..]].concat();
    let digest = Digest::of(DigestAlgorithm::Sha256, &covered);
    assert!(
        cms.windows(32).any(|window| window == digest.bytes()),
        "the CMS is over something else"
    );
}

/// The text between two marks.
pub(super) fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    let (_, rest) = text
        .split_once(start)
        .unwrap_or_else(|| panic!("no {start}"));
    rest.split_once(end).unwrap_or_else(|| panic!("no {end}")).0
}
