//! The body of a call to a gateway: JSON with places for the number and the text.

use std::fmt;

use zeroize::Zeroizing;

/// What stands for the number in E.164 form, with its `+`.
const TO: &str = "{to}";
/// What stands for the number's digits alone.
const TO_DIGITS: &str = "{to_digits}";
/// What stands for the text.
const TEXT: &str = "{text}";

/// JSON text with `{to}` or `{to_digits}`, and `{text}`, each within a JSON string, such as
/// `{"phone": "{to}", "message": "{text}"}`.
#[derive(Clone)]
pub struct BodyTemplate(String);

/// Why a text cannot be the body of a call.
#[derive(Debug, thiserror::Error)]
pub enum InvalidTemplate {
    /// A placeholder is missing.
    #[error("the body needs `{0}`")]
    Missing(&'static str),
    /// It is no JSON, or a placeholder stands outside a JSON string.
    #[error(
        "the body is not JSON once the placeholders are filled in; write them within quotation marks"
    )]
    NotJson(#[source] serde_json::Error),
}

impl BodyTemplate {
    /// Checks a template by filling it in.
    pub fn new(text: String) -> Result<Self, InvalidTemplate> {
        if !text.contains(TEXT) {
            return Err(InvalidTemplate::Missing(TEXT));
        }
        if !text.contains(TO) && !text.contains(TO_DIGITS) {
            return Err(InvalidTemplate::Missing(TO));
        }
        let template = Self(text);
        // A quotation mark breaks out of nothing only when every placeholder stands within a string.
        let filled = template.fill("+34600000000", "\"\\x\n");
        serde_json::from_str::<serde_json::Value>(&filled).map_err(InvalidTemplate::NotJson)?;
        Ok(template)
    }

    /// Puts the values in, escaped for JSON strings (RFC 8259 section 7). A value that looks like a placeholder
    /// stays as it is.
    pub(super) fn fill(&self, to: &str, text: &str) -> Zeroizing<String> {
        let mut filled = Zeroizing::new(String::with_capacity(self.0.len() + text.len() + 64));
        let mut rest = self.0.as_str();
        while let Some(at) = rest.find('{') {
            let (before, from) = rest.split_at(at);
            filled.push_str(before);
            let values = [
                (TO, to),
                (TO_DIGITS, to.trim_start_matches('+')),
                (TEXT, text),
            ];
            let hit = values
                .iter()
                .find_map(|(place, value)| Some((from.strip_prefix(place)?, value)));
            rest = if let Some((after, value)) = hit {
                push_escaped(&mut filled, value);
                after
            } else {
                filled.push('{');
                from.get(1..).unwrap_or_default()
            };
        }
        filled.push_str(rest);
        filled
    }
}

impl fmt::Debug for BodyTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Operators may put a gateway's password into it.
        f.write_str("BodyTemplate(…)")
    }
}

fn push_escaped(filled: &mut String, value: &str) {
    let quoted = Zeroizing::new(serde_json::Value::from(value).to_string());
    let within = quoted
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    filled.push_str(within.unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_template_without_its_places_is_refused() {
        let refused = |text: &str| BodyTemplate::new(text.to_owned()).unwrap_err().to_string();
        assert_eq!(refused(r#"{"to":"{to}"}"#), "the body needs `{text}`");
        assert_eq!(refused(r#"{"text":"{text}"}"#), "the body needs `{to}`");
        for text in [
            r#"{"to":{to},"text":{text}}"#,
            r#"{"to":"{to}","text":"{text}""#,
        ] {
            assert!(matches!(
                BodyTemplate::new(text.to_owned()),
                Err(InvalidTemplate::NotJson(_))
            ));
        }
    }

    #[test]
    fn some_gateways_want_digits_only() {
        let template =
            BodyTemplate::new(r#"{"a":[{"n":"{to_digits}"}],"m":"{text}"}"#.to_owned()).unwrap();
        assert_eq!(
            template.fill("+34600123456", "{to} ok").as_str(),
            r#"{"a":[{"n":"34600123456"}],"m":"{to} ok"}"#
        );
    }

    proptest! {
        #[test]
        fn any_text_arrives_as_it_was(text in ".*") {
            let template = BodyTemplate::new(r#"{"to":"{to}","text":"{text}"}"#.to_owned()).unwrap();
            let filled = template.fill("+34600123456", &text);
            let value: serde_json::Value = serde_json::from_str(&filled).unwrap();
            prop_assert_eq!(value["text"].as_str().unwrap(), text);
        }
    }
}
