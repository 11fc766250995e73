//! `GET` and `POST /r/{link}/code`: the second factor.

use actix_web::{HttpResponse, web};

use super::Opened;
use crate::domain::challenge::Purpose;
use crate::http::Problem;
use crate::http::citizen::browser::Step;
use crate::http::citizen::code::{self, CodeDocument, CodePage, CodeRequest};
use crate::http::citizen::faults;
use crate::http::citizen::fields::{FormView, Kind};
use crate::http::citizen::form::Form;
use crate::http::citizen::obstacle::Obstacle;
use crate::http::citizen::page::Page;
use crate::http::citizen::visit::Visit;
use crate::http::error::Code;
use crate::messages::Arg;
use crate::service::{ChallengeError, CodeStep, ServiceError};

/// Asks for the code.
pub(in crate::http::citizen) async fn wait(
    visit: Visit,
    link: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (opened, step) = match Opened::in_step(&visit, &link).await? {
        Ok(entered) => entered,
        Err(elsewhere) => return Ok(visit.go(&elsewhere)),
    };
    match look(&visit, &opened, &step).await? {
        Ok(waiting) => {
            let page = visit.page();
            let mut form = form(&opened, &page);
            if visit.query("fault").as_deref() == Some("code") {
                form.fault(Kind::Code, code::wrong(&page, &waiting));
            }
            let template = code_page(&visit, &opened, &page, &step, &waiting, form);
            visit.show(&page, &template)
        }
        Err(error) => refused(visit, &opened, error).await,
    }
}

/// Takes the code, and signs.
pub(in crate::http::citizen) async fn confirm(
    mut visit: Visit,
    link: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let (opened, step) = match Opened::in_step(&visit, &link).await? {
        Ok(entered) => entered,
        Err(elsewhere) => return Ok(visit.go(&elsewhere)),
    };
    let page = visit.page();
    let code = form.trimmed(Kind::Code);
    if let Some(fault) = faults::code(&page, &code) {
        let waiting = match look(&visit, &opened, &step).await? {
            Ok(waiting) => waiting,
            Err(error) => return refused(visit, &opened, error).await,
        };
        let mut view = self::form(&opened, &page);
        view.fault(Kind::Code, fault);
        let template = code_page(&visit, &opened, &page, &step, &waiting, view);
        return visit.refuse(Code::InvalidRequest, &page, &template);
    }
    let (link, challenge, key) = (opened.link.clone(), step.challenge, step.key.clone());
    let outcome = visit
        .attempt(move |service| service.confirm_approval(&link, challenge, &key, &code))
        .await?;
    match outcome {
        Ok(_) => {
            visit.keep(Step::removal(&opened.step()));
            Ok(visit.go(&opened.address("/done")))
        }
        Err(error) => refused(visit, &opened, error).await,
    }
}

/// What is known of the code step, if this browser is in one for this request.
async fn look(
    visit: &Visit,
    opened: &Opened,
    step: &Step,
) -> Result<Result<CodeStep, ServiceError>, Problem> {
    let purpose = Purpose::Sign {
        request: opened.view.request,
    };
    let (challenge, key) = (step.challenge, step.key.clone());
    visit
        .attempt(move |service| service.code_step(purpose, challenge, &key))
        .await
}

/// Where a code that was not taken leads. Of two clicks on the same code one finds the step gone: it is sent to
/// where the first has brought the request.
pub(super) async fn refused(
    mut visit: Visit,
    opened: &Opened,
    error: ServiceError,
) -> Result<HttpResponse, Problem> {
    let obstacle = match error {
        ServiceError::Challenge(ChallengeError::WrongCode { .. }) => {
            return Ok(visit.go(&opened.address("/code?fault=code")));
        }
        // The step stays good for when the app is enabled again.
        ServiceError::AppDisabled => return Ok(visit.go(&opened.address(""))),
        ServiceError::RequestState { .. } | ServiceError::Challenge(ChallengeError::Exhausted) => {
            visit.keep(Step::removal(&opened.step()));
            let now = Opened::of(&visit, &opened.text).await?;
            let place = now.elsewhere().unwrap_or_else(|| opened.address(""));
            return Ok(visit.go(&place));
        }
        ServiceError::Challenge(ChallengeError::Blocked { .. }) => {
            let now = Opened::of(&visit, &opened.text).await?;
            if let Some(elsewhere) = now.elsewhere() {
                return Ok(visit.go(&elsewhere));
            }
            Obstacle::Blocked
        }
        ServiceError::Challenge(ChallengeError::Gone | ChallengeError::SomethingElse) => {
            let now = Opened::of(&visit, &opened.text).await?;
            if let Some(elsewhere) = now.elsewhere() {
                return Ok(visit.go(&elsewhere));
            }
            Obstacle::StepGone
        }
        ServiceError::Challenge(ChallengeError::Expired) => Obstacle::CodeExpired,
        ServiceError::Challenge(ChallengeError::NoResendsLeft) => {
            return Ok(visit.go(&opened.address("/code")));
        }
        ServiceError::SignerCannotSign(refusal) => {
            Obstacle::of(refusal).unwrap_or(Obstacle::StepGone)
        }
        error => return Err(error.into()),
    };
    Ok(visit.go(&opened.address(format_args!("/help/{obstacle}"))))
}

fn form(opened: &Opened, page: &Page) -> FormView {
    let count = opened.view.documents.len();
    let args = [(
        "count",
        Arg::Count(u64::try_from(count).unwrap_or(u64::MAX)),
    )];
    FormView::new(
        opened.address("/code"),
        &[Kind::Code],
        page.tv("code-sign-button", &args),
    )
}

fn code_page<'a>(
    visit: &Visit,
    opened: &Opened,
    page: &'a Page,
    step: &Step,
    waiting: &CodeStep,
    form: FormView,
) -> CodePage<'a> {
    let request = opened.request(page);
    let resent = visit.query("resent").is_some() && !form.failed();
    CodePage {
        page,
        heading: "code-title",
        form,
        notice: resent.then(|| page.t("code-resent")),
        phone: waiting.phone.clone(),
        now: visit.now(),
        expires_at: waiting.expires_at,
        tries: waiting.tries_left,
        resends: waiting.resends_left,
        resend: opened.address("/resend"),
        start: opened.address(""),
        access: Some(code::last_access(page, step.last_access)),
        request: Some(CodeRequest {
            app: request.app,
            title: request.title,
            fingerprint: request.fingerprint,
            decline: request.decline,
            documents: request
                .documents
                .into_iter()
                .map(|document| CodeDocument {
                    title: document.title,
                    statements: document.statements,
                })
                .collect(),
        }),
    }
}
