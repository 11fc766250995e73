//! What signing tells of its steps, and something done at one of them.
//!
//! The listener of [`at`] is the whole process's, so only tests in processes of their own may use it: see
//! [`process`](super::process) and [`alone!`](super::alone). That of [`at_step`] hears its own thread alone.

use std::sync::{Mutex, Once};

use rubrica::service::signing::STEPS;
use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, registry};

use super::log;

static PLANNED: Mutex<Option<Planned>> = Mutex::new(None);

/// What is to be done, and when.
struct Planned {
    step: String,
    left: usize,
    act: Box<dyn FnOnce() + Send>,
}

/// Does something, once, when signing tells this step for the n-th time from now on. It is done on the thread that
/// signs, which goes on afterwards.
pub(crate) fn at(step: &str, nth: usize, act: impl FnOnce() + Send + 'static) {
    listen();
    *PLANNED.lock().unwrap() = Some(Planned {
        step: step.to_owned(),
        left: nth,
        act: Box::new(act),
    });
}

/// Begins to hear the steps of this process, and to keep its log.
pub(super) fn listen() {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| registry().with(Steps).with(log::layer()).init());
}

/// Does something, once, when this very thread comes to that step; until the guard is dropped.
pub(crate) fn at_step(step: &'static str, act: impl FnOnce() + Send + 'static) -> DefaultGuard {
    let layer = Here {
        step,
        act: Mutex::new(Some(Box::new(act))),
    };
    tracing::subscriber::set_default(registry().with(layer))
}

struct Here {
    step: &'static str,
    act: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl<S: Subscriber> Layer<S> for Here {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut told = Step(String::new());
        event.record(&mut told);
        if event.metadata().target() != STEPS || told.0 != self.step {
            return;
        }
        // Taken out first: what is done may panic, to stand for a process that ends here.
        let act = self.act.lock().unwrap().take();
        if let Some(act) = act {
            act();
        }
    }
}

struct Steps;

impl<S: Subscriber> Layer<S> for Steps {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        if event.metadata().target() != STEPS {
            return;
        }
        let mut told = Step(String::new());
        event.record(&mut told);
        if let Some(planned) = due(&told.0) {
            (planned.act)();
        }
    }
}

/// What is to be done now.
fn due(step: &str) -> Option<Planned> {
    let mut planned = PLANNED.lock().unwrap();
    let waiting = planned.as_mut().filter(|planned| planned.step == step)?;
    waiting.left -= 1;
    if waiting.left == 0 {
        planned.take()
    } else {
        None
    }
}

/// The value of the field `step`.
struct Step(String);

impl Visit for Step {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "step" {
            value.clone_into(&mut self.0);
        }
    }

    fn record_debug(&mut self, _field: &Field, _value: &dyn std::fmt::Debug) {}
}
