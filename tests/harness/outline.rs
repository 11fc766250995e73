//! DER as text, one line for each value, for snapshots that people can read.

use std::fmt::Write;

use const_oid::db::DB;
use der::asn1::ObjectIdentifier;
use der::{Decode, Header, Reader, SliceReader};

/// The structure of one DER value.
pub(crate) fn outline(der: &[u8]) -> String {
    let mut text = String::new();
    write(&mut text, 0, der);
    text
}

fn write(text: &mut String, depth: usize, mut values: &[u8]) {
    while let Some(tag) = values.first().copied() {
        let mut reader = SliceReader::new(values).unwrap();
        let header = Header::decode(&mut reader).unwrap();
        let length = usize::try_from(header.length()).unwrap();
        let content = reader.read_slice(header.length()).unwrap();
        let consumed = usize::try_from(reader.position()).unwrap();
        write!(text, "{:indent$}", "", indent = depth * 2).unwrap();
        describe(text, depth, tag, content);
        assert_eq!(content.len(), length);
        values = values.get(consumed..).unwrap();
    }
}

fn describe(text: &mut String, depth: usize, tag: u8, content: &[u8]) {
    let utf8 = String::from_utf8_lossy(content);
    let line = match tag {
        0x01 => format!("BOOLEAN {}", content == [0xff]),
        0x02 => format!("INTEGER {}", hex::encode(content)),
        0x03 => format!("BIT STRING {}", hex::encode(content)),
        0x04 if is_der(content) => {
            text.push_str("OCTET STRING containing\n");
            return write(text, depth + 1, content);
        }
        0x04 => format!("OCTET STRING {}", hex::encode(content)),
        0x05 => "NULL".to_owned(),
        0x06 => {
            let oid = ObjectIdentifier::from_bytes(content).unwrap();
            format!("{oid} {}", DB.by_oid(&oid).unwrap_or("?"))
        }
        0x0a => format!("ENUMERATED {}", hex::encode(content)),
        0x0c => format!("UTF8String {utf8:?}"),
        0x13 => format!("PrintableString {utf8:?}"),
        0x16 => format!("IA5String {utf8:?}"),
        0x17 => format!("UTCTime {utf8}"),
        0x18 => format!("GeneralizedTime {utf8}"),
        0x30 | 0x31 | 0xa0..=0xbf => {
            match tag {
                0x30 => text.push_str("SEQUENCE\n"),
                0x31 => text.push_str("SET\n"),
                _ => writeln!(text, "[{}]", tag & 0x1f).unwrap(),
            }
            return write(text, depth + 1, content);
        }
        0x86 => format!("[6] {utf8:?}"),
        _ => format!("[{}] {}", tag & 0x1f, hex::encode(content)),
    };
    text.push_str(&line);
    text.push('\n');
}

/// Whether an octet string holds one whole constructed value, or a key usage.
fn is_der(content: &[u8]) -> bool {
    let whole = der::asn1::AnyRef::from_der(content).is_ok();
    whole && matches!(content.first(), Some(0x30 | 0x03 | 0x04 | 0x0a))
}
