//! The documents that are signed when none is named: a page in PDF and the same facts in XML.

use std::fmt::Write as _;

/// A document made here.
pub(super) struct Sample {
    /// Its file name.
    pub(super) name: &'static str,
    /// What it is called on the citizen's page.
    pub(super) title: &'static str,
    pub(super) bytes: Vec<u8>,
}

/// One PDF and one file of another kind.
pub(super) fn samples() -> [Sample; 2] {
    [
        Sample {
            name: "application.pdf",
            title: "Application for a library card",
            bytes: pdf(),
        },
        Sample {
            name: "application.xml",
            title: "Application for a library card (data)",
            bytes: XML.as_bytes().to_vec(),
        },
    ]
}

const XML: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<application kind="library-card">
  <applicant>Ana García Ibáñez</applicant>
  <library>Biblioteca Municipal</library>
  <delivery>in-person</delivery>
  <fees currency="EUR">
    <fee for="card">0.00</fee>
    <fee for="deposit">12.50</fee>
  </fees>
</application>
"#;

/// A4 in points (ISO 216 at 72 points an inch).
const WIDTH: f32 = 595.0;
const HEIGHT: f32 = 842.0;
const LEFT: f32 = 64.0;
const RIGHT: f32 = WIDTH - LEFT;

/// Red, green and blue from 0 to 1, as operands.
type Colour = &'static str;
const NAVY: Colour = "0.09 0.17 0.33";
const GREY: Colour = "0.42 0.45 0.50";
const PALE: Colour = "0.93 0.95 0.98";
const WHITE: Colour = "1 1 1";
const BLACK: Colour = "0.13 0.13 0.15";

#[derive(Clone, Copy)]
enum Font {
    Regular,
    Bold,
}

/// One page in PDF 1.7 (ISO 32000-1), with a classic cross-reference table.
fn pdf() -> Vec<u8> {
    let page = page();
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R /Lang (en) /ViewerPreferences << /DisplayDocTitle true >> >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents 4 0 R \
             /Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>"
        ),
        format!("<< /Length {} >>\nstream\n{page}\nendstream", page.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>".to_owned(),
        "<< /Title (Application for a library card) /Producer (Rubrica) >>".to_owned(),
    ];
    // The four bytes above 127 tell transfer programs that this is no text (ISO 32000-1 section 7.5.2).
    let mut file = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut table = "0000000000 65535 f \n".to_owned();
    for (number, object) in (1..).zip(&objects) {
        // Writing to a string cannot fail.
        let _ = writeln!(table, "{:010} 00000 n ", file.len());
        file.extend(format!("{number} 0 obj\n{object}\nendobj\n").bytes());
    }
    let entries = objects.len() + 1;
    let start = file.len();
    file.extend(
        format!(
            "xref\n0 {entries}\n{table}trailer\n<< /Size {entries} /Root 1 0 R /Info 7 0 R >>\nstartxref\n{start}\n%%EOF\n"
        )
        .bytes(),
    );
    file
}

/// The page's content stream.
fn page() -> String {
    let mut page = Page(String::new());
    page.rectangle(0.0, HEIGHT - 132.0, WIDTH, 132.0, NAVY);
    page.text(
        LEFT,
        HEIGHT - 66.0,
        Font::Bold,
        24.0,
        WHITE,
        "Application for a library card",
    );
    page.text(
        LEFT,
        HEIGHT - 92.0,
        Font::Regular,
        12.0,
        PALE,
        "Biblioteca Municipal · Registro de usuarios",
    );

    page.heading(654.0, "Applicant");
    page.field(630.0, "Name", "Ana García Ibáñez");
    page.field(610.0, "Address", "Calle de la Rúbrica 7, 28013 Madrid");
    page.field(590.0, "Delivery of the card", "in person");

    page.heading(540.0, "Fees");
    page.rectangle(LEFT, 506.0, RIGHT - LEFT, 22.0, PALE);
    page.text(LEFT + 10.0, 513.0, Font::Bold, 11.0, NAVY, "For");
    page.text(RIGHT - 80.0, 513.0, Font::Bold, 11.0, NAVY, "Euros");
    for (y, name, amount) in [
        (489.0, "Card", "0.00"),
        (467.0, "Deposit, paid back on return", "12.50"),
    ] {
        page.text(LEFT + 10.0, y, Font::Regular, 11.0, BLACK, name);
        page.text(RIGHT - 80.0, y, Font::Regular, 11.0, BLACK, amount);
        page.rectangle(LEFT, y - 8.0, RIGHT - LEFT, 0.5, GREY);
    }

    page.heading(412.0, "Declaration");
    for (y, line) in [
        (
            388.0,
            "I ask for a library card in my name. I have read the rules of the library and will",
        ),
        (
            372.0,
            "return what I borrow in time and in good order. The data above are true, and I agree",
        ),
        (
            356.0,
            "that the library keeps them for as long as the card is valid.",
        ),
    ] {
        page.text(LEFT, y, Font::Regular, 11.0, BLACK, line);
    }

    page.rectangle(LEFT, 84.0, RIGHT - LEFT, 0.5, GREY);
    page.text(
        LEFT,
        66.0,
        Font::Regular,
        9.0,
        GREY,
        "This page was made up by `rubrica demo`; the signature it is about to carry is real.",
    );
    page.0
}

/// Drawing, in the operators of ISO 32000-1 annex A.
struct Page(String);

impl Page {
    fn rectangle(&mut self, x: f32, y: f32, width: f32, height: f32, colour: Colour) {
        let _ = writeln!(self.0, "{colour} rg {x} {y} {width} {height} re f");
    }

    fn text(&mut self, x: f32, y: f32, font: Font, size: f32, colour: Colour, words: &str) {
        let font = match font {
            Font::Regular => "F1",
            Font::Bold => "F2",
        };
        let _ = writeln!(
            self.0,
            "BT {colour} rg /{font} {size} Tf {x} {y} Td ({}) Tj ET",
            escaped(words)
        );
    }

    fn heading(&mut self, y: f32, words: &str) {
        self.text(LEFT, y, Font::Bold, 14.0, NAVY, words);
    }

    fn field(&mut self, y: f32, name: &str, value: &str) {
        self.text(LEFT, y, Font::Regular, 11.0, GREY, name);
        self.text(LEFT + 150.0, y, Font::Regular, 11.0, BLACK, value);
    }
}

/// A literal string (ISO 32000-1 section 7.3.4.2). Up to U+00FF `WinAnsiEncoding` is Unicode.
fn escaped(words: &str) -> String {
    let mut out = String::new();
    for character in words.chars() {
        match character {
            '(' | ')' | '\\' => out.extend(['\\', character]),
            ' '..='~' => out.push(character),
            other => {
                let _ = write!(out, "\\{:03o}", u8::try_from(other).unwrap_or(b'?'));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_is_where_the_table_says() {
        let file = pdf();
        let text = String::from_utf8_lossy(&file);
        // The binary comment is longer when read lossily; offsets count bytes.
        let table = text.split("65535 f \n").nth(1).unwrap();
        for (number, line) in (1..).zip(table.lines().take_while(|line| line.ends_with(" n "))) {
            let offset: usize = line[..10].parse().unwrap();
            let object = format!("{number} 0 obj");
            assert!(file[offset..].starts_with(object.as_bytes()), "{object}");
        }
    }
}
