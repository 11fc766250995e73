//! The seal around a wrapped key: HPKE (RFC 9180), base mode, to the citizen's sealing key.
//!
//! A sealed key is a format byte (1), the encapsulated key (32 bytes) and the ciphertext with its tag.

use std::convert::Infallible;

use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::rand_core::{TryCryptoRng, TryRng};
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable, single_shot_open};

use super::error::ActivationError;
use crate::clock::{Ambient, Entropy};
use crate::domain::canonical::Canonical;
use crate::domain::id::{CredentialId, SignerId};
use crate::domain::key::PublicKey;
use crate::domain::secret::{CitizenSecret, SealingKey};
use crate::domain::wrapping::WrappedBy;
use crate::hsm::WrappedKey;

const FORMAT: u8 = 1;
const INFO: &[u8] = b"rubrica sealed key 1";
const ENCAPSULATED_LEN: usize = 32;

type PublicHalf = <X25519HkdfSha256 as Kem>::PublicKey;
type Encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey;

/// What a sealed key belongs to. It opens only with the same.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'a> {
    /// Whose it is.
    pub(super) signer: SignerId,
    /// Of which credential.
    pub(super) credential: CredentialId,
    /// The public key that goes with it.
    pub(super) public_key: &'a PublicKey,
    /// What wraps it.
    pub(super) wrapped_by: &'a WrappedBy,
}

/// Seals a wrapped key so that only the citizen secret opens it.
pub(super) fn seal(
    ambient: &Ambient,
    to: &SealingKey,
    context: &Context<'_>,
    wrapped: &WrappedKey,
) -> Result<Vec<u8>, ActivationError> {
    let public = PublicHalf::from_bytes(to.as_bytes()).or(Err(ActivationError::SealingKey))?;
    let (encapsulated, ciphertext) =
        hpke::single_shot_seal_with_rng::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
            &OpModeS::Base,
            &public,
            INFO,
            wrapped.as_bytes(),
            &context.associated_data(),
            &mut FromEntropy(&*ambient.entropy),
        )
        .or(Err(ActivationError::SealingKey))?;
    Ok([
        [FORMAT].as_slice(),
        encapsulated.to_bytes().as_slice(),
        &ciphertext,
    ]
    .concat())
}

/// Opens a sealed key. Why it does not open is not told: a wrong secret, another row and a changed byte look alike.
pub(super) fn open(
    secret: &CitizenSecret,
    context: &Context<'_>,
    sealed: &[u8],
) -> Result<WrappedKey, ActivationError> {
    let (encapsulated, ciphertext) = parts(sealed).ok_or(ActivationError::Seal)?;
    let (private, _) = X25519HkdfSha256::derive_keypair(secret.expose());
    single_shot_open::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        &private,
        &encapsulated,
        INFO,
        ciphertext,
        &context.associated_data(),
    )
    .map(WrappedKey::new)
    .or(Err(ActivationError::Seal))
}

impl Context<'_> {
    /// Of a wrapping key the identifier alone: which KEK wraps it changes while the citizen is absent.
    fn associated_data(&self) -> Vec<u8> {
        let canonical = Canonical::new("rubrica credential")
            .part(self.signer.as_bytes())
            .part(self.credential.as_bytes())
            .part(self.public_key.spki());
        match self.wrapped_by {
            WrappedBy::WrappingKey(key) => canonical.part(b"wrapping key").part(key.id.as_bytes()),
            WrappedBy::Kek(version) => canonical.part(b"KEK").part(&version.0.to_be_bytes()),
        }
        .finish()
    }
}

/// The ambient's randomness in the form that HPKE takes.
struct FromEntropy<'a>(&'a dyn Entropy);

impl TryRng for FromEntropy<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_ne_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_ne_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for FromEntropy<'_> {}

