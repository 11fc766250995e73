//! Problem documents (RFC 9457): how every failure is answered.

use std::error::Error;
use std::fmt;
use std::time::{Duration, SystemTime};

use actix_web::http::header::{self, HttpDate};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::call::CallId;
use super::error::Code;
use crate::domain::text::with_causes;
use crate::service::FieldError;

/// One value of a call that is wrong and is not in its body.
#[derive(Debug)]
struct OutsideBody {
    /// `parameter` or `header`.
    member: &'static str,
    name: String,
    detail: String,
}

/// What else is named beside plain fields.
#[derive(Debug)]
enum More {
    /// One of several things that are refused, each for a reason of its own.
    Refused(Code, FieldError),
    Outside(OutsideBody),
}

/// When a caller may come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Retry {
    /// After so long.
    After(Duration),
    /// At that time.
    At(OffsetDateTime),
}

/// What went wrong with a call: what the caller is told, and apart from it the cause, for the log only.
#[derive(Debug)]
pub struct Problem {
    code: Code,
    detail: Option<String>,
    fields: Vec<FieldError>,
    more: Vec<More>,
    retry: Option<Box<Retry>>,
    allow: Box<[Method]>,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Problem {
    /// Of that kind.
    pub fn new(code: Code) -> Self {
        Self {
            code,
            detail: None,
            fields: Vec::new(),
            more: Vec::new(),
            retry: None,
            allow: Box::default(),
            cause: None,
        }
    }

    /// A fault of the server. The cause goes to the log and nowhere else.
    pub fn internal(cause: impl Error + Send + Sync + 'static) -> Self {
        Self::new(Code::InternalError).because(cause)
    }

    /// A method that the address does not take, and those it takes.
    pub fn method_not_allowed(allow: Vec<Method>) -> Self {
        Self {
            allow: allow.into(),
            ..Self::new(Code::MethodNotAllowed)
        }
    }

    /// Says more about this very case.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Names the values that are wrong.
    #[must_use]
    pub fn with_fields(mut self, fields: Vec<FieldError>) -> Self {
        self.fields = fields;
        self
    }

    /// Names one of several things that are refused, each for a reason of its own.
    #[must_use]
    pub fn with_refused(mut self, code: Code, field: FieldError) -> Self {
        self.more.push(More::Refused(code, field));
        self
    }

    /// Names a parameter of the query that is wrong.
    #[must_use]
    pub fn with_parameter(mut self, name: &str, detail: impl Into<String>) -> Self {
        self.more.push(More::Outside(OutsideBody {
            member: "parameter",
            name: name.to_owned(),
            detail: detail.into(),
        }));
        self
    }

    /// Names a header that is wrong.
    #[must_use]
    pub fn with_header(mut self, name: &str, detail: impl Into<String>) -> Self {
        self.more.push(More::Outside(OutsideBody {
            member: "header",
            name: name.to_owned(),
            detail: detail.into(),
        }));
        self
    }

    /// Says when to come back.
    #[must_use]
    pub fn retry_after(mut self, time: Duration) -> Self {
        self.retry = Some(Box::new(Retry::After(time)));
        self
    }

    /// Says from which time on.
    #[must_use]
    pub fn retry_at(mut self, time: OffsetDateTime) -> Self {
        self.retry = Some(Box::new(Retry::At(time)));
        self
    }

    /// Keeps the cause for the log.
    #[must_use]
    pub fn because(mut self, cause: impl Error + Send + Sync + 'static) -> Self {
        self.cause = Some(Box::new(cause));
        self
    }

    /// From which time on it is worth trying again, where more is known than what is usual for its kind.
    pub(super) fn retry_time(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        self.retry.as_deref().map(|retry| match *retry {
            Retry::After(time) => now + time,
            Retry::At(time) => time,
        })
    }

    /// Which kind it is.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The status it is answered with.
    pub fn status(&self) -> StatusCode {
        self.code.meaning().0
    }

    /// What is told about this very case.
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// The values that are wrong.
    pub fn fields(&self) -> &[FieldError] {
        &self.fields
    }

    /// Whether it names a value of the call that is wrong.
    pub fn names_values(&self) -> bool {
        !self.fields.is_empty() || !self.more.is_empty()
    }

    /// The cause and its causes, for one line of the log.
    pub(super) fn causes(&self) -> String {
        let cause = self.cause.as_ref();
        cause.map_or_else(String::new, |cause| with_causes(cause.as_ref()))
    }

    /// The answer as `application/problem+json`.
    pub(super) fn answer(&self, call: &CallId) -> HttpResponse {
        let (status, title) = self.code.meaning();
        let mut document = json!({
            "type": format!("/docs#{}", self.code),
            "title": title,
            "status": status.as_u16(),
            "code": self.code.as_str(),
            "request_id": call.as_str(),
        });
        if let Some(fields) = document.as_object_mut() {
            if let Some(detail) = &self.detail {
                fields.insert("detail".to_owned(), detail.as_str().into());
            }
            let errors = self.errors();
            if !errors.is_empty() {
                fields.insert("errors".to_owned(), errors.into());
            }
        }
        let mut answer = self.head();
        answer.content_type("application/problem+json");
        answer.body(document.to_string())
    }

    fn errors(&self) -> Vec<Value> {
        let inside = self
            .fields
            .iter()
            .map(|field| json!({"pointer": field.pointer, "detail": field.detail}));
        let more = self.more.iter().map(|more| match more {
            More::Refused(code, field) => {
                json!({"pointer": field.pointer, "code": code.as_str(), "detail": field.detail})
            }
            More::Outside(wrong) => json!({wrong.member: wrong.name, "detail": wrong.detail}),
        });
        inside.chain(more).collect()
    }

    /// Status and headers, for answers with another body.
    pub(super) fn head(&self) -> actix_web::HttpResponseBuilder {
        let mut answer = HttpResponse::build(self.status());
        let usual = self.code.usual_pause().map(Retry::After);
        if let Some(retry) = self.retry.as_deref().copied().or(usual) {
            answer.insert_header((header::RETRY_AFTER, retry.value()));
        }
        if !self.allow.is_empty() {
            let methods: Vec<_> = self.allow.iter().map(Method::as_str).collect();
            answer.insert_header((header::ALLOW, methods.join(", ")));
        }
        if self.status() == StatusCode::UNAUTHORIZED {
            answer.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"rubrica\""));
        }
        answer
    }
}

