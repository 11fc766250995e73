//! Keyslots, as in disk encryption: the citizen secret sealed under a key that only the citizen's knowledge gives.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::derivation::{Derivation, DerivationFailed, InvalidDerivation, SALT_BYTES};
use super::sealing::{self, CipherRefused, Sealed};
use super::{Identity, IdentityError};
use crate::clock::Ambient;
use crate::domain::canonical::Canonical;
use crate::domain::factor::Factor;
use crate::domain::id::SignerId;
use crate::domain::secret::CitizenSecret;
use crate::store::AnyConnection;
use crate::store::keyslots::{self, Keyslot};

/// Why a slot could not be made or looked into. A wrong password is none of these.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeyslotError {
    #[error(transparent)]
    Derivation(#[from] DerivationFailed),
    #[error("the keyslot's derivation cannot be read")]
    Unreadable(#[from] InvalidDerivation),
    #[error(transparent)]
    Cipher(#[from] CipherRefused),
    /// The knowledge was right and the seal does not open: the row was changed.
    #[error("the keyslot of factor `{0}` is damaged: its verifier fits and its seal does not open")]
    Damaged(Factor),
}

/// Which password or activation code opened a slot, told by the slot's salt: a new one comes with a new salt, and the
/// same one under stronger rules keeps it.
#[derive(Debug, Clone)]
pub(super) struct Opening {
    signer: SignerId,
    factor: Factor,
    salt: Vec<u8>,
}

impl Opening {
    pub(super) fn new((signer, factor): (SignerId, Factor), slot: &Keyslot) -> Self {
        let salt = slot.salt.clone();
        Self {
            signer,
            factor,
            salt,
        }
    }

    pub(super) fn factor(&self) -> Factor {
        self.factor
    }

    /// Refuses what another password or code has taken the place of. To be called under the signer's lock, in the
    /// transaction of what it allows.
    pub(super) fn check(&self, connection: &mut AnyConnection) -> Result<(), IdentityError> {
        let present = keyslots::find(connection, self.signer, self.factor)?;
        match present.filter(|slot| slot.salt == self.salt) {
            Some(_) => Ok(()),
            None => Err(IdentityError::NotRecognised {
                signer: Some(self.signer),
            }),
        }
    }
}

impl Identity {
    /// Seals a citizen secret under what its owner knows, at the cost in force. Whoever calls it has the secret already, so it
    /// opens nothing. `knowledge` is a password's text in normalisation form C (RFC 8265 section 4.2.2), or an activation
    /// code's 16 characters in upper case, without groups. Slow on purpose: never within a transaction.
    pub fn keyslot(
        &self,
        owner: (SignerId, Factor),
        knowledge: &[u8],
        secret: &CitizenSecret,
    ) -> Result<Keyslot, IdentityError> {
        let derivation = &self.settings.derivation;
        Ok(seal(&self.ambient, derivation, owner, knowledge, secret)?)
    }
}

/// Seals the secret with a fresh salt. Slow on purpose: never within a database transaction.
pub(super) fn seal(
    ambient: &Ambient,
    derivation: &Derivation,
    owner: (SignerId, Factor),
    knowledge: &[u8],
    secret: &CitizenSecret,
) -> Result<Keyslot, KeyslotError> {
    let salt: [u8; SALT_BYTES] = ambient.random();
    seal_salted(ambient, derivation, owner, (knowledge, &salt), secret)
}

fn seal_salted(
    ambient: &Ambient,
    derivation: &Derivation,
    (signer, factor): (SignerId, Factor),
    (knowledge, salt): (&[u8], &[u8]),
    secret: &CitizenSecret,
) -> Result<Keyslot, KeyslotError> {
    let derived = derivation.derive(knowledge, salt)?;
    let written = derivation.to_string();
    let context = context(signer, factor, &written, salt);
    Ok(Keyslot {
        sealed_secret: sealing::seal(ambient, &derived.key, &context, Some(secret))?,
        derivation: written,
        salt: salt.to_vec(),
        verifier: Sha256::digest(derived.verifier.expose()).into(),
        created_at: ambient.now(),
    })
}

/// Opens a slot; `None` when the knowledge is wrong. As slow as [`seal`].
pub(super) fn open(
    slot: &Keyslot,
    (signer, factor): (SignerId, Factor),
    knowledge: &[u8],
) -> Result<Option<CitizenSecret>, KeyslotError> {
    let derivation: Derivation = slot.derivation.parse()?;
    let derived = derivation.derive(knowledge, &slot.salt)?;
    let verifier: [u8; 32] = Sha256::digest(derived.verifier.expose()).into();
    if !bool::from(verifier.ct_eq(&slot.verifier)) {
        return Ok(None);
    }
    let context = context(signer, factor, &slot.derivation, &slot.salt);
    match sealing::open(&derived.key, &context, &slot.sealed_secret) {
        Some(Sealed::Secret(secret)) => Ok(Some(secret)),
        Some(Sealed::Nothing) | None => Err(KeyslotError::Damaged(factor)),
    }
}

/// Costs what [`open`] costs, for a signer who has no slot, so that time does not tell.
pub(super) fn open_nothing(derivation: &Derivation, knowledge: &[u8]) -> Result<(), KeyslotError> {
    let derived = derivation.derive(knowledge, &[0; SALT_BYTES])?;
    std::hint::black_box(derived.verifier.expose());
    Ok(())
}

/// When a slot is weaker than the rules ask for, the same secret under the present ones. The salt stays with the
/// knowledge: it was drawn for it alone, and Argon2 hashes its parameters beside it (RFC 9106 section 3.2), so that
/// nothing computed for the weak slot helps with the strong one.
pub(super) fn strengthen(
    ambient: &Ambient,
    derivation: &Derivation,
    slot: &Keyslot,
    owner: (SignerId, Factor),
    knowledge: &[u8],
    secret: &CitizenSecret,
) -> Result<Option<Keyslot>, KeyslotError> {
    let present: Derivation = slot.derivation.parse()?;
    if present.is_weaker_than(derivation) {
        let salted = (knowledge, slot.salt.as_slice());
        seal_salted(ambient, derivation, owner, salted, secret).map(Some)
    } else {
        Ok(None)
    }
}

/// How old a slot is does not matter to its seal; whose it is and how its key was made does.
fn context(signer: SignerId, factor: Factor, derivation: &str, salt: &[u8]) -> Vec<u8> {
    Canonical::new("rubrica keyslot 1")
        .part(signer.as_bytes())
        .part(factor.as_str().as_bytes())
        .part(derivation.as_bytes())
        .part(salt)
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::secret::SecretBytes;

    fn cheap() -> Derivation {
        Derivation::new(8, 1, 1).unwrap()
    }

    fn owner(last: char, factor: Factor) -> (SignerId, Factor) {
        let id = format!("0199c0de-0000-7000-8000-00000000000{last}");
        (id.parse().unwrap(), factor)
    }

    #[test]
    fn a_slot_opens_with_its_knowledge_for_its_owner_only() {
        let ambient = Ambient::system();
        let secret = CitizenSecret::new(SecretBytes::new([5; 32]));
        let ana = owner('1', Factor::Password);
        let slot = seal(&ambient, &cheap(), ana, b"right", &secret).unwrap();
        let opened = open(&slot, ana, b"right").unwrap().unwrap();
        assert_eq!(opened.expose(), secret.expose());
        assert!(open(&slot, ana, b"wrong").unwrap().is_none());
        for thief in [
            owner('2', Factor::Password),
            owner('1', Factor::ActivationCode),
        ] {
            assert!(matches!(
                open(&slot, thief, b"right"),
                Err(KeyslotError::Damaged(_))
            ));
        }
    }

    #[test]
    fn a_weak_slot_is_sealed_anew_and_a_strong_one_is_left() {
        let ambient = Ambient::system();
        let secret = CitizenSecret::new(SecretBytes::new([5; 32]));
        let ana = owner('1', Factor::Password);
        let slot = seal(&ambient, &cheap(), ana, b"right", &secret).unwrap();
        let strong = Derivation::new(16, 1, 1).unwrap();
        let anew = strengthen(&ambient, &strong, &slot, ana, b"right", &secret)
            .unwrap()
            .unwrap();
        assert_eq!(anew.derivation, strong.to_string());
        assert_eq!(anew.salt, slot.salt);
        assert!(open(&anew, ana, b"right").unwrap().is_some());
        assert!(
            strengthen(&ambient, &cheap(), &anew, ana, b"right", &secret)
                .unwrap()
                .is_none()
        );
    }
}
