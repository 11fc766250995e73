//! The server's process, killed with SIGKILL while it answers the code that a citizen typed; and what the app is told by
//! the next process on the same data.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::credential::activated;
use super::serve::Serving;
use crate::harness::browser::Browser;
use crate::harness::client::{Answer, Client};
use crate::harness::database::both_databases;
use crate::harness::pdf;
use crate::harness::phones::Phones;
use crate::harness::project::Project;
use crate::harness::standing::PASSWORD;
use crate::harness::town;

const REQUESTS: &str = "/v1/signature-requests";
const DNI: &str = "12345678Z";
const PHONE: &str = "+34600123456";

/// So many signatures with RSA-3072, each stored, take the server a second or more.
const DOCUMENTS: usize = 120;

/// When it is killed: as soon as its log tells this step for the n-th time. `spent` is told when the intent is on
/// record, right before the HSM is asked for all the values; `stored` of each document.
const KILLS: [(&str, usize); 4] = [
    ("stored", DOCUMENTS / 3),
    ("signed", 1),
    ("spent", 1),
    ("claimed", 1),
];

/// A lease lasts 30 s, and every 15 s somebody looks for those that ran out.
const PATIENCE: Duration = Duration::from_secs(120);

both_databases! {
    fn a_server_killed_while_it_signs_loses_nothing_and_the_app_is_told(database) {
        let place = Place::new(Project::in_order_on(database));
        let mut serving = Serving::start(&place.project);
        let mut stopped = Vec::new();
        for (step, nth) in KILLS {
            let asked = place.ask();
            let log = place.approve_until(serving, &asked, step, nth);
            stopped.push((asked, log));
            serving = Serving::start(&place.project);
        }
        let app = place.app();
        let mut signed = BTreeMap::new();
        let mut approved_again = 0;
        for (asked, log) in &stopped {
            let told = Place::wait_for_the_end(&app, asked);
            signed.insert(asked.id.clone(), match told.at("/state").as_str().unwrap() {
                "pending" => {
                    assert!(!log.contains(&step_line("spent")), "{log}");
                    approved_again += 1;
                    place.approve(asked);
                    let told = Place::read(&app, asked);
                    assert_eq!(told.at("/state"), "completed", "{}", told.text());
                    let signed = place.check_files(&app, asked, &told);
                    assert_eq!(signed.len(), DOCUMENTS);
                    signed
                }
                _ => place.check_interrupted(&app, asked, &told, log),
            });
        }
        assert!((1..KILLS.len()).contains(&approved_again), "{approved_again}");
        assert!(signed.values().any(|signed| (1..DOCUMENTS).contains(&signed.len())));
        assert_eq!(serving.end("-TERM").0, Some(0));
        place.check_journal(&signed);
    }
}

/// How a step stands in the log.
fn step_line(step: &str) -> String {
    format!("\"step\":\"{step}\"")
}

/// A server's folder, with an app and a citizen who can sign.
struct Place {
    project: Project,
    trusted: String,
    token: String,
}

/// A request, as its app knows it.
struct Asked {
    id: String,
    /// The path of its approval page.
    link: String,
    documents: Vec<Vec<u8>>,
}

impl Place {
    fn new(project: Project) -> Self {
        project.configure(&format!(
            "[telemetry]\nlevel = \"info,rubrica::signing=debug\"\n\
             [limits]\ndocuments_per_request = {DOCUMENTS}\nburst = 10000"
        ));
        let added = project.run(&["app", "add", "sede", "--token-file", "token"]);
        assert_eq!(added.status, 0, "{}", added.err);
        activated(&project);
        let issued = ["credential", "issue", DNI, "--key", "rsa-3072"];
        let issued = project.run(&[&issued[..], &["--output", "chain.pem"]].concat());
        assert_eq!(issued.status, 0, "{}", issued.err);
        let read = |file| fs::read_to_string(project.path(file)).unwrap();
        Self {
            trusted: read("certs/server.pem"),
            token: read("token").trim().to_owned(),
            project,
        }
    }

    /// The app, with no connection yet: those to a killed process are gone.
    fn app(&self) -> Client {
        let base = format!("https://localhost:{}", self.project.ports[0]);
        Client::new(&base, &self.trusted, None).bearer(&self.token)
    }

