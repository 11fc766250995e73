//! What can stand in the way of a citizen, each with a page of its own: what happened and what to do next.
//!
//! The texts name nobody, so that the same words serve the page in the middle of an approval and the public help
//! page at `/help/<slug>`.

use std::fmt;
use std::str::FromStr;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::domain::algorithm::named;
use crate::domain::standing::Refusal;
use crate::http::error::Code;
use crate::http::{CallId, Problem};
use crate::messages::{Arg, moment};

use super::account::Act;
use super::page::Page;
use super::visit::Visit;

named!(
    /// Something that stands in the way. The name is part of addresses and of message names.
    Obstacle {
        /// The approval link is not one of ours.
        UnknownLink = "unknown-link",
        /// Nobody approved the request in time.
        ExpiredLink = "expired-link",
        /// The request was approved and signed.
        UsedLink = "used-link",
        /// The app took the request back.
        Cancelled = "cancelled",
        /// The app that asks was disabled.
        AppDisabled = "app-disabled",
        /// The signer declined.
        Declined = "declined",
        /// Too many wrong codes: the request is refused.
        CodesExhausted = "codes-exhausted",
        /// Approved, and not one document could be signed.
        NothingSigned = "nothing-signed",
        /// The account was not activated yet.
        NotActivated = "not-activated",
        /// Registered at basic level.
        BasicLevel = "basic-level",
        /// Too many wrong passwords or SMS codes.
        Blocked = "blocked",
        /// No phone to send codes to.
        NoPhone = "no-phone",
        /// The password is older than its life.
        PasswordExpired = "password-expired",
        /// No certificate to sign with.
        NoCredential = "no-credential",
        /// The certificate is past its validity.
        CredentialExpired = "credential-expired",
        /// Too many wrong activation codes.
        ActivationBlocked = "activation-blocked",
        /// The account was activated before.
        AlreadyActive = "already-active",
        /// The code was not typed in time.
        CodeExpired = "code-expired",
        /// Too many wrong codes while managing the account.
        TooManyCodes = "too-many-codes",
        /// The browser does not bring what the earlier step left with it.
        StepGone = "step-gone",
        /// The SMS could not be sent.
        SmsNotSent = "sms-not-sent",
        /// A document is not the one that the app sent.
        DocumentAltered = "document-altered",
        /// The HSM does not answer. The request stays as it was.
        HsmAway = "hsm-away",
        /// The HSM lacks the key that the citizen's key is under. The request stays as it was.
        KekMissing = "kek-missing",
        /// The database or the document store does not answer.
        ServiceAway = "service-away",
        /// More people at once than the server takes.
        Busy = "busy",
        /// Too many tries from one place in a short time.
        TooManyTries = "too-many-tries",
        /// As many codes as one citizen is sent within the hour.
        TooManyMessages = "too-many-messages",
        /// A form that did not come from our page.
        FormRejected = "form-rejected",
        /// No such page.
        NotFound = "not-found",
        /// A fault of the server.
        Internal = "internal",
    }
);

impl Obstacle {
    /// Those with something to read before they happen: the topics of the help page.
    pub(super) const TOPICS: [Self; 12] = [
        Self::NotActivated,
        Self::BasicLevel,
        Self::Blocked,
        Self::PasswordExpired,
        Self::NoPhone,
        Self::NoCredential,
        Self::CredentialExpired,
        Self::ActivationBlocked,
        Self::SmsNotSent,
        Self::CodeExpired,
        Self::CodesExhausted,
        Self::ExpiredLink,
    ];

    /// What an address names. Its text is a stranger's and goes no further, least of all into the log.
    pub(super) fn named(topic: &str) -> Result<Self, Problem> {
        topic
            .parse()
            .ok()
            .ok_or_else(|| Problem::new(Code::NotFound))
    }

