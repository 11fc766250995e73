//! The pages of the account: activate it, set a new password for a forgotten one, change a known one.
//!
//! All three are one act in two steps: who one is, then the SMS code with the new password. They differ in what
//! the first step asks for and in their words.

use actix_web::HttpResponse;

use super::fields::{FormView, Kind};
use super::page::Page;
use super::visit::Visit;
use crate::domain::challenge::Purpose;
use crate::http::Problem;
use crate::http::error::Code;
use crate::service::PasswordRule;

mod begin;
mod finish;
pub(super) mod pages;
mod resend;

pub(super) use begin::{ask, begin};
pub(super) use finish::{done, finish, wait};
pub(super) use resend::resend;

use pages::HomePage;

/// `GET /`: the way to everything that a citizen can do without an approval link.
pub(super) async fn home(visit: Visit) -> Result<HttpResponse, Problem> {
    let page = visit.page();
    visit.show(&page, &HomePage { page: &page })
}

/// What a citizen does with the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// Chooses the first password.
    Activate,
    /// Sets a new password with the activation code.
    Reset,
    /// Changes the password with the present one.
    Change,
}

impl Act {
    /// Where its first step is.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Activate => "/account/activate",
            Self::Reset => "/account/reset",
            Self::Change => "/account/password",
        }
    }

    /// What the last part of an address names. Its text is a stranger's and goes no further.
    pub(super) fn named(act: &str) -> Result<Self, Problem> {
        match act {
            "activate" => Ok(Self::Activate),
            "reset" => Ok(Self::Reset),
            "password" => Ok(Self::Change),
            _ => Err(Problem::new(Code::NotFound)),
        }
    }

    /// What tells its code step apart in the browser.
    fn step(self) -> &'static str {
        self.purpose().name()
    }

    /// What its code confirms.
    fn purpose(self) -> Purpose {
        match self {
            Self::Activate => Purpose::Activate,
            Self::Reset => Purpose::ResetPassword,
            Self::Change => Purpose::ChangePassword,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Activate => "activate-title",
            Self::Reset => "reset-title",
            Self::Change => "change-title",
        }
    }

    fn intro(self) -> &'static str {
        match self {
            Self::Activate => "activate-intro",
            Self::Reset => "reset-intro",
            Self::Change => "change-intro",
        }
    }

    pub(super) fn done(self) -> (&'static str, &'static str) {
        match self {
            Self::Activate => ("activate-done-title", "activate-done-text"),
            Self::Reset => ("reset-done-title", "reset-done-text"),
            Self::Change => ("change-done-title", "change-done-text"),
        }
    }

    /// What the first step says when its values do not belong together.
    fn not_recognised(self) -> &'static str {
        match self {
            Self::Activate | Self::Reset => "fault-activation",
            Self::Change => "fault-credentials",
        }
    }

    /// What the new password must be like.
    pub(super) fn rules(self) -> &'static [PasswordRule] {
        use PasswordRule::{Character, Name, Same, TooFewKinds, TooShort};
        match self {
            // There is no present one that it could be the same as.
            Self::Activate => &[TooShort, TooFewKinds, Character, Name],
            Self::Reset | Self::Change => &[TooShort, TooFewKinds, Character, Name, Same],
        }
    }

    /// What the first step asks for.
    pub(super) fn first_form(self, page: &Page) -> FormView {
        let kinds: &[Kind] = match self {
            Self::Activate => &[Kind::NationalId, Kind::Email, Kind::ActivationCode],
            Self::Reset => &[Kind::NationalId, Kind::ActivationCode],
            Self::Change => &[Kind::NationalId, Kind::Password],
        };
        FormView::new(self.path().to_owned(), kinds, page.t("continue-button"))
    }
}
