//! Files that a reader would have to repair are refused, each with its own reason.

use std::io::Cursor;
use std::process::Command;

use rubrica::ades::AdesError;
use rubrica::ades::pades::{self, Options};
use rubrica::ades::pdf::{self, Fault, Forbidden, NotPdf, PdfError, Unsupported};

use super::builder::{Builder, Layout, stream};
use super::judge::between;
use super::signer::{scheme, sign};

/// The reason, which must be the same when the file arrives and when it is signed.
fn refusal(document: &[u8]) -> PdfError {
    let at_signing = match sign(document, Options::default()) {
        Err(AdesError::Pdf(error)) => error,
        Ok(_) => panic!("signed"),
        Err(other) => panic!("{other}"),
    };
    let at_arrival = pades::check(&mut Cursor::new(document), &Options::default(), scheme());
    assert_eq!(at_arrival.unwrap_err().to_string(), at_signing.to_string());
    at_signing
}

fn fault(document: &[u8]) -> Fault {
    match refusal(document) {
        PdfError::Damaged { fault, .. } => fault,
        other => panic!("{other}"),
    }
}

/// Replaces the first of several bytes; offsets stay.
fn replaced(document: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = document
        .windows(from.len())
        .position(|here| here == from.as_bytes())
        .unwrap();
    let mut document = document.to_vec();
    document[at..at + to.len()].copy_from_slice(to.as_bytes());
    document
}

#[test]
fn what_is_no_pdf_is_told_from_what_is_damaged() {
    assert!(matches!(refusal(b""), PdfError::NotPdf(NotPdf::Empty)));
    assert!(matches!(
        refusal(b"PK\x03\x04 a zip"),
        PdfError::NotPdf(NotPdf::NoHeader)
    ));
    let whole = Builder::new(Layout::Table).bytes();
    assert_eq!(
        fault(&[b"\xef\xbb\xbf", whole.as_slice()].concat()),
        Fault::BytesBeforeHeader(3)
    );
    assert_eq!(fault(b"%PDF-x\n"), Fault::Version);
    assert_eq!(fault(b"%PDF-1.7\n"), Fault::NoEnd);
}

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    for layout in Layout::ALL {
        let whole = Builder::new(layout)
            .revision(layout)
            .object(9, "<< /A 1 >>")
            .bytes();
        // A last line end may be missing.
        for length in 0..whole.len() - 1 {
            assert!(
                sign(&whole[..length], Options::default()).is_err() || ends_whole(&whole[..length])
            );
        }
    }
}

/// Whether the cut left the first revision whole, followed by less than a reader's worth of rest.
fn ends_whole(cut: &[u8]) -> bool {
    let text = String::from_utf8_lossy(cut);
    text.contains("%%EOF") && !text.split_once("%%EOF").unwrap().1.contains("startxref")
}

#[test]
fn a_wrong_startxref_is_refused() {
    for layout in Layout::ALL {
        let whole = Builder::new(layout).bytes();
        let text = String::from_utf8_lossy(&whole).into_owned();
        let number = between(&text, "startxref\n", "\n").to_owned();
        let place: usize = number.parse().unwrap();
        for wrong in [place - 1, place + 1, place / 2, 0] {
            let document = replaced(
                &whole,
                &format!("startxref\n{number}"),
                &format!("startxref\n{wrong:0w$}", w = number.len()),
            );
            assert_eq!(fault(&document), Fault::NoXref, "{layout:?} {wrong}");
        }
        let beyond = format!("startxref\n{}", "9".repeat(number.len()));
        let document = replaced(&whole, &format!("startxref\n{number}"), &beyond);
        assert_eq!(fault(&document), Fault::BeyondEnd);
    }
}

