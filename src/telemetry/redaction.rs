//! The net below the types: takes out of a line of the log what must not be in one, wherever it came from.
//!
//! It knows what can be recognised by its shape: DNI and NIE with a right check letter, bearer tokens of apps, and the
//! secret part of approval links. Passwords and codes have no shape; only their types keep them out.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::domain::identifier::NationalId;

/// What the bearer tokens of apps begin with.
const TOKEN: &str = "rub_";
/// What the path of an approval link begins with; a request's identifier, a dot and the secret part follow.
const LINK: &str = "/r/";
const ID_LEN: usize = 36;
const NATIONAL_ID_LEN: usize = 9;
const PUT_INSTEAD: &str = "***";

/// A writer that passes on whole lines without what [`redact`] takes out.
pub struct Redacting<W: Write> {
    inner: W,
}

impl<W: Write> Redacting<W> {
    /// Around another writer.
    pub fn new(inner: W) -> Self {
        Self { inner }
    }
}

impl<W: Write> Write for Redacting<W> {
    /// `tracing` writes each line with one call.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.inner
            .write_all(redact(&String::from_utf8_lossy(line)).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// The line without national identifiers, tokens and the secret part of approval links.
pub fn redact(line: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut rest = line;
    let mut changed = false;
    while let Some((before, found, after)) = next_secret(rest) {
        out.push_str(before);
        out.push_str(&found);
        rest = after;
        changed = true;
    }
    if !changed {
        return Cow::Borrowed(line);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The first secret: what stands before it, what to put instead, what follows.
fn next_secret(text: &str) -> Option<(&str, Cow<'static, str>, &str)> {
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let starts_word = !text
            .get(..at)?
            .ends_with(|c: char| c.is_ascii_alphanumeric());
        if starts_word && let Some((length, instead)) = secret_at(rest) {
            return Some((text.get(..at)?, instead, rest.get(length..)?));
        }
        // Up to where the next word or link can begin.
        at += rest.chars().next().map_or(1, char::len_utf8);
    }
    None
}

/// The length of the secret that the text begins with, and what to put instead.
fn secret_at(text: &str) -> Option<(usize, Cow<'static, str>)> {
    if let Some(token) = text.strip_prefix(TOKEN) {
        let length = run(token, |b| {
            b.is_ascii_alphanumeric() || b == b'_' || b == b'-'
        });
        return (length > 0)
            .then(|| (TOKEN.len() + length, format!("{TOKEN}{PUT_INSTEAD}").into()));
    }
    if let Some(link) = text.strip_prefix(LINK) {
        let id = link.get(..ID_LEN)?;
        let mac = link.get(ID_LEN..)?.strip_prefix('.')?;
        let length = run(mac, |b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        return Some((
            LINK.len() + ID_LEN + 1 + length,
            format!("{LINK}{id}.{PUT_INSTEAD}").into(),
        ));
    }
    if run(text, |b| b.is_ascii_alphanumeric()) == NATIONAL_ID_LEN {
        let id: NationalId = text.get(..NATIONAL_ID_LEN)?.parse().ok()?;
        return Some((NATIONAL_ID_LEN, id.to_string().into()));
    }
    None
}

/// How many bytes at the beginning are of that kind.
fn run(text: &str, kind: impl Fn(u8) -> bool) -> usize {
    text.bytes().take_while(|b| kind(*b)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_must_not_be_in_a_log_is_taken_out() {
        let line = r#"{"dni":"12345678Z","nie":"x1234567l","auth":"Bearer rub_abc-DEF_1","path":"/r/0190b2c8-7e31-7a63-9c5c-3f2f6f0e8a11.AbC-_9/codes"}"#;
        assert_eq!(
            redact(line),
            r#"{"dni":"****5678*","nie":"****4567*","auth":"Bearer rub_***","path":"/r/0190b2c8-7e31-7a63-9c5c-3f2f6f0e8a11.***/codes"}"#
        );
    }

    #[test]
    fn other_numbers_and_words_stay() {
        for line in [
            "12345678A has a wrong letter",
            "0190b2c8-7e31-7a63-9c5c-3f2f6f0e8a11",
            "a12345678Z and 12345678Zb are longer",
            "grub_loader",
            "rub_",
        ] {
            assert_eq!(redact(line), line);
        }
    }

    proptest! {
        #[test]
        fn an_identifier_does_not_survive_whatever_stands_around_it(before in "\\PC*[ \"=/,:]", after in "[ \"&,}]\\PC*") {
            let line = format!("{before}12345678Z{after}");
            prop_assert!(!redact(&line).contains("12345678Z"));
        }
    }
}
