//! PDFs that tools choke on: each is signed to the satisfaction of every judge, or refused.
//!
//! The project makes one of each kind itself, so that a checkout alone tries them all. Files of other projects come on
//! top where their folder lies beside the project; they are not part of it.

use std::fs;
use std::path::Path;
use std::process::Command;

use rubrica::ades::pades::Options;
use rubrica::domain::algorithm::{DigestAlgorithm, Padding};

use super::judges::{Blemish, Exhibit, Kind, refusals};
use super::pdf;
use super::samples::Desk;
use super::software;
use crate::harness;
use crate::harness::software_key::SoftwareKey;
use crate::pades::builder::{Builder, Layout};
use crate::pades::signer;

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus");

/// Encrypted files are refused as a class, also those whose owner lets them be signed; see the manual's decisions.
const ENCRYPTED: &str = "edition_protected_signing_allowed_with_field.pdf";

/// Signed before, by so many signers whom nobody here trusts. pyHanko refuses the whole for that, so it is judged by
/// what it says of each signature; the others tell them apart themselves.
const SIGNED_BEFORE: [(&str, usize); 3] = [
    ("doc-firmado-T.pdf", 1),
    ("pdf-with-eof-cr.pdf", 1),
    ("minimal-two-fields-signed-twice.pdf", 2),
];

/// What a judge says of a signed file because it says the same of the file as it came.
const AS_IT_CAME: [(&str, Blemish); 3] = [
    // An indirect object without a value, which is legal: qpdf tells that it takes it for null.
    (
        "CompactedPDFSyntaxTest.pdf",
        Blemish {
            judge: "qpdf",
            words: "empty object treated as null",
        },
    ),
    // An object of generation 1 that was never free at generation 0: pyHanko reads it when it is not strict.
    (
        "pdf-xref-streams.pdf",
        Blemish {
            judge: "pyHanko",
            words: "has an orphaned generation",
        },
    ),
    // Two cross-reference streams with the number of one object: likewise.
    (
        "pdfa2a-rgb.pdf",
        Blemish {
            judge: "pyHanko",
            words: "XRef stream objects must not be clobbered",
        },
    ),
];

/// What must happen to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Sign,
    Refuse,
    /// Either, but never a signed file that a judge refuses.
    SignOrRefuse,
    /// It is an attack on whoever verifies; nothing is said of signing it.
    Nothing,
}

struct Case {
    name: String,
    expected: Expected,
    document: Vec<u8>,
    earlier: usize,
}

fn case(name: &str, expected: Expected, document: Vec<u8>) -> Case {
    Case {
        name: format!("{name}.pdf"),
        expected,
        document,
        earlier: 0,
    }
}

