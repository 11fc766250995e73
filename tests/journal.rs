//! The journal: what it keeps, what it finds out, and what it survives.

use rubrica::clock::Ambient;
use rubrica::domain::algorithm::{Digest, DigestAlgorithm, KeyAlgorithm};
use rubrica::domain::browser::UserAgent;
use rubrica::domain::document::{Format, Packaging};
use rubrica::domain::node::NodeName;
use rubrica::journal::{
    Actor, Anchor, AuditKey, DocumentEntry, DocumentResult, Entry, Event, FactorUsed, Fault,
    Journal, Outcome, Range, Report,
};
use rubrica::store::Store;

use crate::harness::ambient;
use crate::harness::database::TestDatabase;

mod append;
mod archive;
mod checkpoints;
mod export;
mod recording;
mod service;
mod tampering;

/// The journal of a node, under a clock and entropy of its own.
fn journal(store: &Store, node: &str) -> Journal {
    let (ambient, _clock) = ambient::known();
    Journal::new(store.clone(), ambient, name(node))
}

fn name(node: &str) -> NodeName {
    node.parse().unwrap()
}

/// Appends as many entries, one by one, each with a detail of its own.
fn fill(journal: &Journal, count: usize) {
    for number in 1..=count {
        let entry = Entry::new(Event::AppChanged).detail(&format!("change {number}"));
        journal.append(&[entry]).unwrap();
    }
}

fn verify(journal: &Journal, anchors: &[Anchor]) -> Report {
    journal
        .verify(anchors, &AuditKey::NotAtHand, &mut |_| ())
        .unwrap()
}

/// What is wrong with the one chain there is: places and faults.
fn faults(report: &Report) -> Vec<(i64, Fault)> {
    let [chain] = report.chains.as_slice() else {
        panic!("one chain expected: {report:?}");
    };
    chain
        .findings
        .iter()
        .map(|finding| (finding.seq, finding.fault))
        .collect()
}

/// Runs statements as somebody would who has the database's password.
fn tamper(database: &TestDatabase, statements: &str) {
    crate::harness::database::tamper(&database.store(), statements);
}

fn export(journal: &Journal, range: &Range) -> String {
    let mut bytes = Vec::new();
    journal.export(&mut bytes, range, &mut |_| ()).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// An entry with everything an entry can have.
fn full_entry(ambient: &Ambient) -> Entry {
    let scheme = KeyAlgorithm::Rsa3072.default_scheme();
    let digest = |text: &[u8]| Digest::of(DigestAlgorithm::Sha256, text);
    Entry::new(Event::SignatureOutcome)
        .by(Actor::Signer { id: ambient.id() })
        .request(ambient.id())
        .app(ambient.id(), "Sede electrónica \"Norte\"")
        .signer(ambient.id())
        .credential(ambient.id(), KeyAlgorithm::Rsa3072, Some("0a1b2c"))
        .sad(ambient.id())
        .factors(&[FactorUsed::Password, FactorUsed::SmsCode])
        .browser(UserAgent::from_header(b"Mozilla/5.0").as_ref())
        .detail("two of two")
        .outcome(Outcome::Failed {
            code: "some_documents_failed".to_owned(),
        })
        .documents(vec![
            DocumentEntry {
                id: ambient.id(),
                sha256: digest(b"one"),
                size: 3,
                format: Format::Cades,
                packaging: Some(Packaging::Detached),
                scheme: Some(scheme),
                dtbs_r: Some(digest(b"attributes")),
                result: Some(DocumentResult::Signed {
                    sha256: digest(b"signed"),
                    size: 2345,
                }),
            },
            DocumentEntry {
                id: ambient.id(),
                sha256: digest(b"two"),
                size: 3,
                format: Format::Pades,
                packaging: None,
                scheme: None,
                dtbs_r: None,
                result: Some(DocumentResult::Failed {
                    reason: rubrica::domain::request::DocumentReason::PdfDamaged,
                    detail: None,
                }),
            },
        ])
}
