//! Killing the process at each step of making, approving, signing, refusing and recovering a request, and of an act on
//! an account, of a rotation and of archiving the journal, and what the next one makes of it.
//!
//! A child process begins something; when the server tells the wanted step, the child kills itself with SIGKILL. The
//! parent then starts anew on the same database and folder. The token is the child's alone: what follows a stop needs
//! no HSM.

mod accounts;
mod archiving;
mod creating;
mod recovering;
mod refusing;
mod rotating;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rubrica::activation::ActivationError;
use rubrica::domain::algorithm::{Digest, DigestAlgorithm, KeyAlgorithm};
use rubrica::domain::id::RequestId;
use rubrica::domain::request::{Document, DocumentReason, DocumentState, RequestState};
use rubrica::domain::secret::SecretText;
use rubrica::hsm::HsmError;
use rubrica::journal::{AuditKey, Journal};
use rubrica::service::ServiceError;
use rubrica::store::{self, Store};
use serde_json::{Value, json};
use time::Duration;

use crate::harness::asked::{detached, link_text};
use crate::harness::database::{TestDatabase, both_databases};
use crate::harness::process;
use crate::harness::server::TestServer;
use crate::harness::steps;
use crate::harness::town::{self, Town};

/// Where a child is killed: at a step, when it is told for the n-th time.
pub(crate) type Kill = (&'static str, usize);

/// What a stop leaves, once the next process has been at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    /// The citizen has not approved yet.
    Asked,
    /// Nothing was signed, nothing is said to be meant to, and the citizen may approve again.
    Waiting,
    /// A SAD was spent: so many of the two documents are signed, the others are told as interrupted.
    Ended { signed: usize },
}

use Left::{Asked, Ended, Waiting};

/// Every step that approving and signing tell, in order. `stored` comes once for each document.
const KILLS: [(Kill, Left); 13] = [
    (("counted", 1), Asked),
    (("recognised", 1), Asked),
    (("sending", 1), Asked),
    (("sent", 1), Asked),
    (("confirmed", 1), Waiting),
    (("claimed", 1), Waiting),
    (("prepared", 1), Waiting),
    (("spent", 1), Ended { signed: 0 }),
    (("signed", 1), Ended { signed: 0 }),
    (("stored", 1), Ended { signed: 1 }),
    (("stored", 2), Ended { signed: 2 }),
    (("flushed", 1), Ended { signed: 2 }),
    (("finished", 1), Ended { signed: 2 }),
];

/// Where more than a hundred documents are half marked.
const MARKED: Kill = ("marked", 1);

both_databases! {
    fn a_stop_at_any_step_loses_no_signature_and_leaves_none_without_its_intent(database) {
        for (kill, left) in KILLS {
            let database = database.another();
            let about = format!("killed at {kill:?}");
            let stopped = Stopped::approving(&database, kill, 2);
            let server = TestServer::start_again(&database, &stopped.place);
            let service = server.service();
            // The lease of the killed process still holds; it runs out soon after.
            assert_eq!(service.recover().unwrap(), 0, "{about}");
            server.clock().advance(Duration::seconds(31));
            let closed = ["counted", "recognised", "sending", "sent", "finished"];
            let open = !closed.contains(&kill.0);
            assert_eq!(service.recover().unwrap(), usize::from(open), "{about}");
            assert_eq!(service.recover().unwrap(), 0, "{about}");
            stopped.check(&server, left, &about);
        }
    }

    fn a_stop_between_the_marks_of_many_documents_loses_none(database) {
        let stopped = Stopped::approving(database, MARKED, 101);
        let server = TestServer::start_again(database, &stopped.place);
        server.clock().advance(Duration::seconds(31));
        assert_eq!(server.service().recover().unwrap(), 1);
        stopped.check(&server, Ended { signed: 101 }, "101 documents");
    }
}

