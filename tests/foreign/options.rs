//! What apps may ask for over the API: each choice is accepted by all judges, and found in the file by EU DSS.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use rubrica::auth::op;
use rubrica::domain::algorithm::{Digest, DigestAlgorithm, KeyAlgorithm};
use rubrica::service::credentials::Earlier;
use serde_json::{Value, json};
use tempfile::TempDir;
use time::Duration;

use super::judges::{Exhibit, Kind, assert_accepted, said};
use super::pdf;
use crate::harness::browser::Browser;
use crate::harness::citizen::ActiveCitizen;
use crate::harness::database::{TestDatabase, both_databases};
use crate::harness::multipart::Form;
use crate::harness::server::{TestApp, TestServer, administrator};
use crate::pades::builder::{Builder, Layout};

const REQUESTS: &str = "/v1/signature-requests";
const POLICY: &str = "2.16.724.1.3.1.1.2.1.9";
const POLICY_TEXT: &[u8] = b"Everybody signs what was read.\n";
const POLICY_URI: &str = "https://policy.example/text";

both_databases! {
    fn all_judges_accept_and_find_what_an_app_asks_for_with_rsa(database) {
        let office = Office::new(database, KeyAlgorithm::Rsa3072);
        office.assert_signed(&cases(&json!({"padding": "rsa-pss", "digest": "sha-512"}), "RSASSA_PSS", "SHA512"));
    }

    fn all_judges_accept_and_find_what_an_app_asks_for_with_p256(database) {
        let office = Office::new(database, KeyAlgorithm::EcP256);
        office.assert_signed(&cases(&json!({}), "ECDSA", "SHA256"));
    }
}

/// A document, what is asked for it, and what DSS must find.
struct Case {
    asked: Value,
    content: Vec<u8>,
    found: BTreeMap<String, String>,
}

/// Every choice of either format. Two of the PDF's exclude each other, so there are two with all the rest.
fn cases(with: &Value, encryption: &str, digest: &str) -> Vec<Case> {
    let policy = || {
        let hash = Digest::of(DigestAlgorithm::Sha384, POLICY_TEXT).to_hex();
        json!({"id": POLICY, "hash_algorithm": "sha-384", "hash": hash, "uri": POLICY_URI})
    };
    let case = |asked: Value, content: &[u8], found: &[(&str, &str)]| {
        let mut asked = asked;
        let members = asked.as_object_mut().unwrap();
        members.extend(with.as_object().unwrap().clone());
        let always = [("encryption", encryption), ("digest", digest)];
        let found = found.iter().chain(&always);
        Case {
            asked,
            content: content.to_vec(),
            found: found
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        }
    };
    let of_policy = [
        ("policy", POLICY),
        ("policyUrl", POLICY_URI),
        ("policyDigestValid", "true"),
    ];
    let of_place = [
        ("mimeType", "application/xml"),
        ("country", "ES"),
        ("city", "Toledo"),
        ("postalAddress", "Calle Mayor, 1; 45001"),
    ];
    let attributes = |commitment: &str| {
        json!({
            "commitment": commitment,
            "location": {"country": "ES", "locality": "Toledo", "postal_address": ["Calle Mayor, 1", "45001"]},
            "policy": policy(),
        })
    };
    let mut cases = vec![
        case(
            json!({"name": "reason.pdf", "pades": {
                "field": "Firma", "reason": "Conforme, ñ", "location": "Toledo",
                "contact": "ana@example.com",
            }}),
            &with_field(),
            &[
                ("field", "Firma"),
                ("reason", "Conforme, ñ"),
                ("location", "Toledo"),
                ("contact", "ana@example.com"),
            ],
        ),
        case(
            json!({"name": "policy.pdf", "pades": {
                "commitment": "origin", "policy": policy(), "location": "Mérida",
                "contact": "+34 600 123 456",
            }}),
            &pdf::with_stream(),
            &[
                &of_policy[..],
                &[
                    ("commitment", "1.2.840.113549.1.9.16.6.1"),
                    ("field", "Signature1"),
                    ("location", "Mérida"),
                    ("contact", "+34 600 123 456"),
                ],
            ]
            .concat(),
        ),
    ];
    // Each commitment once, in either packaging (id-cti of RFC 5126 section 5.11.1).
    for (index, commitment) in [
        "origin", "receipt", "delivery", "sender", "approval", "creation",
    ]
    .into_iter()
    .enumerate()
    {
        let packaging = ["enveloping", "detached"][index % 2];
        let identifier = format!("1.2.840.113549.1.9.16.6.{}", index + 1);
        cases.push(case(
            json!({
                "name": format!("{commitment}.xml"), "media_type": "application/xml", "format": "cades",
                "packaging": packaging, "cades": attributes(commitment),
            }),
            format!("<{commitment}/>\n").as_bytes(),
            &[&of_policy[..], &of_place, &[("commitment", &identifier)]].concat(),
        ));
    }
    cases
}