    /// The citizen, likewise.
    fn citizen(&self) -> Client {
        let base = format!("https://localhost:{}", self.project.ports[1]);
        Client::new(&base, &self.trusted, None)
    }

    /// The app asks for PDFs, and for texts to be signed around and beside.
    fn ask(&self) -> Asked {
        let documents: Vec<_> = (0..DOCUMENTS)
            .map(|number| match number % 3 {
                0 => (format!("{number}.pdf"), pdf::plain(), Value::Null),
                1 => (
                    format!("{number}.txt"),
                    number.to_string().into(),
                    json!("enveloping"),
                ),
                _ => (
                    format!("{number}.txt"),
                    number.to_string().into(),
                    json!("detached"),
                ),
            })
            .collect();
        let described: Vec<_> = documents
            .iter()
            .map(|(name, bytes, packaging)| {
                let mut document = json!({"name": name, "content": STANDARD.encode(bytes)});
                if !packaging.is_null() {
                    document["packaging"] = packaging.clone();
                }
                document
            })
            .collect();
        let body = json!({"signer": DNI, "documents": described});
        let made = self.app().post_json(REQUESTS, &body);
        assert_eq!(made.status, 201, "{}", made.text());
        let address = made.at("/approval_url");
        let address = url::Url::parse(address.as_str().unwrap()).unwrap();
        Asked {
            id: made.at("/id").as_str().unwrap().to_owned(),
            link: address.path().to_owned(),
            documents: documents.into_iter().map(|(_, bytes, _)| bytes).collect(),
        }
    }

    /// The citizen gives both factors; the second one as raw fields, for whoever sends them.
    fn fill_in(&self, citizen: &Client, asked: &Asked) -> Vec<(String, String)> {
        let browser = Browser::new(citizen.clone());
        let who = [("national-id", DNI), ("password", PASSWORD)];
        let page = browser.send(&browser.open(&asked.link), &asked.link, &who);
        let code = Phones::of(&self.project.path("data/outbox")).code(PHONE);
        let mut fields = page.fields(&format!("{}/code", asked.link));
        let field = fields.iter_mut().find(|(name, _)| name == "code");
        code.expose().clone_into(&mut field.unwrap().1);
        fields
    }

    fn approve(&self, asked: &Asked) {
        let citizen = self.citizen();
        let fields = self.fill_in(&citizen, asked);
        let answer = Browser::new(citizen).post(&format!("{}/code", asked.link), &fields);
        assert_eq!(answer.header("location"), format!("{}/done", asked.link));
    }

    /// The citizen sends the code, and the server is killed before it answers. Gives the server's log.
    fn approve_until(&self, serving: Serving, asked: &Asked, step: &str, nth: usize) -> String {
        let citizen = self.citizen();
        let fields = self.fill_in(&citizen, asked);
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let mut line = citizen.line();
        line.send(
            format!(
                "POST {}/code HTTP/1.1\r\nHost: localhost\r\nCookie: {}\r\n\
                 Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
                asked.link,
                citizen.cookies(),
                body.len()
            )
            .as_bytes(),
        );
        let log = serving.killed_at(&step_line(step), nth);
        assert_eq!(line.rest(), "", "it was killed too late: {log}");
        assert!(!log.contains(&step_line("finished")), "{log}");
        log
    }

    fn read(app: &Client, asked: &Asked) -> Answer {
        let told = app.get(&format!("{REQUESTS}/{}", asked.id));
        assert_eq!(told.status, 200);
        told
    }

    /// Until nobody is said to sign it any more.
    fn wait_for_the_end(app: &Client, asked: &Asked) -> Answer {
        let begun = Instant::now();
        loop {
            let told = Self::read(app, asked);
            if told.at("/state") != "signing" {
                return told;
            }
            assert!(begun.elapsed() < PATIENCE, "{}", told.text());
            thread::sleep(Duration::from_millis(500));
        }
    }

    /// What was stored before the stop is signed, the rest is told as interrupted. Gives the signed ones.
    fn check_interrupted(
        &self,
        app: &Client,
        asked: &Asked,
        told: &Answer,
        log: &str,
    ) -> BTreeSet<String> {
        let signed = self.check_files(app, asked, told);
        // The last one may have been stored and not told yet.
        let stored = log.matches(&step_line("stored")).count();
        assert!(
            (stored..=stored + 1).contains(&signed.len()),
            "{} {stored}",
            signed.len()
        );
        let state = if signed.is_empty() {
            "failed"
        } else {
            "completed"
        };
        assert_eq!(told.at("/state"), state);
        assert_eq!(told.at("/reason/code"), "interrupted");
        signed
    }

