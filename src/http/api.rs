//! The REST API for apps, under `/v1`. One endpoint a file.

use actix_web::http::Method;
use actix_web::web;

use super::router::{Access, Route};

mod app;
mod body;
mod caller;
mod cancel;
mod create;
mod docs;
mod examples;
mod fetch;
mod list;
mod multipart;
mod named;
mod object;
mod openapi;
mod read;
mod upload;
mod wire;

pub(super) use upload::UploadFault;

/// What apps can call.
pub static ROUTES: &[Route] = &[
    Route {
        method: Method::GET,
        path: "/v1/app",
        access: Access::Apps,
        handler: || web::to(app::handle),
    },
    Route {
        method: Method::POST,
        path: "/v1/signature-requests",
        access: Access::Apps,
        handler: || web::to(create::handle),
    },
    Route {
        method: Method::GET,
        path: "/v1/signature-requests",
        access: Access::Apps,
        handler: || web::to(list::handle),
    },
    Route {
        method: Method::GET,
        path: "/v1/signature-requests/{id}",
        access: Access::Apps,
        handler: || web::to(read::handle),
    },
    Route {
        method: Method::POST,
        path: "/v1/signature-requests/{id}/cancel",
        access: Access::Apps,
        handler: || web::to(cancel::handle),
    },
    Route {
        method: Method::GET,
        path: "/v1/signature-requests/{id}/documents/{document}",
        access: Access::Apps,
        handler: || web::to(fetch::handle),
    },
    Route {
        method: Method::GET,
        path: "/openapi.json",
        access: Access::Anybody,
        handler: || web::to(openapi::handle),
    },
    Route {
        method: Method::GET,
        path: "/docs",
        access: Access::Anybody,
        handler: || web::to(docs::page),
    },
    Route {
        method: Method::GET,
        path: "/docs/style.css",
        access: Access::Anybody,
        handler: || web::to(docs::style),
    },
];
