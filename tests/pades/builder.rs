//! Writes PDFs of every kind of structure, right or wrong, byte by byte.

use std::collections::BTreeMap;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// How a revision's cross-reference section is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// A table in text.
    Table,
    /// An uncompressed stream.
    Stream,
    /// A Flate stream.
    Flate,
    /// A Flate stream with PNG rows.
    Predicted,
    /// Objects in two object streams, the second extending the first, and a Flate stream.
    ObjectStreams,
    /// A table for old readers and a stream for the objects they need not see.
    Hybrid,
}

impl Layout {
    pub(crate) const ALL: [Self; 6] = [
        Self::Table,
        Self::Stream,
        Self::Flate,
        Self::Predicted,
        Self::ObjectStreams,
        Self::Hybrid,
    ];
}

const ID: &str = "/ID [<00112233445566778899aabbccddeeff> <00112233445566778899aabbccddeeff>]";

/// A PDF in the making: objects by number, revision by revision.
#[derive(Debug, Clone)]
pub(crate) struct Builder {
    header: &'static str,
    revisions: Vec<Revision>,
    end: Vec<u8>,
}

#[derive(Debug, Clone)]
struct Revision {
    layout: Layout,
    objects: BTreeMap<u32, Vec<u8>>,
    trailer: String,
}

/// Where an object is.
#[derive(Clone, Copy)]
enum Place {
    Free,
    At(usize),
    In(u32, usize),
}

impl Builder {
    /// One page that says hello. Object 1 is the catalog, 2 the page tree, 3 the page, 4 its contents.
    pub(crate) fn new(layout: Layout) -> Self {
        let content = stream("", b"BT /F1 18 Tf 0 0 Td (Hello) Tj ET");
        let mut builder = Self {
            header: "%PDF-1.7\n%\u{e2}\u{e3}\u{cf}\u{d3}\n",
            revisions: vec![Revision {
                layout,
                objects: BTreeMap::new(),
                trailer: ID.to_owned(),
            }],
            end: b"%%EOF\n".to_vec(),
        };
        builder = builder
            .object(1, "<< /Type /Catalog /Pages 2 0 R >>")
            .object(
                2,
                "<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 300 144] >>",
            )
            .object(
                3,
                "<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << /F1 << /Type \
                 /Font /Subtype /Type1 /BaseFont /Times-Roman >> >> >> >>",
            );
        builder.raw(4, content)
    }

    pub(crate) fn header(mut self, header: &'static str) -> Self {
        self.header = header;
        self
    }

    /// Sets an object of the newest revision.
    pub(crate) fn object(self, number: u32, body: &str) -> Self {
        self.raw(number, body.as_bytes().to_vec())
    }

    /// Sets an object of the newest revision, a stream perhaps.
    pub(crate) fn raw(mut self, number: u32, body: Vec<u8>) -> Self {
        self.newest().objects.insert(number, body);
        self
    }

    /// Begins a new revision.
    pub(crate) fn revision(mut self, layout: Layout) -> Self {
        let trailer = self.newest().trailer.clone();
        self.revisions.push(Revision {
            layout,
            objects: BTreeMap::new(),
            trailer,
        });
        self
    }

    /// Replaces what stands in the newest trailer beside `/Root`, `/Size` and `/Prev`.
    pub(crate) fn trailer(mut self, trailer: &str) -> Self {
        trailer.clone_into(&mut self.newest().trailer);
        self
    }

    fn newest(&mut self) -> &mut Revision {
        self.revisions.last_mut().unwrap()
    }

    /// Replaces the last line.
    pub(crate) fn end(mut self, end: &[u8]) -> Self {
        self.end = end.to_vec();
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out: Vec<u8> = self
            .header
            .chars()
            .map(|c| u8::try_from(c).unwrap())
            .collect();
        let highest = self
            .revisions
            .iter()
            .flat_map(|revision| revision.objects.keys())
            .max();
        let mut next = highest.unwrap() + 1;
        let mut prev = None;
        for (index, revision) in self.revisions.iter().enumerate() {
            let (layout, objects) = (revision.layout, &revision.objects);
            let mut places = BTreeMap::new();
            if index == 0 {
                places.insert(0, Place::Free);
            }
            let (inside, outside): (Vec<_>, Vec<_>) = objects.iter().partition(|(number, body)| {
                match layout {
                    Layout::ObjectStreams => !contains(body, b"stream"),
                    // The page's dictionary is no secret to old readers; what comes after the contents is.
                    Layout::Hybrid => **number > 4 && !contains(body, b"stream"),
                    _ => false,
                }
            });
            for (number, body) in outside {
                places.insert(*number, Place::At(out.len()));
                object(&mut out, *number, body);
            }
            for half in inside.chunks(inside.len().div_ceil(2).max(1)) {
                let extends = places.values().find_map(|place| match place {
                    Place::In(number, _) => Some(format!("/Extends {number} 0 R")),
                    _ => None,
                });
                for (at, (number, _)) in half.iter().enumerate() {
                    places.insert(**number, Place::In(next, at));
                }
                places.insert(next, Place::At(out.len()));
                object(
                    &mut out,
                    next,
                    &object_stream(half, extends.as_deref().unwrap_or("")),
                );
                next += 1;
            }
            prev = Some(section(
                &mut out, revision, &places, &mut next, prev, &self.end,
            ));
        }
        out
    }
}

