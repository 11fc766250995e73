//! The pages under an approval link: see the request, identify, give the code, see what became of it.
//!
//! Each page first asks the service where the request stands. One that has ended, or that is being signed, gets
//! the page of that state wherever the browser was: that is what makes going back, clicking twice and old tabs
//! harmless.

use std::fmt::Display;

use actix_web::HttpResponse;
use url::Url;

use super::browser::Step;
use super::fields::{FormView, Kind};
use super::obstacle::{Action, Obstacle, ObstaclePage};
use super::page::Page;
use super::visit::Visit;
use super::wording;
use crate::auth::Link;
use crate::domain::request::{Document, RequestReason, RequestState};
use crate::http::Problem;
use crate::http::error::Code;
use crate::messages::{Arg, moment};
use crate::service::approval::{ApprovalView, Asker};

mod account;
mod confirm;
mod decline;
mod document;
mod done;
mod help;
mod identify;
pub(super) mod pages;
mod resend;
mod review;
pub(super) mod statements;

pub(super) use account::{account, request_left};
pub(super) use confirm::{confirm, wait};
pub(super) use decline::{ask, decline};
pub(super) use document::document;
pub(super) use done::done;
pub(super) use help::help;
pub(super) use identify::identify;
pub(super) use resend::resend;
pub(super) use review::review;

use pages::{DocumentView, RequestView};

/// What a link leads to.
pub(super) struct Opened {
    text: String,
    link: Link,
    view: ApprovalView,
}

impl Opened {
    /// Checks the link and looks up its request, which this call is about from then on.
    async fn of(visit: &Visit, text: &str) -> Result<Self, Problem> {
        let opened = Self::look_up(visit, text).await?;
        visit.is_about(opened.address(""), opened.view.language);
        Ok(opened)
    }

    async fn look_up(visit: &Visit, text: &str) -> Result<Self, Problem> {
        let text = text.to_owned();
        visit
            .shared()
            .run(move |service| {
                let link = service.link(&text)?;
                let view = service.approval(&link)?;
                Ok(Self { text, link, view })
            })
            .await
    }

    /// The request and the code step that this browser is in for it. Otherwise where the browser is sent: there is
    /// nothing to give a code for, or the browser does not bring the step.
    async fn in_step(visit: &Visit, text: &str) -> Result<Result<(Self, Step), String>, Problem> {
        let opened = Self::of(visit, text).await?;
        if let Some(elsewhere) = opened.elsewhere() {
            return Ok(Err(elsewhere));
        }
        Ok(match Step::of(visit.request(), &opened.step()) {
            Some(step) => Ok((opened, step)),
            None => Err(opened.address(format_args!("/help/{}", Obstacle::StepGone))),
        })
    }

    /// The address of one of the request's pages.
    fn address(&self, rest: impl Display) -> String {
        format!("/r/{}{rest}", self.text)
    }

    /// What tells this request's code step apart from those of other tabs: the last digits of its identifier,
    /// which are random.
    fn step(&self) -> String {
        let id = self.view.request.to_string();
        id.chars().rev().take(12).collect()
    }

    /// Where the browser is sent when the request cannot be approved any more or not yet again.
    fn elsewhere(&self) -> Option<String> {
        match self.view.state {
            RequestState::Pending => match self.view.asker {
                Asker::Admitted => None,
                Asker::Disabled => Some(self.address("")),
            },
            RequestState::Signing | RequestState::Completed | RequestState::Failed => {
                Some(self.address("/done"))
            }
            RequestState::Refused | RequestState::Cancelled | RequestState::Expired => {
                Some(self.address(""))
            }
        }
    }

    /// Why there is nothing to approve, or not now.
    fn hindered(&self) -> Option<(Code, Obstacle)> {
        let ended = match self.view.state {
            RequestState::Pending => {
                return match self.view.asker {
                    Asker::Admitted => None,
                    Asker::Disabled => Some((Code::AppDisabled, Obstacle::AppDisabled)),
                };
            }
            RequestState::Signing => return None,
            RequestState::Completed => Obstacle::UsedLink,
            RequestState::Cancelled => Obstacle::Cancelled,
            RequestState::Expired => Obstacle::ExpiredLink,
            RequestState::Failed => Obstacle::NothingSigned,
            RequestState::Refused => match self.view.reason {
                Some(RequestReason::CodeTriesExhausted) => Obstacle::CodesExhausted,
                _ => Obstacle::Declined,
            },
        };
        Some((Code::RequestEnded, ended))
    }

    /// The page of something in the way, with the ways on from it.
    fn obstacle(
        &self,
        visit: Visit,
        code: Code,
        obstacle: Obstacle,
    ) -> Result<HttpResponse, Problem> {
        let page = visit.page();
        let mut ways = Vec::new();
        match self.view.state {
            RequestState::Pending if obstacle != Obstacle::AppDisabled => {
                ways.push(Action::new(self.address(""), page.t("action-request")));
            }
            RequestState::Completed => {
                ways.push(Action::new(self.address("/done"), page.t("action-result")));
            }
            RequestState::Pending
            | RequestState::Signing
            | RequestState::Refused
            | RequestState::Cancelled
            | RequestState::Expired
            | RequestState::Failed => {}
        }
        if let Some(back) = self.back() {
            let args = [("app", Arg::from(&self.view.app))];
            ways.push(Action::new(back, page.tv("action-back-to-app", &args)));
        }
        let number = self.view.request.to_string();
        let template = ObstaclePage::new(&page, obstacle, ways).about(&number);
        visit.refuse(code, &page, &template)
    }

    /// Back to the app, which is told which request it is about and where that stands. The address itself was
    /// checked against the app's list when the request was made.
    fn back(&self) -> Option<Url> {
        let mut url = self.view.return_url.clone()?;
        if !matches!(url.scheme(), "https" | "http") {
            return None;
        }
        url.query_pairs_mut()
            .append_pair("request", &self.view.request.to_string())
            .append_pair("state", self.view.state.as_str());
        Some(url)
    }

    /// The request as its pages show it.
    fn request(&self, page: &Page) -> RequestView {
        RequestView {
            app: self.view.app.clone(),
            title: self.view.title.clone(),
            expires: moment::date_and_time(page.language(), self.view.expires_at),
            fingerprint: self.view.fingerprint.to_string(),
            number: self.view.request.to_string(),
            address: self.address(""),
            decline: self.address("/decline"),
            back: self.back(),
            documents: self
                .view
                .documents
                .iter()
                .map(|document| self.document(page, document))
                .collect(),
        }
    }

    fn document(&self, page: &Page, document: &Document) -> DocumentView {
        DocumentView {
            address: self.address(format_args!("/documents/{}", document.id)),
            name: document.name.clone(),
            title: document
                .title
                .clone()
                .unwrap_or_else(|| document.name.clone()),
            media_type: wording::media_type(page, &document.media_type),
            size: wording::size(page.language(), document.size),
            sha256: wording::digest_groups(document.sha256.bytes()),
            statements: statements::statements(page, &document.options),
            state: document.state,
            reason: document.reason,
        }
    }

    /// The question for DNI and password.
    fn identification(&self, page: &Page) -> FormView {
        FormView::new(
            self.address(""),
            &[Kind::NationalId, Kind::Password],
            page.t("continue-button"),
        )
    }
}