    /// Every document is signed and good, or failed as interrupted. Gives the signed ones.
    fn check_files(&self, app: &Client, asked: &Asked, told: &Answer) -> BTreeSet<String> {
        let mut signed = BTreeSet::new();
        let documents = told.at("/documents");
        assert_eq!(documents.as_array().unwrap().len(), asked.documents.len());
        for (document, original) in documents.as_array().unwrap().iter().zip(&asked.documents) {
            let id = document["id"].as_str().unwrap();
            let file = app.get(&format!("{REQUESTS}/{}/documents/{id}", asked.id));
            if document["state"] == "signed" {
                assert_eq!(file.status, 200, "{document:#}");
                self.judge(document, original, &file.body);
                signed.insert(id.to_owned());
            } else {
                assert_eq!(document["state"], "failed", "{document:#}");
                assert_eq!(document["reason"]["code"], "interrupted", "{document:#}");
                assert_eq!(file.problem(), (409, "document_failed".to_owned()));
            }
        }
        signed
    }

    /// A foreign tool accepts the file as a signature of that document.
    fn judge(&self, document: &Value, original: &[u8], signed: &[u8]) {
        let write = |name, bytes| fs::write(self.project.path(name), bytes).unwrap();
        write("original", original);
        if document["format"] == "pades" {
            assert!(signed.starts_with(original), "{document:#}");
            write("signed.pdf", signed);
            let judged = self.project.tool("pdfsig", &["signed.pdf"]);
            for words in ["Signature is Valid", "Total document signed"] {
                assert!(judged.out.contains(words), "{}{}", judged.out, judged.err);
            }
            return;
        }
        write("signed", signed);
        let mut arguments = vec!["cms", "-verify", "-cades", "-binary", "-inform", "DER"];
        arguments.extend(["-in", "signed", "-CAfile", "chain.pem", "-purpose", "any"]);
        arguments.extend(["-out", "verified"]);
        if document["packaging"] == "detached" {
            arguments.extend(["-content", "original"]);
        }
        self.project.openssl(&arguments).unwrap();
        assert_eq!(fs::read(self.project.path("verified")).unwrap(), original);
    }

    /// Each signature has its one intent, each SAD was used once, and the journal is whole.
    fn check_journal(&self, signed: &BTreeMap<String, BTreeSet<String>>) {
        let verified = self.project.run(&["audit", "verify"]);
        assert_eq!(verified.status, 0, "{}{}", verified.out, verified.err);
        let exported = self.project.run(&["audit", "export"]).out;
        let entries: Vec<Value> = exported
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let of = |event: &str| {
            let entries = entries.iter().filter(|entry| entry["event"] == event);
            entries.collect::<Vec<_>>()
        };
        let intents = of("signature.intent");
        let sad = |entry: &Value| entry["body"]["sad"].to_string();
        let mut sads: Vec<_> = intents.iter().map(|intent| sad(intent)).collect();
        let mut spent: Vec<_> = town::sads(&self.project.store())
            .iter()
            .map(|sad| json!(sad).to_string())
            .collect();
        sads.sort();
        spent.sort();
        assert_eq!(sads, spent, "{exported}");
        let count = sads.len();
        sads.dedup();
        assert_eq!(
            (sads.len(), count),
            (signed.len(), signed.len()),
            "{exported}"
        );
        for (request, signed) in signed {
            let own = |entry: &&Value| entry["request"] == json!(request);
            let [intent] = intents.iter().copied().filter(own).collect::<Vec<_>>()[..] else {
                panic!("{request}: {exported}");
            };
            let meant: BTreeSet<_> = intent["body"]["documents"]
                .as_array()
                .unwrap()
                .iter()
                .map(|document| document["id"].as_str().unwrap().to_owned())
                .collect();
            assert!(signed.is_subset(&meant), "{intent:#}");
            let outcomes = of("signature.outcome").into_iter().filter(own);
            assert!(outcomes.count() >= 1, "{request}: {exported}");
        }
    }
}
