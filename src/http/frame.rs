//! What surrounds every call: its name, its line in the log, security headers, and problems as answers.

use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use tracing::Instrument;

use super::call::{CallId, HEADER};
use super::error::Code;
use super::problem::Problem;
use super::shared::Shared;

/// How one listener differs from the others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    /// The listener's name in logs and metrics.
    pub name: &'static str,
    /// Writes a problem for those who read there.
    pub problem: fn(&HttpRequest, &Problem, &CallId) -> HttpResponse,
    /// Whether a call is looked at any further.
    pub admit: fn(&HttpRequest, &Shared) -> Result<(), Problem>,
    /// The `Content-Security-Policy` of answers that set none.
    pub policy: &'static str,
}

/// Problems as JSON, and nothing that a browser could run.
pub(super) const JSON: Style = Style {
    name: "api",
    problem: |_, problem, call| problem.answer(call),
    admit: |_, _| Ok(()),
    policy: "default-src 'none'; frame-ancestors 'none'",
};

/// Wraps all routes of a listener.
pub(super) async fn frame(
    style: Style,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let begun = Instant::now();
    let Some(shared) = request.app_data::<web::Data<Shared>>() else {
        return Err(Problem::new(Code::InternalError).into());
    };
    let call = CallId::of(request.headers(), shared.service().ambient());
    let admitted = (style.admit)(request.request(), shared);
    request.extensions_mut().insert(call.clone());
    let method = request.method().clone();
    // Which signature request it is about is told once the link was read.
    let request_id = tracing::field::Empty;
    let span = tracing::info_span!("call", id = %call, listener = style.name, request = request_id);
    let answered = match admitted {
        Ok(()) => next
            .call(request)
            .instrument(span.clone())
            .await?
            .map_into_boxed_body(),
        Err(problem) => request.error_response(problem),
    };
    let _inside = span.enter();

    let (request, response) = answered.into_parts();
    let mut response = match problem_of(&response) {
        Some(Ok(problem)) => {
            log(problem);
            (style.problem)(&request, problem, &call)
        }
        Some(Err(code)) => (style.problem)(&request, &Problem::new(code), &call),
        None => response,
    };
    set_headers(style, &call, response.headers_mut());

    // The pattern, never the address itself: approval addresses must not be read in logs.
    let route = request
        .match_pattern()
        .unwrap_or_else(|| "(none)".to_owned());
    let status = response.status().as_u16();
    let took = begun.elapsed();
    tracing::info!(%method, route, status, ms = took.as_secs_f64() * 1000.0, "answered");
    let labels = [
        ("listener", style.name.to_owned()),
        ("route", route),
        ("method", known(&method).to_owned()),
        ("status", status.to_string()),
    ];
    metrics::counter!("rubrica_http_requests_total", &labels).increment(1);
    metrics::histogram!("rubrica_http_request_seconds", &labels).record(took.as_secs_f64());
    Ok(ServiceResponse::new(request, response))
}

/// The method, for labels: what anybody may invent must not make series of its own.
fn known(method: &Method) -> &str {
    let known = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    if known.contains(method) {
        method.as_str()
    } else {
        "(other)"
    }
}

/// The problem that an answer stands for; an error that some library answered with is known by its status.
fn problem_of<B>(response: &HttpResponse<B>) -> Option<Result<&Problem, Code>> {
    let error = response.error()?;
    Some(
        error
            .as_error::<Problem>()
            .ok_or_else(|| Code::of_status(response.status())),
    )
}

/// Once for each call, here and nowhere else.
fn log(problem: &Problem) {
    let (code, causes) = (problem.code(), problem.causes());
    if problem.status().is_server_error() {
        tracing::error!(%code, causes, "a call failed");
    } else {
        tracing::info!(%code, causes, "a call was refused");
    }
}

fn set_headers(style: Style, call: &CallId, headers: &mut HeaderMap) {
    if let Ok(name) = HeaderValue::from_str(call.as_str()) {
        headers.insert(HeaderName::from_static(HEADER), name);
    }
    let fixed = [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, style.policy),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            header::STRICT_TRANSPORT_SECURITY,
            "max-age=31536000; includeSubDomains",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in fixed {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}
