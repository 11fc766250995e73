//! `GET /r/{link}`: who asks, what is to be signed, and the question for DNI and password.

use actix_web::{HttpResponse, web};

use super::Opened;
use super::pages::ReviewPage;
use crate::domain::request::RequestState;
use crate::http::Problem;
use crate::http::citizen::visit::Visit;

/// The request, or how it ended.
pub(in crate::http::citizen) async fn review(
    mut visit: Visit,
    link: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let opened = Opened::of(&visit, &link).await?;
    opened.is_back(&mut visit);
    if opened.view.state == RequestState::Signing {
        return Ok(visit.go(&opened.address("/done")));
    }
    if let Some((code, obstacle)) = opened.hindered() {
        return opened.obstacle(visit, code, obstacle);
    }
    let link = opened.link.clone();
    visit
        .attempt(move |service| service.note_view(&link))
        .await??;
    let page = visit.page();
    let request = opened.request(&page);
    // Told after a redirect, so that loading the page again does not try the same password again.
    let problem = (visit.query("fault").as_deref() == Some("credentials"))
        .then(|| page.t("fault-credentials"));
    let form = opened.identification(&page).with_problem(problem);
    let template = ReviewPage {
        page: &page,
        request: &request,
        form,
    };
    visit.show(&page, &template)
}