#[test]
fn a_table_not_written_as_prescribed_is_refused() {
    let whole = Builder::new(Layout::Table).bytes();
    let text = String::from_utf8_lossy(&whole).into_owned();
    let entry = text
        .lines()
        .find(|line| line.ends_with("00000 n "))
        .unwrap();
    let blank = entry.replacen("00000000", "        ", 1);
    for (from, to) in [
        (entry, blank.as_str()),
        ("xref\n0 5\n", "xref\n1 5\n"),
        ("trailer", "trialer"),
    ] {
        let document = replaced(&whole, from, to);
        assert!(
            matches!(refusal(&document), PdfError::Damaged { .. }),
            "{to}"
        );
    }
    let short = [entry, "\n"].concat();
    let bytes = whole
        .windows(short.len())
        .position(|here| here == short.as_bytes())
        .unwrap();
    let mut document = whole.clone();
    document.remove(bytes + short.len() - 2);
    assert!(matches!(
        fault(&document),
        Fault::Entry(_) | Fault::NoTrailer | Fault::Subsection
    ));
    let other = replaced(&whole, entry, &entry.replace("00000 n", "00001 n"));
    assert!(matches!(
        fault(&other),
        Fault::WrongPlace(_) | Fault::NoCatalog
    ));
}

#[test]
fn an_object_that_is_not_where_it_should_be_is_refused_even_when_signing_needs_it_not() {
    for layout in [Layout::Table, Layout::Stream] {
        let document = Builder::new(layout).object(5, "<< /Font true >>").bytes();
        let document = replaced(&document, "\n5 0 obj", "\n6 0 obj");
        assert!(matches!(fault(&document), Fault::WrongPlace(reference) if reference.number == 5));
    }
}

