//! `GET /v1/signature-requests/{id}/documents/{document}`: fetch a signed document as a stream.

use actix_web::body::{BoxBody, SizedStream};
use actix_web::http::Method;
use actix_web::http::header::{self, DispositionType};
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream;

use super::caller::Caller;
use super::named::request_id;
use crate::auth::op;
use crate::domain::id::{DocumentId, InvalidId};
use crate::http::disposition::disposition;
use crate::http::error::Code;
use crate::http::problem::Problem;
use crate::http::shared::Shared;
use crate::http::stream::pieces;
use crate::service::requests::{SignedContent, Wanted};

/// Problems of this endpoint alone.
pub(super) const PROBLEMS: &[Code] = &[
    Code::RequestNotFound,
    Code::DocumentNotFound,
    Code::DocumentNotSigned,
    Code::DocumentFailed,
    Code::WrongState,
    Code::DocumentDeleted,
    Code::DocumentStoreUnavailable,
];

#[utoipa::path(
    get,
    path = "/v1/signature-requests/{id}/documents/{document}",
    operation_id = "fetchSignedDocument",
    tag = "Signature requests",
    summary = "Fetch a signed document",
    description = "The signed file as a stream. It can be fetched as often as needed until it is deleted.",
    params(
        ("id" = String, Path, format = "uuid", description = "The request's identifier."),
        ("document" = String, Path, format = "uuid", description = "The document's identifier."),
    ),
    responses((status = 200, description = "The signed file.",
        content(
            (String = "application/pdf"),
            (String = "application/pkcs7-mime"),
            (String = "application/pkcs7-signature"),
        ),
        headers(
            ("Content-Disposition" = String, description = "The file's name."),
            ("ETag" = String, description = "SHA-256 over the file, in hexadecimal."),
            ("Repr-Digest" = String, description = "The same as RFC 9530 writes it."),
        )
    )),
)]
pub(super) async fn handle(
    Caller(session): Caller,
    request: HttpRequest,
    path: web::Path<(String, String)>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let (id, document) = path.into_inner();
    let id = request_id(&id)?;
    let document: DocumentId = document
        .parse()
        .map_err(|error: InvalidId| Problem::new(Code::DocumentNotFound).because(error))?;
    let wanted = if request.method() == Method::HEAD {
        Wanted::Description
    } else {
        Wanted::Bytes
    };
    let content = shared
        .run(move |service| {
            let authorized = session.authorize(op::FetchDocument);
            service.signed_document(&authorized, id, document, wanted)
        })
        .await?;
    Ok(answer(content))
}

fn answer(content: SignedContent) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((header::CONTENT_TYPE, content.media_type))
        .insert_header(disposition(&DispositionType::Attachment, &content.name))
        .insert_header((header::ETAG, format!("\"{}\"", content.sha256.to_hex())))
        // RFC 9530 section 3.
        .insert_header((
            "repr-digest",
            format!("sha-256=:{}:", STANDARD.encode(content.sha256.bytes())),
        ));
    match content.chunks {
        Some(chunks) => answer.body(SizedStream::new(content.size, pieces(chunks))),
        None => answer.body(BoxBody::new(SizedStream::new(
            content.size,
            stream::empty::<Result<Bytes, std::io::Error>>(),
        ))),
    }
}
