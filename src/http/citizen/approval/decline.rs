//! `GET` and `POST /r/{link}/decline`: not to sign, asked once more before it counts.

use actix_web::{HttpResponse, web};

use super::Opened;
use super::pages::DeclinePage;
use crate::http::Problem;
use crate::http::citizen::browser::Step;
use crate::http::citizen::form::Form;
use crate::http::citizen::visit::Visit;
use crate::service::ServiceError;

/// Asks whether it is meant.
pub(in crate::http::citizen) async fn ask(
    visit: Visit,
    link: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let opened = Opened::of(&visit, &link).await?;
    if let Some(elsewhere) = opened.elsewhere() {
        return Ok(visit.go(&elsewhere));
    }
    let page = visit.page();
    let template = DeclinePage {
        page: &page,
        request: &opened.request(&page),
    };
    visit.show(&page, &template)
}

/// Declines. The request's own page then tells it.
pub(in crate::http::citizen) async fn decline(
    mut visit: Visit,
    link: web::Path<String>,
    _: Form,
) -> Result<HttpResponse, Problem> {
    let opened = Opened::of(&visit, &link).await?;
    let link = opened.link.clone();
    let outcome = visit.attempt(move |service| service.decline(&link)).await?;
    match outcome {
        // Whatever became of it first: its page says so.
        Ok(_) | Err(ServiceError::RequestState { .. } | ServiceError::AppDisabled) => {
            visit.keep(Step::removal(&opened.step()));
            Ok(visit.go(&opened.address("")))
        }
        Err(error) => Err(error.into()),
    }
}
