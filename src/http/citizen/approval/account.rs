//! `GET /r/{link}/account/{act}`: the way from a request to a page of the account, and back when that is done.

use actix_web::{HttpResponse, web};

use super::Opened;
use crate::domain::request::RequestState;
use crate::http::Problem;
use crate::http::citizen::account::Act;
use crate::http::citizen::browser;
use crate::http::citizen::form;
use crate::http::citizen::visit::Visit;

/// Goes to the account's page, and has the browser keep the link: the pages of the account do not have it in their
/// addresses. Another site that leads here has nothing kept.
pub(in crate::http::citizen) async fn account(
    mut visit: Visit,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (link, act) = path.into_inner();
    let opened = Opened::of(&visit, &link).await?;
    let act = Act::named(&act)?;
    if opened.is_open() && !form::comes_from_elsewhere(visit.request()) {
        visit.keep(browser::leaving_request(&opened.text));
    }
    Ok(visit.go(act.path()))
}

/// The address of the request that this browser left for a page of the account, while it waits to be approved. The link
/// is checked like the one in an address. One that is none, or whose request has ended, is taken from the browser; when
/// the request cannot be looked up now, it stays.
pub(in crate::http::citizen) async fn request_left(visit: &mut Visit) -> Option<String> {
    let link = browser::request_left(visit.request())?;
    match Opened::look_up(visit, &link).await {
        Ok(opened) if opened.is_open() => Some(opened.address("")),
        Err(problem) if problem.status().is_server_error() => None,
        Ok(_) | Err(_) => {
            visit.keep(browser::back_at_request());
            None
        }
    }
}

impl Opened {
    fn is_open(&self) -> bool {
        self.view.state == RequestState::Pending
    }

    /// Takes the link from the browser when it is this one: the citizen is back.
    pub(super) fn is_back(&self, visit: &mut Visit) {
        if browser::request_left(visit.request()).as_deref() == Some(&self.text) {
            visit.keep(browser::back_at_request());
        }
    }
}
