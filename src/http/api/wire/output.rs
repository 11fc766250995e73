//! What an app gets.

use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::domain::algorithm::{DigestAlgorithm, Padding};
use crate::domain::app::App;
use crate::domain::document::{Format, Packaging};
use crate::domain::language::Language;
use crate::domain::pem;
use crate::domain::request::{
    Document, DocumentReason, DocumentState, RequestReason, RequestState, SignatureRequest,
};
use crate::http::problem::Problem;
use crate::service::requests;

/// An app as it is registered.
#[derive(Serialize, ToSchema)]
#[schema(as = App)]
pub(crate) struct AppView {
    /// Its identifier.
    #[schema(format = "uuid")]
    id: String,
    /// The name that signers read.
    #[schema(example = "Sede electrónica")]
    name: String,
    /// Where it may send browsers back to.
    #[schema(example = json!(["https://sede.example/back"]))]
    return_urls: Vec<String>,
}

/// A signature request.
#[derive(Serialize, ToSchema)]
#[schema(as = SignatureRequest)]
pub(crate) struct RequestView {
    #[serde(flatten)]
    summary: SummaryView,
    /// Where the signer approves it. Send the signer's browser there.
    approval_url: String,
    /// The short number that the signer's SMS and page show. It stands for the documents and for all that was chosen
    /// for their signatures.
    #[schema(example = "4F2A-91C0")]
    fingerprint: String,
    /// The documents, in the order they came.
    documents: Vec<DocumentView>,
    /// The signer's certificate in PEM, once a document is signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<String>,
    /// The certificates above it in PEM, one after the other.
    #[serde(skip_serializing_if = "Option::is_none")]
    chain: Option<String>,
}

/// A signature request without its documents.
#[derive(Serialize, ToSchema)]
#[schema(as = SignatureRequestSummary)]
pub(crate) struct SummaryView {
    /// Its identifier.
    #[schema(format = "uuid")]
    id: String,
    /// Where it stands.
    state: RequestState,
    /// Why, when the state alone does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<ReasonView<RequestReason>>,
    /// What the app called it.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// The language of pages and SMS.
    language: Language,
    /// Where the signer's browser goes at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    return_url: Option<String>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// Until when it can be approved.
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
    /// When it reached a final state.
    #[serde(
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    finished_at: Option<OffsetDateTime>,
    /// From when on its documents are deleted. While it is open, this is counted from `expires_at`; then from its end.
    #[serde(with = "time::serde::rfc3339")]
    delete_at: OffsetDateTime,
}

/// Some of an app's signature requests, the newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = SignatureRequestList)]
pub(crate) struct ListView {
    /// This page of them.
    requests: Vec<SummaryView>,
    /// Give it as `after` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uuid")]
    next: Option<String>,
}

/// A document of a signature request.
#[derive(Serialize, ToSchema)]
#[schema(as = Document)]
pub(crate) struct DocumentView {
    /// Its identifier.
    #[schema(format = "uuid")]
    id: String,
    /// File name.
    name: String,
    /// What the app called it.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// Media type.
    media_type: String,
    /// Length in bytes.
    size: u64,
    /// SHA-256 over the document as it came, in hexadecimal. The signer sees it too.
    sha256: String,
    /// Signature format.
    format: Format,
    /// Where a CAdES signature keeps the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    packaging: Option<Packaging>,
    /// The digest that is signed.
    digest: DigestAlgorithm,
    /// The padding asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    padding: Option<Padding>,
    /// Where it stands.
    state: DocumentState,
    /// Why it could not be signed, or why nobody signed it before the request ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<ReasonView<DocumentReason>>,
    /// The signed form, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    signed: Option<SignedView>,
}

