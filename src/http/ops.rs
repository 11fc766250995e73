//! Health and metrics, for operators and the machines that watch over the server.

use actix_web::http::{Method, header};
use actix_web::{HttpResponse, web};
use serde_json::json;

use super::error::Code;
use super::frame::{JSON, Style};
use super::problem::Problem;
use super::publication::publication;
use super::router::{Access, Route};
use super::shared::Shared;
use crate::telemetry;

/// What operators can ask.
pub static ROUTES: &[Route] = &[
    // The process runs and answers. Says nothing of what it needs: restarting it would mend none of that.
    Route {
        method: Method::GET,
        path: "/healthz",
        access: Access::Anybody,
        handler: || web::to(alive),
    },
    // Calls can be answered. 503 while not; a load balancer then sends them elsewhere.
    Route {
        method: Method::GET,
        path: "/readyz",
        access: Access::Anybody,
        handler: || web::to(ready),
    },
    // Counters and timings in Prometheus' text format.
    Route {
        method: Method::GET,
        path: "/metrics",
        access: Access::Anybody,
        handler: || web::to(metrics),
    },
    // The authorities' certificates and revocation lists, where `pki.publication` leads to here.
    Route {
        method: Method::GET,
        path: "/pki/{publication}",
        access: Access::Anybody,
        handler: || web::to(publication),
    },
];

/// Headers and problems on this listener.
pub(super) const STYLE: Style = Style {
    name: "ops",
    ..JSON
};

async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "alive"}))
}

async fn ready(shared: web::Data<Shared>) -> Result<HttpResponse, Problem> {
    let health = shared.run(|service| Ok(service.health())).await?;
    if health.is_ready() {
        Ok(HttpResponse::Ok().json(json!({"status": "ready", "parts": health})))
    } else {
        Err(Problem::new(Code::NotReady).with_detail(health.to_string()))
    }
}

async fn metrics(shared: web::Data<Shared>) -> HttpResponse {
    let load = shared.service().hsm_load();
    for (state, sessions) in [
        ("working", load.workers.saturating_sub(load.idle)),
        ("idle", load.idle),
        ("stuck", load.stuck),
    ] {
        gauge("rubrica_hsm_sessions", &[("state", state)], sessions);
    }
    gauge("rubrica_hsm_jobs_waiting", &[], load.queued);
    gauge(
        "rubrica_hsm_jobs_waiting_longest_lane",
        &[],
        load.longest_lane,
    );
    gauge("rubrica_hsm_lanes", &[], load.lanes);
    // The HSM's own counts: they go up here as far as they have there.
    ::metrics::counter!("rubrica_hsm_gave_way_total").absolute(load.gave_way);
    ::metrics::counter!("rubrica_hsm_turned_away_total").absolute(load.turned_away);
    HttpResponse::Ok()
        .insert_header((
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        ))
        .body(telemetry::rendered_metrics())
}

fn gauge(name: &'static str, labels: &[(&'static str, &'static str)], value: usize) {
    // There are never so many that a 32-bit number could not tell.
    let value = f64::from(u32::try_from(value).unwrap_or(u32::MAX));
    ::metrics::gauge!(name, labels).set(value);
}
