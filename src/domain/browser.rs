//! What a browser says of itself.

use super::text::is_control;

/// Longest one kept, in characters. Real ones have about 120.
const LONGEST: usize = 256;

/// The `User-Agent` of a citizen's browser (RFC 9110 section 10.1.5), as the journal keeps it: one line, not long.
///
/// It is a claim and proves nothing. It helps citizens to tell an act of theirs from one that was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserAgent(String);

impl UserAgent {
    /// From the header's value; `None` when nothing is left that could be shown.
    pub fn from_header(value: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(value);
        let shown = text.chars().filter(|c| !is_control(*c));
        let kept: String = shown.take(LONGEST).collect();
        let kept = kept.trim();
        (!kept.is_empty()).then(|| Self(kept.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_kept_in_one_short_line() {
        let kept = |value: &[u8]| UserAgent::from_header(value).map(|agent| agent.0);
        assert_eq!(
            kept(b"Mozilla/5.0 (X11)").as_deref(),
            Some("Mozilla/5.0 (X11)")
        );
        assert_eq!(kept(b" a\x1b[31m\nb\t").as_deref(), Some("a[31mb"));
        assert_eq!(
            kept("a\u{202e}b".as_bytes()).as_deref(),
            Some("ab"),
            "marks that turn the direction are gone"
        );
        assert_eq!(kept(b"\xff").as_deref(), Some("\u{fffd}"));
        assert_eq!(kept(b" \t "), None);
        assert_eq!(kept("ñ".repeat(1000).as_bytes()), Some("ñ".repeat(256)));
    }
}
