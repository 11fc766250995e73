//! `POST /v1/signature-requests/{id}/cancel`: take a signature request back.

use actix_web::{HttpResponse, web};

use super::caller::Caller;
use super::read::request_id;
use super::wire::RequestView;
use crate::auth::op;
use crate::http::problem::Problem;
use crate::http::shared::Shared;

pub(super) async fn handle(
    Caller(session): Caller,
    path: web::Path<String>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let id = request_id(&path)?;
    let view = shared
        .run(move |service| service.cancel_request(&session.authorize(op::CancelRequest), id))
        .await?;
    Ok(HttpResponse::Ok().json(RequestView::try_from(view)?))
}