/// The signed form of a document.
#[derive(Serialize, ToSchema)]
#[schema(as = SignedDocument)]
pub(crate) struct SignedView {
    /// File name.
    #[schema(example = "letter.txt.p7m")]
    name: String,
    /// Media type.
    media_type: String,
    /// Length in bytes.
    size: u64,
    /// SHA-256 over it, in hexadecimal.
    sha256: String,
    /// The format and level that were reached.
    #[schema(example = "PAdES-BASELINE-B")]
    level: &'static str,
    /// The time written in the signature.
    #[serde(with = "time::serde::rfc3339")]
    signed_at: OffsetDateTime,
    /// Where to fetch it; absent once it is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

/// A reason: a stable code for programs, and a sentence for people.
#[derive(Serialize, ToSchema)]
#[schema(as = Reason)]
pub(crate) struct ReasonView<C> {
    /// The stable code.
    code: C,
    /// The same in words.
    detail: String,
}

impl From<&App> for AppView {
    fn from(app: &App) -> Self {
        Self {
            id: app.id.to_string(),
            name: app.name.to_string(),
            return_urls: app.return_urls.iter().map(ToString::to_string).collect(),
        }
    }
}

impl TryFrom<requests::RequestView> for RequestView {
    type Error = Problem;

    fn try_from(view: requests::RequestView) -> Result<Self, Problem> {
        let request = view.request.id;
        let mut chain = view
            .chain
            .iter()
            .map(|der| pem::encode("CERTIFICATE", der))
            .collect::<Result<Vec<_>, _>>()
            .map_err(Problem::internal)?
            .into_iter();
        let certificate = chain.next();
        let above: String = chain.collect();
        Ok(Self {
            documents: view
                .documents
                .iter()
                .map(|document| {
                    let path =
                        format!("/v1/signature-requests/{request}/documents/{}", document.id);
                    DocumentView::new(document, path)
                })
                .collect(),
            summary: view.request.into(),
            approval_url: view.approval_url.to_string(),
            fingerprint: view.fingerprint.to_string(),
            certificate,
            chain: (!above.is_empty()).then_some(above),
        })
    }
}

impl From<SignatureRequest> for SummaryView {
    fn from(request: SignatureRequest) -> Self {
        Self {
            id: request.id.to_string(),
            state: request.state,
            reason: request.reason.map(|code| ReasonView {
                code,
                detail: code.sentence().to_owned(),
            }),
            title: request.title,
            language: request.language,
            return_url: request.return_url.map(Into::into),
            created_at: request.created_at,
            expires_at: request.expires_at,
            finished_at: request.finished_at,
            delete_at: request.delete_at,
        }
    }
}

impl ListView {
    /// Of at most `most` requests; one more than that was looked for, to know whether there are more.
    pub(crate) fn new(mut found: Vec<SignatureRequest>, most: usize) -> Self {
        let more = found.len() > most;
        found.truncate(most);
        Self {
            next: found
                .last()
                .filter(|_| more)
                .map(|request| request.id.to_string()),
            requests: found.into_iter().map(Into::into).collect(),
        }
    }
}

impl DocumentView {
    fn new(document: &Document, path: String) -> Self {
        Self {
            id: document.id.to_string(),
            name: document.name.clone(),
            title: document.title.clone(),
            media_type: document.media_type.clone(),
            size: document.size,
            sha256: document.sha256.to_hex(),
            format: document.options.format(),
            packaging: document.options.packaging(),
            digest: document.options.digest,
            padding: document.options.padding,
            state: document.state,
            reason: document.reason.map(|code| ReasonView {
                code,
                detail: match &document.detail {
                    Some(found) => format!("{} Found: {found}", code.sentence()),
                    None => code.sentence().to_owned(),
                },
            }),
            signed: document.signed.as_ref().map(|signed| SignedView {
                name: document.signed_name(),
                media_type: document.signed_media_type().to_owned(),
                size: signed.size,
                sha256: signed.sha256.to_hex(),
                level: match document.options.format() {
                    Format::Pades => "PAdES-BASELINE-B",
                    Format::Cades => "CAdES-BASELINE-B",
                },
                signed_at: signed.signed_at,
                url: signed.object_key.as_ref().map(|_| path),
            }),
        }
    }
}
