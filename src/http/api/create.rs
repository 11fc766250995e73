//! `POST /v1/signature-requests`: make a signature request.

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::future::{Either, select};

use super::body;
use super::caller::Caller;
use super::multipart::Parts;
use super::upload::{Incoming, channel};
use super::wire::{Contents, NewSignatureRequest, RequestView};
use crate::auth::{AppSession, op};
use crate::domain::request::IdempotencyKey;
use crate::http::error::Code;
use crate::http::problem::Problem;
use crate::http::shared::Shared;
use crate::service::requests::{Created, Novelty};
use crate::service::{Service, ServiceError};

/// Longest metadata of a multipart call; documents are not in there.
const METADATA: u64 = 1024 * 1024;
/// Tells a repeated call from a second one.
const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
/// Tells a repeated answer from a first one.
const REPLAYED: &str = "idempotent-replayed";

/// Problems of this endpoint alone.
pub(super) const PROBLEMS: &[Code] = &[
    Code::MalformedRequest,
    Code::MalformedJson,
    Code::MalformedMultipart,
    Code::RequestTimeout,
    Code::PayloadTooLarge,
    Code::UnsupportedMediaType,
    Code::InvalidRequest,
    Code::DocumentTooLarge,
    Code::TooManyDocuments,
    Code::NotAPdf,
    Code::PdfDamaged,
    Code::PdfEncrypted,
    Code::PdfSigningForbidden,
    Code::PdfUnsupported,
    Code::PdfFieldUnavailable,
    Code::PaddingUnsuited,
    Code::IdempotencyKeyReused,
    Code::SignerUnknown,
    Code::SignerNotActivated,
    Code::SignerBasicLevel,
    Code::SignerBlocked,
    Code::SignerNoPhone,
    Code::SignerPasswordExpired,
    Code::SignerNoCredential,
    Code::CredentialExpired,
    Code::DocumentStoreUnavailable,
];

/// A multipart body.
#[derive(utoipa::ToSchema)]
#[schema(as = NewSignatureRequestForm)]
#[expect(dead_code, reason = "describes a body that is read as a stream")]
struct Multipart {
    /// The metadata; the documents have no `content`.
    request: NewSignatureRequest,
    /// One part for each document, in the order of `documents`.
    #[schema(value_type = Vec<String>, format = Binary)]
    document: Vec<Vec<u8>>,
}

#[utoipa::path(
    post,
    path = "/v1/signature-requests",
    operation_id = "createSignatureRequest",
    tag = "Signature requests",
    summary = "Ask a signer for signatures",
    description = "Makes a request with one or more documents that the signer approves at once. Send small documents \
                   within JSON in base64. Send others as `multipart/form-data`: first a part `request` with the \
                   metadata as JSON, then one part `document` for each document, in the order of `documents`; they \
                   are streamed and may be large. Then send the signer's browser to `approval_url`.",
    params(
        ("Idempotency-Key" = Option<String>, Header, max_length = 255,
            description = "Repeats are answered as the first call was, with the header `Idempotent-Replayed: true`, \
                           and make no second request. The same key with anything else is refused."),
    ),
    request_body(
        description = "Metadata and documents.",
        content(
            (NewSignatureRequest = "application/json", example = json!({
                "signer": "12345678Z",
                "title": "Application for a grant",
                "return_url": "https://sede.example/back?file=77",
                "documents": [{"name": "letter.txt", "content": "SGVsbG8="}]
            })),
            (Multipart = "multipart/form-data", example = json!({
                "request": {"signer": "12345678Z", "documents": [{"name": "application.pdf"}]},
                "document": ["(the bytes of application.pdf)"]
            })),
        )
    ),
    responses(
        (status = 201, description = "The request waits for its signer.", body = RequestView, headers(
            ("Location" = String, description = "Where to read the request."),
            ("Idempotent-Replayed" = String, description = "`true` when an earlier call made the request."),
        )),
    ),
)]
pub(super) async fn handle(
    Caller(session): Caller,
    request: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let key = idempotency_key(&request)?;
    refuse_coded(&request)?;
    let content_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.split(';').next())
        .map(|text| text.trim().to_ascii_lowercase());
    let created = match content_type.as_deref() {
        Some("application/json") => from_json(session, &request, payload, &shared, key).await?,
        Some("multipart/form-data") => from_parts(session, &request, payload, &shared, key).await?,
        _ => {
            return Err(Problem::new(Code::UnsupportedMediaType)
                .with_detail("Send application/json or multipart/form-data."));
        }
    };
    answer(created)
}

