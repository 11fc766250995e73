//! Forms as they come in. Having a [`Form`] proves that it came from a page of ours in the same browser.
//!
//! Three things must agree, each on its own enough against most forgeries: the hidden token is the keyed digest
//! of the browser's cookie (double submit; the `__Host-` prefix keeps sister domains from planting one), the
//! browser does not say that the call came from another site (Fetch Metadata), and `Origin`, when it tells
//! anything, is this host or the one that citizens know. Under `Referrer-Policy: no-referrer` browsers send `Origin: null` with forms, so that
//! value tells nothing.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use futures_util::StreamExt;
use tokio::time::timeout;
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::browser;
use super::fields::Kind;
use crate::domain::secret::SecretText;
use crate::http::error::Code;
use crate::http::{Problem, Shared};

/// The largest form taken, in bytes. The longest honest one has some hundred.
const MOST_BYTES: usize = 16 * 1024;
/// The field that carries the token.
pub(super) const TOKEN: &str = "token";

/// What a person filled in. All of it is treated as secret.
pub(super) struct Form {
    values: Vec<(String, SecretText)>,
}

impl Form {
    /// What was typed into a field, without blanks around it; empty when the field is not there.
    pub(super) fn trimmed(&self, kind: Kind) -> SecretText {
        SecretText::new(self.value(kind.id()).trim().to_owned())
    }

    /// What was typed into a field, exactly: for passwords.
    pub(super) fn exact(&self, kind: Kind) -> SecretText {
        SecretText::new(self.value(kind.id()).to_owned())
    }

    fn value(&self, name: &str) -> &str {
        self.values
            .iter()
            .find(|(own, _)| own == name)
            .map_or("", |(_, value)| value.expose())
    }
}

impl FromRequest for Form {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            if !request
                .content_type()
                .eq_ignore_ascii_case("application/x-www-form-urlencoded")
            {
                return Err(Problem::new(Code::UnsupportedMediaType));
            }
            if comes_from_elsewhere(&request) {
                return Err(Problem::new(Code::FormRejected));
            }
            let pause = request
                .app_data::<web::Data<Shared>>()
                .map(|shared| shared.limits.pause)
                .ok_or_else(|| Problem::new(Code::InternalError))?;
            // A form is so short that it comes at once or not at all.
            let form = timeout(pause, read(payload))
                .await
                .unwrap_or_else(|_elapsed| Err(Problem::new(Code::RequestTimeout)))?;
            let token = browser::form_token(&request);
            if token.is_some_and(|token| token.fits(form.value(TOKEN))) {
                Ok(form)
            } else {
                Err(Problem::new(Code::FormRejected))
            }
        })
    }
}

async fn read(mut payload: Payload) -> Result<Form, Problem> {
    let mut body = Zeroizing::new(Vec::with_capacity(MOST_BYTES));
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| Problem::new(Code::MalformedRequest).because(error))?;
        if body.len() + chunk.len() > MOST_BYTES {
            return Err(Problem::new(Code::PayloadTooLarge));
        }
        body.extend_from_slice(&chunk);
    }
    let values = form_urlencoded::parse(&body)
        .map(|(name, value)| (name.into_owned(), SecretText::new(value.into_owned())))
        .collect();
    Ok(Form { values })
}

/// What the browser itself says about where a call came from: another site.
pub(super) fn comes_from_elsewhere(request: &HttpRequest) -> bool {
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap_or("unreadable"))
    };
    let other_site =
        header("sec-fetch-site").is_some_and(|site| !["same-origin", "none"].contains(&site));
    let other_origin = header(header::ORIGIN.as_str()).is_some_and(|origin| {
        let host = header(header::HOST.as_str());
        let is_host = host.is_some_and(|host| origin.strip_prefix("https://") == Some(host));
        // A proxy in front may call us by another name.
        let is_known = request
            .app_data::<web::Data<Shared>>()
            .map(|shared| shared.service().citizen_url().origin())
            .is_some_and(|known| known.ascii_serialization() == origin);
        origin != "null" && !is_host && !is_known
    });
    other_site || other_origin
}
