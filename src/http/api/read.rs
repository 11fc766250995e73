//! `GET /v1/signature-requests/{id}`: see a signature request.

use actix_web::{HttpResponse, web};

use super::caller::Caller;
use super::named;
use super::wire::RequestView;
use crate::auth::op;
use crate::http::error::Code;
use crate::http::problem::Problem;
use crate::http::shared::Shared;

/// Problems of this endpoint alone.
pub(super) const PROBLEMS: &[Code] = &[Code::RequestNotFound];

#[utoipa::path(
    get,
    path = "/v1/signature-requests/{id}",
    operation_id = "readSignatureRequest",
    tag = "Signature requests",
    summary = "See a signature request",
    description = "Its state, and for each document the state, the reason when it failed, and the signed form.",
    params(("id" = String, Path, format = "uuid", description = "The request's identifier.")),
    responses((status = 200, description = "The request.", body = RequestView)),
)]
pub(super) async fn handle(
    Caller(session): Caller,
    path: web::Path<String>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    named::answer(&path, &shared, move |service, id| {
        service.request(&session.authorize(op::ReadRequest), id)
    })
    .await
}
