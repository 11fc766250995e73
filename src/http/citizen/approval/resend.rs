//! `POST /r/{link}/resend`: another code in the place of the last one.

use actix_web::{HttpResponse, web};

use super::Opened;
use super::confirm::refused;
use crate::http::Problem;
use crate::http::citizen::form::Form;
use crate::http::citizen::visit::Visit;

/// Sends it, and goes back to the page for the code.
pub(in crate::http::citizen) async fn resend(
    mut visit: Visit,
    link: web::Path<String>,
    _: Form,
) -> Result<HttpResponse, Problem> {
    let (opened, step) = match Opened::in_step(&visit, &link).await? {
        Ok(entered) => entered,
        Err(elsewhere) => return Ok(visit.go(&elsewhere)),
    };
    let (link, challenge, key) = (opened.link.clone(), step.challenge, step.key.clone());
    let sent = visit
        .attempt(move |service| service.resend_approval_code(&link, challenge, &key))
        .await?;
    match sent {
        Ok(sent) => {
            visit.keep(step.cookie(&opened.step(), sent.expires_at - visit.now()));
            Ok(visit.go(&opened.address("/code?resent=1")))
        }
        Err(error) => refused(visit, &opened, error).await,
    }
}
