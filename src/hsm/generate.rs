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
