//! `GET /r/{link}/documents/{document}`: one document, to be read before signing.
//!
//! The bytes come from an app and may be anything. Only kinds that a browser shows without running them are shown
//! in place; all others are saved. `nosniff` holds the browser to the kind that is told here, and the policy keeps
//! a page of it from doing anything, should one be shown after all.

use actix_web::body::SizedStream;
use actix_web::http::header::{self, DispositionType};
use actix_web::{HttpResponse, web};

use super::Opened;
use crate::domain::id::DocumentId;
use crate::domain::request::RequestState;
use crate::http::Problem;
use crate::http::citizen::visit::Visit;
use crate::http::disposition::disposition;
use crate::http::error::Code;
use crate::http::stream::pieces;

/// Streams it, while the request waits for approval.
pub(in crate::http::citizen) async fn document(
    visit: Visit,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (link, id) = path.into_inner();
    let id: DocumentId = id
        .parse()
        .map_err(|error| Problem::new(Code::DocumentNotFound).because(error))?;
    let opened = Opened::of(&visit, &link).await?;
    if opened.view.state != RequestState::Pending {
        return Ok(visit.go(&opened.address("")));
    }
    let link = opened.link.clone();
    let stream = visit
        .shared()
        .run(move |service| service.approval_document(&link, id))
        .await?;
    let shown = Shown::of(&stream.document.media_type);
    Ok(HttpResponse::Ok()
        .content_type(shown.media_type)
        .insert_header(disposition(&shown.place, &stream.document.name))
        .insert_header((header::CONTENT_SECURITY_POLICY, shown.policy))
        .body(SizedStream::new(
            stream.document.size,
            pieces(stream.chunks),
        )))
}

/// How a browser is to take a document.
struct Shown {
    media_type: &'static str,
    place: DispositionType,
    policy: &'static str,
}

impl Shown {
    fn of(media_type: &str) -> Self {
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        let known = INLINE
            .iter()
            .find(|(name, ..)| essence.eq_ignore_ascii_case(name));
        match known {
            Some((_, media_type, policy)) => Self {
                media_type,
                place: DispositionType::Inline,
                policy,
            },
            None => Self {
                media_type: "application/octet-stream",
                place: DispositionType::Attachment,
                policy: NOTHING,
            },
        }
    }
}

/// What may be shown in place: the kind, how it is told to the browser, and what it may do there.
const INLINE: &[(&str, &str, &str)] = &[
    ("application/pdf", "application/pdf", VIEWER),
    ("text/plain", "text/plain; charset=utf-8", NOTHING),
    ("image/png", "image/png", NOTHING),
    ("image/jpeg", "image/jpeg", NOTHING),
    ("image/gif", "image/gif", NOTHING),
    ("image/webp", "image/webp", NOTHING),
];

/// Not even scripts of its own.
const NOTHING: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; \
                       base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Without `sandbox`: not every browser starts its PDF viewer inside one. The viewer does not run what is in a PDF
/// as a page of this site.
const VIEWER: &str = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; img-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_kinds_that_run_nothing_are_shown_in_place() {
        for (kind, place) in [
            ("application/pdf", DispositionType::Inline),
            ("Text/Plain; charset=latin1", DispositionType::Inline),
            ("image/png", DispositionType::Inline),
            ("image/svg+xml", DispositionType::Attachment),
            ("text/html", DispositionType::Attachment),
            ("application/xhtml+xml", DispositionType::Attachment),
            ("text/xml", DispositionType::Attachment),
            ("", DispositionType::Attachment),
        ] {
            assert_eq!(Shown::of(kind).place, place, "{kind}");
        }
    }
}
