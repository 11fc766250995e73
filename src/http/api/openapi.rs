//! The description of the API (OpenAPI 3.1), made from the endpoints and types themselves.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use actix_web::HttpResponse;
use actix_web::http::Method;
use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{Modify, ToSchema};

use super::{app, cancel, create, examples, fetch, list, read};
use crate::http::error::Code;

/// A problem document (RFC 9457): how every failure is answered.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
struct ProblemView {
    /// Where the kind of problem is explained.
    #[serde(rename = "type")]
    #[schema(example = "/docs#invalid_request")]
    kind: String,
    /// The kind of problem in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// The kind of problem, for programs to decide by.
    code: Code,
    /// More about this very case.
    detail: Option<String>,
    /// Names this call in the server's log.
    request_id: String,
    /// The values of the call that are not acceptable.
    errors: Option<Vec<FieldView>>,
}

/// One value of a call that is not acceptable, named by `pointer`, `parameter` or `header`.
#[derive(Serialize, ToSchema)]
#[schema(as = FieldError)]
struct FieldView {
    /// Where it is in the metadata: a JSON Pointer (RFC 6901).
    #[schema(example = "/documents/0/name")]
    pointer: Option<String>,
    /// Which parameter of the query it is.
    #[schema(example = "limit")]
    parameter: Option<String>,
    /// Which header it is.
    #[schema(example = "Idempotency-Key")]
    header: Option<String>,
    /// Why this document cannot be signed, when that is the problem: documents of one call may have different reasons.
    #[schema(example = "pdf_damaged")]
    code: Option<Code>,
    /// What is wrong, and what would be right.
    detail: String,
}

/// Problems that any endpoint for apps may answer with.
const COMMON: &[Code] = &[
    Code::AuthenticationRequired,
    Code::InvalidCredentials,
    Code::AppDisabled,
    Code::RateLimited,
    Code::Busy,
    Code::DatabaseUnavailable,
    Code::InternalError,
];

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Rubrica",
        description = "Asks citizens for signatures that only they can make. Every failure is a problem document \
                       (RFC 9457) with a stable `code`. Names of fields, states and codes never change their \
                       meaning; new ones may come.",
        license(name = "Apache-2.0"),
    ),
    paths(
        app::handle,
        create::handle,
        list::handle,
        read::handle,
        cancel::handle,
        fetch::handle,
    ),
    components(schemas(ProblemView, FieldView)),
    security(("token" = []), ("certificate" = [])),
    modifiers(&Details),
)]
struct Description;

/// Adds what the attributes cannot say: how to authenticate, and every problem of every endpoint.
struct Details;

impl Modify for Details {
    fn modify(&self, api: &mut OpenApi) {
        let components = api.components.get_or_insert_default();
        let mut token = Http::new(HttpAuthScheme::Bearer);
        token.description = Some("The app's token, which begins with `rub_`.".to_owned());
        components.add_security_scheme("token", SecurityScheme::Http(token));
        components.add_security_scheme(
            "certificate",
            SecurityScheme::MutualTls {
                description: Some("A client certificate that is bound to the app.".to_owned()),
                extensions: None,
                deprecated: None,
            },
        );
        for endpoint in ENDPOINTS {
            if let Some(operation) = operation(api, endpoint) {
                add_example(operation, endpoint);
                add_problems(operation, endpoint);
            }
        }
    }
}

/// One endpoint for apps, with what its attributes do not say.
pub(super) struct Endpoint {
    /// As in [`ROUTES`](super::ROUTES).
    pub(super) method: Method,
    pub(super) path: &'static str,
    /// Its own problems, apart from those of every endpoint.
    problems: &'static [Code],
    /// An answer when all is well, when it is JSON.
    example: Option<fn() -> Value>,
}

impl Endpoint {
    /// Every problem it may answer with.
    pub(super) fn problems(&self) -> impl Iterator<Item = Code> {
        COMMON.iter().chain(self.problems).copied()
    }
}

/// All endpoints, in the order in which an app meets them.
pub(super) static ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::GET,
        path: "/v1/app",
        problems: app::PROBLEMS,
        example: Some(examples::app),
    },
    Endpoint {
        method: Method::POST,
        path: "/v1/signature-requests",
        problems: create::PROBLEMS,
        example: Some(examples::pending),
    },
    Endpoint {
        method: Method::GET,
        path: "/v1/signature-requests",
        problems: list::PROBLEMS,
        example: Some(examples::list),
    },
    Endpoint {
        method: Method::GET,
        path: "/v1/signature-requests/{id}",
        problems: read::PROBLEMS,
        example: Some(examples::completed),
    },
    Endpoint {
        method: Method::POST,
        path: "/v1/signature-requests/{id}/cancel",
        problems: cancel::PROBLEMS,
        example: Some(examples::cancelled),
    },
    Endpoint {
        method: Method::GET,
        path: "/v1/signature-requests/{id}/documents/{document}",
        problems: fetch::PROBLEMS,
        example: None,
    },
];

/// The whole description.
pub(super) fn description() -> &'static OpenApi {
    static DESCRIPTION: OnceLock<OpenApi> = OnceLock::new();
    DESCRIPTION.get_or_init(<Description as utoipa::OpenApi>::openapi)
}

/// `GET /openapi.json`.
pub(super) async fn handle() -> HttpResponse {
    HttpResponse::Ok().json(description())
}

fn operation<'a>(api: &'a mut OpenApi, endpoint: &Endpoint) -> Option<&'a mut Operation> {
    let item = api.paths.paths.get_mut(endpoint.path)?;
    if endpoint.method == Method::POST {
        item.post.as_mut()
    } else {
        item.get.as_mut()
    }
}

fn add_example(operation: &mut Operation, endpoint: &Endpoint) {
    let Some(example) = endpoint.example else {
        return;
    };
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response
            && let Some(RefOr::T(content)) = response.content.get_mut("application/json")
        {
            content.example = Some(example());
        }
    }
}

fn add_problems(operation: &mut Operation, endpoint: &Endpoint) {
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in endpoint.problems() {
        let (status, _) = code.meaning();
        by_status.entry(status.as_u16()).or_default().push(code);
    }
    for (status, codes) in by_status {
        operation
            .responses
            .responses
            .insert(status.to_string(), RefOr::T(problems(&codes)));
    }
}

fn problems(codes: &[Code]) -> Response {
    let listed: Vec<_> = codes
        .iter()
        .map(|code| format!("- `{code}`: {}.", code.meaning().1))
        .collect();
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .example(codes.first().copied().map(examples::problem))
        .build();
    ResponseBuilder::new()
        .description(listed.join("\n"))
        .content("application/problem+json", content)
        .build()
}
