//! The process's counters and timings, for Prometheus to collect.

use std::sync::OnceLock;
use std::time::Duration;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// Upper bounds of the histograms' buckets, in seconds: from a database query to an RSA-4096 key.
const BUCKETS: [f64; 14] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0,
];

/// How often the histograms' samples are gathered in when nobody collects them.
const UPKEEP: Duration = Duration::from_secs(10);

/// The recorder is one for the whole process, by the design of `metrics`.
static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

/// Everything counted so far, in Prometheus' text format 0.0.4; nothing when nobody counts.
pub fn rendered_metrics() -> String {
    HANDLE
        .get()
        .map(PrometheusHandle::render)
        .unwrap_or_default()
}

/// Begins to count. `None` when the process has a recorder already.
pub(super) fn start() -> Option<()> {
    let recorder = PrometheusBuilder::new()
        .set_buckets(&BUCKETS)
        .ok()?
        .build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).ok()?;
    describe();
    let upkeep = handle.clone();
    std::thread::Builder::new()
        .name("metrics".to_owned())
        .spawn(move || {
            loop {
                std::thread::sleep(UPKEEP);
                upkeep.run_upkeep();
            }
        })
        .ok()?;
    HANDLE.set(handle).ok()
}

/// What is counted where: `http` counts calls and asks for the HSM's load, `service` counts signatures and messages.
fn describe() {
    describe_counter!(
        "rubrica_http_requests_total",
        "Calls answered, by listener, route, method and status"
    );
    describe_histogram!(
        "rubrica_http_request_seconds",
        Unit::Seconds,
        "How long calls took"
    );
    describe_counter!(
        "rubrica_signatures_total",
        "Documents of approved requests, by format and outcome"
    );
    describe_histogram!(
        "rubrica_signing_seconds",
        Unit::Seconds,
        "How long approved requests took from the code to the last signed document"
    );
    describe_counter!(
        "rubrica_sms_total",
        "Messages handed to the gateway or folder, by outcome"
    );
    describe_gauge!(
        "rubrica_hsm_sessions",
        "Sessions of the HSM, by what they do"
    );
    describe_gauge!(
        "rubrica_hsm_jobs_waiting",
        "Jobs that wait for a session of the HSM"
    );
    describe_gauge!(
        "rubrica_hsm_jobs_waiting_longest_lane",
        "Jobs that wait for a session of the HSM, of the app that has most of them"
    );
    describe_gauge!(
        "rubrica_hsm_lanes",
        "Apps whose jobs wait for the HSM or are at it; the server's own work counts as one"
    );
    describe_counter!(
        "rubrica_hsm_gave_way_total",
        "Times a batch gave its session of the HSM to somebody who waited"
    );
    describe_counter!(
        "rubrica_hsm_turned_away_total",
        "Jobs answered with 503 because their app had no place left to wait for the HSM"
    );
}
