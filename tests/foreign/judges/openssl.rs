//! `openssl cms -verify -cades`: the CMS, the signing-certificate attribute and the chain.

use std::fs;

use super::{Exhibit, Kind};
use crate::harness::openssl::openssl;

pub(super) fn judge(exhibit: &Exhibit) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let file = fs::read(&exhibit.file).unwrap();
    let (signature, content) = match &exhibit.kind {
        Kind::Pades => taken_apart(&file).ok_or("no signature dictionary can be found")?,
        Kind::Enveloping(_) => (file, Vec::new()),
        Kind::Detached(original) => (file, fs::read(original).unwrap()),
    };
    fs::write(folder.path().join("signature"), signature).unwrap();
    fs::write(folder.path().join("content"), content).unwrap();
    let anchor = exhibit.anchor.canonicalize().unwrap();
    let at = exhibit.at.unix_timestamp().to_string();
    let mut arguments = vec![
        "cms",
        "-verify",
        "-cades",
        "-binary",
        "-inform",
        "DER",
        "-in",
        "signature",
        "-CAfile",
        anchor.to_str().unwrap(),
        "-purpose",
        "any",
        "-attime",
        &at,
        "-out",
        "verified",
    ];
    if !matches!(exhibit.kind, Kind::Enveloping(_)) {
        arguments.extend(["-content", "content"]);
    }
    openssl(folder.path(), &arguments)?;
    if let Kind::Enveloping(original) = &exhibit.kind {
        let verified = fs::read(folder.path().join("verified")).unwrap();
        if verified != fs::read(original).unwrap() {
            return Err("another document is inside".to_owned());
        }
    }
    Ok(())
}

/// The CMS in the last `/Contents` of a PDF, and the bytes its `/ByteRange` covers (ISO 32000-2 clause 12.8.1).
fn taken_apart(file: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let marker = b"/ByteRange";
    let at = file
        .windows(marker.len())
        .rposition(|window| window == marker)?;
    let rest = file.get(at + marker.len()..)?;
    let open = rest.iter().position(|byte| *byte == b'[')?;
    let close = rest.iter().position(|byte| *byte == b']')?;
    let numbers: Vec<usize> = std::str::from_utf8(rest.get(open + 1..close)?)
        .ok()?
        .split_ascii_whitespace()
        .map(|number| number.parse().ok())
        .collect::<Option<_>>()?;
    let [0, first, second, length] = numbers.as_slice() else {
        return None;
    };
    let covered = [file.get(..*first)?, file.get(*second..second + length)?].concat();
    let digits = file.get(first + 1..second - 1)?;
    let padded = hex::decode(digits).ok()?;
    // The DER tells its own length: two bytes of it, as every signature here has.
    let [0x30, 0x82, high, low, ..] = padded.as_slice() else {
        return None;
    };
    let length = usize::from(u16::from_be_bytes([*high, *low])) + 4;
    Some((padded.get(..length)?.to_vec(), covered))
}
