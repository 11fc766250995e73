//! The authorities' certificates and revocation lists, for anybody who checks a signature.
//!
//! They are fetched over plain HTTP (RFC 5280 section 8), which only the operators' listener speaks; a proxy in front
//! forwards the address that stands in certificates (`pki.publication`) to it.

use actix_web::http::header;
use actix_web::{HttpResponse, web};

use super::error::Code;
use super::problem::Problem;
use super::shared::Shared;
use crate::service::authorities::Publication;

/// Answers with one of them in DER, by its file name.
pub(super) async fn publication(
    shared: web::Data<Shared>,
    name: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let Some(publication) = Publication::by_name(&name) else {
        return Err(Problem::new(Code::NotFound));
    };
    let found = shared
        .run(move |service| service.publication(publication))
        .await?;
    let Some(der) = found else {
        return Err(Problem::new(Code::NotFound));
    };
    let kind = match publication {
        Publication::Certificate(_) => "application/pkix-cert",
        Publication::RevocationList(_) => "application/pkix-crl",
    };
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, kind))
        .body(der))
}
