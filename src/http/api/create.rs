//! `POST /v1/signature-requests`: make a signature request.

use actix_web::http::header::{self, HeaderName};
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
/// Tells a repeated answer from a first one.
const REPLAYED: &str = "idempotent-replayed";

pub(super) async fn handle(
    Caller(session): Caller,
    request: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let key = idempotency_key(&request)?;
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

async fn from_json(
    session: AppSession,
    request: &HttpRequest,
    payload: web::Payload,
    shared: &Shared,
    key: Option<IdempotencyKey>,
) -> Result<Created, Problem> {
    let limits = &shared.limits;
    body::check_length(request, limits.json_bytes)?;
    let text = body::read(payload, limits.json_bytes, limits.pause).await?;
    let mut given: NewSignatureRequest = body::json(&text)?;
    drop(text);
    let contents = given.take_contents(Contents::Inside)?;
    let new = given.into_request(key)?;
    shared
        .run_upload(move |service| {
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
    let mut parts = Parts::new(request.headers(), payload, limits.body_bytes, limits.pause);
    let mut given: NewSignatureRequest = body::json(&parts.metadata(METADATA).await?)?;
    given.take_contents(Contents::Apart)?;
    let new = given.into_request(key)?;

    let (sender, mut incoming) = channel();
    let work = std::pin::pin!(shared.run_upload(move |service| {
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
        .get("idempotency-key")
        .map(|value| {
            value
                .to_str()
                .ok()
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| {
                    Problem::new(Code::InvalidRequest).with_detail(
                        "The Idempotency-Key header must have 1 to 255 visible ASCII characters.",
                    )
                })
        })
        .transpose()
}
