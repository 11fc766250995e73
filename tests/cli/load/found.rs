//! What is there when all is over: in the database, the document store, the journal, and for the app.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{self, File};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rubrica::clock::Ambient;
use serde_json::Value;

use super::super::credential::service;
use super::caller::{self, Asked, REQUESTS, Sample, Told};
use super::{PATIENCE, Place, signature, texts};
use crate::harness::client::Client;
use crate::harness::town;

/// One in so many signed files is also judged by openssl or poppler.
const SAMPLE: usize = 25;

/// What became of everything.
#[derive(Default)]
pub(super) struct Found {
    /// Requests of which everything was signed at once.
    whole: usize,
    /// Requests that a stop ended, with some documents signed or none.
    interrupted: usize,
    /// Requests that a stop gave back to the citizen, who approved them at the end.
    approved_again: usize,
    /// Files that nobody refers to, and that were swept away.
    swept: usize,
    /// Signed files that were fetched and judged.
    documents: usize,
    /// Of each request, the DTBS/R of each document that is signed.
    signed: BTreeMap<String, BTreeMap<String, String>>,
    /// Requests that somebody was told are signed.
    told: usize,
}

/// Looks at every request and file, with a server at work.
pub(super) fn judge(place: &Place, asked: &[Asked]) -> Found {
    let mut found = Found::default();
    let app = place.app();
    wait_for_the_end(place);
    // Nobody made more requests than the app knows of, and each is there.
    let known: BTreeSet<_> = asked.iter().map(|one| one.id.clone()).collect();
    let there = texts(&place.store, "SELECT id AS text FROM requests");
    assert_eq!(there.len(), asked.len());
    assert_eq!(there.into_iter().collect::<BTreeSet<_>>(), known);
    for asked in asked {
        let told = caller::read(place, &app, asked);
        if told.at("/state") == "pending" {
            assert_eq!(asked.told, Told::Nothing);
            let citizen = &place.citizens[asked.citizen];
            assert_eq!(caller::approve(place, &app, citizen, asked), Told::Signed);
            found.approved_again += 1;
        }
    }
    found.swept = sweep(place);
    for asked in asked {
        judge_request(place, &app, asked, &mut found);
    }
    found
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            whole,
            interrupted,
            approved_again,
            swept,
            documents,
            told,
            ..
        } = self;
        write!(
            f,
            "{whole} requests signed as a whole, {told} of them told so; {interrupted} interrupted, {approved_again} \
             approved again at the end; {documents} signed documents; {swept} files swept away"
        )
    }
}

/// Until nobody is said to sign any more.
fn wait_for_the_end(place: &Place) {
    let begun = Instant::now();
    let query = "SELECT id AS text FROM requests WHERE state = 'signing'";
    loop {
        let left = texts(&place.store, query);
        if left.is_empty() {
            return;
        }
        assert!(
            begun.elapsed() < PATIENCE,
            "{left:?} are still being signed"
        );
        thread::sleep(Duration::from_millis(200));
    }
}

fn judge_request(place: &Place, app: &Client, asked: &Asked, found: &mut Found) {
    let told = caller::read(place, app, asked);
    let about = format!("{:?} {}", asked.told, told.text());
    let documents = told.at("/documents");
    let documents = documents.as_array().unwrap();
    assert_eq!(documents.len(), asked.documents.len(), "{about}");
    let mut signed = BTreeMap::new();
    for (document, sample) in documents.iter().zip(&asked.documents) {
        let id = document["id"].as_str().unwrap();
        let file = app.get(&format!("{REQUESTS}/{}/documents/{id}", asked.id));
        if document["state"] == "signed" {
            assert_eq!(file.status, 200, "{about}");
            let size = document["signed"]["size"].as_u64();
            assert_eq!(size, u64::try_from(file.body.len()).ok(), "{about}");
            signed.insert(id.to_owned(), signature::judged(sample, &file.body, &about));
            found.documents += 1;
            if found.documents.is_multiple_of(SAMPLE) {
                judge_by_others(place, sample, &file.body);
            }
        } else {
            assert_eq!(document["state"], "failed", "{about}");
            assert_eq!(document["reason"]["code"], "interrupted", "{about}");
            assert_eq!(
                file.problem(),
                (409, "document_failed".to_owned()),
                "{about}"
            );
        }
    }
    let whole = signed.len() == documents.len();
    let state = if signed.is_empty() {
        "failed"
    } else {
        "completed"
    };
    assert_eq!(told.at("/state"), state, "{about}");
    if whole {
        assert!(
            [Value::Null, "interrupted".into()].contains(&told.at("/reason/code")),
            "{about}"
        );
        found.whole += 1;
    } else {
        assert_eq!(told.at("/reason/code"), "interrupted", "{about}");
        found.interrupted += 1;
    }
    if asked.told == Told::Signed {
        assert!(whole && told.at("/reason").is_null(), "{about}");
        found.told += 1;
    }
    found.signed.insert(asked.id.clone(), signed);
}

