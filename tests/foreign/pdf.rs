//! Small PDFs to be signed.

use std::fmt::Write;
use std::process::Command;

/// One page with a line of text, and a classic cross-reference table (ISO 32000-2 clause 7.5.4).
pub(crate) fn with_table() -> Vec<u8> {
    let text = "BT /F1 24 Tf 72 720 Td (I agree.) Tj ET";
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{text}\nendstream", text.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut file = "%PDF-1.7\n%\u{e2}\u{e3}\u{cf}\u{d3}\n".to_owned();
    let mut table = format!("0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (number, object) in (1..).zip(&objects) {
        writeln!(table, "{:010} 00000 n ", file.len()).unwrap();
        write!(file, "{number} 0 obj\n{object}\nendobj\n").unwrap();
    }
    let start = file.len();
    write!(
        file,
        "xref\n{table}trailer\n<< /Size {} /Root 1 0 R /ID [<{id}> <{id}>] >>\nstartxref\n{start}\n%%EOF\n",
        objects.len() + 1,
        id = "52".repeat(16),
    )
    .unwrap();
    file.into_bytes()
}

/// The same with object streams and a cross-reference stream (ISO 32000-2 clause 7.5.8).
pub(crate) fn with_stream() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("in.pdf"), with_table()).unwrap();
    let done = Command::new("qpdf")
        .current_dir(folder.path())
        .args([
            "--object-streams=generate",
            "--deterministic-id",
            "in.pdf",
            "out.pdf",
        ])
        .status()
        .expect("qpdf is installed by `./SoftHSM-setup.sh --tests`");
    assert!(done.success());
    std::fs::read(folder.path().join("out.pdf")).unwrap()
}
