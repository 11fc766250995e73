//! What `rubrica demo` signs: the real binary, each kind of key, and files that it has never seen.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rubrica::clock::Ambient;
use serde_json::Value;

use super::judges::{Exhibit, Kind, assert_accepted, said};
use super::pdf;
use crate::harness::project::Project;
use crate::pades::builder::{Builder, Layout, stream};

#[test]
fn all_judges_accept_what_the_demo_signs_with_rsa_3072() {
    assert_all_accepted("RSA", &["--key", "rsa-3072"]);
}

#[test]
fn all_judges_accept_what_the_demo_signs_with_rsa_pss() {
    assert_all_accepted("RSASSA_PSS", &["--key", "rsa-3072", "--padding", "rsa-pss"]);
}

#[test]
fn all_judges_accept_what_the_demo_signs_with_p256() {
    assert_all_accepted("ECDSA", &["--key", "ec-p256"]);
}

/// Three demos of one server, each with a citizen of its own and a request of many documents. DSS must read that kind
/// of signature in them.
fn assert_all_accepted(kind: &str, key: &[&str]) {
    let project = Project::new();
    let (pdfs, mut others) = (pdfs(&project), others(&project));
    let enveloping = [key, &["--packaging", "enveloping"]].concat();
    let both = [pdfs.as_slice(), &others].concat();
    let signed = demo(&project, &enveloping, &both);
    let packagings: Vec<_> = signed.iter().map(|one| one.packaging.as_deref()).collect();
    let expected = [
        vec![None; pdfs.len()],
        vec![Some("enveloping"); others.len()],
    ]
    .concat();
    assert_eq!(packagings, expected);
    for (one, original) in signed.iter().zip(&both) {
        assert_accepted(&one.exhibit(original));
    }
    for (one, original) in [(&signed[0], &pdfs[0]), (&signed[pdfs.len()], &others[0])] {
        assert_eq!(said(&one.exhibit(original))["encryption"], kind);
    }

    // What was signed is a document like any other.
    let again = project.path("again.pdf");
    fs::copy(&signed[0].file, &again).unwrap();
    others.push(signed[pdfs.len()].file.clone());
    others.push(pdfs[0].clone());
    let detached = [key, &["--packaging", "detached", "--format", "cades"]].concat();
    for (one, original) in demo(&project, &detached, &others).iter().zip(&others) {
        assert_eq!(one.packaging.as_deref(), Some("detached"));
        assert_accepted(&one.exhibit(original));
    }
    let twice = demo(&project, key, std::slice::from_ref(&again));
    assert_accepted(&Exhibit {
        signatures: 2,
        ..twice[0].exhibit(&again)
    });
}

/// A file that a demo signed.
struct Signed {
    file: PathBuf,
    packaging: Option<String>,
    anchor: PathBuf,
}

impl Signed {
    fn exhibit(&self, original: &Path) -> Exhibit {
        let kind = match self.packaging.as_deref() {
            None => Kind::Pades,
            Some("enveloping") => Kind::Enveloping(original.to_owned()),
            Some("detached") => Kind::Detached(original.to_owned()),
            Some(other) => panic!("{other}"),
        };
        let now = Ambient::system().now();
        Exhibit::new(self.file.clone(), kind, self.anchor.clone(), now)
    }
}

/// Signs these files as one request, into `DIR`, and gives them in the same order.
fn demo(project: &Project, arguments: &[&str], documents: &[PathBuf]) -> Vec<Signed> {
    let mut command = vec!["demo", "--json", "--out", "DIR"];
    command.extend(arguments);
    for document in documents {
        command.extend(["--document", document.to_str().unwrap()]);
    }
    let ended = project.run(&command);
    assert_eq!(ended.status, 0, "{}{}", ended.out, ended.err);
    let report: Value = serde_json::from_str(&ended.out).unwrap();
    let signed: Vec<_> = report["documents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|document| Signed {
            file: PathBuf::from(document["file"].as_str().unwrap()),
            packaging: document["packaging"].as_str().map(str::to_owned),
            anchor: project.path("DIR/ca.pem"),
        })
        .collect();
    assert_eq!(signed.len(), documents.len());
    signed
}

/// PDFs with every form of cross-references, with a form, and as qpdf writes them.
fn pdfs(project: &Project) -> Vec<PathBuf> {
    let mut paths: Vec<_> = Layout::ALL
        .iter()
        .map(|layout| {
            let (name, header) = match layout {
                Layout::Table => ("Solicitud de año nuevo.pdf".to_owned(), "%PDF-1.4\n"),
                Layout::Flate => ("Flate.PDF".to_owned(), "%PDF-2.0\n"),
                other => (format!("{other:?}.pdf"), "%PDF-1.7\n"),
            };
            let document = Builder::new(*layout).header(header).bytes();
            file(project, &name, &document)
        })
        .collect();
    // Its name does not tell that it is one.
    paths.push(file(project, "Impreso", &form()));
    for (name, option) in [
        ("linearized.pdf", "--linearize"),
        ("compact.pdf", "--object-streams=generate"),
    ] {
        let plain = file(project, "plain.pdf", &pdf::with_table());
        let path = project.path(name);
        let done = Command::new("qpdf")
            .arg(option)
            .args([&plain, &path])
            .status()
            .expect("qpdf is installed by `./SoftHSM-setup.sh --tests`");
        assert!(done.success());
        paths.push(path);
    }
    paths
}

/// A page with a text field that is filled in, and its annotations in an array of their own.
fn form() -> Vec<u8> {
    Builder::new(Layout::Hybrid)
        .object(
            1,
            "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [5 0 R] /DA (/Helv 0 Tf 0 g) >> >>",
        )
        .object(
            3,
            "<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Annots 6 0 R /Resources << /Font << /F1 << /Type \
             /Font /Subtype /Type1 /BaseFont /Times-Roman >> >> >> >>",
        )
        .object(
            5,
            "<< /FT /Tx /T (Name) /V (Ana) /Type /Annot /Subtype /Widget /Rect [9 9 99 29] /P 3 0 R \
             /AP << /N 7 0 R >> >>",
        )
        .object(6, "[5 0 R]")
        .raw(
            7,
            stream("/Type /XObject /Subtype /Form /BBox [0 0 90 20]", b""),
        )
        .bytes()
}

/// Files that are no PDFs: empty, short, longer than any buffer, and with names of every kind.
fn others(project: &Project) -> Vec<PathBuf> {
    let long: Vec<u8> = (0..3_000_001_u32)
        .map(|index| u8::try_from(index.wrapping_mul(2_654_435_761) >> 24).unwrap())
        .collect();
    vec![
        file(project, "datos.xml", "<a>ñ</a>\n".as_bytes()),
        file(project, "carta & ñ's \"copia\".txt", b"one\r\ntwo\r\n"),
        file(project, "vac\u{ed}o", b""),
        file(project, "long.bin", &long),
    ]
}

fn file(project: &Project, name: &str, bytes: &[u8]) -> PathBuf {
    let path = project.path(name);
    fs::write(&path, bytes).unwrap();
    path
}
