//! The page for the SMS code: the second step of an approval and of every act on the account.

use askama::Template;
use time::OffsetDateTime;

use super::approval::statements::Statement;
use super::fields::FormView;
use super::page::Page;
use crate::messages::{Arg, moment};
use crate::service::CodeStep;

/// What the page shows of a request whose approval the code will complete.
pub(super) struct CodeRequest {
    pub(super) app: String,
    pub(super) title: Option<String>,
    pub(super) fingerprint: String,
    pub(super) decline: String,
    pub(super) documents: Vec<CodeDocument>,
}

/// One document of it.
pub(super) struct CodeDocument {
    pub(super) title: String,
    /// What its signature will state.
    pub(super) statements: Vec<Statement>,
}

/// The page for the SMS code.
#[derive(Template)]
#[template(path = "code.html", config = "src/http/citizen/askama.toml")]
pub(super) struct CodePage<'a> {
    pub(super) page: &'a Page,
    /// The message that is the heading.
    pub(super) heading: &'static str,
    pub(super) form: FormView,
    /// Said before all else, when something went well.
    pub(super) notice: Option<String>,
    /// The request, when the code approves one.
    pub(super) request: Option<CodeRequest>,
    /// The last digits of the phone.
    pub(super) phone: String,
    pub(super) now: OffsetDateTime,
    pub(super) expires_at: OffsetDateTime,
    pub(super) tries: u32,
    pub(super) resends: u32,
    /// Where another code is asked for.
    pub(super) resend: String,
    /// Where the first step is.
    pub(super) start: String,
    /// When the citizen identified last (ENS op.acc.5: shown at each access), in words.
    pub(super) access: Option<String>,
}

impl CodePage<'_> {
    fn heading(&self) -> String {
        self.page.t(self.heading)
    }

    fn step(&self) -> String {
        self.page.t("step-code")
    }

    fn sent_to(&self) -> String {
        let args = [("digits", Arg::from(&self.phone))];
        self.page.tv("code-sent", &args)
    }

    fn validity(&self) -> String {
        let left = (self.expires_at - self.now).whole_seconds();
        let minutes = u64::try_from(left).unwrap_or(0).div_ceil(60);
        let time = moment::time_of_day(self.page.language(), self.expires_at);
        let args = [("count", Arg::Count(minutes)), ("time", Arg::from(&time))];
        self.page.tv("code-valid", &args)
    }

    fn tries(&self) -> String {
        let args = [("count", Arg::from(self.tries))];
        self.page.tv("code-tries", &args)
    }
}

/// What is said after a wrong code.
pub(super) fn wrong(page: &Page, waiting: &CodeStep) -> String {
    let args = [("count", Arg::from(waiting.tries_left))];
    page.tv("fault-code-wrong", &args)
}

/// When the citizen identified last, as a sentence.
pub(super) fn last_access(page: &Page, at: Option<OffsetDateTime>) -> String {
    match at {
        Some(at) => {
            let moment = moment::date_and_time(page.language(), at);
            page.tv("access-last", &[("moment", Arg::from(&moment))])
        }
        None => page.t("access-first"),
    }
}
