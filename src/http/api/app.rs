//! `GET /v1/app`: who the server takes the caller for. The first call of an integration, to see that it gets in.

use actix_web::HttpResponse;
use serde::Serialize;

use super::caller::Caller;

/// An app as it is registered.
#[derive(Serialize)]
struct AppView {
    id: String,
    name: String,
    return_urls: Vec<String>,
}

pub(super) async fn read(Caller(session): Caller) -> HttpResponse {
    let app = session.app();
    HttpResponse::Ok().json(AppView {
        id: app.id.to_string(),
        name: app.name.to_string(),
        return_urls: app.return_urls.iter().map(ToString::to_string).collect(),
    })
}
