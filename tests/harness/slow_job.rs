//! Work that keeps sessions of the HSM busy for real: making RSA-4096 keys is slow, and is one step that gives way to
//! nobody.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rubrica::domain::algorithm::KeyAlgorithm;
use rubrica::domain::wrapping::WrappedBy;
use rubrica::hsm::{Hsm, HsmError, KekVersion, Load};

const KEK: KekVersion = KekVersion(1);
const BY: &WrappedBy = &WrappedBy::Kek(KEK);

/// Many who ask for slow work again and again, until this is dropped: every session is at work, and every place where
/// their lane may wait is taken.
pub(crate) struct Crowd {
    over: Arc<AtomicBool>,
    people: Vec<JoinHandle<()>>,
}

impl Crowd {
    /// So many, in the lane of that handle. With KEK 1, if the token has none.
    pub(crate) fn at(hsm: &Hsm, people: usize) -> Self {
        if hsm.keks().unwrap().is_empty() {
            hsm.generate_kek(KEK).unwrap();
        }
        let over = Arc::new(AtomicBool::new(false));
        let people = (0..people)
            .map(|_| {
                let (over, hsm) = (Arc::clone(&over), hsm.clone());
                thread::spawn(move || {
                    while !over.load(Ordering::Relaxed) {
                        match slow(&hsm) {
                            Ok(()) => {}
                            Err(HsmError::Busy) => thread::sleep(Duration::from_millis(1)),
                            Err(error) => panic!("{error:?}"),
                        }
                    }
                })
            })
            .collect();
        Self { over, people }
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        for person in self.people.drain(..) {
            let ended = person.join();
            assert!(ended.is_ok() || thread::panicking());
        }
    }
}

/// One step that takes a second and more; some luck could make it faster.
pub(crate) fn slow(hsm: &Hsm) -> Result<(), HsmError> {
    hsm.generate_wrapped(BY, KeyAlgorithm::Rsa4096).map(|_| ())
}

/// Waits until the sessions are as a test wants them.
pub(crate) fn wait_until(hsm: &Hsm, reached: impl Fn(Load) -> bool) {
    let started = Instant::now();
    while !reached(hsm.load()) {
        assert!(
            started.elapsed() < Duration::from_secs(240),
            "{:?}",
            hsm.load()
        );
        thread::sleep(Duration::from_millis(2));
    }
}
