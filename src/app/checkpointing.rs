//! The thread that signs the journal when it is time.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::service::Service;
use crate::service::checkpoints::Signed;

/// Between two looks at how much is not signed.
const LOOK: Duration = Duration::from_millis(500);
/// After a failure.
const PAUSE: Duration = Duration::from_secs(15);

/// The running thread.
pub(super) struct Checkpointing {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Checkpointing {
    /// Begins to look.
    pub(super) fn begin(service: Service) -> Self {
        let (stop, stopped) = mpsc::channel();
        let thread = thread::spawn(move || {
            let mut keyless = Told::Not;
            let mut wait = LOOK;
            while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                wait = if service.checkpoint_due() && !sign(&service, &mut keyless) {
                    PAUSE
                } else {
                    LOOK
                };
            }
            sign(&service, &mut keyless);
        });
        Self { stop, thread }
    }

    /// Signs what there is and ends.
    pub(super) fn end(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("the thread that signs the journal had panicked");
        }
    }
}

/// Whether something was said once.
#[derive(PartialEq, Eq)]
enum Told {
    Not,
    Once,
}

/// Whether it went well.
fn sign(service: &Service, keyless: &mut Told) -> bool {
    match service.checkpoint() {
        Ok(Signed::Now | Signed::Already) => true,
        Ok(Signed::NoKey) => {
            if *keyless == Told::Not {
                tracing::warn!(
                    "the journal is not signed: the HSM has no audit key; run `rubrica hsm init-kek`"
                );
                *keyless = Told::Once;
            }
            false
        }
        Err(error) => {
            tracing::error!(%error, "the journal could not be signed; it is tried again");
            false
        }
    }
}
