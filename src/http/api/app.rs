//! `GET /v1/app`: who the server takes the caller for. The first call of an integration, to see that it gets in.

use actix_web::HttpResponse;

use super::caller::Caller;
use super::wire::AppView;

pub(super) async fn handle(Caller(session): Caller) -> HttpResponse {
    HttpResponse::Ok().json(AppView::from(session.app()))
}