    /// What a signer's standing means on a page. A closed account is told like an unknown one, by the caller.
    pub(super) fn of(refusal: Refusal) -> Option<Self> {
        match refusal {
            Refusal::Unknown => None,
            Refusal::NotActivated => Some(Self::NotActivated),
            Refusal::BasicLevel => Some(Self::BasicLevel),
            Refusal::Blocked => Some(Self::Blocked),
            Refusal::NoPhone => Some(Self::NoPhone),
            Refusal::PasswordExpired => Some(Self::PasswordExpired),
            Refusal::NoCredential => Some(Self::NoCredential),
            Refusal::CredentialExpired => Some(Self::CredentialExpired),
        }
    }

    /// What a kind of problem means on a page.
    fn of_code(code: Code) -> Self {
        match code {
            Code::LinkNotFound | Code::RequestNotFound => Self::UnknownLink,
            Code::NotFound | Code::DocumentNotFound | Code::MethodNotAllowed => Self::NotFound,
            Code::RateLimited => Self::TooManyTries,
            Code::TooManyCodes => Self::TooManyMessages,
            Code::SmsUnavailable => Self::SmsNotSent,
            Code::AppDisabled => Self::AppDisabled,
            Code::AlreadyActive => Self::AlreadyActive,
            Code::CodeRejected => Self::StepGone,
            Code::DocumentAltered => Self::DocumentAltered,
            Code::Busy => Self::Busy,
            Code::DatabaseUnavailable | Code::DocumentStoreUnavailable => Self::ServiceAway,
            Code::HsmUnavailable => Self::HsmAway,
            Code::KekMissing => Self::KekMissing,
            Code::SignerNotActivated => Self::NotActivated,
            Code::SignerBasicLevel => Self::BasicLevel,
            Code::SignerBlocked => Self::Blocked,
            Code::SignerNoPhone => Self::NoPhone,
            Code::SignerPasswordExpired => Self::PasswordExpired,
            Code::SignerNoCredential => Self::NoCredential,
            Code::CredentialExpired => Self::CredentialExpired,
            Code::FormRejected
            | Code::MalformedRequest
            | Code::MalformedJson
            | Code::MalformedMultipart
            | Code::PayloadTooLarge
            | Code::RequestTimeout
            | Code::UnsupportedMediaType => Self::FormRejected,
            // No page tells of those below: apps or operators alone are told so, or the handler answers with a page of
            // its own. What comes here all the same is a fault of the server.
            Code::AuthenticationRequired
            | Code::InvalidCredentials
            | Code::InvalidRequest
            | Code::DocumentTooLarge
            | Code::TooManyDocuments
            | Code::NotAPdf
            | Code::PdfDamaged
            | Code::PdfEncrypted
            | Code::PdfSigningForbidden
            | Code::PdfUnsupported
            | Code::PdfFieldUnavailable
            | Code::PaddingUnsuited
            | Code::IdempotencyKeyReused
            | Code::NotRecognised
            | Code::PasswordRejected
            | Code::RegistrationRefused
            | Code::SignerUnknown
            | Code::WrongState
            | Code::RequestEnded
            | Code::NotReady
            | Code::DocumentNotSigned
            | Code::DocumentFailed
            | Code::DocumentDeleted
            | Code::InternalError => Self::Internal,
        }
    }

    /// In a few words.
    pub(super) fn title(self, page: &Page) -> String {
        page.t(&format!("problem-{self}-title"))
    }

    /// What happened.
    fn what(self, page: &Page) -> String {
        page.t(&format!("problem-{self}-what"))
    }

    /// What to do next.
    fn next(self, page: &Page) -> String {
        page.t(&format!("problem-{self}-next"))
    }

    /// Pages of the account that help, before any way back.
    pub(super) fn remedies(self, page: &Page) -> Vec<Action> {
        match self {
            Self::NotActivated => vec![Action::new(
                page.way_to(Act::Activate.path()),
                page.t("activate-title"),
            )],
            Self::Blocked | Self::PasswordExpired | Self::AlreadyActive => {
                vec![Action::new(
                    page.way_to(Act::Reset.path()),
                    page.t("reset-title"),
                )]
            }
            _ => Vec::new(),
        }
    }
}

