//! `GET` and `POST /account/<act>/code`: the SMS code and the new password.

use actix_web::HttpResponse;

use super::Act;
use super::pages::DonePage;
use crate::domain::factor::Factor;
use crate::http::Problem;
use crate::http::citizen::approval;
use crate::http::citizen::browser::Step;
use crate::http::citizen::code::{self, CodePage};
use crate::http::citizen::faults;
use crate::http::citizen::fields::{FormView, Kind};
use crate::http::citizen::form::Form;
use crate::http::citizen::obstacle::Obstacle;
use crate::http::citizen::page::Page;
use crate::http::citizen::visit::Visit;
use crate::http::citizen::wording;
use crate::http::error::Code;
use crate::service::{ChallengeError, CodeStep, ServiceError};

/// Asks for both.
pub(in crate::http::citizen) async fn wait(
    act: Act,
    visit: Visit,
) -> Result<HttpResponse, Problem> {
    let Some(step) = Step::of(visit.request(), act.step()) else {
        return Ok(without_step(act, visit));
    };
    match look(act, &visit, &step).await? {
        Ok(waiting) => {
            let page = visit.page();
            let mut form = form_of(act, &page);
            if visit.query("fault").as_deref() == Some("code") {
                form.fault(Kind::Code, code::wrong(&page, &waiting));
            }
            let template = code_page(act, &visit, &page, &step, &waiting, form);
            visit.show(&page, &template)
        }
        Err(error) => refused(act, visit, error),
    }
}

/// Takes both. What is wrong with the password is told, and the code can be given again with another one.
pub(in crate::http::citizen) async fn finish(
    act: Act,
    mut visit: Visit,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let Some(step) = Step::of(visit.request(), act.step()) else {
        return Ok(without_step(act, visit));
    };
    let page = visit.page();
    let view = checked(act, &page, &form);
    if view.failed() {
        return again(act, visit, &page, &step, view).await;
    }
    let (challenge, key) = (step.challenge, step.key.clone());
    let (code, password) = (form.trimmed(Kind::Code), form.exact(Kind::NewPassword));
    let outcome = visit
        .attempt(move |service| {
            service.finish_password(act.purpose(), challenge, &key, &code, &password)
        })
        .await?;
    match outcome {
        Ok(()) => {
            visit.keep(Step::done(act.step()));
            Ok(visit.go(&format!("{}/done", act.path())))
        }
        Err(ServiceError::PasswordRejected(rules)) => {
            let mut view = form_of(act, &page);
            view.fault(Kind::NewPassword, wording::password_faults(&page, &rules));
            again(act, visit, &page, &step, view).await
        }
        Err(error) => refused(act, visit, error),
    }
}

/// `GET /account/<act>/done`. For the browser that did it; others are shown the way in.
pub(in crate::http::citizen) async fn done(
    act: Act,
    mut visit: Visit,
) -> Result<HttpResponse, Problem> {
    if !Step::is_done(visit.request(), act.step()) {
        return Ok(visit.go(act.path()));
    }
    let back = approval::request_left(&mut visit).await;
    let page = visit.page();
    let (heading, text) = act.done();
    let template = DonePage {
        page: &page,
        heading,
        text,
        back,
    };
    visit.show(&page, &template)
}

/// Where a browser goes that is in no step of this act.
pub(super) fn without_step(act: Act, visit: Visit) -> HttpResponse {
    if Step::is_done(visit.request(), act.step()) {
        visit.go(&format!("{}/done", act.path()))
    } else {
        visit.go(&format!("/help/{}", Obstacle::StepGone))
    }
}

/// What is known of the code step, if this browser is in one for this act.
async fn look(
    act: Act,
    visit: &Visit,
    step: &Step,
) -> Result<Result<CodeStep, ServiceError>, Problem> {
    let (challenge, key) = (step.challenge, step.key.clone());
    visit
        .attempt(move |service| service.code_step(act.purpose(), challenge, &key))
        .await
}

/// The page once more, with what is wrong.
async fn again(
    act: Act,
    visit: Visit,
    page: &Page,
    step: &Step,
    view: FormView,
) -> Result<HttpResponse, Problem> {
    match look(act, &visit, step).await? {
        Ok(waiting) => {
            let template = code_page(act, &visit, page, step, &waiting, view);
            visit.refuse(Code::InvalidRequest, page, &template)
        }
        Err(error) => refused(act, visit, error),
    }
}

/// Where a code that was not taken leads.
pub(super) fn refused(
    act: Act,
    mut visit: Visit,
    error: ServiceError,
) -> Result<HttpResponse, Problem> {
    let obstacle = match error {
        ServiceError::Challenge(ChallengeError::WrongCode { .. }) => {
            return Ok(visit.go(&format!("{}/code?fault=code", act.path())));
        }
        ServiceError::Challenge(ChallengeError::NoResendsLeft) => {
            return Ok(visit.go(&format!("{}/code", act.path())));
        }
        ServiceError::Challenge(ChallengeError::Exhausted) => Obstacle::TooManyCodes,
        ServiceError::Challenge(ChallengeError::Blocked { factor, .. }) => match factor {
            Factor::Password => Obstacle::Blocked,
            Factor::ActivationCode => Obstacle::ActivationBlocked,
        },
        ServiceError::Challenge(ChallengeError::Expired) => Obstacle::CodeExpired,
        ServiceError::Challenge(ChallengeError::Gone | ChallengeError::SomethingElse) => {
            Obstacle::StepGone
        }
        ServiceError::SignerCannotSign(refusal) => {
            Obstacle::of(refusal).unwrap_or(Obstacle::StepGone)
        }
        error => return Err(error.into()),
    };
    visit.keep(Step::removal(act.step()));
    Ok(visit.go(&format!("/help/{obstacle}")))
}

fn form_of(act: Act, page: &Page) -> FormView {
    let rules = act.rules().iter();
    FormView::new(
        format!("{}/code", act.path()),
        &[Kind::Code, Kind::NewPassword, Kind::RepeatPassword],
        page.t("code-save-button"),
    )
    .with_rules(
        rules
            .map(|rule| wording::password_rule(page, *rule))
            .collect(),
    )
}

fn checked(act: Act, page: &Page, form: &Form) -> FormView {
    let mut view = form_of(act, page);
    let code = form.trimmed(Kind::Code);
    let (new, repeated) = (
        form.exact(Kind::NewPassword),
        form.exact(Kind::RepeatPassword),
    );
    if let Some(fault) = faults::code(page, &code) {
        view.fault(Kind::Code, fault);
    }
    if let Some(fault) = faults::missing(page, &new, "fault-new-password-missing") {
        view.fault(Kind::NewPassword, fault);
    } else if new.expose() != repeated.expose() {
        view.fault(Kind::RepeatPassword, page.t("fault-repeat-password"));
    }
    view
}

fn code_page<'a>(
    act: Act,
    visit: &Visit,
    page: &'a Page,
    step: &Step,
    waiting: &CodeStep,
    form: FormView,
) -> CodePage<'a> {
    let resent = visit.query("resent").is_some() && !form.failed();
    CodePage {
        page,
        heading: "code-title-password",
        form,
        notice: resent.then(|| page.t("code-resent")),
        request: None,
        phone: waiting.phone.clone(),
        now: visit.now(),
        expires_at: waiting.expires_at,
        tries: waiting.tries_left,
        resends: waiting.resends_left,
        resend: format!("{}/resend", act.path()),
        start: act.path().to_owned(),
        access: (act == Act::Change).then(|| code::last_access(page, step.last_access)),
    }
}
