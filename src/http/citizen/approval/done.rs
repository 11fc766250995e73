//! `GET /r/{link}/done`: what became of each document, or that they are being signed.

use actix_web::{HttpResponse, web};

use super::Opened;
use super::pages::{DonePage, SigningPage};
use crate::domain::request::RequestState;
use crate::http::Problem;
use crate::http::citizen::browser::Step;
use crate::http::citizen::visit::Visit;

/// Shows it; anything else about the request is on its first page.
pub(in crate::http::citizen) async fn done(
    mut visit: Visit,
    link: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let opened = Opened::of(&visit, &link).await?;
    let page = visit.page();
    match opened.view.state {
        RequestState::Signing => {
            let address = opened.address("/done");
            let template = SigningPage {
                page: &page,
                address,
            };
            visit.show(&page, &template)
        }
        RequestState::Completed | RequestState::Failed => {
            // A second click may have left the first one's step behind.
            if Step::of(visit.request(), &opened.step()).is_some() {
                visit.keep(Step::removal(&opened.step()));
            }
            let template = DonePage {
                page: &page,
                request: &opened.request(&page),
            };
            visit.show(&page, &template)
        }
        RequestState::Pending
        | RequestState::Refused
        | RequestState::Cancelled
        | RequestState::Expired => Ok(visit.go(&opened.address(""))),
    }
}
