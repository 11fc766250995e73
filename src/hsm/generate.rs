//! Making a signer's key: session objects, wrapped, destroyed. Nothing stays on the token.

use cryptoki::object::Attribute;

use super::call::Call;
use super::connection::Connection;
use super::error::{HsmError, Operation};
use super::key_pair;
use super::settings::{SessionKeys, Settings};
use super::wrap::{self, WrappedKey};
use crate::domain::algorithm::KeyAlgorithm;
use crate::domain::key::{KekVersion, PublicKey};

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
    kek: KekVersion,
    algorithm: KeyAlgorithm,
) -> Result<GeneratedKey, HsmError> {
    let kek = (kek, connection.kek(call, kek)?);
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
    let wrapped = wrap::wrap(connection, settings, call, kek.1, pair.private.handle)?;
    wrap::unwrap(connection, settings, call, kek, algorithm, &wrapped)?;
    Ok(GeneratedKey {
        wrapped,
        public_key,
    })
}
