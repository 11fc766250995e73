//! One person's call for a page: what is needed to write the page, and how it is answered.

use std::future::{Ready, ready};

use actix_web::cookie::Cookie;
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder, web};
use askama::Template;
use time::OffsetDateTime;

use super::browser::{self, FormToken, KeptLanguage};
use super::language::Choice;
use super::page::Page;
use crate::domain::browser::UserAgent;
use crate::domain::language::Language;
use crate::http::error::Code;
use crate::http::{CallId, Problem, Shared};
use crate::service::{Service, ServiceError};

/// A call for a page.
pub(super) struct Visit {
    request: HttpRequest,
    shared: web::Data<Shared>,
    /// Where the page is that this call is about.
    path: String,
    choice: Choice,
    token: FormToken,
    cookies: Vec<Cookie<'static>>,
}

/// The request that a call is about. It lies beside the call, so that a problem's page finds it too.
#[derive(Debug, Clone)]
struct About {
    language: Language,
    /// The address of its first page.
    address: String,
}

impl Visit {
    /// From the bare call, also outside of handlers.
    pub(super) fn of(request: &HttpRequest) -> Option<Self> {
        let shared = request.app_data::<web::Data<Shared>>()?.clone();
        let choice = Choice::of(request);
        let mut cookies = Vec::new();
        let token = browser::form_token(request).unwrap_or_else(|| {
            let token = FormToken::generate(shared.service().ambient());
            cookies.push(token.cookie());
            token
        });
        Some(Self {
            request: request.clone(),
            path: place(request.path()),
            shared,
            choice,
            token,
            cookies,
        })
    }

    /// The call itself.
    pub(super) fn request(&self) -> &HttpRequest {
        &self.request
    }

    /// The use cases.
    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Calls a use case in this browser's name, whose refusals the handler answers itself.
    pub(super) async fn attempt<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Service) -> Result<T, ServiceError> + Send + 'static,
    ) -> Result<Result<T, ServiceError>, Problem> {
        let value = self.request.headers().get(header::USER_AGENT);
        let browser = value.and_then(|value| UserAgent::from_header(value.as_bytes()));
        self.shared
            .attempt(move |service| call(&service.in_browser(browser)))
            .await
    }

    /// The present moment in UTC.
    pub(super) fn now(&self) -> OffsetDateTime {
        self.shared.service().ambient().now()
    }

    /// One word of the query.
    pub(super) fn query(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.request.query_string().as_bytes())
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.into_owned())
    }

    /// Says which request this call is about: where its first page is, and the language it was made in. All pages that
    /// answer the call speak it, unless the citizen chose another.
    pub(super) fn is_about(&self, address: String, language: Language) {
        let about = About { language, address };
        self.request.extensions_mut().insert(about);
    }

    fn about(&self) -> Option<About> {
        self.request.extensions().get::<About>().cloned()
    }

    /// Where the first page is of the request that this call is about.
    pub(super) fn request_address(&self) -> Option<String> {
        self.about().map(|about| about.address)
    }

    /// The language of this call's pages.
    pub(super) fn language(&self) -> Language {
        match self.about() {
            Some(about) => self.choice.or(about.language),
            None => self.choice.language(),
        }
    }

    /// The frame of this call's pages.
    pub(super) fn page(&self) -> Page {
        let call = self
            .request
            .extensions()
            .get::<CallId>()
            .map(ToString::to_string);
        Page::new(self.language(), &self.path, self.token.field())
            .under(self.request_address())
            .with_reference(call)
            .with_help_desk(self.shared.help_desk())
    }

    /// Gives the browser a cookie with the answer.
    pub(super) fn keep(&mut self, cookie: Cookie<'static>) {
        self.cookies.push(cookie);
    }

    /// Answers with a page.
    pub(super) fn show(
        self,
        page: &Page,
        template: &impl Template,
    ) -> Result<HttpResponse, Problem> {
        self.answer(HttpResponse::Ok(), page, template)
    }

    /// Answers with a page that says what is wrong, of the kind that `code` names.
    pub(super) fn refuse(
        self,
        code: Code,
        page: &Page,
        template: &impl Template,
    ) -> Result<HttpResponse, Problem> {
        self.answer(Problem::new(code).head(), page, template)
    }

    fn answer(
        self,
        mut answer: HttpResponseBuilder,
        page: &Page,
        template: &impl Template,
    ) -> Result<HttpResponse, Problem> {
        let html = template.render().map_err(Problem::internal)?;
        for cookie in self.all_cookies() {
            answer.cookie(cookie);
        }
        Ok(answer
            .content_type("text/html; charset=utf-8")
            .insert_header((header::CONTENT_LANGUAGE, page.lang()))
            .body(html))
    }

    /// Sends the browser on to another of our pages with a GET, so that going back or clicking twice repeats
    /// nothing.
    pub(super) fn go(self, path: &str) -> HttpResponse {
        let mut answer = HttpResponse::SeeOther();
        for cookie in self.all_cookies() {
            answer.cookie(cookie);
        }
        answer.insert_header((header::LOCATION, path)).finish()
    }

    /// The language that the browser has to keep after this call, if it does not yet.
    pub(super) fn language_cookie(&self) -> Option<Cookie<'static>> {
        let own = self.about().map(|about| about.language);
        self.choice.to_keep(own).map(KeptLanguage::cookie)
    }

    fn all_cookies(self) -> impl Iterator<Item = Cookie<'static>> {
        self.language_cookie().into_iter().chain(self.cookies)
    }
}

/// Where a page is that answers a call to `path`: a form for another code is part of the page for the code.
///
/// Anybody can have a path made that begins with two slashes, which a link would take for the name of another host
/// (RFC 3986 section 4.2); browsers read a backslash as a slash.
fn place(path: &str) -> String {
    let place = match path.strip_suffix("/resend") {
        Some(start) => format!("{start}/code"),
        None => path.to_owned(),
    };
    format!("/{}", place.trim_start_matches(['/', '\\']))
}

impl FromRequest for Visit {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request).ok_or_else(|| Problem::new(Code::InternalError)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_always_a_place_of_ours() {
        for (path, expected) in [
            ("/", "/"),
            ("/help/blocked", "/help/blocked"),
            ("/r/x/resend", "/r/x/code"),
            ("//evil.example", "/evil.example"),
            ("/\\evil.example/a", "/evil.example/a"),
            ("\\/\\/evil.example/resend", "/evil.example/code"),
            ("//resend", "/code"),
        ] {
            assert_eq!(place(path), expected, "{path}");
        }
    }
}
