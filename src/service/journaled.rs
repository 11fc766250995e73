//! How callers and documents are written into the journal, and what happens outside the database.

use super::{Service, ServiceError};
use crate::auth::Actor;
use crate::domain::request::{Document, SignatureRequest};
use crate::journal::{self, DocumentEntry, Entry, Event, Outcome};

impl Service {
    /// Does something in the HSM after its intent is on record. That it was done is for the caller to record, with what the
    /// database keeps of it; that it was not is recorded here.
    pub(super) fn intending<T>(
        &self,
        entry: &Entry,
        work: impl FnOnce() -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        let intent = entry.clone().outcome(Outcome::Intended);
        self.inner.journal.append(&[intent])?;
        match work() {
            Ok(done) => Ok(done),
            Err(error) => {
                self.not_made(entry.clone(), &error)?;
                Err(error)
            }
        }
    }

    /// Records that what was intended was not made, and why.
    pub(super) fn not_made(&self, entry: Entry, error: &ServiceError) -> Result<(), ServiceError> {
        let detail = match &entry.detail {
            Some(detail) => format!("{detail}: {error}"),
            None => error.to_string(),
        };
        let failed = Outcome::Failed {
            code: "not_made".to_owned(),
        };
        let entry = entry.outcome(failed).detail(&detail);
        Ok(self.inner.journal.append(&[entry])?)
    }
}

/// The journal's word for a caller.
pub(super) fn actor(actor: &Actor) -> journal::Actor {
    match actor {
        Actor::App { id, .. } => journal::Actor::App { id: *id },
        Actor::Administrator { name } => journal::Actor::Administrator { name: name.clone() },
    }
}

/// An entry about a request whose app is the caller.
pub(super) fn by_app(event: Event, caller: &Actor, request: &SignatureRequest) -> Entry {
    let entry = Entry::new(event)
        .by(actor(caller))
        .request(request.id)
        .signer(request.signer);
    match caller {
        Actor::App { id, name } => entry.app(*id, name.as_str()),
        Actor::Administrator { .. } => entry,
    }
}

/// A document as it came, without what became of it.
pub(super) fn document(document: &Document) -> DocumentEntry {
    DocumentEntry {
        id: document.id,
        sha256: document.sha256.clone(),
        size: document.size,
        format: document.options.format(),
        packaging: document.options.packaging(),
        scheme: None,
        dtbs_r: None,
        result: None,
    }
}