fn parts(sealed: &[u8]) -> Option<(Encapsulated, &[u8])> {
    let (format, rest) = sealed.split_first()?;
    let (encapsulated, ciphertext) = rest.split_first_chunk::<ENCAPSULATED_LEN>()?;
    if *format != FORMAT {
        return None;
    }
    Some((Encapsulated::from_bytes(encapsulated).ok()?, ciphertext))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::algorithm::KeyAlgorithm;
    use crate::domain::key::{KekVersion, ec_spki};
    use crate::domain::secret::SecretBytes;
    use crate::domain::wrapping::WrappingKey;
    use proptest::prelude::*;

    fn public_key(seed: u8) -> PublicKey {
        let key = p256::ecdsa::SigningKey::from_slice(&[seed; 32]).unwrap();
        ec_spki(
            KeyAlgorithm::EcP256,
            key.verifying_key().to_sec1_point(false).as_bytes(),
        )
        .unwrap()
    }

    fn secret(seed: u8) -> CitizenSecret {
        CitizenSecret::new(SecretBytes::new([seed; 32]))
    }

    fn context<'a>(
        ambient: &Ambient,
        public_key: &'a PublicKey,
        wrapped_by: &'a WrappedBy,
    ) -> Context<'a> {
        Context {
            signer: ambient.id(),
            credential: ambient.id(),
            public_key,
            wrapped_by,
        }
    }

    fn wrapping_key(ambient: &Ambient) -> WrappingKey {
        WrappingKey {
            id: ambient.id(),
            kek: KekVersion(1),
            wrapped: vec![1],
            created_at: ambient.now(),
            rewrapped_at: None,
        }
    }

    fn wrapped() -> WrappedKey {
        WrappedKey::new(b"a wrapped key".to_vec())
    }

    #[test]
    fn only_the_same_row_and_the_same_citizen_open_a_seal() {
        let ambient = Ambient::system();
        let (mine, other) = (public_key(1), public_key(2));
        let by = wrapping_key(&ambient);
        let rewrapped = WrappedBy::WrappingKey(WrappingKey {
            kek: KekVersion(2),
            wrapped: vec![2],
            ..by.clone()
        });
        let by = WrappedBy::WrappingKey(by);
        let context = context(&ambient, &mine, &by);
        let sealed = seal(&ambient, &secret(1).sealing_key(), &context, &wrapped()).unwrap();
        assert_eq!(open(&secret(1), &context, &sealed).unwrap(), wrapped());
        let after_rewrapping = Context {
            wrapped_by: &rewrapped,
            ..context
        };
        assert_eq!(
            open(&secret(1), &after_rewrapping, &sealed).unwrap(),
            wrapped()
        );
        let others = [
            WrappedBy::WrappingKey(wrapping_key(&ambient)),
            WrappedBy::Kek(KekVersion(1)),
        ];
        let [another_wrapping_key, a_kek] = &others;
        let others = [
            Context {
                signer: ambient.id(),
                ..context
            },
            Context {
                credential: ambient.id(),
                ..context
            },
            Context {
                public_key: &other,
                ..context
            },
            Context {
                wrapped_by: another_wrapping_key,
                ..context
            },
            Context {
                wrapped_by: a_kek,
                ..context
            },
        ];
        for other in others {
            assert!(matches!(
                open(&secret(1), &other, &sealed),
                Err(ActivationError::Seal)
            ));
        }
        assert!(matches!(
            open(&secret(2), &context, &sealed),
            Err(ActivationError::Seal)
        ));
    }

    #[test]
    fn a_sealing_key_of_small_order_is_refused() {
        let ambient = Ambient::system();
        let key = public_key(1);
        let by = WrappedBy::Kek(KekVersion(1));
        let context = context(&ambient, &key, &by);
        let zero = SealingKey::from_slice(&[0; 32]).unwrap();
        assert!(matches!(
            seal(&ambient, &zero, &context, &wrapped()),
            Err(ActivationError::SealingKey)
        ));
    }

    #[test]
    fn a_changed_seal_does_not_open() {
        let ambient = Ambient::system();
        let key = public_key(1);
        let by = WrappedBy::Kek(KekVersion(1));
        let context = context(&ambient, &key, &by);
        let sealed = seal(&ambient, &secret(1).sealing_key(), &context, &wrapped()).unwrap();
        // Every byte counts, also the highest bit of the encapsulated key, which X25519 ignores (RFC 7748 section
        // 5) and HPKE binds all the same.
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 0x80;
            assert!(open(&secret(1), &context, &changed).is_err(), "byte {at}");
        }
        for cut in 0..sealed.len() {
            assert!(open(&secret(1), &context, &sealed[..cut]).is_err());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_bytes_are_refused_without_harm(mut sealed: Vec<u8>, in_our_format: bool) {
            let ambient = Ambient::system();
            let key = public_key(1);
            let by = WrappedBy::Kek(KekVersion(1));
            let context = context(&ambient, &key, &by);
            if in_our_format {
                sealed.insert(0, FORMAT);
            }
            prop_assert!(open(&secret(1), &context, &sealed).is_err());
        }
    }
}