impl Retry {
    /// The header's value (RFC 9110 section 10.2.3): seconds, or a date, never too early.
    fn value(self) -> String {
        match self {
            Self::After(time) => time.as_secs().max(1).to_string(),
            Self::At(time) => {
                let begun = i64::from(time.nanosecond() > 0);
                let whole = time.saturating_add(time::Duration::seconds(begun));
                HttpDate::from(SystemTime::from(whole)).to_string()
            }
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_str())
    }
}

impl Error for Problem {}

/// Lets handlers return problems with `?`. The frame around all routes writes the answer's body.
impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse {
        self.head().finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::ServiceError;
    use time::macros::datetime;

    fn retry_after(problem: &Problem) -> String {
        let answer = problem.head().finish();
        let value = answer.headers().get(header::RETRY_AFTER);
        value.map_or(String::new(), |value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn every_503_and_429_says_when_to_come_back() {
        for code in Code::ALL {
            let problem = Problem::new(*code);
            let later = matches!(problem.status().as_u16(), 429 | 503);
            let seconds: Option<u64> = retry_after(&problem).parse().ok();
            assert_eq!(seconds.is_some_and(|seconds| seconds > 0), later, "{code}");
        }
    }

    #[test]
    fn too_many_codes_says_until_when() {
        let retry_at = datetime!(2026-11-23 10:59:59.000_001 UTC);
        let problem = Problem::from(ServiceError::TooManyCodes { retry_at });
        assert_eq!(retry_after(&problem), "Mon, 23 Nov 2026 11:00:00 GMT");
    }
}