/// A stream object's body; `/Length` is added.
pub(crate) fn stream(dictionary: &str, data: &[u8]) -> Vec<u8> {
    let mut body = format!("<< {dictionary} /Length {} >>\nstream\n", data.len()).into_bytes();
    body.extend_from_slice(data);
    body.extend_from_slice(b"\nendstream");
    body
}

/// Flate-compressed bytes.
pub(crate) fn deflate(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn section(
    out: &mut Vec<u8>,
    revision: &Revision,
    places: &BTreeMap<u32, Place>,
    next: &mut u32,
    prev: Option<usize>,
    end: &[u8],
) -> usize {
    let prev = prev.map_or(String::new(), |at| format!("/Prev {at}"));
    let trailer = format!("/Root 1 0 R {} {prev}", revision.trailer);
    let mut at = out.len();
    match revision.layout {
        Layout::Table => table(out, places, &format!("/Size {next} {trailer}")),
        Layout::Hybrid => {
            let mut hidden: BTreeMap<_, _> = places
                .iter()
                .filter(|(_, place)| matches!(place, Place::In(..)))
                .map(|(number, place)| (*number, *place))
                .collect();
            let number = *next;
            *next += 1;
            hidden.insert(number, Place::At(at));
            xref_stream(
                out,
                number,
                Layout::Flate,
                &hidden,
                &format!("/Size {next} {trailer}"),
            );
            let hybrid = at;
            at = out.len();
            table(
                out,
                places,
                &format!("/Size {next} /XRefStm {hybrid} {trailer}"),
            );
        }
        _ => {
            let number = *next;
            *next += 1;
            let mut places = places.clone();
            places.insert(number, Place::At(at));
            xref_stream(
                out,
                number,
                revision.layout,
                &places,
                &format!("/Size {next} {trailer}"),
            );
        }
    }
    writeln!(out, "startxref\n{at}").unwrap();
    out.extend_from_slice(end);
    at
}

fn object(out: &mut Vec<u8>, number: u32, body: &[u8]) {
    writeln!(out, "{number} 0 obj").unwrap();
    out.extend_from_slice(body);
    out.extend_from_slice(b"\nendobj\n");
}

fn object_stream(objects: &[(&u32, &Vec<u8>)], extends: &str) -> Vec<u8> {
    let (mut head, mut bodies) = (Vec::new(), Vec::new());
    for (number, body) in objects {
        head.extend(format!("{number} {} ", bodies.len()).bytes());
        bodies.extend_from_slice(body);
        bodies.push(b'\n');
    }
    let dictionary = format!(
        "/Type /ObjStm /N {} /First {} {extends} /Filter /FlateDecode",
        objects.len(),
        head.len()
    );
    stream(&dictionary, &deflate(&[head, bodies].concat()))
}

fn table(out: &mut Vec<u8>, places: &BTreeMap<u32, Place>, trailer: &str) {
    out.extend_from_slice(b"xref\n");
    for run in runs(places) {
        writeln!(out, "{} {}", run[0].0, run.len()).unwrap();
        for (_, place) in run {
            match place {
                Place::At(at) => writeln!(out, "{at:010} 00000 n ").unwrap(),
                Place::Free | Place::In(..) => writeln!(out, "0000000000 65535 f ").unwrap(),
            }
        }
    }
    writeln!(out, "trailer\n<< {trailer} >>").unwrap();
}

fn xref_stream(
    out: &mut Vec<u8>,
    number: u32,
    layout: Layout,
    places: &BTreeMap<u32, Place>,
    trailer: &str,
) {
    let mut index = Vec::new();
    let mut rows = Vec::new();
    for run in runs(places) {
        index.push(format!("{} {}", run[0].0, run.len()));
        for (_, place) in run {
            let (kind, second, third) = match place {
                Place::Free => (0, 0, 65535),
                Place::At(at) => (1, at, 0),
                Place::In(stream, at) => (2, usize::try_from(stream).unwrap(), at),
            };
            let mut row = vec![kind];
            row.extend_from_slice(&u32::try_from(second).unwrap().to_be_bytes());
            row.extend_from_slice(&u16::try_from(third).unwrap().to_be_bytes());
            rows.push(row);
        }
    }
    let (filter, data) = match layout {
        Layout::Stream => ("", rows.concat()),
        Layout::Predicted => (
            "/Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 7 >>",
            deflate(&predicted(&rows)),
        ),
        _ => ("/Filter /FlateDecode", deflate(&rows.concat())),
    };
    let index = index.join(" ");
    let dictionary = format!("/Type /XRef /W [1 4 2] /Index [{index}] {filter} {trailer}");
    object(out, number, &stream(&dictionary, &data));
}

/// PNG rows of the kind Up.
fn predicted(rows: &[Vec<u8>]) -> Vec<u8> {
    let mut previous = vec![0; 7];
    let mut out = Vec::new();
    for row in rows {
        out.push(2);
        out.extend(
            row.iter()
                .zip(&previous)
                .map(|(byte, up)| byte.wrapping_sub(*up)),
        );
        previous.clone_from(row);
    }
    out
}

fn runs(places: &BTreeMap<u32, Place>) -> Vec<Vec<(u32, Place)>> {
    let mut runs: Vec<Vec<(u32, Place)>> = Vec::new();
    for (number, place) in places {
        match runs.last_mut() {
            Some(run) if run.last().unwrap().0 + 1 == *number => run.push((*number, *place)),
            _ => runs.push(vec![(*number, *place)]),
        }
    }
    runs
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|here| here == wanted)
}
