//! Pages to read: help on each obstacle, accessibility, cookies.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::obstacle::{Action, Obstacle, ObstaclePage};
use super::page::Page;
use super::visit::Visit;
use crate::http::Problem;

/// `GET /help`.
pub(super) async fn help(visit: Visit) -> Result<HttpResponse, Problem> {
    let page = visit.page();
    let topics = Obstacle::TOPICS
        .iter()
        .map(|topic| Action::new(format!("/help/{topic}"), topic.title(&page)))
        .collect();
    visit.show(
        &page,
        &HelpPage {
            page: &page,
            topics,
        },
    )
}

/// `GET /help/{topic}`.
pub(super) async fn topic(visit: Visit, topic: web::Path<String>) -> Result<HttpResponse, Problem> {
    let obstacle = Obstacle::named(&topic)?;
    let page = visit.page();
    let ways = vec![Action::new("/help", page.t("help-title"))];
    visit.show(&page, &ObstaclePage::new(&page, obstacle, ways))
}

/// `GET /accessibility`: the statement that Real Decreto 1112/2018 article 15 asks for.
pub(super) async fn accessibility(visit: Visit) -> Result<HttpResponse, Problem> {
    let page = visit.page();
    let paragraphs = vec![
        page.t("accessibility-aim"),
        page.t("accessibility-limits"),
        page.t("accessibility-time"),
        page.t("accessibility-contact"),
    ];
    visit.show(
        &page,
        &AboutPage::new(&page, "accessibility-title", paragraphs),
    )
}

/// `GET /cookies`.
pub(super) async fn cookies(visit: Visit) -> Result<HttpResponse, Problem> {
    let page = visit.page();
    let paragraphs = vec![page.t("cookies-use"), page.t("cookies-list")];
    visit.show(&page, &AboutPage::new(&page, "cookies-title", paragraphs))
}

#[derive(Template)]
#[template(path = "help.html", config = "src/http/citizen/askama.toml")]
pub(super) struct HelpPage<'a> {
    pub(super) page: &'a Page,
    pub(super) topics: Vec<Action>,
}

impl HelpPage<'_> {
    fn heading(&self) -> String {
        self.page.t("help-title")
    }
}

#[derive(Template)]
#[template(path = "about.html", config = "src/http/citizen/askama.toml")]
pub(super) struct AboutPage<'a> {
    page: &'a Page,
    heading: &'static str,
    paragraphs: Vec<String>,
}

impl<'a> AboutPage<'a> {
    pub(super) fn new(page: &'a Page, heading: &'static str, paragraphs: Vec<String>) -> Self {
        Self {
            page,
            heading,
            paragraphs,
        }
    }

    fn heading(&self) -> String {
        self.page.t(self.heading)
    }
}
