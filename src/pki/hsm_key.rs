//! An authority's key in the HSM, found by its label.

use super::AuthorityKey;
use crate::domain::algorithm::{KeyAlgorithm, SignatureScheme};
use crate::domain::key::{DtbsR, PublicKey, SignatureValue};
use crate::hsm::{Hsm, HsmError};

/// A key that stays on the token.
#[derive(Debug, Clone)]
pub struct HsmKey {
    hsm: Hsm,
    label: String,
    public_key: PublicKey,
}

impl HsmKey {
    /// The key under this label; `None` when there is none.
    pub fn find(hsm: &Hsm, label: &str) -> Result<Option<Self>, HsmError> {
        Ok(hsm.authority_key(label)?.map(|public_key| Self {
            hsm: hsm.clone(),
            label: label.to_owned(),
            public_key,
        }))
    }

    /// Takes up the key under this label, or makes it. A run that was interrupted between key and certificate thus
    /// goes on with the same key.
    pub fn find_or_generate(
        hsm: &Hsm,
        label: &str,
        algorithm: KeyAlgorithm,
    ) -> Result<Self, HsmError> {
        if let Some(key) = Self::find(hsm, label)? {
            return Ok(key);
        }
        Ok(Self {
            hsm: hsm.clone(),
            label: label.to_owned(),
            public_key: hsm.generate_authority_key(label, algorithm)?,
        })
    }
}

impl AuthorityKey for HsmKey {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn sign(&self, scheme: SignatureScheme, dtbs_r: &DtbsR) -> Result<SignatureValue, HsmError> {
        self.hsm.sign_with_authority(&self.label, scheme, dtbs_r)
    }
}
