//! What is remembered of a token while the process lives.
//!
//! A token that is away does not always say so: SoftHSM answers for a token whose files are gone, and shows no
//! objects on it. So the labels of keys that were there once are remembered, and a token without any of them is
//! taken for away, not for empty. When some are there and one is not, that one was deleted, as another process deletes an
//! old KEK.

use std::collections::BTreeSet;
use std::sync::Mutex;

use super::error::{Ckr, PinTries};
use super::module::lock;

/// The memory of one pool.
#[derive(Default)]
pub(super) struct Memory {
    pin: Mutex<Option<(Ckr, PinTries)>>,
    labels: Mutex<BTreeSet<String>>,
}

impl Memory {
    /// How the token refused the PIN, if it did.
    pub(super) fn refused_pin(&self) -> Option<(Ckr, PinTries)> {
        *lock(&self.pin)
    }

    /// The token refused the PIN; it must not be tried again, since wrong tries lock it.
    pub(super) fn refuse_pin(&self, ckr: Ckr, tries: PinTries) {
        *lock(&self.pin) = Some((ckr, tries));
    }

    /// A key with this label is on the token.
    pub(super) fn note(&self, label: &str) {
        let mut labels = lock(&self.labels);
        if !labels.contains(label) {
            labels.insert(label.to_owned());
        }
    }

    /// The key with this label was taken off the token on purpose.
    pub(super) fn forget(&self, label: &str) {
        lock(&self.labels).remove(label);
    }

    /// Whether a key with this label was on the token.
    pub(super) fn knows(&self, label: &str) -> bool {
        lock(&self.labels).contains(label)
    }

    /// Every label noted.
    pub(super) fn labels(&self) -> Vec<String> {
        lock(&self.labels).iter().cloned().collect()
    }
}
