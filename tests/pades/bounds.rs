//! Small files that would cost much are refused soon, and long files cost little.

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::time::{Duration, Instant};

use rubrica::ades::AdesError;
use rubrica::ades::pades::Options;
use rubrica::ades::pdf::{Fault, Limit, PdfError, Unsupported, inspect};
use rubrica::domain::algorithm::Hasher;

use super::builder::{Builder, Layout, deflate, stream};
use super::judge::between;
use super::signer::{assemble, prepare, scheme, sign};

/// Generous for a slow machine without optimisation; unbounded work would take minutes.
const SOON: Duration = Duration::from_secs(20);

fn limit(document: &[u8]) -> Limit {
    let start = Instant::now();
    let error = inspect(&mut Cursor::new(document)).unwrap_err();
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    match error {
        PdfError::TooComplex { limit } => limit,
        other => panic!("{other}"),
    }
}

#[test]
fn a_decompression_bomb_is_refused() {
    let bomb = deflate(&vec![b' '; 64 << 20]);
    let dictionary = "/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode";
    let document = in_object_stream(&stream(dictionary, &bomb), "null");
    assert!(document.len() < 200_000);
    assert_eq!(limit(&document), Limit::ObjectStream);
}

#[test]
fn a_length_may_stand_elsewhere_but_not_inside_the_stream_itself() {
    let (catalog, pages) = (
        "<< /Type /Catalog /Pages 5 0 R >> ",
        "<< /Type /Pages /Kids [6 0 R] /Count 1 >> ",
    );
    let page = "<< /Type /Page /Parent 5 0 R >>";
    let head = format!("1 0 5 {} 6 {} ", catalog.len(), catalog.len() + pages.len());
    let data = [head.as_str(), catalog, pages, page].concat();
    let with_length = |length: &str| {
        let keys = format!("/Type /ObjStm /N 3 /First {}", head.len());
        let body = format!("<< {keys} /Length {length} >>\nstream\n{data}\nendstream");
        in_object_stream(body.as_bytes(), &data.len().to_string())
    };
    assert!(sign(&with_length("4 0 R"), Options::default()).is_ok());
    for inside in ["1 0 R", "2 0 R"] {
        assert!(matches!(
            inspect(&mut Cursor::new(with_length(inside))),
            Err(PdfError::Damaged {
                fault: Fault::Key("Length"),
                ..
            })
        ));
    }
}

/// A file whose object 2 is an object stream with objects 1, the catalog, 5 and 6; object 4 is whatever is given.
fn in_object_stream(object_stream: &[u8], fourth: &str) -> Vec<u8> {
    let offset = |at: usize| u32::try_from(at).unwrap().to_be_bytes();
    let mut out = b"%PDF-1.7\n".to_vec();
    let second = out.len();
    out.extend([b"2 0 obj\n", object_stream, b"\nendobj\n"].concat());
    let at_fourth = out.len();
    out.extend(format!("4 0 obj\n{fourth}\nendobj\n").bytes());
    let xref = out.len();
    let row = |kind: u8, at: usize, index: u8| [&[kind], &offset(at)[..], &[index]].concat();
    let rows = [
        row(2, 2, 0),
        row(1, second, 0),
        row(1, xref, 0),
        row(1, at_fourth, 0),
        row(2, 2, 1),
        row(2, 2, 2),
    ];
    let keys = "/Type /XRef /W [1 4 1] /Index [1 6] /Size 7 /Root 1 0 R";
    out.extend(
        [
            &b"3 0 obj\n"[..],
            &stream(keys, &rows.concat()),
            b"\nendobj\n",
        ]
        .concat(),
    );
    out.extend(format!("startxref\n{xref}\n%%EOF\n").bytes());
    out
}

#[test]
fn nesting_and_numbers_of_values_are_bounded() {
    let with_catalog = |body: &str| Builder::new(Layout::Table).object(1, body).bytes();
    assert_eq!(limit(&with_catalog(&"[".repeat(1 << 20))), Limit::Nesting);
    assert_eq!(
        limit(&with_catalog(&"<</A".repeat(1 << 20))),
        Limit::Nesting
    );
    assert_eq!(
        limit(&with_catalog(&format!("[{}]", "0 ".repeat(400_000)))),
        Limit::Values
    );
    let long = format!("({})", "x".repeat(5 << 20));
    assert_eq!(limit(&with_catalog(&long)), Limit::ObjectBytes);
}

