//! `GET /v1/signature-requests`: an app's signature requests, the newest first.

use actix_web::{HttpRequest, HttpResponse, web};
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
#[derive(Default, IntoParams)]
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
    let page = Page::of(request.query_string())?;
    let limit = page.limit.unwrap_or(USUAL);
    let found = shared
        .run(move |service| {
            let authorized = session.authorize(op::ReadRequest);
            service.requests(&authorized, page.after, limit.saturating_add(1))
        })
        .await?;
    let limit = usize::try_from(limit).map_err(Problem::internal)?;
    Ok(HttpResponse::Ok().json(ListView::new(found, limit)))
}

impl Page {
    /// Every fault of the query is told, each by its parameter.
    fn of(query: &str) -> Result<Self, Problem> {
        let mut page = Self::default();
        let mut problem = Problem::new(Code::InvalidRequest);
        let mut given = Vec::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let twice = given.contains(&name);
            let fault = match &*name {
                "limit" | "after" if twice => Some("Only once.".to_owned()),
                "limit" => {
                    page.limit = value.parse().ok().filter(|most| (1..=MOST).contains(most));
                    let wrong = page.limit.is_none();
                    wrong.then(|| format!("A number from 1 to {MOST}."))
                }
                "after" => {
                    page.after = value.parse().ok();
                    let wrong = page.after.is_none();
                    wrong.then(|| "Not the `next` of a page.".to_owned())
                }
                _ => Some("There is no such parameter.".to_owned()),
            };
            if let Some(fault) = fault {
                problem = problem.with_parameter(&name, fault);
            }
            given.push(name);
        }
        if problem.names_values() {
            Err(problem)
        } else {
            Ok(page)
        }
    }
}
