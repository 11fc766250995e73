//! PDFs of other projects that tools choke on, when their folder lies beside the project.

use std::fs;
use std::path::Path;

use rubrica::ades::pades::Options;

use super::signer::sign;

/// Beside the project; not part of it.
const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus");
/// Encrypted files are refused as a class for now, also those whose owner lets them be signed.
const REFUSED_FOR_NOW: &str = "edition_protected_signing_allowed_with_field.pdf";

#[test]
fn every_corpus_file_is_signed_or_refused_as_its_manifest_says() {
    let corpus = Path::new(CORPUS);
    let Ok(manifest) = fs::read_to_string(corpus.join("manifest.tsv")) else {
        println!("the corpus is not there; nothing was tried");
        return;
    };
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pades");
    fs::create_dir_all(&kept).unwrap();
    let mut faults = Vec::new();
    for line in manifest.lines().skip(1) {
        let mut columns = line.split('\t');
        let (name, expected) = (columns.next().unwrap(), columns.next().unwrap());
        let expected = if name == REFUSED_FOR_NOW {
            "refuse"
        } else {
            expected
        };
        let document = fs::read(corpus.join(name)).unwrap();
        let outcome = sign(&document, Options::default());
        let text = match &outcome {
            Ok(signed) => {
                assert!(signed.starts_with(&document), "{name}");
                fs::write(kept.join(name), signed).unwrap();
                "signed".to_owned()
            }
            Err(error) => error.to_string(),
        };
        println!("{name:50} {expected:15} {text}");
        let fits = match expected {
            "sign" => outcome.is_ok(),
            "refuse" => outcome.is_err(),
            _ => true,
        };
        if !fits {
            faults.push(format!("{name} should {expected}: {text}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
