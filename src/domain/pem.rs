//! Certificates, requests and keys as PEM text (RFC 7468).

use der::Document;
use der::pem::LineEnding;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The `CERTIFICATE` blocks of a text in DER, in their order. Everything around the blocks is skipped.
pub fn certificates(text: &str) -> Result<Vec<Vec<u8>>, der::Error> {
    let mut certificates = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(BEGIN) {
        let block = rest.get(start..).unwrap_or_default();
        let length = block.find(END).map_or(block.len(), |at| at + END.len());
        let (block, after) = block.split_at_checked(length).unwrap_or((block, ""));
        let (_, document) = Document::from_pem(block)?;
        certificates.push(document.as_bytes().to_vec());
        rest = after;
    }
    Ok(certificates)
}

/// The content of a text that is one block with this label.
pub fn decode(label: &'static str, text: &str) -> Result<Vec<u8>, der::Error> {
    let (found, document) = Document::from_pem(text.trim())?;
    if found != label {
        return Err(der::pem::Error::UnexpectedTypeLabel { expected: label }.into());
    }
    Ok(document.as_bytes().to_vec())
}

/// One block with this label, such as `CERTIFICATE`, lines ending in LF.
pub fn encode(label: &'static str, der: &[u8]) -> Result<String, der::Error> {
    Document::try_from(der)?.to_pem(label, LineEnding::LF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read_in_order_with_text_around_them() {
        let one = encode("CERTIFICATE", &[0x30, 1, 0]).unwrap();
        let two = encode("CERTIFICATE", &[0x30, 1, 1]).unwrap();
        let text = format!("first:\r\n{one}\nthen\n{two}end");
        assert_eq!(certificates(&text).unwrap(), [[0x30, 1, 0], [0x30, 1, 1]]);
    }

    #[test]
    fn a_text_without_blocks_has_no_certificates() {
        assert_eq!(certificates("hello").unwrap(), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn a_damaged_block_is_an_error() {
        for text in [
            BEGIN,
            "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----",
        ] {
            assert!(certificates(text).is_err());
        }
    }
}
