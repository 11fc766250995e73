//! Credentials: one signing key each, its certificate chain, and what became of them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::algorithm::named;
use super::id::{CredentialId, SignerId};
use super::key::PublicKey;
use super::revocation::RevocationReason;
use super::wrapping::WrappedBy;

named!(
    /// Where a credential stands. That its certificate has expired is told by the clock, not by the state.
    CredentialState {
        /// The key is made and an authority outside has not certified it yet.
        Requested = "requested",
        /// It has a certificate.
        Active = "active",
        /// It is over for good; its key is deleted.
        Revoked = "revoked",
    }
);

named!(
    /// Who issues a credential's certificate.
    CredentialIssuer {
        /// The built-in issuing authority.
        BuiltIn = "built-in",
        /// An authority outside.
        Outside = "outside",
    }
);

/// A credential as it is kept. Its key can be used only with the citizen's secret and the HSM together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Its identifier.
    pub id: CredentialId,
    /// Whose it is.
    pub signer: SignerId,
    /// Its public key.
    pub public_key: PublicKey,
    /// What wraps the private key.
    pub wrapped_by: WrappedBy,
    /// The wrapped private key, sealed to the citizen's secret; `None` once it is revoked.
    pub sealed_key: Option<Vec<u8>>,
    /// Who issues its certificate.
    pub issuer: CredentialIssuer,
    /// The request for an authority outside, in DER.
    pub request: Option<Vec<u8>>,
    /// Its certificate, when it has one.
    pub certification: Option<Certification>,
    /// When the key was made.
    pub created_at: OffsetDateTime,
    /// How it ended, when it did.
    pub revocation: Option<Revocation>,
}

/// A certificate and what the store must know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certification {
    /// The certificates in DER, the signer's first.
    pub chain: Vec<Vec<u8>>,
    /// Serial number of the signer's certificate, in lower-case hexadecimal.
    pub serial: String,
    /// The first second of its validity.
    pub not_before: OffsetDateTime,
    /// The last second of its validity.
    pub not_after: OffsetDateTime,
}

/// The end of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    /// Since when.
    pub at: OffsetDateTime,
    /// Why.
    pub reason: RevocationReason,
}

impl Credential {
    /// Where it stands.
    pub fn state(&self) -> CredentialState {
        if self.revocation.is_some() {
            CredentialState::Revoked
        } else if self.certification.is_some() {
            CredentialState::Active
        } else {
            CredentialState::Requested
        }
    }

    /// Its certificate, when one can sign with it at this moment.
    pub fn usable(&self, now: OffsetDateTime) -> Option<&Certification> {
        self.certification.as_ref().filter(|certification| {
            self.revocation.is_none()
                && certification.not_before <= now
                && now <= certification.not_after
        })
    }
}
