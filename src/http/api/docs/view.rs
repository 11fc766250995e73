//! Pieces of the description in the form in which the page shows them.

use serde_json::Value;

use super::{members, text};

/// A run of text, in words or in code.
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) is_code: bool,
}

/// A named value: a parameter, a header, a field of JSON.
pub(super) struct Field {
    pub(super) name: String,
    /// Where it stands, for parameters.
    pub(super) place: String,
    pub(super) kind: Kind,
    pub(super) is_required: bool,
    pub(super) description: Vec<Piece>,
}

/// What a value may be, in words, with the type of the page it leads to.
#[derive(Default)]
pub(super) struct Kind {
    pub(super) words: String,
    pub(super) schema: Option<String>,
}

/// A body.
pub(super) struct Example {
    pub(super) media_type: String,
    pub(super) kind: Kind,
    /// An example of it; empty when it is no JSON.
    pub(super) text: String,
}

impl Field {
    /// A parameter of an operation.
    pub(super) fn of_parameter(parameter: &Value) -> Self {
        Self {
            name: text(parameter.get("name")),
            place: text(parameter.get("in")),
            kind: Kind::of(parameter.get("schema")),
            is_required: parameter.get("required") == Some(&Value::Bool(true)),
            description: pieces(&text(parameter.get("description"))),
        }
    }

    /// A header of an answer.
    pub(super) fn of_header(name: &str, header: &Value) -> Self {
        Self {
            name: name.to_owned(),
            place: String::new(),
            kind: Kind::of(header.get("schema")),
            is_required: false,
            description: pieces(&text(header.get("description"))),
        }
    }

    /// The fields of an object, also of one that is put together of several.
    pub(super) fn of_schema(schema: &Value) -> Vec<Self> {
        let required = |name: &str| {
            let names = schema.get("required").and_then(Value::as_array);
            names
                .into_iter()
                .flatten()
                .any(|required| required.as_str() == Some(name))
        };
        let own = members(schema.get("properties")).map(|(name, property)| Self {
            name: name.clone(),
            place: String::new(),
            kind: Kind::of(Some(property)),
            is_required: required(name),
            description: pieces(&text(property.get("description"))),
        });
        let parts = schema.get("allOf").and_then(Value::as_array);
        let others = parts.into_iter().flatten().flat_map(|part| {
            let included = schema_name(part).map(|name| Self {
                name: "…".to_owned(),
                place: String::new(),
                kind: Kind {
                    words: "all of".to_owned(),
                    schema: Some(name),
                },
                is_required: true,
                description: Vec::new(),
            });
            included.into_iter().chain(Self::of_schema(part))
        });
        own.chain(others).collect()
    }
}

impl Kind {
    fn of(schema: Option<&Value>) -> Self {
        let Some(schema) = schema else {
            return Self::default();
        };
        if let Some(name) = schema_name(schema) {
            return Self {
                words: String::new(),
                schema: Some(name),
            };
        }
        if let Some(choices) = schema.get("oneOf").and_then(Value::as_array) {
            return choices
                .iter()
                .map(|choice| Self::of(Some(choice)))
                .find(|kind| kind.schema.is_some())
                .unwrap_or_default();
        }
        let is = |name: &str| match schema.get("type") {
            Some(Value::String(one)) => one == name,
            Some(Value::Array(several)) => several.iter().any(|one| one.as_str() == Some(name)),
            _ => false,
        };
        if is("array") {
            let items = Self::of(schema.get("items"));
            return Self {
                words: format!("list of {}", items.words).trim_end().to_owned(),
                schema: items.schema,
            };
        }
        let format = schema.get("format").and_then(Value::as_str);
        let plain = ["string", "integer", "boolean", "object"];
        let name = plain.into_iter().find(|name| is(name)).unwrap_or("any");
        Self {
            words: match format {
                Some(format) if name == "string" => format!("{name} ({format})"),
                _ => name.to_owned(),
            },
            schema: None,
        }
    }
}

impl Example {
    /// Each media type of a `content` object.
    pub(super) fn all(content: Option<&Value>) -> Vec<Self> {
        members(content)
            .map(|(media_type, content)| Self {
                media_type: media_type.clone(),
                kind: Kind::of(content.get("schema")),
                text: content
                    .get("example")
                    .map(|example| format!("{example:#}"))
                    .unwrap_or_default(),
            })
            .collect()
    }
}

/// Tells code, between backticks, from words.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    text.split('`')
        .enumerate()
        .map(|(index, text)| Piece {
            text: text.to_owned(),
            is_code: index % 2 == 1,
        })
        .collect()
}

/// The name of the schema that a reference leads to.
fn schema_name(schema: &Value) -> Option<String> {
    let target = schema.get("$ref")?.as_str()?;
    target
        .strip_prefix("#/components/schemas/")
        .map(str::to_owned)
}