#[test]
fn the_kills_cover_every_step_that_the_service_tells() {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/service");
    let told: BTreeSet<String> = sources(Path::new(source))
        .iter()
        .map(|file| fs::read_to_string(file).unwrap())
        .flat_map(|text| {
            let steps = text.split("step(\"").skip(1);
            let names = steps.map(|rest| rest.split('"').next().unwrap().to_owned());
            names.collect::<Vec<_>>()
        })
        .collect();
    let killed: BTreeSet<String> = KILLS
        .iter()
        .map(|(kill, _)| kill)
        .chain(recovering::KILLS.iter().map(|(_, kill, _)| kill))
        .chain(&accounts::KILLS)
        .chain(&archiving::KILLS)
        .chain(&rotating::KILLS)
        .chain([
            &MARKED,
            &creating::UPLOADED,
            &creating::RECORDED,
            &refusing::EXHAUSTED,
            &accounts::CLOSED,
        ])
        .map(|(step, _)| (*step).to_owned())
        .collect();
    assert_eq!(killed, told);
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| {
            if path.is_dir() {
                sources(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

/// What is known of a process that was killed while a request was approved.
pub(crate) struct Stopped {
    /// Where its documents are.
    place: PathBuf,
    request: RequestId,
    national_id: SecretText,
    password: SecretText,
    /// The app's.
    token: String,
    store: Store,
}

impl Stopped {
    /// Lets a child register a citizen, make a request of so many documents, approve it, and die.
    fn approving(database: &TestDatabase, kill: Kill, documents: usize) -> Self {
        let documents = documents.to_string();
        Self::by("crash::the_child_that_approves", database, kill, &documents)
    }

    /// By a child that ends with [`approve`].
    pub(crate) fn by(child: &str, database: &TestDatabase, kill: Kill, given: &str) -> Self {
        let note = killed(child, database, kill, given);
        let [place, request, national_id, password, token] =
            note.split('\n').collect::<Vec<_>>().try_into().unwrap();
        Self {
            place: place.into(),
            request: request.parse().unwrap(),
            national_id: SecretText::new(national_id.to_owned()),
            password: SecretText::new(password.to_owned()),
            token: token.to_owned(),
            store: database.store(),
        }
    }

    /// The rows of the documents, in order.
    pub(crate) fn documents(&self) -> Vec<Document> {
        self.store
            .read(|connection| store::documents::of_request(connection, self.request))
            .unwrap()
    }

    pub(crate) fn check(&self, server: &TestServer, left: Left, about: &str) {
        let kept = self
            .store
            .read(|connection| store::requests::find(connection, self.request))
            .unwrap()
            .unwrap();
        assert_eq!(kept.lease, None, "{about}");
        let documents = self.documents();
        let spent = match left {
            Asked | Waiting => {
                assert_eq!(kept.state, RequestState::Pending, "{about}");
                assert!(
                    documents
                        .iter()
                        .all(|row| row.state == DocumentState::Waiting)
                );
                0
            }
            Ended { signed } => {
                let state = match signed {
                    0 => RequestState::Failed,
                    _ => RequestState::Completed,
                };
                assert_eq!(kept.state, state, "{about}");
                check_documents(server, &documents, signed, about);
                1
            }
        };
        self.check_app(server, left, &documents, about);
        self.check_journal(server, left, spent, about);
        if let Asked | Waiting = left {
            // Last, because it writes to the journal.
            let link = server.service().link(&link_text(self.request)).unwrap();
            let begun = server
                .service()
                .begin_approval(&link, &self.national_id, &self.password);
            // The token of the process that was killed went with it: so far that its key is tried, the request is open.
            assert!(
                matches!(
                    begun,
                    Err(ServiceError::Activation(ActivationError::Hsm(
                        HsmError::WrappedKey { .. }
                    )))
                ),
                "{about}: {begun:?}"
            );
        }
    }

    /// What the app reads over TLS of the request and of each document, and the files it fetches.
    fn check_app(&self, server: &TestServer, left: Left, documents: &[Document], about: &str) {
        let app = server.stranger().bearer(&self.token);
        let path = format!("/v1/signature-requests/{}", self.request);
        let told = app.get(&path);
        assert_eq!(told.status, 200, "{about}");
        let interrupted = json!("interrupted");
        let (state, reason) = match left {
            Asked => ("pending", Value::Null),
            Waiting => ("pending", json!("approval_interrupted")),
            Ended { signed: 0 } => ("failed", interrupted),
            Ended { signed } if signed < documents.len() => ("completed", interrupted),
            Ended { .. } => ("completed", Value::Null),
        };
        assert_eq!(told.at("/state"), state, "{about}");
        assert_eq!(told.at("/reason/code"), reason, "{about}");
        let mut files = 0;
        for (position, row) in documents.iter().enumerate() {
            let told = told.at(&format!("/documents/{position}"));
            let file = app.get(&format!("{path}/documents/{}", row.id));
            let about = format!("{about}: {told:#}");
            assert_eq!(told["id"], row.id.to_string(), "{about}");
            match told["state"].as_str().unwrap() {
                "signed" => {
                    assert_eq!(file.status, 200, "{about}");
                    let kept = row.signed.as_ref().unwrap();
                    let found = Digest::of(DigestAlgorithm::Sha256, &file.body);
                    assert_eq!(found, kept.sha256, "{about}");
                    files += 1;
                }
                "failed" => {
                    assert_eq!(told["reason"]["code"], "interrupted", "{about}");
                    assert_eq!(
                        file.problem(),
                        (409, "document_failed".to_owned()),
                        "{about}"
                    );
                }
                other => {
                    assert_eq!(other, "waiting", "{about}");
                    assert!(matches!(left, Asked | Waiting), "{about}");
                    assert_eq!(
                        file.problem(),
                        (409, "document_not_signed".to_owned()),
                        "{about}"
                    );
                }
            }
        }
        let signed = match left {
            Asked | Waiting => 0,
            Ended { signed } => signed,
        };
        assert_eq!(files, signed, "{about}");
    }

    /// Every SAD that was spent has its very intent, and every intent an outcome.
    fn check_journal(&self, server: &TestServer, left: Left, spent: usize, about: &str) {
        let ambient = server.service().ambient();
        let entries = town::entries(&self.store, ambient);
        let about = format!("{about}: {entries:?}");
        let of = |event: &str| {
            let entries = entries.iter().filter(|entry| entry["event"] == event);
            entries.map(|entry| &entry["body"]).collect::<Vec<_>>()
        };
        let intents = of("signature.intent");
        let expected = match left {
            Asked | Waiting => 0,
            Ended { .. } => 1,
        };
        assert_eq!(intents.len(), expected, "{about}");
        assert!(intents.len() <= of("signature.outcome").len(), "{about}");
        let sads = town::sads(&self.store);
        assert_eq!(sads.len(), spent, "{about}");
        for sad in &sads {
            let own = intents.iter().filter(|intent| intent["sad"] == *sad);
            assert_eq!(own.count(), 1, "{sad}: {about}");
        }
        let last = of("signature.outcome").pop().cloned();
        let result = last.map_or(Value::Null, |body| body["outcome"]["result"].clone());
        match left {
            Ended { signed: 0 | 1 } => assert_eq!(result, "failed", "{about}"),
            Ended { .. } => assert_eq!(result, "done", "{about}"),
            Asked | Waiting => assert_ne!(result, "done", "{about}"),
        }
        let node = "reader".parse().unwrap();
        let journal = Journal::new(self.store.clone(), ambient.clone(), node);
        let report = journal.verify(&[], &AuditKey::NotAtHand, &mut |_| ());
        assert!(report.unwrap().is_intact(), "{about}");
    }
}

fn check_documents(server: &TestServer, documents: &[Document], signed: usize, about: &str) {
    let good = documents
        .iter()
        .filter(|row| row.state == DocumentState::Signed);
    assert_eq!(good.count(), signed, "{about}: {documents:?}");
    for row in documents {
        if row.state == DocumentState::Signed {
            let kept = row.signed.as_ref().unwrap();
            let bytes = server.object(kept.object_key.as_ref().unwrap());
            let found = Digest::of(DigestAlgorithm::Sha256, &bytes);
            assert_eq!(found, kept.sha256, "{about}");
            let now = server.service().ambient().now();
            assert!(kept.signed_at <= now, "{about}");
        } else {
            assert_eq!(row.state, DocumentState::Failed, "{about}");
            assert_eq!(row.reason, Some(DocumentReason::Interrupted), "{about}");
        }
    }
}

/// Runs a child until it is killed, and gives what it noted before.
fn killed(child: &str, database: &TestDatabase, (step, nth): Kill, given: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let note = folder.path().join("note");
    let argument = format!(
        "{}\n{}\n{step}\n{nth}\n{given}",
        database.url(),
        note.to_str().unwrap()
    );
    let ended = process::alone(child, &argument, "").output().unwrap();
    let told = String::from_utf8_lossy(&ended.stderr);
    let signal = ended.status.signal();
    assert_eq!(signal, Some(9), "{step} {nth}: it was not killed: {told}");
    assert!(!told.contains("panicked"), "{step} {nth}: {told}");
    fs::read_to_string(&note).unwrap_or_else(|_| panic!("{step} {nth}: {told}"))
}

/// What a child was told by [`killed`].
pub(crate) struct Fate {
    pub(crate) database: TestDatabase,
    note: PathBuf,
    step: String,
    nth: usize,
    pub(crate) given: String,
}

impl Fate {
    /// `None` when somebody runs all ignored tests.
    pub(crate) fn told() -> Option<Self> {
        let argument = process::argument()?;
        let [url, note, step, nth, given] =
            argument.split('\n').collect::<Vec<_>>().try_into().unwrap();
        Some(Self {
            database: TestDatabase::existing(url),
            note: note.into(),
            step: step.to_owned(),
            nth: nth.parse().unwrap(),
            given: given.to_owned(),
        })
    }

    /// Leaves a note, and dies as soon as the step is told.
    fn await_it(&self, note: &str) {
        fs::write(&self.note, note).unwrap();
        steps::at(&self.step, self.nth, die);
    }
}

fn die() {
    let own = std::process::id().to_string();
    Command::new("kill").args(["-9", &own]).status().unwrap();
    unreachable!("killed");
}

#[test]
#[ignore = "run by the tests above, in a process of its own"]
fn the_child_that_approves() {
    let Some(fate) = Fate::told() else {
        return;
    };
    let town = Town::with(&fate.database, KeyAlgorithm::EcP256);
    approve(&fate, &town, fate.given.parse().unwrap());
}

/// Makes a request of so many documents, notes what the parent has to know, approves it, and dies.
pub(crate) fn approve(fate: &Fate, town: &Town, documents: usize) {
    let names: Vec<_> = (0..documents)
        .map(|number| format!("{number}.txt"))
        .collect();
    let documents: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), name.as_bytes(), detached()))
        .collect();
    let asked = town.ask(&documents);
    fate.await_it(&format!(
        "{}\n{}\n{}\n{}\n{}",
        town.place().display(),
        asked.id,
        town.citizen.national_id.expose(),
        town.citizen.password.expose(),
        town.app.token
    ));
    town.approve(&asked);
}
