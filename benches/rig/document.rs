//! Documents of any size, made while they are read: none is held in memory and none lies on the disk beforehand.

use std::io::{self, Read};

/// A document to be signed.
#[derive(Clone)]
pub(crate) struct Sample {
    head: Vec<u8>,
    /// So many blanks after the head.
    fill: u64,
    tail: Vec<u8>,
    kind: Kind,
}

/// How it is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// As a PDF, by PAdES.
    Pdf,
    /// As any file, by detached CAdES.
    Detached,
}

/// What every content stream begins with.
const LINE: &[u8] = b"BT /F1 12 Tf 72 720 Td (A document to sign) Tj ET\n";

impl Sample {
    /// One page with some text, as PDF programs write it, about so large and not under 1 kB. Blanks in the page's content
    /// make it so: they are as many bytes to hash, copy and store as any others.
    pub(crate) fn pdf(size: u64) -> Self {
        let lines = usize::try_from(size.saturating_sub(900).min(9000)).unwrap_or(0) / LINE.len();
        let text = LINE.repeat(lines);
        let fill = size.saturating_sub(900 + length(&text));
        let entry = |at: usize| format!("{at:010} 00000 n \n");
        let mut table = vec!["0000000000 65535 f \n".to_owned()];
        let mut head = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
        let mut number = 0;
        for object in [
            "<</Type/Catalog/Pages 2 0 R>>",
            "<</Type/Pages/Kids[3 0 R]/Count 1>>",
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 5 0 R/Resources<</Font<</F1 4 0 R>>>>>>",
            "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        ] {
            number += 1;
            table.push(entry(head.len()));
            head.extend(format!("{number} 0 obj\n{object}\nendobj\n").as_bytes());
        }
        table.push(entry(head.len()));
        let table = table.concat();
        let content = length(&text) + fill;
        head.extend(format!("5 0 obj\n<</Length {content}>>stream\n").as_bytes());
        head.extend(text);
        let mut tail = b"\nendstream\nendobj\n".to_vec();
        let start = length(&head) + fill + length(&tail);
        tail.extend(
            format!(
                "xref\n0 6\n{table}trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n"
            )
            .as_bytes(),
        );
        Self {
            head,
            fill,
            tail,
            kind: Kind::Pdf,
        }
    }

    /// A file of exactly that size that is no PDF.
    pub(crate) fn file(size: u64) -> Self {
        Self {
            head: Vec::new(),
            fill: size,
            tail: Vec::new(),
            kind: Kind::Detached,
        }
    }

    /// How it is signed.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Its length in bytes.
    pub(crate) fn size(&self) -> u64 {
        length(&self.head) + self.fill + length(&self.tail)
    }

    /// Its bytes, from the first.
    pub(crate) fn reader(&self) -> impl Read + '_ {
        self.head
            .as_slice()
            .chain(io::repeat(b' ').take(self.fill))
            .chain(self.tail.as_slice())
    }

    /// All of it; for small ones.
    pub(crate) fn bytes(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.reader().read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