#[test]
fn every_kind_of_pdf_is_signed_to_the_satisfaction_of_all_judges_or_refused() {
    let key = SoftwareKey::p256(7);
    let desk = software::desk(key, Padding::Ecdsa, DigestAlgorithm::Sha256);
    let mut cases = own();
    if Path::new(CORPUS).exists() {
        let others = others();
        let present = |name: &str| others.iter().any(|other| other.name == name);
        assert!(AS_IT_CAME.iter().all(|(name, _)| present(name)));
        assert!(SIGNED_BEFORE.iter().all(|(name, _)| present(name)));
        cases.extend(others);
    }
    let faults: Vec<_> = cases.iter().flat_map(|case| faults(&desk, case)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What is not as it should be.
fn faults(desk: &Desk, case: &Case) -> Vec<String> {
    let Case {
        name,
        expected,
        document,
        ..
    } = case;
    match (desk.try_pdf(name, document), expected) {
        (Err(_), Expected::Refuse | Expected::SignOrRefuse) | (_, Expected::Nothing) => Vec::new(),
        (Err(error), Expected::Sign) => vec![format!("{name} is refused: {error}")],
        (Ok(_), Expected::Refuse) => vec![format!("{name} is signed")],
        (Ok(exhibit), Expected::Sign | Expected::SignOrRefuse) => judged(
            desk,
            case,
            Exhibit {
                earlier: case.earlier,
                ..exhibit
            },
        ),
    }
}

fn judged(desk: &Desk, case: &Case, exhibit: Exhibit) -> Vec<String> {
    let name = &case.name;
    let signed = fs::read(&exhibit.file).unwrap();
    assert!(signed.starts_with(&case.document), "{name}");
    let told = |refusals: Vec<(&str, String)>| {
        let told = refusals.into_iter();
        told.map(|(judge, why)| format!("{name}: {judge}: {why}"))
            .collect::<Vec<_>>()
    };
    let known = AS_IT_CAME.iter().find(|(file, _)| file == name);
    let Some((_, blemish)) = known else {
        return told(refusals(&exhibit));
    };
    let original = desk.exhibit(desk.write("original.pdf", &case.document), Kind::Pades);
    let says = |exhibit: &Exhibit| {
        let mut refusals = refusals(exhibit).into_iter();
        refusals.any(|(judge, why)| judge == blemish.judge && why.contains(blemish.words))
    };
    if !says(&original) || !says(&exhibit) {
        return vec![format!(
            "{name}: {blemish:?} is not said of both forms of it"
        )];
    }
    told(refusals(&Exhibit {
        blemish: Some(*blemish),
        ..exhibit
    }))
}

/// The files of other projects, by their manifest.
fn others() -> Vec<Case> {
    let corpus = Path::new(CORPUS);
    let manifest = fs::read_to_string(corpus.join("manifest.tsv")).unwrap();
    let read = |line: &str| {
        let mut columns = line.split('\t');
        let (name, expected) = (columns.next().unwrap(), columns.next().unwrap());
        let before = SIGNED_BEFORE.iter().find(|(file, _)| *file == name);
        Case {
            name: name.to_owned(),
            expected: match expected {
                _ if name == ENCRYPTED => Expected::Refuse,
                "sign" => Expected::Sign,
                "refuse" => Expected::Refuse,
                "sign-or-refuse" => Expected::SignOrRefuse,
                "verify-fails" => Expected::Nothing,
                other => panic!("{other}"),
            },
            document: fs::read(corpus.join(name)).unwrap(),
            earlier: before.map_or(0, |(_, signers)| *signers),
        }
    };
    manifest.lines().skip(1).map(read).collect()
}

/// One of each kind.
fn own() -> Vec<Case> {
    use Expected::{Refuse, Sign, SignOrRefuse};
    let plain = || Builder::new(Layout::Table);
    let catalog = |more: &str| format!("<< /Type /Catalog /Pages 2 0 R {more} >>");
    let page = |more: &str| {
        format!("<< /Type /Page /Parent 2 0 R /Resources << >> /Contents 4 0 R {more} >>")
    };
    let field = "<< /FT /Sig /T (here) /Type /Annot /Subtype /Widget /Rect [0 0 0 0] /P 3 0 R >>";
    let text = "<< /FT /Tx /T (name) /Type /Annot /Subtype /Widget /Rect [0 0 9 9] /P 3 0 R >>";
    let form = |layout, field: &str| {
        Builder::new(layout)
            .object(
                1,
                &catalog("/AcroForm << /Fields [5 0 R] /DA (/Helv 0 Tf 0 g) >>"),
            )
            .object(3, &page("/Annots 6 0 R"))
            .object(5, field)
            .object(6, "[5 0 R]")
            .bytes()
    };
    let mut cases: Vec<_> = Layout::ALL
        .iter()
        .map(|layout| case(&format!("{layout:?}"), Sign, Builder::new(*layout).bytes()))
        .collect();
    cases.extend([
        case("linearized", Sign, by_qpdf(&["--linearize"])),
        case(
            "linearized with object streams",
            Sign,
            by_qpdf(&["--linearize", "--object-streams=generate"]),
        ),
        case(
            "of PDF 2.0",
            Sign,
            Builder::new(Layout::Flate).header("%PDF-2.0\n").bytes(),
        ),
        case(
            "space after the end",
            Sign,
            plain().end(b"%%EOF  \n \n").bytes(),
        ),
        case("CR after the end", Sign, plain().end(b"%%EOF\r").bytes()),
        case("an empty signature field", Sign, form(Layout::Table, field)),
        case("a text field", Sign, form(Layout::ObjectStreams, text)),
        case(
            "tagged",
            Sign,
            plain()
                .object(
                    1,
                    &catalog("/MarkInfo << /Marked true >> /StructTreeRoot 5 0 R"),
                )
                .object(5, "<< /Type /StructTreeRoot >>")
                .bytes(),
        ),
        case(
            "no MediaBox",
            SignOrRefuse,
            plain()
                .object(2, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
                .bytes(),
        ),
        case("an empty file", Refuse, Vec::new()),
        case("half a file", Refuse, pdf::with_table()[..400].to_vec()),
        case(
            "a loop of pages",
            Refuse,
            plain()
                .object(2, "<< /Type /Pages /Kids [2 0 R] /Count 1 >>")
                .bytes(),
        ),
        case("a cross-reference elsewhere", Refuse, elsewhere()),
        case("encrypted", Refuse, harness::pdf::encrypted()),
        case("certified", Refuse, harness::pdf::locked()),
        case("built by its reader", Refuse, harness::pdf::unrendered()),
    ]);
    for layout in [Layout::Table, Layout::ObjectStreams] {
        let mut document = Builder::new(layout).bytes();
        for earlier in 1..=2 {
            document = signer::sign(&document, Options::default()).unwrap();
            cases.push(Case {
                name: format!("{layout:?} signed before {earlier}.pdf"),
                expected: Sign,
                document: document.clone(),
                earlier,
            });
        }
    }
    cases
}

/// Its table of cross-references points beside every object.
fn elsewhere() -> Vec<u8> {
    let text = String::from_utf8(Builder::new(Layout::Table).header("%PDF-1.7\n").bytes()).unwrap();
    text.replace("%PDF-1.7\n", "%PDF-1.7\n%%%%%%%%%%\n")
        .into_bytes()
}

/// As qpdf writes it.
fn by_qpdf(choices: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("in.pdf"), pdf::with_table()).unwrap();
    let done = Command::new("qpdf")
        .current_dir(folder.path())
        .args(choices)
        .args(["in.pdf", "out.pdf"])
        .status()
        .expect("qpdf is installed by `./SoftHSM-setup.sh --tests`");
    assert!(done.success());
    fs::read(folder.path().join("out.pdf")).unwrap()
}
