//! The pages of an approval: what they show, apart from how it was found out.

use askama::Template;
use url::Url;

use super::statements::Statement;
use crate::domain::request::{DocumentReason, DocumentState};
use crate::http::citizen::fields::FormView;
use crate::http::citizen::page::Page;
use crate::messages::Arg;

/// A signature request as its pages show it.
pub(in crate::http::citizen) struct RequestView {
    /// Who asks.
    pub(in crate::http::citizen) app: String,
    /// What it is about, in the app's words.
    pub(in crate::http::citizen) title: Option<String>,
    /// Until when, in words.
    pub(in crate::http::citizen) expires: String,
    /// What the SMS shows too.
    pub(in crate::http::citizen) fingerprint: String,
    /// Its number, for the help desk.
    pub(in crate::http::citizen) number: String,
    /// Where its first page is.
    pub(in crate::http::citizen) address: String,
    /// Where it is declined.
    pub(in crate::http::citizen) decline: String,
    /// Back to the app.
    pub(in crate::http::citizen) back: Option<Url>,
    /// What will be, or was, signed.
    pub(in crate::http::citizen) documents: Vec<DocumentView>,
}

/// One document as the pages show it.
pub(in crate::http::citizen) struct DocumentView {
    pub(in crate::http::citizen) address: String,
    pub(in crate::http::citizen) name: String,
    pub(in crate::http::citizen) title: String,
    pub(in crate::http::citizen) media_type: String,
    pub(in crate::http::citizen) size: String,
    pub(in crate::http::citizen) sha256: Vec<String>,
    /// What its signature will state.
    pub(in crate::http::citizen) statements: Vec<Statement>,
    pub(in crate::http::citizen) state: DocumentState,
    pub(in crate::http::citizen) reason: Option<DocumentReason>,
}

impl RequestView {
    pub(in crate::http::citizen) fn count(&self) -> u64 {
        u64::try_from(self.documents.len()).unwrap_or(u64::MAX)
    }

    fn signed(&self) -> u64 {
        let signed = self
            .documents
            .iter()
            .filter(|document| document.state == DocumentState::Signed);
        u64::try_from(signed.count()).unwrap_or(u64::MAX)
    }
}

impl DocumentView {
    /// The file's name is told apart from the title only where they differ.
    fn shows_name(&self) -> bool {
        self.name != self.title
    }

    fn mark(&self) -> &'static str {
        match self.state {
            DocumentState::Signed => "good",
            DocumentState::Waiting | DocumentState::Failed | DocumentState::NotSigned => "bad",
        }
    }

    fn outcome(&self, page: &Page) -> String {
        match self.state {
            DocumentState::Signed => page.t("done-signed"),
            DocumentState::Waiting | DocumentState::Failed | DocumentState::NotSigned => {
                page.t("done-failed")
            }
        }
    }

    fn reason(&self, page: &Page) -> Option<String> {
        self.reason.map(|reason| page.t(reason_id(reason)))
    }
}

/// The request, its documents, and the question for DNI and password.
#[derive(Template)]
#[template(path = "review.html", config = "src/http/citizen/askama.toml")]
pub(in crate::http::citizen) struct ReviewPage<'a> {
    pub(in crate::http::citizen) page: &'a Page,
    pub(in crate::http::citizen) request: &'a RequestView,
    pub(in crate::http::citizen) form: FormView,
}

impl ReviewPage<'_> {
    fn heading(&self) -> String {
        let args = [
            ("app", Arg::from(&self.request.app)),
            ("count", Arg::Count(self.request.count())),
        ];
        self.page.tv("review-title", &args)
    }
}

/// The question whether to decline.
#[derive(Template)]
#[template(path = "decline.html", config = "src/http/citizen/askama.toml")]
pub(in crate::http::citizen) struct DeclinePage<'a> {
    pub(in crate::http::citizen) page: &'a Page,
    pub(in crate::http::citizen) request: &'a RequestView,
}

impl DeclinePage<'_> {
    fn heading(&self) -> String {
        self.page.t("decline-title")
    }

    fn text(&self) -> String {
        let args = [("app", Arg::from(&self.request.app))];
        self.page.tv("decline-text", &args)
    }
}

/// The result, document by document.
#[derive(Template)]
#[template(path = "done.html", config = "src/http/citizen/askama.toml")]
pub(in crate::http::citizen) struct DonePage<'a> {
    pub(in crate::http::citizen) page: &'a Page,
    pub(in crate::http::citizen) request: &'a RequestView,
}

impl DonePage<'_> {
    fn heading(&self) -> String {
        let (signed, count) = (self.request.signed(), self.request.count());
        let args = [("signed", Arg::Count(signed)), ("count", Arg::Count(count))];
        if signed == count {
            self.page.tv("done-title", &args[1..])
        } else if signed == 0 {
            self.page.t("problem-nothing-signed-title")
        } else {
            self.page.tv("done-title-some", &args)
        }
    }

    fn failed(&self) -> bool {
        self.request.signed() == 0
    }

    fn mark(&self) -> &'static str {
        if self.request.signed() == self.request.count() {
            "good"
        } else {
            ""
        }
    }

    fn text(&self) -> String {
        if self.failed() {
            self.page.t("problem-nothing-signed-next")
        } else {
            let args = [("app", Arg::from(&self.request.app))];
            self.page.tv("done-text", &args)
        }
    }

    fn back(&self) -> String {
        let args = [("app", Arg::from(&self.request.app))];
        self.page.tv("action-back-to-app", &args)
    }

    fn number(&self) -> String {
        let args = [("number", Arg::from(&self.request.number))];
        self.page.tv("request-number", &args)
    }
}

/// Shown while a node signs; it looks again by itself.
#[derive(Template)]
#[template(path = "signing.html", config = "src/http/citizen/askama.toml")]
pub(in crate::http::citizen) struct SigningPage<'a> {
    pub(in crate::http::citizen) page: &'a Page,
    /// Where to look again.
    pub(in crate::http::citizen) address: String,
}

impl SigningPage<'_> {
    fn heading(&self) -> String {
        self.page.t("signing-title")
    }
}

/// The citizen is told what helps to act; the exact reason is for the app.
fn reason_id(reason: DocumentReason) -> &'static str {
    match reason {
        DocumentReason::NotAPdf => "reason-not-a-pdf",
        DocumentReason::PdfDamaged => "reason-damaged",
        DocumentReason::PdfEncrypted => "reason-encrypted",
        DocumentReason::PdfSigningForbidden => "reason-locked",
        DocumentReason::PdfUnsupported
        | DocumentReason::PdfFieldUnavailable
        | DocumentReason::PaddingUnsuited => "reason-unsupported",
        DocumentReason::DocumentMissing => "reason-missing",
        DocumentReason::DocumentChanged | DocumentReason::DocumentAltered => "reason-changed",
        DocumentReason::SignerCannotSign => "reason-signer",
        DocumentReason::KekMissing => "reason-kek-missing",
        DocumentReason::SignatureNotVerified
        | DocumentReason::KeyUnusable
        | DocumentReason::HsmRefused
        | DocumentReason::HsmUnavailable
        | DocumentReason::NotStored
        | DocumentReason::Interrupted
        | DocumentReason::RequestRefused
        | DocumentReason::RequestCancelled
        | DocumentReason::RequestExpired
        | DocumentReason::InternalError => "reason-fault",
    }
}
