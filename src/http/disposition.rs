//! `Content-Disposition` (RFC 6266): the name of a file that is sent, which an app chose and may be anything.

use actix_web::http::header::{self, DispositionType, HeaderName};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What a name keeps unencoded (`attr-char` of RFC 8187 section 3.2.1). What actix encodes leaves some others too.
const ATTRIBUTE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The header: the name in ASCII for old clients, and the whole of it by RFC 8187.
pub(super) fn disposition(place: &DispositionType, name: &str) -> (HeaderName, String) {
    // Without what some of them take for an escape or for a folder.
    let plain: String = name
        .chars()
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' | '.' | '_' | '-' | '(' | ')' => c,
            _ => '_',
        })
        .collect();
    let whole = utf8_percent_encode(name, ATTRIBUTE);
    let value = format!("{place}; filename=\"{plain}\"; filename*=UTF-8''{whole}");
    (header::CONTENT_DISPOSITION, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_cannot_break_out_of_its_header() {
        for (name, expected) in [
            (
                "Petición \"1\"; x=%41.pdf",
                "inline; filename=\"Petici_n _1__ x__41.pdf\"; \
                 filename*=UTF-8''Petici%C3%B3n%20%221%22%3B%20x%3D%2541.pdf",
            ),
            (
                "año\\\"; x\r\n.pdf",
                "inline; filename=\"a_o___ x__.pdf\"; filename*=UTF-8''a%C3%B1o%5C%22%3B%20x%0D%0A.pdf",
            ),
        ] {
            let (_, value) = disposition(&DispositionType::Inline, name);
            assert_eq!(value, expected);
        }
    }
}
