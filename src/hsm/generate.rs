//! Signers' keys as session objects: made and wrapped, or unwrapped for one job. Nothing stays on the token.

use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};

use super::call::Call;
use super::connection::Connection;
use super::error::{HsmError, Operation};
use super::key_pair::{self, key_type, signing_only};
use super::object::Ephemeral;
use super::settings::{SessionKeys, Settings};
use super::wrap::{self, Unwrapper, WrappedKey};
use crate::domain::algorithm::KeyAlgorithm;
use crate::domain::key::PublicKey;
use crate::domain::wrapping::WrappedBy;

/// A signer's key as it leaves the HSM.
#[derive(Debug, Clone)]
pub struct GeneratedKey {
    /// The private key, wrapped.
    pub wrapped: WrappedKey,
    /// The public key.
    pub public_key: PublicKey,
}

/// So many keys are made at most until the token can unwrap one. opencryptoki 3.8.1 wraps every RSA key and refuses to
/// unwrap about one in 130 (`CKR_FUNCTION_FAILED`).
const TRIES: u32 = 4;

/// Makes a key pair and wraps its private half. It is unwrapped once before it is given out: a wrapping that
/// could not be undone would only be found when the citizen signs.
pub(super) fn generate(
    connection: &mut Connection,
    settings: &Settings,
    call: &Call,
    by: &WrappedBy,
    algorithm: KeyAlgorithm,
) -> Result<GeneratedKey, HsmError> {
    let by = connection.unwrapper(settings, call, by)?;
    until_it_unwraps(|| generate_once(connection, settings, call, by, algorithm))
}

/// A key that the token cannot unwrap is of no use, and the next one may be: it is another.
fn until_it_unwraps<T>(mut make: impl FnMut() -> Result<T, HsmError>) -> Result<T, HsmError> {
    let mut outcome = make();
    for _ in 1..TRIES {
        let Err(error @ HsmError::WrappedKey { .. }) = &outcome else {
            break;
        };
        tracing::warn!(%error, "the token cannot unwrap a key that it has just wrapped; another one is made");
        outcome = make();
    }
    outcome
}

fn generate_once(
    connection: &Connection,
    settings: &Settings,
    call: &Call,
    by: (Unwrapper, ObjectHandle),
    algorithm: KeyAlgorithm,
) -> Result<GeneratedKey, HsmError> {
    let names = wrap::names(settings);
    let mut public = vec![Attribute::Token(false)];
    public.extend(names.clone());
    let mut private = vec![Attribute::Token(false), Attribute::Extractable(true)];
    private.extend(names);
    if settings.session_keys == SessionKeys::WrapWithTrusted {
        private.push(Attribute::WrapWithTrusted(true));
    }
    call.step(Operation::GenerateKeyPair)?;
    let pair = key_pair::generate(connection, algorithm, &public, &private)?;
    call.step(Operation::ReadAttributes)?;
    let public_key = key_pair::public_key(connection, pair.public.handle)?;
    let wrapped = wrap::wrap(connection, settings, call, by.1, pair.private.handle)?;
    unwrap(connection, settings, call, by, algorithm, &wrapped)?;
    Ok(GeneratedKey {
        wrapped,
        public_key,
    })
}

/// Unwraps a signer's key as a session object that is sensitive, cannot be extracted, and can only sign.
pub(super) fn unwrap<'a>(
    connection: &'a Connection,
    settings: &Settings,
    call: &Call,
    by: (Unwrapper, ObjectHandle),
    algorithm: KeyAlgorithm,
    wrapped: &WrappedKey,
) -> Result<Ephemeral<'a>, HsmError> {
    let mut template = vec![
        Attribute::Class(ObjectClass::PRIVATE_KEY),
        Attribute::KeyType(key_type(algorithm)),
        Attribute::Token(false),
        Attribute::Extractable(false),
    ];
    template.extend(signing_only());
    template.extend(wrap::names(settings));
    wrap::unwrap(connection, call, by, &template, wrapped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::key::KekVersion;

    fn not_unwrapped() -> HsmError {
        HsmError::WrappedKey {
            by: Unwrapper::Kek(KekVersion(1)),
            ckr: None,
        }
    }

    /// How it ended, and after how many keys.
    fn made(fates: impl IntoIterator<Item = Result<(), HsmError>>) -> (Result<(), HsmError>, u32) {
        let mut fates = fates.into_iter();
        let mut count = 0;
        let ended = until_it_unwraps(|| {
            count += 1;
            fates.next().unwrap()
        });
        (ended, count)
    }

    #[test]
    fn a_key_that_cannot_be_unwrapped_is_made_anew_and_not_forever() {
        assert!(matches!(made([Ok(())]), (Ok(()), 1)));
        let fates = [Err(not_unwrapped()), Err(not_unwrapped()), Ok(())];
        assert!(matches!(made(fates), (Ok(()), 3)));
        let fates = std::iter::repeat_with(|| Err(not_unwrapped()));
        assert!(matches!(
            made(fates),
            (Err(HsmError::WrappedKey { .. }), TRIES)
        ));
    }

    #[test]
    fn what_would_befall_the_next_key_too_is_told_at_once() {
        let fates = [Err(HsmError::KekMissing(KekVersion(1)))];
        assert!(matches!(made(fates), (Err(HsmError::KekMissing(_)), 1)));
    }
}
