//! `POST /v1/signature-requests/{id}/cancel`: take a signature request back.

use actix_web::{HttpResponse, web};

use super::caller::Caller;
use super::named;
use super::wire::RequestView;
use crate::auth::op;
use crate::http::error::Code;
use crate::http::problem::Problem;
use crate::http::shared::Shared;

/// Problems of this endpoint alone.
pub(super) const PROBLEMS: &[Code] = &[Code::RequestNotFound, Code::WrongState];

#[utoipa::path(
    post,
    path = "/v1/signature-requests/{id}/cancel",
    operation_id = "cancelSignatureRequest",
    tag = "Signature requests",
    summary = "Take a signature request back",
    description = "Nobody can approve it any more. Cancelling twice is the same as once; a request that is being \
                   signed or has ended otherwise cannot be cancelled.",
    params(("id" = String, Path, format = "uuid", description = "The request's identifier.")),
    responses((status = 200, description = "The cancelled request.", body = RequestView)),
)]
pub(super) async fn handle(
    Caller(session): Caller,
    path: web::Path<String>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    named::answer(&path, &shared, move |service, id| {
        service.cancel_request(&session.authorize(op::CancelRequest), id)
    })
    .await
}
