//! Who may do what: every route of every listener times everybody who may come, in one table.
//!
//! Each cell is the status, and for the API the code, of a well-formed call that asks for something of the app
//! `tax`: its own signature request, made anew for each cell, or that request's approval link. Only the visitor
//! has the link and the cookies of the citizens' pages; everybody else makes one up. A route without a row, and a
//! row without a route, fails.

use std::collections::BTreeSet;

use rubrica::auth::op;
use rubrica::http::Limits;
use rubrica::http::router::{self, Route};
use rubrica::service::apps::Credentials;
use time::Duration;

use super::create::{DNI, REQUESTS, one_text};
use crate::harness::browser::Browser;
use crate::harness::client::{Answer, Client, ClientIdentity};
use crate::harness::database::{TestDatabase, both_databases};
use crate::harness::server::{TestServer, Wishes, administrator, client_identity};

const FORGED: &str = "0199c0de-0000-7000-8000-000000000001.AAAAAAAAAAAAAAAAAAAAAA";
const FORM: &str = "application/x-www-form-urlencoded";

/// The columns of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Actor {
    /// With nothing to show.
    Nobody,
    /// The app `tax` with its token.
    Owner,
    /// Another app with its token.
    Other,
    /// An app that was disabled, with its token.
    Disabled,
    /// One more app, with its client certificate where certificates are looked at.
    Certified,
    /// A citizen with a browser and the approval link.
    Visitor,
    /// Somebody who looks after the server; has nothing but the way to its own listener.
    Operator,
}

const ACTORS: [Actor; 7] = [
    Actor::Nobody,
    Actor::Owner,
    Actor::Other,
    Actor::Disabled,
    Actor::Certified,
    Actor::Visitor,
    Actor::Operator,
];

