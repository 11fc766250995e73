//! `POST /r/{link}/resend`: another code in the place of the last one.

use actix_web::{HttpResponse, web};

use super::Opened;
use super::confirm::refused;
use crate::http::Problem;
use crate::http::citizen::browser::Step;
use crate::http::citizen::form::Form;
use crate::http::citizen::visit::Visit;

/// Sends it, and goes back to the page for the code.
pub(in crate::http::citizen) async fn resend(
    visit: Visit,
    link: web::Path<String>,
    _: Form,
) -> Result<HttpResponse, Problem> {
    let opened = Opened::of(&visit, &link).await?;
    if let Some(elsewhere) = opened.elsewhere() {
        return Ok(visit.go(&elsewhere));
    }
    let Some(step) = Step::of(visit.request(), &opened.step()) else {
        return Ok(visit.go(&opened.address("/help/step-gone")));
    };
    let link = opened.link.clone();
    let sent = visit
        .attempt(move |service| service.resend_approval_code(&link, step.challenge, &step.key))
        .await?;
    match sent {
        Ok(_) => Ok(visit.go(&opened.address("/code?resent=1"))),
        Err(error) => refused(visit, &opened, error).await,
    }
}
