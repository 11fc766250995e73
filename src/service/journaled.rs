//! How callers are written into the journal.

use crate::auth::Actor;
use crate::journal;

/// The journal's word for a caller.
pub(super) fn actor(actor: &Actor) -> journal::Actor {
    match actor {
        Actor::App { id, .. } => journal::Actor::App { id: *id },
        Actor::Administrator { name } => journal::Actor::Administrator { name: name.clone() },
        Actor::Holder { .. } => journal::Actor::Visitor,
    }
}
