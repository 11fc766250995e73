//! `GET /v1/signature-requests`: an app's signature requests, the newest first.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use utoipa::IntoParams;

use super::caller::Caller;
use super::wire::ListView;
use crate::auth::op;
use crate::domain::id::RequestId;
use crate::http::error::Code;
use crate::http::problem::Problem;
use crate::http::shared::Shared;

/// Requests on one page when the app does not say.
const USUAL: u32 = 50;
const MOST: u32 = 200;

/// Which page.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// Requests on the page, at most 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next` of the page before.
    #[param(value_type = Option<String>, format = "uuid")]
    after: Option<RequestId>,
}

/// Problems of this endpoint alone.
pub(super) const PROBLEMS: &[Code] = &[Code::InvalidRequest];

#[utoipa::path(
    get,
    path = "/v1/signature-requests",
    operation_id = "listSignatureRequests",
    tag = "Signature requests",
    summary = "List signature requests",
    description = "The app's own, the newest first.",
    params(Page),
    responses((status = 200, description = "One page.", body = ListView)),
)]
pub(super) async fn handle(
    Caller(session): Caller,
    request: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let invalid = |detail: String| Problem::new(Code::InvalidRequest).with_detail(detail);
    let page = web::Query::<Page>::from_query(request.query_string())
        .map_err(|error| invalid(format!("The query: {error}.")))?
        .into_inner();
    let limit = page.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(invalid(format!("The query: `limit` is from 1 to {MOST}.")));
    }
    let found = shared
        .run(move |service| {
            let authorized = session.authorize(op::ReadRequest);
            service.requests(&authorized, page.after, limit.saturating_add(1))
        })
        .await?;
    let limit = usize::try_from(limit).map_err(Problem::internal)?;
    Ok(HttpResponse::Ok().json(ListView::new(found, limit)))
}