/// Tools that share no code with this project accept the file as a signature of that document.
fn judge_by_others(place: &Place, sample: &Sample, signed: &[u8]) {
    let project = &place.project;
    let write = |name, bytes: &[u8]| fs::write(project.path(name), bytes).unwrap();
    if sample.is_pdf() {
        write("signed.pdf", signed);
        let judged = project.tool("pdfsig", &["signed.pdf"]);
        for words in ["Signature is Valid", "Total document signed"] {
            assert!(judged.out.contains(words), "{}{}", judged.out, judged.err);
        }
        return;
    }
    write("original", &sample.bytes);
    write("signed", signed);
    let mut arguments = vec!["cms", "-verify", "-cades", "-binary", "-inform", "DER"];
    arguments.extend(["-in", "signed", "-CAfile", "chain.pem", "-purpose", "any"]);
    arguments.extend(["-out", "verified"]);
    if sample.is_detached() {
        arguments.extend(["-content", "original"]);
    }
    project.openssl(&arguments).unwrap();
    assert_eq!(fs::read(project.path("verified")).unwrap(), sample.bytes);
}

/// As on a later day, removes what nobody refers to. What is left is exactly what the database knows. Tells how many files
/// went.
fn sweep(place: &Place) -> usize {
    let folder = place.project.path("data/documents");
    let now = Ambient::system().now();
    let days_ago = SystemTime::from(now) - Duration::from_secs(3 * 24 * 60 * 60);
    let before = files(&folder);
    for file in &before {
        File::open(file).unwrap().set_modified(days_ago).unwrap();
    }
    service(&place.project).sweep().unwrap();
    let after = files(&folder);
    let names: Vec<_> = after
        .iter()
        .map(|file| file.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    let objects: BTreeSet<_> = names.iter().cloned().collect();
    assert_eq!(names.len(), objects.len());
    let known = "SELECT object_key AS text FROM documents UNION ALL \
                 SELECT signed_object_key FROM documents WHERE signed_object_key IS NOT NULL";
    let known = texts(&place.store, known);
    let distinct: BTreeSet<_> = known.iter().cloned().collect();
    assert_eq!(known.len(), distinct.len(), "two documents share an object");
    assert_eq!(objects, distinct);
    before.len() - after.len()
}

/// All files in the store's folders, whole or not.
fn files(folder: &PathBuf) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .unwrap()
        .map(|shard| shard.unwrap().path())
        // But for the store's mark, everything is a folder.
        .filter(|path| path.is_dir())
        .flat_map(|shard| fs::read_dir(shard).unwrap())
        .map(|file| file.unwrap().path())
        .collect()
}

/// Each SAD has its one intent, each intent its one outcome, each document one signature at most; and the chain is whole.
pub(super) fn judge_journal(place: &Place, found: &Found) {
    let verified = place.project.run(&["audit", "verify"]);
    assert_eq!(verified.status, 0, "{}{}", verified.out, verified.err);
    let exported = place.project.run(&["audit", "export"]).out;
    let entries: Vec<Value> = exported
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut spent: BTreeSet<_> = town::sads(&place.store).into_iter().collect();
    let mut intents: BTreeMap<&str, &Value> = BTreeMap::new();
    let mut outcomes: BTreeMap<&str, &Value> = BTreeMap::new();
    let mut signed: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for entry in &entries {
        let request = entry["request"].as_str().unwrap_or_default();
        let body = &entry["body"];
        match entry["event"].as_str().unwrap() {
            "signature.intent" => {
                let sad = body["sad"].as_str().unwrap();
                assert!(
                    spent.remove(sad),
                    "{sad} was not spent, or meant for two things"
                );
                assert_eq!(
                    intents.insert(request, body),
                    None,
                    "{request} was signed twice"
                );
            }
            "signature.outcome" if body["documents"].is_array() => {
                assert!(intents.contains_key(request), "{entry:#}");
                assert_eq!(
                    outcomes.insert(request, body),
                    None,
                    "{request} ended twice"
                );
                let documents = body["documents"].as_array().unwrap().iter();
                let good = documents.filter(|one| one["result"]["result"] == "signed");
                signed.insert(
                    request,
                    good.map(|one| one["id"].as_str().unwrap()).collect(),
                );
            }
            // Nothing was signed, and the citizen may approve again.
            "signature.outcome" => {
                let intent = intents.remove(request);
                let meant = intent.map_or(&Value::Null, |intent| &intent["sad"]);
                assert_eq!(&body["sad"], meant, "{entry:#}");
            }
            _ => {}
        }
    }
    assert!(spent.is_empty(), "spent without an intent: {spent:?}");
    assert_eq!(
        intents.keys().collect::<Vec<_>>(),
        outcomes.keys().collect::<Vec<_>>()
    );
    for (request, files) in &found.signed {
        let intent = intents[request.as_str()];
        let meant = intent["documents"].as_array().unwrap();
        for (document, dtbs_r) in files {
            let [own] = meant
                .iter()
                .filter(|one| one["id"] == **document)
                .collect::<Vec<_>>()[..]
            else {
                panic!("{document}: {intent:#}");
            };
            assert_eq!(own["dtbs_r"], **dtbs_r, "{own:#}");
        }
        let files: BTreeSet<_> = files.keys().map(String::as_str).collect();
        assert_eq!(signed[request.as_str()], files, "{request}");
    }
}
