//! What apps and browsers send: JSON, multipart bodies, forms, addresses, cookies and headers. A whole server answers
//! over TLS, with a database and without an HSM; nothing may make it answer with a fault of its own, or not at all.
//!
//! The first byte chooses what the rest is.
//!
//! `cargo +nightly fuzz run --fuzz-dir tests/fuzz http`

#![no_main]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use rubrica::app::{self, Server};
use rubrica::auth::{local_administrator, op};
use rubrica::clock::Ambient;
use rubrica::config;
use rubrica::http::tls::self_signed;
use rubrica::service::apps::{Credentials, NewApp};
use tempfile::TempDir;
use ureq::Agent;
use ureq::http::{Request, Response};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

const CONFIGURATION: &str = r#"
[server]
node = "fuzz"
link_key_file = "link-key"
[api]
listen = "127.0.0.1:0"
certificate = "tls.pem"
key = "tls.key"
[citizen]
listen = "127.0.0.1:0"
url = "https://localhost/"
certificate = "tls.pem"
key = "tls.key"
[ops]
listen = "127.0.0.1:0"
[limits]
calls_per_minute = 1000000
burst = 100000
address_calls_per_minute = 1000000
address_burst = 100000
[database]
url = "sqlite:rubrica.db"
[documents]
url = "file:documents"
[hsm]
module = "/usr/lib/softhsm/libsofthsm2.so"
token = "none"
pin_file = "link-key"
[sms]
outbox = "outbox"
"#;

const REQUESTS: &str = "/v1/signature-requests";
const ACTIVATE: &str = "/account/activate";

/// A server, an app, and a browser that was shown a form.
struct Scene {
    _folder: TempDir,
    _server: Server,
    agent: Agent,
    api: String,
    citizen: String,
    token: String,
    form: String,
}

static SCENE: LazyLock<Scene> = LazyLock::new(Scene::new);

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = data.split_first() else {
        return;
    };
    let scene = &*SCENE;
    let text = String::from_utf8_lossy(rest);
    let app = || {
        let bearer = format!("Bearer {}", scene.token);
        Request::post(format!("{}{REQUESTS}", scene.api)).header("Authorization", bearer)
    };
    let multipart = "multipart/form-data; boundary=b";
    let request = match choice % 8 {
        0 => app()
            .header("Content-Type", "application/json")
            .body(rest.to_vec()),
        1 => app().header("Content-Type", multipart).body(rest.to_vec()),
        // Past the metadata, so that the documents' parts are reached.
        2 => {
            let metadata = r#"{"signer":"12345678Z","documents":[{"name":"a.pdf"},{"name":"b"}]}"#;
            let start = format!(
                "--b\r\nContent-Disposition: form-data; name=\"request\"\r\n\r\n{metadata}\r\n--b\r\n"
            );
            let body = [start.as_bytes(), rest].concat();
            app().header("Content-Type", multipart).body(body)
        }
        3 => app()
            .header("Content-Type", rest)
            .header("Idempotency-Key", rest)
            .body(Vec::new()),
        4 => Request::get(format!("{}{REQUESTS}", scene.api))
            .header("Authorization", rest)
            .body(Vec::new()),
        5 => {
            let body = [scene.form.as_bytes(), rest].concat();
            Request::post(format!("{}{ACTIVATE}", scene.citizen))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .body(body)
        }
        6 => Request::get(format!("{}{ACTIVATE}", scene.citizen))
            .header("Cookie", rest)
            .header("Accept-Language", rest)
            .header("X-Forwarded-For", rest)
            .body(Vec::new()),
        _ => Request::get(format!("{}/r/{text}", scene.citizen)).body(Vec::new()),
    };
    // What is no request is never sent.
    let Ok(request) = request else { return };
    let answer = scene.agent.run(request).unwrap();
    assert!(answer.status().as_u16() < 500, "{answer:?}");
});

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tls = self_signed(&["127.0.0.1"], Ambient::system().now()).unwrap();
        let link_key = format!("{}=", "A".repeat(43));
        for (name, content) in [
            ("rubrica.toml", CONFIGURATION),
            ("link-key", &link_key),
            ("tls.pem", &tls.certificate_pem),
            ("tls.key", tls.key_pem.expose()),
        ] {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        let loaded = config::load(Some(&folder.path().join("rubrica.toml"))).unwrap();
        app::migrate(&loaded.config).unwrap();
        let server = app::start(loaded.config).unwrap();
        let app = NewApp {
            name: "Fuzz".to_owned(),
            return_urls: vec!["https://app.example/back".to_owned()],
        };
        let authorized = local_administrator("fuzz").authorize(op::ManageApps);
        let given = server
            .service
            .add_app(&authorized, &app, &Credentials::Token)
            .unwrap();
        let root = Certificate::from_pem(tls.certificate_pem.as_bytes()).unwrap();
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::Specific(Arc::new(vec![root])))
            .build();
        let agent: Agent = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .build()
            .into();
        let citizen = format!("https://{}", server.citizen);
        let page = agent.get(format!("{citizen}{ACTIVATE}")).call().unwrap();
        Self {
            form: form(page),
            api: format!("https://{}", server.api),
            citizen,
            token: given.token.unwrap().expose().to_owned(),
            agent,
            _server: server,
            _folder: folder,
        }
    }
}

/// The proof that a form comes from a page, as the beginning of the form.
fn form(mut page: Response<ureq::Body>) -> String {
    let html = page.body_mut().read_to_string().unwrap();
    let (_, rest) = html.split_once("name=\"token\" value=\"").unwrap();
    format!("token={}&", rest.split_once('"').unwrap().0)
}