/// A page with an empty signature field.
fn with_field() -> Vec<u8> {
    Builder::new(Layout::Table)
        .object(
            1,
            "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [5 0 R] >> >>",
        )
        .object(
            3,
            "<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Annots [5 0 R] /Resources << >> >>",
        )
        .object(
            5,
            "<< /FT /Sig /T (Firma) /Type /Annot /Subtype /Widget /Rect [0 0 0 0] /P 3 0 R /F 132 >>",
        )
        .bytes()
}

/// A server with authorities of its own, an app, and a citizen whom they gave a certificate.
struct Office {
    server: TestServer,
    app: TestApp,
    citizen: ActiveCitizen,
    folder: TempDir,
}

impl Office {
    fn new(database: &TestDatabase, key: KeyAlgorithm) -> Self {
        let server = TestServer::start(database);
        let authorized = administrator().authorize(op::ManageAuthorities);
        server.service().init_authorities(&authorized).unwrap();
        let citizen = ActiveCitizen::new(&server, 0);
        let authorized = administrator().authorize(op::ManageCredentials);
        server
            .service()
            .issue_credential(&authorized, &citizen.signer.national_id, key, Earlier::Keep)
            .unwrap();
        Self {
            app: server.app("sede"),
            server,
            citizen,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// The app asks, the citizen approves on the pages, the app fetches, the judges judge.
    fn assert_signed(&self, cases: &[Case]) {
        let client = &self.app.client;
        let documents: Vec<_> = cases.iter().map(|case| &case.asked).collect();
        let who = self.citizen.national_id.expose();
        let mut form = Form::of(&json!({"signer": who, "documents": documents}));
        for case in cases {
            form = form.document(&case.content);
        }
        let made = client.post(REQUESTS, &Form::content_type(), form.finish());
        assert_eq!(made.status, 201, "{}", made.json());
        self.approve(made.at("/approval_url").as_str().unwrap());
        let path = made.header("location");
        let read = client.get(path);
        assert_eq!(read.at("/state"), "completed", "{}", read.json());

        let (anchor, lists) = self.published();
        let policy = self.write("policy.txt", POLICY_TEXT);
        for (index, case) in cases.iter().enumerate() {
            let document = read.at(&format!("/documents/{index}"));
            let name = document["name"].as_str().unwrap();
            let signed = client.get(&format!(
                "{path}/documents/{}",
                document["id"].as_str().unwrap()
            ));
            assert_eq!(signed.status, 200);
            let original = self.write(name, &case.content);
            let (ending, kind) = match document["packaging"].as_str() {
                None => ("signed", Kind::Pades),
                Some("enveloping") => ("p7m", Kind::Enveloping(original)),
                Some(_) => ("p7s", Kind::Detached(original)),
            };
            let file = self.write(&format!("{name}.{ending}"), &signed.body);
            let at = self.server.service().ambient().now() + Duration::MINUTE;
            let exhibit = Exhibit {
                lists: lists.clone(),
                policy: Some((POLICY, policy.clone())),
                ..Exhibit::new(file, kind, anchor.clone(), at)
            };
            assert_accepted(&exhibit);
            assert_eq!(said(&exhibit), case.found, "{name}");
        }
    }

    /// The root's certificate, and revocation lists that are newer than the signatures.
    fn published(&self) -> (PathBuf, Vec<PathBuf>) {
        self.server.clock().advance(Duration::MINUTE);
        let authorized = administrator().authorize(op::ManageAuthorities);
        let authorities = self.server.service().publish_lists(&authorized).unwrap();
        let anchor = self.write("root.pem", authorities[0].certificate.as_bytes());
        let lists = ["root.crl", "issuing.crl"].map(|name| {
            let fetched = self.server.operator().get(&format!("/pki/{name}"));
            assert_eq!(fetched.status, 200);
            self.write(name, &fetched.body)
        });
        (anchor, lists.to_vec())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn approve(&self, url: &str) {
        let link = url.rsplit_once("/r/").unwrap().1;
        let (link, browser) = (format!("/r/{link}"), Browser::new(self.server.visitor()));
        let values = [
            ("national-id", self.citizen.national_id.expose()),
            ("password", self.citizen.password.expose()),
        ];
        let page = browser.send(&browser.open(&link), &link, &values);
        let code = self.server.phones().code(&self.citizen.phone);
        let values = [("code", code.expose())];
        let done = browser.send(&page, &format!("{link}/code"), &values);
        assert_eq!(done.path, format!("{link}/done"), "{}", done.html);
    }
}
