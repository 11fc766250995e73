//! How often something runs Argon2id, and at what cost: what an answer costs is counted, not timed.

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// The costs of all runs that `act` makes on this thread, one text each.
pub(crate) fn derivations(act: impl FnOnce()) -> Vec<String> {
    let runs = Arc::new(Mutex::new(Vec::new()));
    let subscriber = tracing_subscriber::registry().with(Runs(runs.clone()));
    tracing::subscriber::with_default(subscriber, act);
    std::mem::take(&mut *runs.lock().unwrap())
}

struct Runs(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for Runs {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        if event.metadata().target() == "rubrica::identity::derivation" {
            let mut cost = Cost(String::new());
            event.record(&mut cost);
            self.0.lock().unwrap().push(cost.0);
        }
    }
}

struct Cost(String);

impl Visit for Cost {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "cost" {
            write!(self.0, "{value:?}").unwrap();
        }
    }
}