#[test]
fn tables_of_absurd_size_are_refused() {
    let whole = Builder::new(Layout::Table).bytes();
    let text: Vec<u8> = String::from_utf8_lossy(&whole)
        .replace("xref\n0 5\n", "xref\n0 4294967295\n")
        .into_bytes();
    assert!(inspect(&mut Cursor::new(&text)).is_err());
    let size = Builder::new(Layout::Stream)
        .trailer("/Index [0 4000000000]")
        .bytes();
    assert!(inspect(&mut Cursor::new(&size)).is_err());
    assert_eq!(limit(&sections(5_000)), Limit::Sections);
}

/// A file saved so many times.
fn sections(count: usize) -> Vec<u8> {
    let mut builder = Builder::new(Layout::Table);
    for _ in 0..count {
        builder = builder.revision(Layout::Table).object(5, "<< >>");
    }
    builder.bytes()
}

#[test]
fn a_document_saved_a_thousand_times_is_signed() {
    assert!(sign(&sections(1_000), Options::default()).is_ok());
}

#[test]
fn deep_trees_are_refused() {
    let mut pages = Builder::new(Layout::Table);
    let mut fields = Builder::new(Layout::Table).object(
        1,
        "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [10 0 R] >> >>",
    );
    for number in 10..200 {
        let next = number + 1;
        pages = pages.object(
            number,
            &format!("<< /Type /Pages /Kids [{next} 0 R] /Count 1 >>"),
        );
        fields = fields.object(number, &format!("<< /T (f) /Kids [{next} 0 R] >>"));
    }
    let pages = pages.object(2, "<< /Type /Pages /Kids [10 0 R] /Count 1 >>");
    assert_eq!(limit(&pages.bytes()), Limit::TreeDepth);
    assert_eq!(limit(&fields.bytes()), Limit::TreeDepth);
}

#[test]
fn a_form_that_never_ends_is_refused() {
    let kids = "5 0 R ".repeat(60_000);
    let document = Builder::new(Layout::Table)
        .object(
            1,
            &format!("<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [{kids}] >> >>"),
        )
        .object(5, "<< /FT /Tx /T (x) >>")
        .bytes();
    assert_eq!(limit(&document), Limit::Fields);
}

/// A document with a hole in the middle, which reads as spaces, and a count of what was read.
struct Sparse {
    head: Vec<u8>,
    hole: u64,
    tail: Vec<u8>,
    position: u64,
    read: u64,
}

impl Sparse {
    /// One page before the hole, and behind it a revision that leads back.
    fn new(layout: Layout, hole: u64) -> Self {
        let head = Builder::new(layout).bytes();
        let text = String::from_utf8_lossy(&head).into_owned();
        let prev = between(&text, "startxref\n", "\n");
        let base = u64::try_from(head.len()).unwrap() + hole;
        let mut tail = b"5 0 obj\n<< /Far true >>\nendobj\n".to_vec();
        let at = base + u64::try_from(tail.len()).unwrap();
        if layout == Layout::Table {
            tail.extend(format!("xref\n5 1\n{base:010} 00000 n \n").bytes());
            tail.extend(format!("trailer\n<< /Root 1 0 R /Size 6 /Prev {prev} >>\n").bytes());
        } else {
            let row = |offset: u64| [&[1], &offset.to_be_bytes()[..], &[0]].concat();
            let rows = [row(base), row(at)].concat();
            let keys = format!("/Index [5 2] /Size 7 /Root 1 0 R /Prev {prev}");
            tail.extend_from_slice(b"6 0 obj\n");
            tail.extend(stream(&format!("/Type /XRef /W [1 8 1] {keys}"), &rows));
            tail.extend_from_slice(b"\nendobj\n");
        }
        tail.extend(format!("startxref\n{at}\n%%EOF\n").bytes());
        Self {
            head,
            hole,
            tail,
            position: 0,
            read: 0,
        }
    }

