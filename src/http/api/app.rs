//! `GET /v1/app`: who the server takes the caller for. The first call of an integration, to see that it gets in.

use actix_web::HttpResponse;

use super::caller::Caller;
use super::wire::AppView;
use crate::http::error::Code;

/// Problems of this endpoint alone.
pub(super) const PROBLEMS: &[Code] = &[];

#[utoipa::path(
    get,
    path = "/v1/app",
    operation_id = "readApp",
    tag = "Apps",
    summary = "See who you are",
    description = "Answers with the app that the token or client certificate belongs to. The first call of an \
                   integration, to see that it gets in.",
    responses((status = 200, description = "The app.", body = AppView)),
)]
pub(super) async fn handle(Caller(session): Caller) -> HttpResponse {
    HttpResponse::Ok().json(AppView::from(session.app()))
}
