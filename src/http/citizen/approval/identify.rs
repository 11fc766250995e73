//! `POST /r/{link}`: the first factor.

use actix_web::{HttpResponse, web};

use super::Opened;
use super::pages::ReviewPage;
use crate::domain::secret::SecretText;
use crate::http::Problem;
use crate::http::citizen::browser::Step;
use crate::http::citizen::faults;
use crate::http::citizen::fields::Kind;
use crate::http::citizen::form::Form;
use crate::http::citizen::obstacle::Obstacle;
use crate::http::citizen::visit::Visit;
use crate::http::error::Code;
use crate::service::{CodeSent, ServiceError};

/// Checks DNI and password and goes on to the code.
pub(in crate::http::citizen) async fn identify(
    mut visit: Visit,
    link: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let opened = Opened::of(&visit, &link).await?;
    if let Some(elsewhere) = opened.elsewhere() {
        return Ok(visit.go(&elsewhere));
    }
    let (national_id, password) = (form.trimmed(Kind::NationalId), form.exact(Kind::Password));
    let page = visit.page();
    let mut view = opened.identification(&page);
    if let Some(fault) = faults::national_id(&page, &national_id) {
        view.fault(Kind::NationalId, fault);
    }
    if password.is_empty() {
        view.fault(Kind::Password, page.t("fault-password-missing"));
    }
    if view.failed() {
        view.keep(Kind::NationalId, national_id.expose());
        let template = ReviewPage {
            page: &page,
            request: &opened.request(&page),
            form: view,
        };
        return visit.refuse(Code::InvalidRequest, &page, &template);
    }
    match begin(&visit, &opened, national_id, password).await? {
        Ok(sent) => {
            let left = sent.expires_at - visit.now();
            visit.keep(Step::begun(sent).cookie(&opened.step(), left));
            Ok(visit.go(&opened.address("/code")))
        }
        Err(ServiceError::NotRecognised) => Ok(visit.go(&opened.address("?fault=credentials"))),
        Err(ServiceError::SignerCannotSign(refusal)) => Ok(match Obstacle::of(refusal) {
            Some(obstacle) => visit.go(&opened.address(format_args!("/help/{obstacle}"))),
            None => visit.go(&opened.address("?fault=credentials")),
        }),
        Err(ServiceError::RequestState { .. } | ServiceError::AppDisabled) => {
            Ok(visit.go(&opened.address("")))
        }
        Err(error) => Err(error.into()),
    }
}

async fn begin(
    visit: &Visit,
    opened: &Opened,
    national_id: SecretText,
    password: SecretText,
) -> Result<Result<CodeSent, ServiceError>, Problem> {
    let link = opened.link.clone();
    visit
        .attempt(move |service| service.begin_approval(&link, &national_id, &password))
        .await
}
