//! Signing the journal: when it is time, the audit key of the HSM signs where this node's chain ends.

use std::time::Duration;

use super::journaled::actor;
use super::{Service, ServiceError};
use crate::auth;
use crate::domain::algorithm::KeyAlgorithm;
use crate::domain::key::PublicKey;
use crate::journal::{AuditKey, Entry, Event};

/// When the journal is signed, and by which key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoints {
    /// Label of the audit key in the HSM.
    pub key_label: String,
    /// The kind that is made where there is none.
    pub key: KeyAlgorithm,
    /// After so many rows.
    pub rows: usize,
    /// And at least so long after a row was written.
    pub every: Duration,
}

impl Default for Checkpoints {
    fn default() -> Self {
        Self {
            key_label: "rubrica-audit".to_owned(),
            key: KeyAlgorithm::EcP256,
            rows: 10_000,
            every: Duration::from_secs(60),
        }
    }
}

/// What became of signing the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    /// There is a new checkpoint.
    Now,
    /// Every row was signed already.
    Already,
    /// There is no audit key; `rubrica hsm init-kek` makes one.
    NoKey,
}

impl Service {
    /// Whether rows wait for a checkpoint for long enough.
    pub fn checkpoint_due(&self) -> bool {
        let settings = &self.inner.settings.checkpoints;
        self.inner
            .journal
            .checkpoint_due(settings.rows, settings.every)
    }

    /// Signs the journal of this node up to its end.
    pub fn checkpoint(&self) -> Result<Signed, ServiceError> {
        let Some(key) = self.audit_public_key()? else {
            return Ok(Signed::NoKey);
        };
        let Some(checkpoint) = self.inner.journal.checkpoint(&key)? else {
            return Ok(Signed::Already);
        };
        let to_sign = checkpoint.to_sign(key.algorithm());
        let label = &self.inner.settings.checkpoints.key_label;
        let signature =
            self.inner
                .hsm
                .sign_with_authority(label, to_sign.scheme, &to_sign.dtbs_r)?;
        self.inner
            .journal
            .keep_checkpoint(&checkpoint, &key, &signature)?;
        Ok(Signed::Now)
    }

    /// The public half of the audit key, for those who verify the journal elsewhere; `None` while there is none.
    pub fn audit_public_key(&self) -> Result<Option<PublicKey>, ServiceError> {
        let label = &self.inner.settings.checkpoints.key_label;
        Ok(self.inner.hsm.authority_key(label)?)
    }

    /// Makes the audit key where there is none.
    pub(super) fn init_audit_key(&self, by: &auth::Actor) -> Result<(), ServiceError> {
        if self.audit_public_key()?.is_some() {
            return Ok(());
        }
        let Checkpoints { key_label, key, .. } = &self.inner.settings.checkpoints;
        let entry = Entry::new(Event::AuditKeyCreated)
            .by(actor(by))
            .detail(key_label);
        let key = self.intending(&entry, || {
            Ok(self.inner.hsm.generate_authority_key(key_label, *key)?)
        })?;
        let entry = entry.detail(&hex::encode(key.identifier()));
        Ok(self.inner.journal.append(&[entry])?)
    }

    /// The key for judging checkpoints; an HSM that is away, or has none, leaves them unjudged.
    pub(super) fn audit_key(&self) -> AuditKey {
        match self.audit_public_key() {
            Ok(Some(key)) => AuditKey::Known(key),
            Ok(None) => AuditKey::NotAtHand,
            Err(error) => {
                tracing::warn!(%error, "the audit key cannot be read; checkpoints are not judged");
                AuditKey::NotAtHand
            }
        }
    }
}
