//! The app that calls, taken from a bearer token or from the connection's client certificate.

use std::future::Future;
use std::pin::Pin;
use std::time::Instant;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};

use crate::auth::{AppSession, Presented};
use crate::domain::secret::SecretText;
use crate::http::error::Code;
use crate::http::problem::Problem;
use crate::http::server::ClientCertificate;
use crate::http::shared::Shared;

/// An app that showed who it is, and has calls left.
///
/// An `Authorization` header counts before a client certificate, so that one connection can serve several apps
/// behind a proxy of theirs.
pub(super) struct Caller(pub(super) AppSession);

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let shared = request.app_data::<web::Data<Shared>>().cloned();
        let presented = presented(request);
        Box::pin(async move {
            let shared = shared.ok_or_else(|| Problem::new(Code::InternalError))?;
            let presented = presented?;
            let session = shared
                .run(move |service| service.authenticate(&presented))
                .await?;
            shared
                .app_rates
                .take(session.app().id, shared.nodes(), Instant::now())
                .map_err(|wait| Problem::new(Code::RateLimited).retry_after(wait))?;
            Ok(Self(session))
        })
    }
}

fn presented(request: &HttpRequest) -> Result<Presented, Problem> {
    if let Some(value) = request.headers().get(header::AUTHORIZATION) {
        return value
            .to_str()
            .ok()
            .and_then(|text| text.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| Presented::BearerToken(SecretText::new(token.trim().to_owned())))
            .ok_or_else(|| {
                Problem::new(Code::InvalidCredentials)
                    .with_detail("The Authorization header must be `Bearer` and a token.")
            });
    }
    request
        .conn_data::<ClientCertificate>()
        .map(|certificate| Presented::ClientCertificate(certificate.0.clone()))
        .ok_or_else(|| {
            Problem::new(Code::AuthenticationRequired).with_detail(
                "Send `Authorization: Bearer` and a token, or use a client certificate.",
            )
        })
}