/// Refuses a body that was compressed or coded otherwise (RFC 9110 section 8.4): its length would be bounded before and
/// not after it is undone.
fn refuse_coded(request: &HttpRequest) -> Result<(), Problem> {
    let coded = |value: &HeaderValue| {
        value
            .to_str()
            .map_or(true, |coding| coding.trim() != "identity")
    };
    if request
        .headers()
        .get_all(header::CONTENT_ENCODING)
        .any(coded)
    {
        return Err(Problem::new(Code::UnsupportedMediaType)
            .with_header("Content-Encoding", "Send the body as it is, without one."));
    }
    Ok(())
}

async fn from_json(
    session: AppSession,
    request: &HttpRequest,
    payload: web::Payload,
    shared: &Shared,
    key: Option<IdempotencyKey>,
) -> Result<Created, Problem> {
    let limits = &shared.limits;
    body::check_length(request, limits.json_bytes)?;
    let share = shared.share(session.app().id)?;
    let text = body::read(payload, limits.json_bytes, limits.pace()).await?;
    let mut given: NewSignatureRequest = body::json(&text)?;
    drop(text);
    let contents = given.take_contents(Contents::Inside)?;
    let new = given.into_request(key)?;
    shared
        .run_upload(share, move |service| {
            let mut draft = service.draft_request(session.authorize(op::CreateRequest), new)?;
            for content in contents {
                draft.add(&mut content.as_slice())?;
            }
            draft.finish()
        })
        .await
}

async fn from_parts(
    session: AppSession,
    request: &HttpRequest,
    payload: web::Payload,
    shared: &Shared,
    key: Option<IdempotencyKey>,
) -> Result<Created, Problem> {
    let limits = &shared.limits;
    body::check_length(request, limits.body_bytes)?;
    let share = shared.share(session.app().id)?;
    let mut parts = Parts::new(request.headers(), payload, limits.body_bytes, limits.pace());
    let mut given: NewSignatureRequest = body::json(&parts.metadata(METADATA).await?)?;
    given.take_contents(Contents::Apart)?;
    let new = given.into_request(key)?;

    let (sender, mut incoming) = channel();
    let work = std::pin::pin!(shared.run_upload(share, move |service| {
        let authorized = session.authorize(op::CreateRequest);
        take(service, authorized, new, &mut incoming)
    }));
    let hand_over = std::pin::pin!(parts.hand_over(sender));
    // When the use case ends first, the rest of the body is not read.
    match select(work, hand_over).await {
        Either::Left((created, _)) => created,
        Either::Right(((), work)) => work.await,
    }
}

fn take(
    service: &Service,
    authorized: crate::auth::Authorized<op::CreateRequest>,
    new: crate::service::requests::NewRequest,
    incoming: &mut Incoming,
) -> Result<Created, ServiceError> {
    let mut draft = service.draft_request(authorized, new)?;
    while let Some(mut content) = incoming.next().map_err(ServiceError::Upload)? {
        draft.add(&mut content)?;
    }
    draft.finish()
}

fn answer(created: Created) -> Result<HttpResponse, Problem> {
    let location = format!("/v1/signature-requests/{}", created.view.request.id);
    let mut answer = HttpResponse::Created();
    answer.insert_header((header::LOCATION, location));
    if created.novelty == Novelty::Repeated {
        answer.insert_header((HeaderName::from_static(REPLAYED), "true"));
    }
    Ok(answer.json(RequestView::try_from(created.view)?))
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<IdempotencyKey>, Problem> {
    request
        .headers()
        .get(IDEMPOTENCY_KEY)
        .map(|value| {
            value
                .to_str()
                .ok()
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| {
                    Problem::new(Code::InvalidRequest)
                        .with_header(IDEMPOTENCY_KEY, "1 to 255 visible ASCII characters.")
                })
        })
        .transpose()
}
