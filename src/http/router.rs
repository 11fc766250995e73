//! All routes, in one list for each listener.
//!
//! The lists are what is mounted, what OpenAPI is checked against, and what the authorisation matrix of the
//! tests goes through: a route that is not here does not exist, and one that is here cannot be forgotten there.

use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use actix_web::{Resource, guard};

use super::error::Code;
use super::problem::Problem;
use super::{api, citizen, ops};

/// One method on one path. Routes of the same path stand together in their list.
#[derive(Debug, Clone)]
pub struct Route {
    /// `GET` also answers `HEAD` (RFC 9110 section 9.3.2).
    pub method: Method,
    /// With `{name}` for what varies.
    pub path: &'static str,
    /// Who is let in.
    pub access: Access,
    /// Makes the handler, without a guard for the method.
    pub handler: fn() -> actix_web::Route,
}

/// Who is let in to a route before its use case looks closer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Anybody,
    /// Apps with a valid token or client certificate.
    Apps,
    /// Whoever has the approval link of the request.
    LinkHolders,
}

/// What apps can call.
pub fn api() -> &'static [Route] {
    api::ROUTES
}

/// What citizens can open.
pub fn citizen() -> &'static [Route] {
    citizen::ROUTES
}

/// What operators can ask.
pub fn ops() -> &'static [Route] {
    ops::ROUTES
}

/// Mounts the routes; other methods on their paths get 405 with `Allow`, other paths 404.
pub(super) fn mount(config: &mut ServiceConfig, routes: &'static [Route]) {
    for group in routes.chunk_by(|a, b| a.path == b.path) {
        config.service(resource(group));
    }
    config.default_service(web::to(async || {
        Err::<&str, _>(Problem::new(Code::NotFound))
    }));
}

fn resource(group: &'static [Route]) -> Resource {
    let path = group.first().map_or("", |route| route.path);
    let mut resource = web::resource(path);
    for route in group {
        let handler = (route.handler)();
        resource = resource.route(if route.method == Method::GET {
            handler.guard(guard::Any(guard::Get()).or(guard::Head()))
        } else {
            handler.method(route.method.clone())
        });
    }
    resource.default_service(web::to(async move || {
        Err::<&str, _>(Problem::method_not_allowed(allowed(group)))
    }))
}

fn allowed(group: &[Route]) -> Vec<Method> {
    let mut methods = Vec::new();
    for route in group {
        methods.push(route.method.clone());
        if route.method == Method::GET {
            methods.push(Method::HEAD);
        }
    }
    methods
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_stands_together_in_its_list() {
        for list in [api(), citizen(), ops()] {
            let mut paths: Vec<_> = list
                .chunk_by(|a, b| a.path == b.path)
                .map(|group| group[0].path)
                .collect();
            let groups = paths.len();
            paths.sort_unstable();
            paths.dedup();
            assert_eq!(paths.len(), groups);
        }
    }
}
