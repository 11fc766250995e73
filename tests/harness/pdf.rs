//! Small PDFs, written object by object with a cross-reference table that fits.

use std::fmt::Write;

/// A page without anything on it.
pub(crate) fn plain() -> Vec<u8> {
    write(&["<< /Type /Catalog /Pages 2 0 R >>", PAGES, PAGE], "")
}

/// The same with a stream of so many bytes in front of its last object.
pub(crate) fn long(length: usize) -> Vec<u8> {
    let line = "0 0 m 595 842 l S ";
    let content = line.repeat(length.div_ceil(line.len()));
    let length = content.len();
    let stream = format!("<< /Length {length} >>\nstream\n{content}\nendstream");
    let page = format!("{} /Contents 3 0 R >>", PAGE.strip_suffix(" >>").unwrap());
    let pages = PAGES.replace("3 0 R", "4 0 R");
    let catalog = "<< /Type /Catalog /Pages 2 0 R >>";
    write(&[catalog, &pages, &stream, &page], "")
}

/// The first one, encrypted with an empty user password nobody can compute: any reader asks for one.
pub(crate) fn encrypted() -> Vec<u8> {
    let secret = "00".repeat(32);
    let dictionary =
        format!("<< /Filter /Standard /V 1 /R 2 /P -44 /O <{secret}> /U <{secret}> >>");
    let id = "/ID [<00112233445566778899aabbccddeeff> <00112233445566778899aabbccddeeff>]";
    write(
        &[
            "<< /Type /Catalog /Pages 2 0 R >>",
            PAGES,
            PAGE,
            &dictionary,
        ],
        &format!("/Encrypt 4 0 R {id}"),
    )
}

/// The same, certified so that no change is allowed (DocMDP level 1).
pub(crate) fn locked() -> Vec<u8> {
    let signature = "<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached \
        /ByteRange [0 0 0 0] /Contents <00> /Reference [<< /Type /SigRef /TransformMethod /DocMDP \
        /TransformParams << /Type /TransformParams /P 1 /V /1.2 >> >>] >>";
    write(
        &[
            "<< /Type /Catalog /Pages 2 0 R /Perms << /DocMDP 5 0 R >> \
             /AcroForm << /Fields [4 0 R] /SigFlags 3 >> >>",
            PAGES,
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Annots [4 0 R] >>",
            "<< /Type /Annot /Subtype /Widget /FT /Sig /T (certified) /V 5 0 R /Rect [0 0 0 0] /P 3 0 R >>",
            signature,
        ],
        "",
    )
}

/// The same as a form that a reader has to build before it can be seen (XFA; ISO 32000-1 clause 7.7.2).
pub(crate) fn unrendered() -> Vec<u8> {
    let catalog = "<< /Type /Catalog /Pages 2 0 R /NeedsRendering true >>";
    write(&[catalog, PAGES, PAGE], "")
}

const PAGES: &str = "<< /Type /Pages /Kids [3 0 R] /Count 1 >>";
const PAGE: &str = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>";

fn write(objects: &[&str], trailer: &str) -> Vec<u8> {
    let size = objects.len() + 1;
    let mut file = String::from("%PDF-1.7\n");
    let mut table = format!("0 {size}\n0000000000 65535 f \n");
    for (number, object) in (1..).zip(objects) {
        writeln!(table, "{:010} 00000 n ", file.len()).unwrap();
        writeln!(file, "{number} 0 obj\n{object}\nendobj").unwrap();
    }
    let start = file.len();
    writeln!(
        file,
        "xref\n{table}trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF"
    )
    .unwrap();
    file.into_bytes()
}
