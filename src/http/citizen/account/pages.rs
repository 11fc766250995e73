//! The pages of the account, apart from what leads to them.

use askama::Template;

use super::Act;
use crate::http::citizen::fields::FormView;
use crate::http::citizen::page::Page;

/// The way into the account's pages.
#[derive(Template)]
#[template(path = "home.html", config = "src/http/citizen/askama.toml")]
pub(in crate::http::citizen) struct HomePage<'a> {
    pub(in crate::http::citizen) page: &'a Page,
}

impl HomePage<'_> {
    fn heading(&self) -> String {
        self.page.t("home-title")
    }
}

/// The first step of an act: who one is.
#[derive(Template)]
#[template(path = "account.html", config = "src/http/citizen/askama.toml")]
pub(in crate::http::citizen) struct FirstPage<'a> {
    pub(in crate::http::citizen) page: &'a Page,
    pub(in crate::http::citizen) form: FormView,
    pub(in crate::http::citizen) act: Act,
}

impl FirstPage<'_> {
    fn heading(&self) -> String {
        self.page.t(self.act.title())
    }

    fn intro(&self) -> String {
        self.page.t(self.act.intro())
    }

    /// Whether the first factor is the activation code rather than the password.
    fn is_about_a_code(&self) -> bool {
        match self.act {
            Act::Activate | Act::Reset => true,
            Act::Change => false,
        }
    }
}

/// An act is done.
#[derive(Template)]
#[template(path = "account_done.html", config = "src/http/citizen/askama.toml")]
pub(in crate::http::citizen) struct DonePage<'a> {
    pub(in crate::http::citizen) page: &'a Page,
    pub(in crate::http::citizen) heading: &'static str,
    pub(in crate::http::citizen) text: &'static str,
    /// The request from which the citizen came.
    pub(in crate::http::citizen) back: Option<String>,
}

impl DonePage<'_> {
    fn heading(&self) -> String {
        self.page.t(self.heading)
    }

    fn text(&self) -> String {
        self.page.t(self.text)
    }
}
