//! The REST API for apps, under `/v1`. One endpoint a file.

use actix_web::http::Method;
use actix_web::web;

use super::router::{Access, Route};

mod app;
mod caller;

/// What apps can call.
pub static ROUTES: &[Route] = &[Route {
    method: Method::GET,
    path: "/v1/app",
    access: Access::Apps,
    handler: || web::to(app::read),
}];