    fn len(&self) -> u64 {
        u64::try_from(self.head.len() + self.tail.len()).unwrap() + self.hole
    }
}

impl Read for Sparse {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (head, hole) = (u64::try_from(self.head.len()).unwrap(), self.hole);
        let mut count = 0;
        for byte in buffer {
            *byte = match self.position {
                at if at < head => self.head[usize::try_from(at).unwrap()],
                at if at < head + hole => b' ',
                at => match self.tail.get(usize::try_from(at - head - hole).unwrap()) {
                    Some(byte) => *byte,
                    None => break,
                },
            };
            self.position += 1;
            count += 1;
        }
        self.read += u64::try_from(count).unwrap();
        Ok(count)
    }
}

impl Seek for Sparse {
    fn seek(&mut self, from: SeekFrom) -> io::Result<u64> {
        self.position = match from {
            SeekFrom::Start(at) => at,
            SeekFrom::End(by) => self.len().checked_add_signed(by).unwrap(),
            SeekFrom::Current(by) => self.position.checked_add_signed(by).unwrap(),
        };
        Ok(self.position)
    }
}

/// A digest computation that claims to have taken in so many bytes.
fn hasher_at(length: u64) -> Hasher {
    let fresh = Hasher::new(scheme().digest).midstate();
    let position = (length - length % 64).to_be_bytes();
    Hasher::resume(scheme().digest, &[&position, &fresh[8..]].concat()).unwrap()
}

#[test]
fn five_gigabytes_cost_no_more_than_five_kilobytes() {
    for (layout, hole) in [
        (Layout::Table, 5 << 30),
        (Layout::Stream, 5 << 30),
        (Layout::Stream, 20 << 30),
    ] {
        let mut source = Sparse::new(layout, hole);
        let len = source.len();
        let prepared = prepare(&mut source, hasher_at(len), Options::default()).unwrap();
        assert!(source.read < 1 << 20, "{} bytes read", source.read);
        let suffix = assemble(prepared).unwrap().suffix;
        let text = String::from_utf8_lossy(&suffix).into_owned();
        let startxref: u64 = between(&text, "startxref\n", "\n").parse().unwrap();
        assert!(startxref > len);
        // The signed file reads back, with its offsets beyond 32 bits.
        source.tail.extend_from_slice(&suffix);
        let inspection = inspect(&mut source).unwrap();
        assert_eq!(inspection.signatures.len(), 1);
    }
}

#[test]
fn a_table_cannot_point_beyond_ten_digits() {
    // The newest revision itself still fits; what is appended would not.
    let mut source = Sparse::new(Layout::Table, 9_999_999_000);
    let len = source.len();
    assert!(len < 10_000_000_000);
    let error = prepare(&mut source, hasher_at(len), Options::default()).unwrap_err();
    assert!(matches!(
        error,
        AdesError::Pdf(PdfError::Unsupported(Unsupported::TableOffset))
    ));
}

#[test]
fn a_digest_of_another_document_is_refused() {
    let document = Builder::new(Layout::Table).bytes();
    let mut other = Hasher::new(scheme().digest);
    other.update(&document);
    other.update(b"more");
    let error = prepare(&mut Cursor::new(&document), other, Options::default()).unwrap_err();
    assert!(matches!(error, AdesError::OriginalLength { .. }));
}

#[test]
fn a_digest_that_stopped_at_a_block_is_completed() {
    let mut document = Builder::new(Layout::Flate).bytes();
    let missing = 100 - document.len() % 64;
    document.extend(std::iter::repeat_n(b' ', missing));
    let mut whole = Hasher::new(scheme().digest);
    whole.update(&document);
    let resumed = Hasher::resume(scheme().digest, &whole.midstate()).unwrap();
    assert!(resumed.length() < whole.length());
    let from_whole = prepare(&mut Cursor::new(&document), whole, Options::default()).unwrap();
    let from_resumed = prepare(&mut Cursor::new(&document), resumed, Options::default()).unwrap();
    assert_eq!(from_whole.dtbs_r(), from_resumed.dtbs_r());
}
