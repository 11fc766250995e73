//! `GET` and `POST /account/<act>`: who one is.

use actix_web::HttpResponse;

use super::Act;
use super::pages::FirstPage;
use crate::http::Problem;
use crate::http::citizen::browser::Step;
use crate::http::citizen::faults;
use crate::http::citizen::fields::{FormView, Kind};
use crate::http::citizen::form::Form;
use crate::http::citizen::obstacle::Obstacle;
use crate::http::citizen::page::Page;
use crate::http::citizen::visit::Visit;
use crate::http::error::Code;
use crate::service::ServiceError;

/// Asks.
pub(in crate::http::citizen) async fn ask(act: Act, visit: Visit) -> Result<HttpResponse, Problem> {
    let page = visit.page();
    let problem = (visit.query("fault").as_deref() == Some("credentials"))
        .then(|| page.t(act.not_recognised()));
    let form = act.first_form(&page).with_problem(problem);
    visit.show(&page, &first_page(act, &page, form))
}

/// Checks it, and goes on to the code.
pub(in crate::http::citizen) async fn begin(
    act: Act,
    mut visit: Visit,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let page = visit.page();
    let view = checked(act, &page, &form);
    if view.failed() {
        return visit.refuse(Code::InvalidRequest, &page, &first_page(act, &page, view));
    }
    let language = visit.language();
    let national_id = form.trimmed(Kind::NationalId);
    let sent = visit
        .attempt(move |service| match act {
            Act::Activate => service.begin_activation(
                language,
                &national_id,
                &form.trimmed(Kind::Email),
                &form.trimmed(Kind::ActivationCode),
            ),
            Act::Reset => {
                service.begin_reset(language, &national_id, &form.trimmed(Kind::ActivationCode))
            }
            Act::Change => {
                service.begin_change(language, &national_id, &form.exact(Kind::Password))
            }
        })
        .await?;
    match sent {
        Ok(sent) => {
            let left = sent.expires_at - visit.now();
            visit.keep(Step::begun(sent).cookie(act.step(), left));
            Ok(visit.go(&format!("{}/code", act.path())))
        }
        Err(ServiceError::NotRecognised) => {
            Ok(visit.go(&format!("{}?fault=credentials", act.path())))
        }
        Err(ServiceError::SignerCannotSign(refusal)) => Ok(match Obstacle::of(refusal) {
            Some(obstacle) => visit.go(&format!("/help/{obstacle}")),
            None => visit.go(&format!("{}?fault=credentials", act.path())),
        }),
        Err(error) => Err(error.into()),
    }
}

/// The form with what is wrong in it.
fn checked(act: Act, page: &Page, form: &Form) -> FormView {
    let mut view = act.first_form(page);
    let national_id = form.trimmed(Kind::NationalId);
    let mut found = vec![(Kind::NationalId, faults::national_id(page, &national_id))];
    view.keep(Kind::NationalId, national_id.expose());
    if act == Act::Activate {
        let email = form.trimmed(Kind::Email);
        found.push((Kind::Email, faults::email(page, &email)));
        view.keep(Kind::Email, email.expose());
    }
    found.push(match act {
        Act::Activate | Act::Reset => {
            let code = form.trimmed(Kind::ActivationCode);
            (
                Kind::ActivationCode,
                faults::missing(page, &code, "fault-activation-code-missing"),
            )
        }
        Act::Change => {
            let password = form.exact(Kind::Password);
            (
                Kind::Password,
                faults::missing(page, &password, "fault-password-missing"),
            )
        }
    });
    for (kind, fault) in found {
        if let Some(fault) = fault {
            view.fault(kind, fault);
        }
    }
    view
}

fn first_page(act: Act, page: &Page, form: FormView) -> FirstPage<'_> {
    FirstPage { page, form, act }
}
