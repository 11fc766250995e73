//! Work that keeps a session of the HSM busy for real: RSA-4096 is slow.

use std::thread;
use std::time::{Duration, Instant};

use rubrica::domain::algorithm::{Digest, KeyAlgorithm};
use rubrica::domain::key::{DtbsR, ToSign};
use rubrica::domain::wrapping::WrappedBy;
use rubrica::hsm::{GeneratedKey, Hsm, KekVersion, Load};

const KEK: KekVersion = KekVersion(1);
const BY: &WrappedBy = &WrappedBy::Kek(KEK);

/// One job that keeps a session at work for seconds, in many short steps.
pub(crate) struct SlowJob {
    key: GeneratedKey,
    to_sign: Vec<ToSign>,
}

impl SlowJob {
    const ALGORITHM: KeyAlgorithm = KeyAlgorithm::Rsa4096;

    /// With a key of its own, and KEK 1 if the token has none.
    pub(crate) fn new(hsm: &Hsm) -> Self {
        if hsm.keks().unwrap().is_empty() {
            hsm.generate_kek(KEK).unwrap();
        }
        let scheme = Self::ALGORITHM.default_scheme();
        let one = ToSign {
            scheme,
            dtbs_r: DtbsR(Digest::of(scheme.digest, b"a document")),
        };
        Self {
            key: hsm.generate_wrapped(BY, Self::ALGORITHM).unwrap(),
            to_sign: vec![one; 600],
        }
    }

    /// Does it.
    pub(crate) fn run(&self, hsm: &Hsm) {
        let values = hsm
            .sign_wrapped(BY, Self::ALGORITHM, &self.key.wrapped, &self.to_sign)
            .unwrap();
        assert!(values.iter().all(Result::is_ok));
    }
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
