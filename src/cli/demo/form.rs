//! Reads the forms of a page, as a browser does: where they go and what they carry along.
//!
//! It understands as much HTML as the citizen's pages use: elements, quoted and bare attributes, character references,
//! comments. It reads pages of this server only.

use url::Url;

/// A form of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Form {
    /// Where it is sent, absolute.
    pub(super) action: Url,
    /// What it carries, in order.
    pub(super) fields: Vec<Field>,
}

/// An input, or a button with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) kind: FieldKind,
}

/// When a field is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldKind {
    /// Always; a person fills it in.
    Shown,
    /// Always, as it came.
    Hidden,
    /// When ticked.
    Tick,
    /// When it is the button that was pressed.
    Button,
}

impl Form {
    /// Whether it has a field of that name that a person can fill in or tick.
    pub(super) fn asks_for(&self, name: &str) -> bool {
        self.fields.iter().any(|field| {
            field.name == name && matches!(field.kind, FieldKind::Shown | FieldKind::Tick)
        })
    }
}

/// The forms of a page that are sent with POST.
pub(super) fn forms(html: &str, page: &Url) -> Vec<Form> {
    let mut forms = Vec::new();
    let mut open: Option<Form> = None;
    for tag in tags(html) {
        match (tag.name.as_str(), &mut open) {
            ("form", _) => {
                forms.extend(open.take());
                let posts = tag
                    .attribute("method")
                    .is_some_and(|method| method.eq_ignore_ascii_case("post"));
                let action = page.join(tag.attribute("action").unwrap_or_default()).ok();
                open = action.filter(|_| posts).map(|action| Form {
                    action,
                    fields: Vec::new(),
                });
            }
            ("/form", _) => forms.extend(open.take()),
            ("input" | "button", Some(form)) => form.fields.extend(field(&tag)),
            _ => {}
        }
    }
    forms.extend(open);
    forms
}

fn field(tag: &Tag) -> Option<Field> {
    let name = tag.attribute("name").filter(|name| !name.is_empty())?;
    let kind = match (tag.name.as_str(), tag.attribute("type").unwrap_or_default()) {
        ("button", _) | (_, "submit") => FieldKind::Button,
        (_, "checkbox" | "radio") => FieldKind::Tick,
        (_, "hidden") => FieldKind::Hidden,
        _ => FieldKind::Shown,
    };
    let unset = if kind == FieldKind::Tick { "on" } else { "" };
    Some(Field {
        name: name.to_owned(),
        value: tag.attribute("value").unwrap_or(unset).to_owned(),
        kind,
    })
}

/// An opening tag, or a closing one, whose name then begins with a slash.
struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

fn tags(html: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once('<') {
        if let Some(comment) = after.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let starts = after
            .trim_start_matches('/')
            .starts_with(|c: char| c.is_ascii_alphabetic());
        if !starts {
            rest = after;
            continue;
        }
        let (tag, after) = tag(after);
        rest = match tag.name.as_str() {
            // Their content is no markup.
            "script" | "style" => {
                let end = format!("</{}", tag.name);
                after.split_once(&end).map_or("", |(_, after)| after)
            }
            _ => after,
        };
        tags.push(tag);
    }
    tags
}

/// Reads a tag from behind its `<`, and gives what follows its `>`.
fn tag(text: &str) -> (Tag, &str) {
    let ends = |c: char| c.is_ascii_whitespace() || c == '>';
    let (name, mut rest) = split_before(text, ends);
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if rest.is_empty() {
            break;
        }
        if let Some(after) = rest.strip_prefix('>') {
            rest = after;
            break;
        }
        let (key, after) = split_before(rest, |c| ends(c) || c == '=' || c == '/');
        let after = after.trim_start();
        let (value, after) = match after.strip_prefix('=') {
            Some(after) => attribute_value(after.trim_start()),
            None => ("", after),
        };
        if key.is_empty() && value.is_empty() {
            // A stray `=` or quote: step over it.
            let mut characters = rest.chars();
            characters.next();
            rest = characters.as_str();
            continue;
        }
        attributes.push((key.to_ascii_lowercase(), unescaped(value)));
        rest = after;
    }
    let tag = Tag {
        name: name.to_ascii_lowercase(),
        attributes,
    };
    (tag, rest)
}

fn attribute_value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(quoted) = text.strip_prefix(quote) {
            return quoted.split_once(quote).unwrap_or((quoted, ""));
        }
    }
    split_before(text, |c| c.is_ascii_whitespace() || c == '>')
}

fn split_before(text: &str, end: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(end).unwrap_or(text.len()))
}

/// Resolves character references (HTML section 13.5): the numeric ones and the five that escaping uses.
pub(super) fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let resolved = after
            .split_once(';')
            .and_then(|(name, after)| Some((reference(name)?, after)));
        let (character, after) = resolved.unwrap_or(('&', after));
        out.push(character);
        rest = after;
    }
    out.push_str(rest);
    out
}

fn reference(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn page() -> Url {
        Url::parse("https://127.0.0.1:8444/r/abc").unwrap()
    }

    #[test]
    fn a_form_carries_its_hidden_fields_and_goes_where_it_says() {
        let html = r#"<!-- <form method=post action=/no> --><script>"<form>"</script>
            <form method="get" action="/search"><input name=q></form>
            <FORM METHOD='POST' action="/r/abc/code?x=1&amp;y=2">
              <input type="hidden" name="csrf" value="a&#39;b&#x26;c">
              <label>Code <input name=code autocomplete="one-time-code" required></label>
              <input type=checkbox name="agree"><button name="do" value="sign">Sign</button>
            </form>"#;
        let forms = forms(html, &page());
        assert_eq!(forms.len(), 1);
        let form = &forms[0];
        assert_eq!(
            form.action.as_str(),
            "https://127.0.0.1:8444/r/abc/code?x=1&y=2"
        );
        let fields: Vec<_> = form
            .fields
            .iter()
            .map(|field| (field.name.as_str(), field.value.as_str(), field.kind))
            .collect();
        assert_eq!(
            fields,
            [
                ("csrf", "a'b&c", FieldKind::Hidden),
                ("code", "", FieldKind::Shown),
                ("agree", "on", FieldKind::Tick),
                ("do", "sign", FieldKind::Button),
            ]
        );
        assert!(form.asks_for("code") && !form.asks_for("do"));
    }

    proptest! {
        #[test]
        fn no_page_makes_it_panic_or_hang(html in "(<|form|input|/|>|=|\"|'|&|#|;| |!--|method=post|\\PC)*") {
            let _ = forms(&html, &page());
        }
    }
}
