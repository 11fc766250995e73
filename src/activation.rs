//! Signature activation: a SAD goes in, signature values come out.
//!
//! This is the job that EN 419 241-1 gives to the signature activation module, and this is the only caller of the
//! HSM for signers' keys. It is kept narrow, so that it can become a process of its own that alone holds the HSM's
//! PIN: nothing here knows documents, certificates, passwords or the database.
//!
//! # Sole control
//!
//! A signer's private key is wrapped by a key that leaves the HSM only wrapped itself, by a KEK that never leaves it
//! ([`WrappedBy`]), and the wrapped key is sealed to the citizen: whoever has the database and the HSM's PIN still lacks
//! the [`CitizenSecret`], which only the citizen's two factors reveal (see `identity`). Whoever has the citizen's factors
//! still lacks the HSM.
//!
//! The first design sealed each key symmetrically under the citizen secret. Then only the citizen could have given
//! themselves a credential, at a moment when the secret is open. So the secret became a private key: the signer's
//! row keeps the public half, the [`SealingKey`], to which an administrator seals a new key while the citizen is
//! absent, and which opens nothing. The seal is HPKE (RFC 9180) in base mode with DHKEM(X25519, HKDF-SHA256),
//! HKDF-SHA256 and AES-256-GCM; signer, credential, public key and what wraps the key are bound to it, so a sealed
//! key put into another row does not open. Of a wrapping key the identifier is bound, not the KEK's version: a new KEK
//! re-wraps the wrapping keys while every citizen is absent, and no seal is touched.
//!
//! # What a SAD is
//!
//! [`Sad`] binds one signer, one credential and the exact, ordered set of digests and schemes that the citizen saw,
//! until a moment. It is made where both factors have been checked, since only they give the citizen secret that it
//! holds; it cannot be copied, printed or stored, and [`Activation::activate`] consumes it. That it is used once
//! even if the process dies is the [`SadLedger`]'s part: the SAD is spent, durably, before the HSM is touched.
//!
//! ```text
//! check: expiry, signer, credential, set ─▶ spend ─▶ open the seal ─▶ unwrap, sign, destroy (HSM) ─▶ verify ─▶ values
//! ```
//!
//! A value that does not verify with the credential's public key never leaves.

mod error;
mod fresh_key;
mod sad;
mod seal;

use std::fmt;

use time::OffsetDateTime;

pub use error::{ActivationError, SadLedgerError};
pub use fresh_key::{FreshKey, Provisioned};
pub use sad::Sad;

use crate::clock::Ambient;
use crate::domain::algorithm::KeyAlgorithm;
use crate::domain::credential::Credential;
use crate::domain::id::{CredentialId, SadId, SignerId};
use crate::domain::key::{BadSignature, SignatureValue, ToSign, VerifiedValue};
use crate::domain::secret::SealingKey;
use crate::domain::wrapping::WrappedBy;
use crate::hsm::{Hsm, HsmError, Lane};
use seal::Context;

#[cfg(doc)]
use crate::domain::secret::CitizenSecret;

/// Makes signers' keys and signs with them. Clones share the HSM.
#[derive(Clone)]
pub struct Activation {
    hsm: Hsm,
    ambient: Ambient,
}

/// Remembers for ever which SADs were spent.
///
/// When `spend` returns `Ok`, the SAD is recorded durably: no crash brings it back. Of several calls with one
/// identifier, at the same time and on several nodes alike, exactly one returns `Ok`; all others return
/// [`SadLedgerError::AlreadySpent`]. A ledger may refuse a SAD that was never spent, when what it was given for no longer
/// holds; it looks at that and records the spending in one step.
pub trait SadLedger {
    /// Spends the SAD.
    fn spend(&self, spending: Spending) -> Result<(), SadLedgerError>;
}

/// What is recorded of a spent SAD.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spending {
    /// Which SAD.
    pub sad: SadId,
    /// For which credential.
    pub credential: CredentialId,
    /// When.
    pub at: OffsetDateTime,
}

