//! A key just made: it can sign the request for its certificate once, and then it is sealed.

use super::Activation;
use super::error::ActivationError;
use super::seal::{self, Context};
use crate::domain::id::{CredentialId, SignerId};
use crate::domain::key::{PublicKey, SignatureValue, ToSign};
use crate::domain::secret::SealingKey;
use crate::domain::wrapping::WrappedBy;
use crate::hsm::GeneratedKey;

/// A key that exists only here. Sealing consumes it; dropping it forgets it.
///
/// While it lives it is not under its citizen's sole control, so it does one thing at most: sign the certification
/// request that proves its possession (RFC 2986) to an authority outside.
#[derive(Debug)]
pub struct FreshKey {
    activation: Activation,
    signer: SignerId,
    credential: CredentialId,
    wrapped_by: WrappedBy,
    generated: GeneratedKey,
}

/// A key under its citizen's control, to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provisioned {
    /// The public key.
    pub public_key: PublicKey,
    /// What wraps the private key.
    pub wrapped_by: WrappedBy,
    /// The wrapped private key, sealed.
    pub sealed_key: Vec<u8>,
}

impl FreshKey {
    /// Takes what the HSM made.
    pub(super) fn new(
        activation: &Activation,
        signer: SignerId,
        credential: CredentialId,
        wrapped_by: WrappedBy,
        generated: GeneratedKey,
    ) -> Self {
        Self {
            activation: activation.clone(),
            signer,
            credential,
            wrapped_by,
            generated,
        }
    }

    /// The public key, to be put into a certificate or a request for one.
    pub fn public_key(&self) -> &PublicKey {
        &self.generated.public_key
    }

    /// Seals it to its signer.
    pub fn seal(self, to: &SealingKey) -> Result<Provisioned, ActivationError> {
        let context = Context {
            signer: self.signer,
            credential: self.credential,
            public_key: &self.generated.public_key,
            wrapped_by: &self.wrapped_by,
        };
        let sealed_key = seal::seal(
            &self.activation.ambient,
            to,
            &context,
            &self.generated.wrapped,
        )?;
        Ok(Provisioned {
            public_key: self.generated.public_key,
            wrapped_by: self.wrapped_by,
            sealed_key,
        })
    }

    /// Signs the request for its certificate and seals it. The value is verified.
    pub fn seal_with_request(
        self,
        to: &SealingKey,
        request: &ToSign,
    ) -> Result<(Provisioned, SignatureValue), ActivationError> {
        let public_key = &self.generated.public_key;
        let value = self
            .activation
            .hsm
            .sign_wrapped(
                &self.wrapped_by,
                public_key.algorithm(),
                &self.generated.wrapped,
                std::slice::from_ref(request),
            )?
            .into_iter()
            .next()
            .transpose()?
            .ok_or(crate::domain::key::BadSignature)?;
        public_key.verify(request.scheme, &request.dtbs_r, &value)?;
        Ok((self.seal(to)?, value))
    }
}
