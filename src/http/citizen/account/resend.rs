//! `POST /account/<act>/resend`: another code in the place of the last one.

use actix_web::HttpResponse;

use super::Act;
use super::finish::{refused, without_step};
use crate::http::Problem;
use crate::http::citizen::browser::Step;
use crate::http::citizen::form::Form;
use crate::http::citizen::visit::Visit;

/// Sends it, and goes back to the page for the code.
pub(in crate::http::citizen) async fn resend(
    act: Act,
    mut visit: Visit,
    _: Form,
) -> Result<HttpResponse, Problem> {
    let Some(step) = Step::of(visit.request(), act.step()) else {
        return Ok(without_step(act, visit));
    };
    let language = visit.language();
    let (challenge, key) = (step.challenge, step.key.clone());
    let sent = visit
        .attempt(move |service| service.resend_account_code(language, challenge, &key))
        .await?;
    match sent {
        Ok(sent) => {
            visit.keep(step.cookie(act.step(), sent.expires_at - visit.now()));
            Ok(visit.go(&format!("{}/code?resent=1", act.path())))
        }
        Err(error) => refused(act, visit, error),
    }
}
