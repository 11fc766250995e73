//! The signature request that an address names: how endpoints about one begin and end.

use actix_web::HttpResponse;

use super::wire;
use crate::domain::id::{InvalidId, RequestId};
use crate::http::error::Code;
use crate::http::problem::Problem;
use crate::http::shared::Shared;
use crate::service::requests::RequestView;
use crate::service::{Service, ServiceError};

/// Calls a use case with the request that is named, and answers with what became of it.
pub(super) async fn answer(
    id: &str,
    shared: &Shared,
    call: impl FnOnce(&Service, RequestId) -> Result<RequestView, ServiceError> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let id = request_id(id)?;
    let view = shared.run(move |service| call(service, id)).await?;
    Ok(HttpResponse::Ok().json(wire::RequestView::try_from(view)?))
}

/// What is no identifier names no request.
pub(super) fn request_id(text: &str) -> Result<RequestId, Problem> {
    text.parse()
        .map_err(|error: InvalidId| Problem::new(Code::RequestNotFound).because(error))
}