/// Answers a problem with its page: what this listener does with every failure.
pub(in crate::http) fn answer(
    request: &HttpRequest,
    problem: &Problem,
    call: &CallId,
) -> HttpResponse {
    let Some(visit) = Visit::of(request) else {
        return problem.answer(call);
    };
    let page = visit.page();
    let obstacle = Obstacle::of_code(problem.code());
    let ways = match obstacle {
        // A link that is none leads nowhere the second time either.
        Obstacle::UnknownLink => None,
        // Trying again leads here again until the time has come. A request can be read meanwhile.
        Obstacle::TooManyMessages => visit
            .request_address()
            .map(|address| Action::aside(address, page.t("action-request"))),
        _ => way_back(request).map(|address| Action::new(address, page.t("action-try-again"))),
    };
    let page_of_it = ObstaclePage::new(&page, obstacle, ways.into_iter().collect())
        .until(problem.retry_time(visit.now()));
    match page_of_it.render() {
        Ok(html) => {
            let mut answer = problem.head();
            // Not the form's cookie: what another site sends must not put one in the place of ours.
            if let Some(cookie) = visit.language_cookie() {
                answer.cookie(cookie);
            }
            answer
                .content_type("text/html; charset=utf-8")
                .insert_header((header::CONTENT_LANGUAGE, page.lang()))
                .body(html)
        }
        Err(_) => problem.answer(call),
    }
}

/// The first page of what the citizen was doing.
fn way_back(request: &HttpRequest) -> Option<String> {
    // By the path alone, which is there also for a call that no handler saw.
    let mut parts = request.path().splitn(4, '/').skip(1);
    match (parts.next(), parts.next()) {
        (Some("r"), Some(link)) => Some(format!("/r/{link}")),
        (Some("account"), Some(act)) => Some(format!("/account/{act}")),
        _ => None,
    }
}

/// A way on from a page.
pub(super) struct Action {
    pub(super) address: String,
    pub(super) text: String,
    weight: Weight,
}

/// What a way on looks like where it is the first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    Main,
    Aside,
}

impl Action {
    pub(super) fn new(address: impl Into<String>, text: String) -> Self {
        Self {
            address: address.into(),
            text,
            weight: Weight::Main,
        }
    }

    /// One that does not solve the problem.
    fn aside(address: String, text: String) -> Self {
        Self {
            address,
            text,
            weight: Weight::Aside,
        }
    }

    fn is_aside(&self) -> bool {
        self.weight == Weight::Aside
    }
}

/// The page of an obstacle.
#[derive(Template)]
#[template(path = "obstacle.html", config = "src/http/citizen/askama.toml")]
pub(super) struct ObstaclePage<'a> {
    pub(super) page: &'a Page,
    pub(super) obstacle: Obstacle,
    pub(super) actions: Vec<Action>,
    /// The signature request in question, for the help desk.
    pub(super) number: Option<String>,
    /// From when on it is worth trying again, in words.
    when: Option<String>,
}

impl<'a> ObstaclePage<'a> {
    /// The page with the remedies that the obstacle itself knows, and then `ways`.
    pub(super) fn new(page: &'a Page, obstacle: Obstacle, ways: Vec<Action>) -> Self {
        let mut actions = obstacle.remedies(page);
        actions.extend(ways);
        Self {
            page,
            obstacle,
            actions,
            number: None,
            when: None,
        }
    }

    /// Says from when on it is worth trying again, where that is known. Never too early: the minute is rounded up.
    pub(super) fn until(mut self, at: Option<OffsetDateTime>) -> Self {
        self.when = at.map(|at| {
            let whole = at + (Duration::MINUTE - Duration::NANOSECOND);
            let time = moment::time_of_day(self.page.language(), whole);
            self.page.tv("retry-at", &[("time", Arg::from(&time))])
        });
        self
    }

    /// Names the signature request.
    pub(super) fn about(mut self, request: &str) -> Self {
        self.number = Some(
            self.page
                .tv("request-number", &[("number", Arg::Text(request))]),
        );
        self
    }

    fn heading(&self) -> String {
        self.obstacle.title(self.page)
    }

    fn what(&self) -> String {
        self.obstacle.what(self.page)
    }

    fn next(&self) -> String {
        self.obstacle.next(self.page)
    }
}
