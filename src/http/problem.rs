//! Problem documents (RFC 9457): how every failure is answered.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde_json::json;

use super::call::CallId;
use super::error::Code;
use crate::service::FieldError;

/// What went wrong with a call: what the caller is told, and apart from it the cause, for the log only.
#[derive(Debug)]
pub struct Problem {
    code: Code,
    detail: Option<String>,
    fields: Vec<FieldError>,
    retry_after: Option<Duration>,
    allow: Vec<Method>,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Problem {
    /// Of that kind.
    pub fn new(code: Code) -> Self {
        Self {
            code,
            detail: None,
            fields: Vec::new(),
            retry_after: None,
            allow: Vec::new(),
            cause: None,
        }
    }

    /// Too much at once; the caller may come back after that time.
    pub fn busy(retry_after: Duration) -> Self {
        Self::new(Code::Busy).retry_after(retry_after)
    }

    /// A fault of the server. The cause goes to the log and nowhere else.
    pub fn internal(cause: impl Error + Send + Sync + 'static) -> Self {
        Self::new(Code::InternalError).because(cause)
    }

    /// A method that the address does not take, and those it takes.
    pub fn method_not_allowed(allow: Vec<Method>) -> Self {
        Self {
            allow,
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

    /// Says when to come back.
    #[must_use]
    pub fn retry_after(mut self, time: Duration) -> Self {
        self.retry_after = Some(time);
        self
    }

    /// Keeps the cause for the log.
    #[must_use]
    pub fn because(mut self, cause: impl Error + Send + Sync + 'static) -> Self {
        self.cause = Some(Box::new(cause));
        self
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

    /// The cause and its causes, joined for one line of the log.
    pub(super) fn causes(&self) -> String {
        let mut text = String::new();
        let mut next: Option<&dyn Error> = self.cause.as_ref().map(|cause| {
            let cause: &dyn Error = cause.as_ref();
            cause
        });
        while let Some(cause) = next {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
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
            if !self.fields.is_empty() {
                let errors = self
                    .fields
                    .iter()
                    .map(|field| json!({"pointer": field.pointer, "detail": field.detail}))
                    .collect();
                fields.insert("errors".to_owned(), errors);
            }
        }
        let mut answer = self.head();
        answer.content_type("application/problem+json");
        answer.body(document.to_string())
    }

    /// Status and headers, for answers with another body.
    pub(super) fn head(&self) -> actix_web::HttpResponseBuilder {
        let mut answer = HttpResponse::build(self.status());
        if let Some(time) = self.retry_after {
            answer.insert_header((header::RETRY_AFTER, time.as_secs().max(1).to_string()));
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
