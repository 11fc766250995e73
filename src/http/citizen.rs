//! The citizens' pages: written on the server, working without any script.
//!
//! A call for a page is a `visit::Visit`, what was typed is a `form::Form`, and the words come from
//! [`messages`](crate::messages). Forms are answered with a redirect wherever repeating them would do something
//! again. No address holds anything about a person: approval links are capabilities, and what was typed travels in
//! bodies only. Start reading at [`ROUTES`].

use std::time::Instant;

use actix_web::http::Method;
use actix_web::{HttpRequest, web};

use super::error::Code;
use super::frame::Style;
use super::problem::Problem;
use super::router::{Access, Route};
use super::shared::Shared;
use account::Act;

mod about;
mod account;
mod approval;
mod assets;
mod browser;
mod code;
mod faults;
mod fields;
mod form;
mod language;
pub mod obstacle;
mod page;
mod visit;
mod wording;

#[cfg(test)]
mod tests;

/// Headers and problems on this listener. Pages run nothing, load only their own style sheet and icon, send their
/// forms only here, and are shown in no frame.
pub(super) const STYLE: Style = Style {
    name: "citizen",
    problem: obstacle::answer,
    admit,
    policy: "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
             frame-ancestors 'none'",
};

/// What citizens can open.
pub static ROUTES: &[Route] = &[
    Route {
        method: Method::GET,
        path: "/",
        access: Access::Anybody,
        handler: || web::to(account::home),
    },
    Route {
        method: Method::GET,
        path: "/help",
        access: Access::Anybody,
        handler: || web::to(about::help),
    },
    Route {
        method: Method::GET,
        path: "/help/{topic}",
        access: Access::Anybody,
        handler: || web::to(about::topic),
    },
    Route {
        method: Method::GET,
        path: "/accessibility",
        access: Access::Anybody,
        handler: || web::to(about::accessibility),
    },
    Route {
        method: Method::GET,
        path: "/cookies",
        access: Access::Anybody,
        handler: || web::to(about::cookies),
    },
    Route {
        method: Method::GET,
        path: "/static/{file}",
        access: Access::Anybody,
        handler: || web::to(assets::file),
    },
    Route {
        method: Method::GET,
        path: "/r/{link}",
        access: Access::LinkHolders,
        handler: || web::to(approval::review),
    },
    Route {
        method: Method::POST,
        path: "/r/{link}",
        access: Access::LinkHolders,
        handler: || web::to(approval::identify),
    },
    Route {
        method: Method::GET,
        path: "/r/{link}/code",
        access: Access::LinkHolders,
        handler: || web::to(approval::wait),
    },
    Route {
        method: Method::POST,
        path: "/r/{link}/code",
        access: Access::LinkHolders,
        handler: || web::to(approval::confirm),
    },
    Route {
        method: Method::POST,
        path: "/r/{link}/resend",
        access: Access::LinkHolders,
        handler: || web::to(approval::resend),
    },
    Route {
        method: Method::GET,
        path: "/r/{link}/decline",
        access: Access::LinkHolders,
        handler: || web::to(approval::ask),
    },
    Route {
        method: Method::POST,
        path: "/r/{link}/decline",
        access: Access::LinkHolders,
        handler: || web::to(approval::decline),
    },
    Route {
        method: Method::GET,
        path: "/r/{link}/done",
        access: Access::LinkHolders,
        handler: || web::to(approval::done),
    },
    Route {
        method: Method::GET,
        path: "/r/{link}/documents/{document}",
        access: Access::LinkHolders,
        handler: || web::to(approval::document),
    },
    Route {
        method: Method::GET,
        path: "/r/{link}/help/{topic}",
        access: Access::LinkHolders,
        handler: || web::to(approval::help),
    },
    Route {
        method: Method::GET,
        path: "/r/{link}/account/{act}",
        access: Access::LinkHolders,
        handler: || web::to(approval::account),
    },
    Route {
        method: Method::GET,
        path: "/account/activate",
        access: Access::Anybody,
        handler: || web::to(|visit| account::ask(Act::Activate, visit)),
    },
    Route {
        method: Method::POST,
        path: "/account/activate",
        access: Access::Anybody,
        handler: || web::to(|visit, form| account::begin(Act::Activate, visit, form)),
    },
    Route {
        method: Method::GET,
        path: "/account/activate/code",
        access: Access::Anybody,
        handler: || web::to(|visit| account::wait(Act::Activate, visit)),
    },
    Route {
        method: Method::POST,
        path: "/account/activate/code",
        access: Access::Anybody,
        handler: || web::to(|visit, form| account::finish(Act::Activate, visit, form)),
    },
    Route {
        method: Method::POST,
        path: "/account/activate/resend",
        access: Access::Anybody,
        handler: || web::to(|visit, form| account::resend(Act::Activate, visit, form)),
    },
    Route {
        method: Method::GET,
        path: "/account/activate/done",
        access: Access::Anybody,
        handler: || web::to(|visit| account::done(Act::Activate, visit)),
    },
    Route {
        method: Method::GET,
        path: "/account/reset",
        access: Access::Anybody,
        handler: || web::to(|visit| account::ask(Act::Reset, visit)),
    },
    Route {
        method: Method::POST,
        path: "/account/reset",
        access: Access::Anybody,
        handler: || web::to(|visit, form| account::begin(Act::Reset, visit, form)),
    },
    Route {
        method: Method::GET,
        path: "/account/reset/code",
        access: Access::Anybody,
        handler: || web::to(|visit| account::wait(Act::Reset, visit)),
    },
    Route {
        method: Method::POST,
        path: "/account/reset/code",
        access: Access::Anybody,
        handler: || web::to(|visit, form| account::finish(Act::Reset, visit, form)),
    },
    Route {
        method: Method::POST,
        path: "/account/reset/resend",
        access: Access::Anybody,
        handler: || web::to(|visit, form| account::resend(Act::Reset, visit, form)),
    },
    Route {
        method: Method::GET,
        path: "/account/reset/done",
        access: Access::Anybody,
        handler: || web::to(|visit| account::done(Act::Reset, visit)),
    },
    Route {
        method: Method::GET,
        path: "/account/password",
        access: Access::Anybody,
        handler: || web::to(|visit| account::ask(Act::Change, visit)),
    },
    Route {
        method: Method::POST,
        path: "/account/password",
        access: Access::Anybody,
        handler: || web::to(|visit, form| account::begin(Act::Change, visit, form)),
    },
    Route {
        method: Method::GET,
        path: "/account/password/code",
        access: Access::Anybody,
        handler: || web::to(|visit| account::wait(Act::Change, visit)),
    },
    Route {
        method: Method::POST,
        path: "/account/password/code",
        access: Access::Anybody,
        handler: || web::to(|visit, form| account::finish(Act::Change, visit, form)),
    },
    Route {
        method: Method::POST,
        path: "/account/password/resend",
        access: Access::Anybody,
        handler: || web::to(|visit, form| account::resend(Act::Change, visit, form)),
    },
    Route {
        method: Method::GET,
        path: "/account/password/done",
        access: Access::Anybody,
        handler: || web::to(|visit| account::done(Act::Change, visit)),
    },
];

/// Counts calls by the place they come from. The style sheet and the icon are free: the page that says to come back
/// later needs them too.
fn admit(request: &HttpRequest, shared: &Shared) -> Result<(), Problem> {
    if request.path().starts_with("/static/") {
        return Ok(());
    }
    match shared.proxies.origin(request) {
        Some(origin) => shared
            .origin_rates
            .take(origin, shared.nodes(), Instant::now())
            .map_err(|wait| Problem::new(Code::RateLimited).retry_after(wait)),
        None => Ok(()),
    }
}