type Cells = [&'static str; 7];

const NO_KEY: &str = "401 authentication_required";
const SHUT: &str = "403 app_disabled";
const NONE: &str = "404 request_not_found";

/// For those who are let in: the owner, and other apps.
const fn apps(owner: &'static str, other: &'static str) -> Cells {
    [NO_KEY, owner, other, SHUT, other, NO_KEY, NO_KEY]
}

/// The same for all.
const fn all(status: &'static str) -> Cells {
    [status; 7]
}

/// For the visitor, and everybody else.
const fn visitor(visitor: &'static str, others: &'static str) -> Cells {
    [others, others, others, others, others, visitor, others]
}

const API: &[(&str, &str, Cells)] = &[
    ("GET", "/v1/app", apps("200", "200")),
    ("POST", "/v1/signature-requests", apps("201", "201")),
    ("GET", "/v1/signature-requests", apps("200", "200")),
    ("GET", "/v1/signature-requests/{id}", apps("200", NONE)),
    (
        "POST",
        "/v1/signature-requests/{id}/cancel",
        apps("200", NONE),
    ),
    (
        "GET",
        "/v1/signature-requests/{id}/documents/{document}",
        apps("409 document_not_signed", NONE),
    ),
    ("GET", "/openapi.json", all("200")),
    ("GET", "/docs", all("200")),
    ("GET", "/docs/style.css", all("200")),
];

const CITIZEN: &[(&str, &str, Cells)] = &[
    ("GET", "/", all("200")),
    ("GET", "/help", all("200")),
    ("GET", "/help/{topic}", all("200")),
    ("GET", "/accessibility", all("200")),
    ("GET", "/cookies", all("200")),
    ("GET", "/static/{file}", all("200")),
    ("GET", "/r/{link}", visitor("200", "404")),
    ("POST", "/r/{link}", visitor("422", "403")),
    ("GET", "/r/{link}/code", visitor("303", "404")),
    ("POST", "/r/{link}/code", visitor("303", "403")),
    ("POST", "/r/{link}/resend", visitor("303", "403")),
    ("GET", "/r/{link}/decline", visitor("200", "404")),
    ("POST", "/r/{link}/decline", visitor("303", "403")),
    ("GET", "/r/{link}/done", visitor("303", "404")),
    (
        "GET",
        "/r/{link}/documents/{document}",
        visitor("200", "404"),
    ),
    ("GET", "/r/{link}/help/{topic}", visitor("409", "404")),
    ("GET", "/r/{link}/account/{act}", visitor("303", "404")),
    ("GET", "/account/activate", all("200")),
    ("POST", "/account/activate", visitor("422", "403")),
    ("GET", "/account/activate/code", all("303")),
    ("POST", "/account/activate/code", visitor("303", "403")),
    ("POST", "/account/activate/resend", visitor("303", "403")),
    ("GET", "/account/activate/done", all("303")),
    ("GET", "/account/reset", all("200")),
    ("POST", "/account/reset", visitor("422", "403")),
    ("GET", "/account/reset/code", all("303")),
    ("POST", "/account/reset/code", visitor("303", "403")),
    ("POST", "/account/reset/resend", visitor("303", "403")),
    ("GET", "/account/reset/done", all("303")),
    ("GET", "/account/password", all("200")),
    ("POST", "/account/password", visitor("422", "403")),
    ("GET", "/account/password/code", all("303")),
    ("POST", "/account/password/code", visitor("303", "403")),
    ("POST", "/account/password/resend", visitor("303", "403")),
    ("GET", "/account/password/done", all("303")),
];

const OPS: &[(&str, &str, Cells)] = &[
    ("GET", "/healthz", all("200")),
    ("GET", "/readyz", all("200")),
    ("GET", "/metrics", all("200")),
    ("GET", "/pki/{publication}", all("200")),
];

#[test]
fn every_route_has_one_row_and_every_row_a_route() {
    for (routes, table) in lists() {
        let mounted: Vec<_> = routes
            .iter()
            .map(|route| (route.method.as_str(), route.path))
            .collect();
        let rows: Vec<_> = table
            .iter()
            .map(|(method, path, _)| (*method, *path))
            .collect();
        let (known, listed) = (BTreeSet::from_iter(&mounted), BTreeSet::from_iter(&rows));
        assert_eq!(known, listed);
        assert_eq!(mounted.len(), rows.len());
    }
}

both_databases! {
    fn everybody_may_do_what_the_table_says_and_no_more(database) {
        let scene = Scene::new(database);
        let mut faults = Vec::new();
        for (place, (_, table)) in PLACES.into_iter().zip(lists()) {
            for (method, path, cells) in table {
                for (actor, expected) in ACTORS.into_iter().zip(cells) {
                    let found = scene.ask(place, actor, method, path);
                    if found != *expected {
                        faults.push(format!(
                            "{actor:?} {method} {path}: {found}, not {expected}"
                        ));
                    }
                }
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    fn a_route_answers_on_its_own_listener_only(database) {
        let scene = Scene::new(database);
        for (place, (_, table)) in PLACES.into_iter().zip(lists()) {
            for elsewhere in PLACES.into_iter().filter(|other| *other != place) {
                for (method, path, _) in table {
                    let found = scene.ask(elsewhere, Actor::Owner, method, path);
                    assert!(
                        found.starts_with("404"),
                        "{method} {path} at {elsewhere:?}: {found}"
                    );
                }
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Api,
    Citizen,
    Ops,
}

const PLACES: [Place; 3] = [Place::Api, Place::Citizen, Place::Ops];

type Table = &'static [(&'static str, &'static str, Cells)];

fn lists() -> [(&'static [Route], Table); 3] {
    [
        (router::api(), API),
        (router::citizen(), CITIZEN),
        (router::ops(), OPS),
    ]
}

/// A server with all actors, and a citizen who can be asked to sign.
struct Scene {
    server: TestServer,
    owner: Client,
    owner_token: String,
    other_token: String,
    disabled_token: String,
    certificate: ClientIdentity,
    style: String,
}

impl Scene {
    fn new(database: &TestDatabase) -> Self {
        let server = TestServer::start_with(
            database,
            Wishes {
                limits: Limits {
                    calls_per_minute: 60_000,
                    burst: 10_000,
                    place_per_minute: 60_000,
                    place_burst: 10_000,
                    ..Limits::default()
                },
                ..Wishes::default()
            },
        );
        server.eligible(DNI);
        let (owner, other, disabled) = (server.app("tax"), server.app("health"), server.app("old"));
        server.app("archive");
        let may = administrator().authorize(op::ManageApps);
        server.service().disable_app(&may, "old").unwrap();
        server
            .service()
            .init_authorities(&administrator().authorize(op::ManageAuthorities))
            .unwrap();
        let certificate = client_identity();
        let pem = certificate.certificate.clone();
        let bound = Credentials::Certificate { pem };
        let grace = Duration::HOUR;
        server
            .service()
            .rotate_app(&may, "archive", &bound, grace)
            .unwrap();
        let home = Browser::new(server.visitor()).open("/").html;
        let (_, style) = home.split_once("/static/").unwrap();
        Self {
            owner: owner.client,
            owner_token: owner.token,
            other_token: other.token,
            disabled_token: disabled.token,
            certificate,
            style: style.split('"').next().unwrap().to_owned(),
            server,
        }
    }

    /// Lets an actor call a route, and tells status and code.
    fn ask(&self, place: Place, actor: Actor, method: &str, pattern: &str) -> String {
        let made = self.owner.post_json(REQUESTS, &one_text());
        assert_eq!(made.status, 201);
        let text = |pointer| made.at(pointer).as_str().unwrap().to_owned();
        let approval = text("/approval_url");
        let link = match actor {
            Actor::Visitor => approval.rsplit('/').next().unwrap(),
            _ => FORGED,
        };
        let path = pattern
            .replace("{id}", &text("/id"))
            .replace("{document}", &text("/documents/0/id"))
            .replace("{link}", link)
            .replace("{topic}", "blocked")
            .replace("{act}", "reset")
            .replace("{publication}", "issuing.crl")
            .replace("{file}", &self.style);
        let client = self.caller(place, actor);
        let answer = match (method, place) {
            ("GET", _) => client.get(&path),
            (_, Place::Api) if pattern == REQUESTS => client.post_json(&path, &one_text()),
            (_, Place::Api) => client.call("POST", &path, ()),
            _ => client.post(&path, FORM, form(actor, &client)),
        };
        told(place, &answer)
    }

    fn caller(&self, place: Place, actor: Actor) -> Client {
        let client = match place {
            Place::Api if actor == Actor::Certified => self.server.certified(&self.certificate),
            Place::Api => self.server.stranger(),
            Place::Citizen => self.server.visitor(),
            Place::Ops => self.server.operator(),
        };
        match actor {
            Actor::Owner => client.bearer(&self.owner_token),
            Actor::Other => client.bearer(&self.other_token),
            Actor::Disabled => client.bearer(&self.disabled_token),
            Actor::Visitor => client.with("Accept", "text/html"),
            Actor::Nobody | Actor::Certified | Actor::Operator => client,
        }
    }
}

/// An empty form; the visitor's carries the proof that it comes from a page in the same browser.
fn form(actor: Actor, client: &Client) -> String {
    if actor != Actor::Visitor {
        return String::new();
    }
    let page = "/account/password";
    let fields = Browser::new(client.clone()).open(page).fields(page);
    let (name, token) = fields.iter().find(|(name, _)| name == "token").unwrap();
    format!("{name}={token}")
}

fn told(place: Place, answer: &Answer) -> String {
    if place != Place::Citizen && answer.status >= 400 {
        let (status, code) = answer.problem();
        format!("{status} {code}")
    } else {
        answer.status.to_string()
    }
}
