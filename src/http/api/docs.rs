//! `GET /docs`: the description of the API as a page to read, where problem documents lead.
//!
//! Made of the same description as `/openapi.json`, so it says nothing of its own. It runs no script and loads
//! nothing but its own style sheet.

use std::sync::OnceLock;

use actix_web::HttpResponse;
use actix_web::http::header;
use askama::Template;
use serde_json::Value;

use super::openapi::{self, ENDPOINTS, Endpoint};
use crate::http::error::Code;
use crate::http::problem::Problem;

mod view;

use view::{Example, Field, Piece, pieces};

/// Only the page's own style sheet.
const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'none'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// `GET /docs`. The page is the same for everybody and is written once.
pub(super) async fn page() -> Result<HttpResponse, Problem> {
    static PAGE: OnceLock<String> = OnceLock::new();
    let page = if let Some(page) = PAGE.get() {
        page
    } else {
        let written = written()?;
        PAGE.get_or_init(|| written)
    };
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .body(page.as_str()))
}

fn written() -> Result<String, Problem> {
    let description = serde_json::to_value(openapi::description()).map_err(Problem::internal)?;
    Page::of(&description).render().map_err(Problem::internal)
}

/// `GET /docs/style.css`.
pub(super) async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .body(concat!(
            include_str!("../palette.css"),
            include_str!("docs/style.css")
        ))
}

/// What the template shows.
#[derive(Template)]
#[template(path = "page.html", config = "src/http/api/docs/askama.toml")]
struct Page {
    version: String,
    introduction: Vec<Piece>,
    schemes: Vec<Vec<Piece>>,
    operations: Vec<Operation>,
    schemas: Vec<Schema>,
    problems: Vec<Kind>,
}

/// One endpoint.
struct Operation {
    id: String,
    method: String,
    path: &'static str,
    summary: String,
    description: Vec<Piece>,
    parameters: Vec<Field>,
    requests: Vec<Example>,
    answers: Vec<Answer>,
    problems: Vec<Code>,
}

/// One way an endpoint answers when all is well.
struct Answer {
    status: String,
    description: String,
    headers: Vec<Field>,
    contents: Vec<Example>,
}

/// One type of the JSON.
struct Schema {
    name: String,
    description: Vec<Piece>,
    fields: Vec<Field>,
    values: Vec<String>,
}

/// One kind of problem.
struct Kind {
    code: Code,
    status: u16,
    title: &'static str,
    example: Value,
    endpoints: Vec<(String, String)>,
}

impl Page {
    fn of(description: &Value) -> Self {
        let at = |pointer| description.pointer(pointer);
        let operations: Vec<_> = ENDPOINTS
            .iter()
            .filter_map(|endpoint| Operation::of(endpoint, description))
            .collect();
        Self {
            version: text(at("/info/version")),
            introduction: pieces(&text(at("/info/description"))),
            schemes: members(at("/components/securitySchemes"))
                .map(|(_, scheme)| pieces(&text(scheme.get("description"))))
                .collect(),
            schemas: members(at("/components/schemas"))
                .map(|(name, schema)| Schema::of(name, schema))
                .collect(),
            problems: Code::ALL
                .iter()
                .map(|code| Kind::of(*code, &operations))
                .collect(),
            operations,
        }
    }
}

impl Operation {
    fn of(endpoint: &Endpoint, description: &Value) -> Option<Self> {
        let method = endpoint.method.as_str().to_ascii_lowercase();
        let operation = description.get("paths")?.get(endpoint.path)?.get(method)?;
        let parameters = operation.get("parameters").and_then(Value::as_array);
        let responses = members(operation.get("responses"));
        Some(Self {
            id: text(operation.get("operationId")),
            method: endpoint.method.to_string(),
            path: endpoint.path,
            summary: text(operation.get("summary")),
            description: pieces(&text(operation.get("description"))),
            parameters: parameters
                .into_iter()
                .flatten()
                .map(Field::of_parameter)
                .collect(),
            requests: Example::all(operation.pointer("/requestBody/content")),
            answers: responses
                .filter(|(status, _)| status.starts_with('2'))
                .map(|(status, answer)| Answer {
                    status: status.clone(),
                    description: text(answer.get("description")),
                    headers: members(answer.get("headers"))
                        .map(|(name, header)| Field::of_header(name, header))
                        .collect(),
                    contents: Example::all(answer.get("content")),
                })
                .collect(),
            problems: endpoint.problems().collect(),
        })
    }
}

impl Schema {
    fn of(name: &str, schema: &Value) -> Self {
        let values = schema.get("enum").and_then(Value::as_array);
        Self {
            name: name.to_owned(),
            description: pieces(&text(schema.get("description"))),
            fields: Field::of_schema(schema),
            values: values
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
        }
    }
}

impl Kind {
    fn of(code: Code, operations: &[Operation]) -> Self {
        let (status, title) = code.meaning();
        Self {
            code,
            status: status.as_u16(),
            title,
            example: super::examples::problem(code),
            endpoints: operations
                .iter()
                .filter(|operation| operation.problems.contains(&code))
                .map(|operation| (operation.id.clone(), operation.summary.clone()))
                .collect(),
        }
    }

    fn example(&self) -> String {
        format!("{:#}", self.example)
    }
}

fn text(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn members(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
}