#[test]
fn loops_of_every_kind_end_with_their_reason() {
    let base = || Builder::new(Layout::Table);
    let page_loop = base()
        .object(2, "<< /Type /Pages /Kids [3 0 R 5 0 R] /Count 2 >>")
        .object(5, "<< /Type /Pages /Parent 2 0 R /Kids [5 0 R] /Count 1 >>");
    assert!(matches!(fault(&page_loop.bytes()), Fault::PageLoop(_)));
    let root_loop = base().object(2, "<< /Type /Pages /Kids [2 0 R] /Count 1 >>");
    assert!(matches!(fault(&root_loop.bytes()), Fault::PageLoop(_)));
    let field_loop = base()
        .object(
            1,
            "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [5 0 R] >> >>",
        )
        .object(5, "<< /T (a) /Kids [6 0 R] >>")
        .object(6, "<< /T (b) /Parent 5 0 R /Kids [5 0 R] >>");
    assert!(matches!(fault(&field_loop.bytes()), Fault::FieldLoop(_)));
    let reference_loop = base()
        .object(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 5 0 R >>")
        .object(5, "6 0 R")
        .object(6, "5 0 R");
    assert!(matches!(
        fault(&reference_loop.bytes()),
        Fault::ReferenceLoop(_)
    ));

    let once = base().bytes();
    let text = String::from_utf8_lossy(&once).into_owned();
    let place = between(&text, "startxref\n", "\n").to_owned();
    let ring = base().trailer(&format!("/Prev {place}")).bytes();
    let moved = String::from_utf8_lossy(&ring).into_owned();
    assert_eq!(between(&moved, "startxref\n", "\n"), place);
    assert_eq!(fault(&ring), Fault::XrefLoop);
}

#[test]
fn an_object_stream_that_holds_something_else_is_refused() {
    let document = Builder::new(Layout::ObjectStreams).bytes();
    let short = replaced(&document, "/N 2", "/N 1");
    assert!(matches!(fault(&short), Fault::NotInStream { .. }));
    let long = replaced(&document, "/N 2", "/N 9");
    assert_eq!(fault(&long), Fault::Key("N"));
    let other = replaced(&document, "/ObjStm", "/ObjSty");
    assert!(matches!(fault(&other), Fault::NotObjectStream(_)));
    let garbled = replaced(&document, "FlateDecode", "LZWDecode\x20\x20");
    assert!(matches!(
        refusal(&garbled),
        PdfError::Unsupported(Unsupported::Filter(name)) if name == "LZWDecode"
    ));
}

#[test]
fn a_length_that_does_not_fit_is_refused() {
    let document = Builder::new(Layout::Stream).bytes();
    let text = String::from_utf8_lossy(&document).into_owned();
    let (_, dictionary) = text.rsplit_once("/Length ").unwrap();
    let length = dictionary.split(' ').next().unwrap();
    let wrong: usize = length.parse::<usize>().unwrap() - 1;
    let at = text.rfind("/Length ").unwrap();
    assert!(at > 0);
    let from = format!("/Length {length} >>\nstream\n\0");
    let to = format!("/Length {wrong:0w$} >>\nstream\n\0", w = length.len());
    assert_eq!(fault(&replaced(&document, &from, &to)), Fault::StreamLength);
}

#[test]
fn a_document_without_catalog_pages_or_page_is_refused() {
    let base = || Builder::new(Layout::Table);
    assert_eq!(fault(&base().object(1, "[]").bytes()), Fault::NoCatalog);
    assert_eq!(
        fault(&base().object(1, "<< >>").bytes()),
        Fault::PageTree("Pages")
    );
    assert_eq!(
        fault(
            &base()
                .object(2, "<< /Type /Pages /Kids [] /Count 0 >>")
                .bytes()
        ),
        Fault::NoPage
    );
    assert_eq!(
        fault(&base().object(2, "<< /Type /Pages /Kids 7 >>").bytes()),
        Fault::PageTree("Kids")
    );
    assert_eq!(
        fault(
            &base()
                .object(2, "<< /Type /Pages /Kids [77 0 R] >>")
                .bytes()
        ),
        Fault::PageTree("Kids")
    );
}

#[test]
fn values_that_readers_take_differently_are_refused() {
    let twice = "<< /Type /Catalog /Pages 2 0 R /Pages 5 0 R >>";
    let document = Builder::new(Layout::Table).object(1, twice).bytes();
    assert_eq!(fault(&document), Fault::DuplicateKey("Pages".to_owned()));
    let unclosed = replaced(
        &Builder::new(Layout::Table).bytes(),
        "endobj\n2 0 obj",
        "endobx\n2 0 obj",
    );
    assert!(matches!(fault(&unclosed), Fault::NotClosed(reference) if reference.number == 1));
}

#[test]
fn a_dynamic_form_is_refused() {
    let catalog = "<< /Type /Catalog /Pages 2 0 R /NeedsRendering true >>";
    let document = Builder::new(Layout::Table).object(1, catalog).bytes();
    assert!(matches!(
        refusal(&document),
        PdfError::Unsupported(Unsupported::DynamicXfa)
    ));
}

#[test]
fn encrypted_documents_are_refused_and_the_person_told_why() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("a.pdf"), folder.path().join("b.pdf"));
    std::fs::write(&from, Builder::new(Layout::Table).bytes()).unwrap();
    let encrypted = |user: &str, bits: &str, more: &[&str]| {
        let output = Command::new("qpdf")
            .args(["--allow-weak-crypto", "--encrypt", user, "owner", bits])
            .args(more)
            .arg("--")
            .args([&from, &to])
            .output()
            .expect("qpdf is installed by `./SoftHSM-setup.sh --tests`");
        assert!(output.status.success(), "{output:?}");
        refusal(&std::fs::read(&to).unwrap())
    };
    let modify_none: &[&str] = &["--modify=none"];
    for (bits, more, forbid) in [
        ("40", &[][..], &["--modify=n", "--annotate=n"][..]),
        ("128", &["--use-aes=n"], modify_none),
        ("128", &["--use-aes=y"], modify_none),
        ("256", &["--force-R5"], modify_none),
        ("256", &[], modify_none),
        ("128", &["--cleartext-metadata", "--use-aes=y"], modify_none),
    ] {
        assert!(
            matches!(encrypted("", bits, more), PdfError::Encrypted),
            "{bits} {more:?}"
        );
        assert!(
            matches!(encrypted("secret", bits, more), PdfError::PasswordNeeded),
            "{bits} {more:?}"
        );
        let both = [more, forbid].concat();
        assert!(
            matches!(
                encrypted("", bits, &both),
                PdfError::SigningForbidden(Forbidden::Permissions)
            ),
            "{bits} {both:?}"
        );
    }
}

#[test]
fn reasons_read_well() {
    let reason = |document: &[u8]| refusal(document).to_string();
    insta::assert_snapshot!(
        [
            reason(b"<html>"),
            reason(b"%PDF-1.7\n1 0 obj"),
            reason(&Builder::new(Layout::Table).object(1, "<< >>").bytes()),
            reason(&replaced(
                &Builder::new(Layout::Table).bytes(),
                "<< /Type /Catalog",
                "<( /Type /Catalog"
            )),
            reason(
                &Builder::new(Layout::Table)
                    .object(3, &"[".repeat(300))
                    .bytes()
            ),
        ]
        .join("\n")
    );
    assert!(pdf::inspect(&mut Cursor::new(stream("", b""))).is_err());
}
