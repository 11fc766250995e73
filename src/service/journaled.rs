//! How callers and documents are written into the journal.

use crate::auth::Actor;
use crate::domain::request::{Document, SignatureRequest};
use crate::journal::{self, DocumentEntry, Entry, Event};

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
