//! `[api]`, `[citizen]`, `[ops]` and `[limits]`: where the server answers, and how much it takes at once.

use std::time::Duration;

use url::Url;

mod api;
mod citizen;
mod limits;
mod ops;

pub(super) use api::RawApi;
pub(super) use citizen::RawCitizen;
pub(super) use limits::RawLimits;
pub(super) use ops::RawOps;

use super::reader::Reader;
use super::section::Section;
use crate::http::{Limits, Proxies, Settings, TlsListener};

/// What the four sections say.
pub(super) struct Listeners {
    pub(super) http: Settings,
    pub(super) citizen_url: Option<Url>,
    pub(super) documents_per_request: u32,
    pub(super) document_bytes: u64,
}

pub(super) fn read(reader: &mut Reader<'_>, stop_within: Option<Duration>) -> Option<Listeners> {
    let api = RawApi::read(reader);
    let citizen = RawCitizen::read(reader);
    let ops = RawOps::read(reader);
    let limits = RawLimits::read(reader);
    if let Some(citizen) = &citizen {
        check_url(reader, citizen.url.as_ref());
    }
    if let Some(limits) = &limits {
        check_limits(reader, limits);
    }
    let (api, citizen, limits) = (api?, citizen?, limits?);
    let settings = Settings {
        api: TlsListener {
            address: api.listen,
            certificate: api.certificate,
            key: api.key,
        },
        citizen: TlsListener {
            address: citizen.listen,
            certificate: citizen.certificate,
            key: citizen.key,
        },
        ops: ops?.listen,
        citizen_proxies: Proxies {
            networks: citizen.proxies,
            header: citizen.proxy_header,
        },
        help_desk: citizen.help_desk,
        limits: Limits {
            body_bytes: limits.body.0,
            json_bytes: limits.json.0,
            head_within: limits.head_within,
            pause: limits.pause,
            slowest: limits.slowest,
            calls_at_once: limits.calls_at_once,
            calls_waiting: limits.calls_waiting,
            uploads_at_once: limits.uploads_at_once,
            uploads_per_app: limits.uploads_per_app,
            connections: limits.connections,
            calls_per_minute: limits.calls_per_minute,
            burst: limits.burst,
            place_per_minute: limits.address_calls_per_minute,
            place_burst: limits.address_burst,
        },
        stop_within: stop_within?,
    };
    check_addresses(reader, &settings);
    Some(Listeners {
        http: settings,
        citizen_url: citizen.url,
        documents_per_request: limits.documents_per_request,
        document_bytes: limits.document.0,
    })
}

fn check_url(reader: &mut Reader<'_>, url: Option<&Url>) {
    let Some(url) = url else { return };
    if url.scheme() != "https" {
        reader.unworkable(
            "citizen",
            "url",
            "must begin with https://: the citizens' cookies are sent over nothing else",
        );
    } else if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        reader.unworkable(
            "citizen",
            "url",
            "must be a host of its own, such as https://firma.example/, without path",
        );
    }
}

fn check_limits(reader: &mut Reader<'_>, limits: &RawLimits) {
    let at_least_one = [
        ("documents_per_request", limits.documents_per_request),
        ("calls_per_minute", limits.calls_per_minute),
        ("burst", limits.burst),
        ("address_calls_per_minute", limits.address_calls_per_minute),
        ("address_burst", limits.address_burst),
        ("calls_at_once", limits.calls_at_once),
        ("uploads_at_once", limits.uploads_at_once),
        ("uploads_per_app", limits.uploads_per_app),
        ("slowest", limits.slowest),
        ("connections", limits.connections),
    ];
    for (key, value) in at_least_one {
        if value == 0 {
            reader.unworkable("limits", key, "at least 1");
        }
    }
    if limits.document.0 > limits.body.0 {
        reader.unworkable(
            "limits",
            "document",
            "larger than limits.body, so no document could be that large",
        );
    }
}

fn check_addresses(reader: &mut Reader<'_>, settings: &Settings) {
    let (api, citizen, ops) = (settings.api.address, settings.citizen.address, settings.ops);
    for (section, address, others) in [
        ("citizen", citizen, vec![("api", api)]),
        ("ops", ops, vec![("api", api), ("citizen", citizen)]),
    ] {
        // Port 0 takes a free one each time.
        if let Some((other, _)) = others
            .iter()
            .find(|(_, other)| *other == address && address.port() != 0)
        {
            reader.unworkable(
                section,
                "listen",
                format!("{address} is {other}.listen already"),
            );
        }
    }
}
