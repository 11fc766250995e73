//! Signature activation data: what the citizen approved, and the secret that only the citizen could give.

use std::fmt;

use subtle::ConstantTimeEq;
use time::OffsetDateTime;

use super::error::ActivationError;
use crate::domain::algorithm::{Digest, DigestAlgorithm};
use crate::domain::canonical::Canonical;
use crate::domain::credential::Credential;
use crate::domain::id::{CredentialId, SadId, SignerId};
use crate::domain::key::ToSign;
use crate::domain::secret::CitizenSecret;

/// One approval: this signer, this credential, exactly these digests by these schemes in this order, until then
/// (EN 419 241-1 section 5.10, "signature activation data").
///
/// It lives in memory only, for the moment between the citizen's second factor and the signature.
pub struct Sad {
    id: SadId,
    signer: SignerId,
    credential: CredentialId,
    set: Digest,
    secret: CitizenSecret,
    expires_at: OffsetDateTime,
}

impl Sad {
    /// Binds what `signer` approved. `secret` is the proof that both factors were right: nothing else reveals it.
    pub fn bind(
        id: SadId,
        signer: SignerId,
        credential: &Credential,
        to_sign: &[ToSign],
        secret: CitizenSecret,
        expires_at: OffsetDateTime,
    ) -> Self {
        Self {
            id,
            signer,
            credential: credential.id,
            set: set_digest(to_sign),
            secret,
            expires_at,
        }
    }

    /// Its identifier, as the ledger and the journal name it.
    pub fn id(&self) -> SadId {
        self.id
    }

    /// Compares with what is about to be signed. The comparison takes the same time wherever it differs.
    pub(super) fn check(
        &self,
        now: OffsetDateTime,
        credential: &Credential,
        to_sign: &[ToSign],
    ) -> Result<(), ActivationError> {
        let same = |one: &[u8], other: &[u8]| bool::from(one.ct_eq(other));
        if now >= self.expires_at {
            Err(ActivationError::Expired)
        } else if !same(self.signer.as_bytes(), credential.signer.as_bytes()) {
            Err(ActivationError::Signer)
        } else if !same(self.credential.as_bytes(), credential.id.as_bytes()) {
            Err(ActivationError::Credential)
        } else if !same(self.set.bytes(), set_digest(to_sign).bytes()) {
            Err(ActivationError::Set)
        } else {
            Ok(())
        }
    }

    /// What opens the credential.
    pub(super) fn secret(&self) -> &CitizenSecret {
        &self.secret
    }
}

impl fmt::Debug for Sad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sad")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// SHA-256 over the canonical encoding of the set: its length, then padding, digest algorithm and digest of each.
fn set_digest(to_sign: &[ToSign]) -> Digest {
    let count = u64::try_from(to_sign.len()).unwrap_or(u64::MAX);
    let start = Canonical::new("rubrica sad set 1").part(&count.to_be_bytes());
    let encoded = to_sign.iter().fold(start, |canonical, one| {
        canonical
            .part(one.scheme.padding.as_str().as_bytes())
            .part(one.scheme.digest.as_str().as_bytes())
            .part(one.dtbs_r.0.algorithm().as_str().as_bytes())
            .part(one.dtbs_r.0.bytes())
    });
    Digest::of(DigestAlgorithm::Sha256, &encoded.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::algorithm::{Padding, SignatureScheme};
    use crate::domain::key::DtbsR;
    use proptest::prelude::*;

    fn to_sign() -> impl Strategy<Value = ToSign> {
        (0..3_usize, 0..3_usize, 0..4_u8).prop_map(|(padding, digest, text)| {
            let scheme = SignatureScheme {
                padding: Padding::ALL[padding],
                digest: DigestAlgorithm::ALL[digest],
            };
            ToSign {
                scheme,
                dtbs_r: DtbsR(Digest::of(scheme.digest, &[text])),
            }
        })
    }

    fn set() -> impl Strategy<Value = Vec<ToSign>> {
        proptest::collection::vec(to_sign(), 0..4)
    }

    proptest! {
        #[test]
        fn different_sets_have_different_digests(a in set(), b in set()) {
            prop_assert_eq!(a == b, set_digest(&a) == set_digest(&b));
        }
    }
}
