//! Short texts that people read: titles and names that apps give, and sentences of our own.

/// Longest text for people, in characters.
pub const LONGEST: usize = 200;

/// Why a text cannot be shown to people as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Nothing, or white space only.
    #[error("the text is empty")]
    Empty,
    /// Too many characters.
    #[error("the text has more than {LONGEST} characters")]
    TooLong,
    /// A character that is not shown, or that changes how others are shown: a title must not be able to look like
    /// another one.
    #[error("the text contains the control character U+{0:04X}")]
    Control(u32),
}

/// Checks a text for one line: visible, not too long, and without tricks.
pub fn check(text: &str) -> Result<(), InvalidText> {
    if text.trim().is_empty() {
        return Err(InvalidText::Empty);
    }
    if text.chars().count() > LONGEST {
        return Err(InvalidText::TooLong);
    }
    match text.chars().find(|c| is_control(*c)) {
        Some(control) => Err(InvalidText::Control(u32::from(control))),
        None => Ok(()),
    }
}

/// Control characters, marks that turn the direction of what follows (Unicode Standard Annex 9), and those that are
/// not shown at all (`Default_Ignorable_Code_Point` of Unicode Standard Annex 44), but for the joiners and the first
/// variation selectors, which scripts and pictures need.
pub fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// An error's text as a sentence: a capital at its beginning, a full stop at its end.
pub fn sentence(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    let mut characters = text.chars();
    let first = characters.next().map(|c| c.to_uppercase().to_string());
    let mut sentence = format!("{}{}", first.unwrap_or_default(), characters.as_str());
    if !sentence.ends_with('.') {
        sentence.push('.');
    }
    sentence
}

/// An error with the causes behind it, for one line of a log or of a report.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        // Some errors tell their cause themselves.
        if !words.contains(&text) {
            words.push_str(": ");
            words.push_str(&text);
        }
        source = cause.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_taken_and_tricks_refused() {
        assert_eq!(check("Solicitud de beca n.º 7 (año 2026)"), Ok(()));
        assert_eq!(check(" "), Err(InvalidText::Empty));
        assert_eq!(check(&"ñ".repeat(201)), Err(InvalidText::TooLong));
        assert_eq!(check("a\u{202e}fdp.exe"), Err(InvalidText::Control(0x202e)));
        assert_eq!(check("a\nb"), Err(InvalidText::Control(10)));
        let unseen = "yes\u{e006e}\u{e006f}";
        assert_eq!(check(unseen), Err(InvalidText::Control(0xe006e)));
        assert_eq!(check("per\u{ad}haps"), Err(InvalidText::Control(0xad)));
        assert_eq!(check("ok ❤\u{fe0f}"), Ok(()));
    }
}