impl Activation {
    /// Puts the parts together; does nothing yet.
    pub fn new(hsm: Hsm, ambient: Ambient) -> Self {
        Self { hsm, ambient }
    }

    /// The same for jobs of that lane: whose digests are signed decides with whom the HSM's time is shared.
    #[must_use]
    pub fn in_lane(&self, lane: Lane) -> Self {
        Self {
            hsm: self.hsm.in_lane(lane),
            ambient: self.ambient.clone(),
        }
    }

    /// Whether the HSM can be reached now. Asked before a SAD is spent, it keeps a request approvable while the
    /// HSM is away; the answer may be outdated a moment later.
    pub fn check_reachable(&self) -> Result<(), ActivationError> {
        Ok(self.hsm.check_reachable()?)
    }

    /// Whether the HSM can be reached and has what wraps the credential's key. Asked before a code is sent, it keeps a request
    /// approvable that nobody could sign now.
    pub fn check_usable(&self, credential: &Credential) -> Result<(), ActivationError> {
        Ok(self.hsm.check_wrapper(&credential.wrapped_by)?)
    }

    /// Makes a key for a credential. It exists nowhere until it is sealed.
    pub fn generate(
        &self,
        signer: SignerId,
        credential: CredentialId,
        wrapped_by: &WrappedBy,
        algorithm: KeyAlgorithm,
    ) -> Result<FreshKey, ActivationError> {
        let generated = self.hsm.generate_wrapped(wrapped_by, algorithm)?;
        let wrapped_by = wrapped_by.clone();
        Ok(FreshKey::new(
            self, signer, credential, wrapped_by, generated,
        ))
    }

    /// Makes a key for a credential and seals it to the signer, who need not be there.
    pub fn provision(
        &self,
        signer: SignerId,
        credential: CredentialId,
        to: &SealingKey,
        wrapped_by: &WrappedBy,
        algorithm: KeyAlgorithm,
    ) -> Result<Provisioned, ActivationError> {
        self.generate(signer, credential, wrapped_by, algorithm)?
            .seal(to)
    }

    /// Signs `to_sign` with the credential, if that is exactly what the SAD was bound to. `each` takes every value,
    /// verified, as soon as it is there, with the place of its digest, in whichever order they come; or that digest's own
    /// failure. Every digest is told of, unless the call fails as a whole. The SAD is gone afterwards whatever happened; it
    /// is spent in the ledger only when all that can be checked before was right.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a SAD is consumed by its use"
    )]
    pub fn activate(
        &self,
        sad: Sad,
        credential: &Credential,
        to_sign: &[ToSign],
        ledger: &dyn SadLedger,
        each: &mut dyn FnMut(usize, Result<VerifiedValue, ActivationError>),
    ) -> Result<(), ActivationError> {
        let now = self.ambient.now();
        sad.check(now, credential, to_sign)?;
        let sealed = credential
            .sealed_key
            .as_deref()
            .filter(|_| credential.revocation.is_none())
            .ok_or(ActivationError::Revoked)?;
        ledger.spend(Spending {
            sad: sad.id(),
            credential: credential.id,
            at: now,
        })?;
        let context = Context {
            signer: credential.signer,
            credential: credential.id,
            public_key: &credential.public_key,
            wrapped_by: &credential.wrapped_by,
        };
        let wrapped = seal::open(sad.secret(), &context, sealed)?;
        let verified = |place: usize, value: Result<SignatureValue, HsmError>| {
            let one = to_sign.get(place).ok_or(BadSignature)?;
            Ok(credential.public_key.verified(one, value?)?)
        };
        Ok(self.hsm.sign_wrapped_each(
            &credential.wrapped_by,
            credential.public_key.algorithm(),
            &wrapped,
            to_sign,
            &mut |place, value| each(place, verified(place, value)),
        )?)
    }
}

impl fmt::Debug for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Activation")
            .field("hsm", &self.hsm)
            .finish_non_exhaustive()
    }
}
