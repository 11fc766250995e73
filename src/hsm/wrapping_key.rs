//! Wrapping keys: AES-256, between the KEK and the signers' keys.
//!
//! A wrapping key is made as a session object and leaves the token wrapped by a KEK. A session that needs one unwraps it,
//! keeps its handle, and wraps and unwraps signers' keys with it, so a signature costs one unwrapping however deep the
//! levels are. A new KEK means wrapping these anew, and no signer's key.

use cryptoki::error::RvError;
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, KeyType, ObjectClass, ObjectHandle};

use super::call::Call;
use super::connection::Connection;
use super::error::{Ckr, During, HsmError, Operation};
use super::kek::KEY_BYTES;
use super::object::Ephemeral;
use super::settings::Settings;
use super::wrap::{self, Unwrapper, WrappedKey};
use crate::domain::key::KekVersion;
use crate::domain::wrapping::{WrappedBy, WrappingKey};

/// How many wrapping keys a session keeps at hand; they serve sixteen million credentials. When one more is needed, all are
/// let go, so the token's memory stays bounded whatever the database holds.
const MOST_AT_HAND: usize = 256;

/// What the HSM may do with a wrapping key that is on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stay {
    /// It is not to leave the token any more: to wrap and unwrap signers' keys.
    Inside,
    /// The KEK is to wrap it.
    ToBeWrapped,
}

/// Makes a wrapping key and wraps it by that KEK. It is unwrapped once before it is given out.
pub(super) fn generate(
    connection: &mut Connection,
    settings: &Settings,
    call: &Call,
    kek: KekVersion,
) -> Result<WrappedKey, HsmError> {
    let kek = (kek, connection.kek(call, kek)?);
    let key = made(connection, settings, call)?;
    let wrapped = wrap::wrap(connection, settings, call, kek.1, key.handle)?;
    unwrap(connection, settings, call, kek, &wrapped, Stay::Inside)?;
    Ok(wrapped)
}

/// Wraps a wrapping key by another KEK. What comes out is proved to be the same key: both wrap the same throwaway key to the
/// same bytes. AES key wrap (RFC 5649) and CBC under one initialisation vector are deterministic, so other keys would not.
pub(super) fn rewrap(
    connection: &mut Connection,
    settings: &Settings,
    call: &Call,
    from: (KekVersion, &WrappedKey),
    to: KekVersion,
) -> Result<WrappedKey, HsmError> {
    let (old_version, old_wrapped) = from;
    let old = (old_version, connection.kek(call, old_version)?);
    let new = (to, connection.kek(call, to)?);
    let key = unwrap(
        connection,
        settings,
        call,
        old,
        old_wrapped,
        Stay::ToBeWrapped,
    )?;
    let wrapped = wrap::wrap(connection, settings, call, new.1, key.handle)?;
    let again = unwrap(connection, settings, call, new, &wrapped, Stay::Inside)?;
    let throwaway = made(connection, settings, call)?;
    let iv = wrap::fresh_iv(connection, settings, call)?;
    let by = |key: &Ephemeral<'_>| {
        wrap::wrap_with(connection, settings, call, iv, key.handle, throwaway.handle)
    };
    if by(&key)? == by(&again)? {
        Ok(wrapped)
    } else {
        Err(HsmError::RewrappedOtherwise {
            from: old_version,
            to,
        })
    }
}

impl Connection {
    /// The handle of what wraps a signer's key, and its name.
    pub(super) fn unwrapper(
        &mut self,
        settings: &Settings,
        call: &Call,
        by: &WrappedBy,
    ) -> Result<(Unwrapper, ObjectHandle), HsmError> {
        match by {
            WrappedBy::Kek(version) => Ok((Unwrapper::Kek(*version), self.kek(call, *version)?)),
            WrappedBy::WrappingKey(key) => Ok((
                Unwrapper::WrappingKey(key.id),
                self.wrapping_key(settings, call, key)?,
            )),
        }
    }

    fn wrapping_key(
        &mut self,
        settings: &Settings,
        call: &Call,
        key: &WrappingKey,
    ) -> Result<ObjectHandle, HsmError> {
        if let Some(handle) = self.wrapping_keys.get(&key.id) {
            return Ok(*handle);
        }
        let kek = (key.kek, self.kek(call, key.kek)?);
        if self.wrapping_keys.len() >= MOST_AT_HAND {
            for (_, handle) in std::mem::take(&mut self.wrapping_keys) {
                drop(Ephemeral::new(self, handle));
            }
        }
        let wrapped = WrappedKey::new(key.wrapped.clone());
        let handle = unwrap(self, settings, call, kek, &wrapped, Stay::Inside)?.keep();
        self.wrapping_keys.insert(key.id, handle);
        Ok(handle)
    }
}

/// A new AES-256 key that can be wrapped.
fn made<'a>(
    connection: &'a Connection,
    settings: &Settings,
    call: &Call,
) -> Result<Ephemeral<'a>, HsmError> {
    let mut template = attributes(settings, Stay::ToBeWrapped);
    template.push(Attribute::ValueLen(KEY_BYTES.into()));
    call.step(Operation::GenerateWrappingKey)?;
    let handle = connection
        .session
        .generate_key(&Mechanism::AesKeyGen, &template)
        .during(Operation::GenerateWrappingKey)?;
    Ok(Ephemeral::new(connection, handle))
}

/// Unwraps a wrapping key as a session object that is sensitive and wraps and unwraps, and nothing else.
fn unwrap<'a>(
    connection: &'a Connection,
    settings: &Settings,
    call: &Call,
    kek: (KekVersion, ObjectHandle),
    wrapped: &WrappedKey,
    stay: Stay,
) -> Result<Ephemeral<'a>, HsmError> {
    let mut template = vec![
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::AES),
    ];
    template.extend(attributes(settings, stay));
    let (version, kek) = kek;
    let by = (Unwrapper::Kek(version), kek);
    match wrap::unwrap(connection, call, by, &template, wrapped) {
        // An unwrapped key can be wrapped again unless the template says otherwise (PKCS#11 v3.1, C_UnwrapKey). SoftHSM must
        // be told so all the same; opencryptoki takes it amiss.
        Err(HsmError::Refused {
            ckr: Ckr(RvError::AttributeReadOnly),
            ..
        }) if stay == Stay::ToBeWrapped => {
            template.retain(|attribute| !matches!(attribute, Attribute::Extractable(_)));
            wrap::unwrap(connection, call, by, &template, wrapped)
        }
        unwrapped => unwrapped,
    }
}

fn attributes(settings: &Settings, stay: Stay) -> Vec<Attribute> {
    let mut attributes = vec![
        Attribute::Token(false),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(stay == Stay::ToBeWrapped),
        Attribute::Wrap(true),
        Attribute::Unwrap(true),
        // As with a KEK: one that also decrypts would give wrapped keys away in the clear.
        Attribute::Encrypt(false),
        Attribute::Decrypt(false),
        Attribute::Sign(false),
        Attribute::Verify(false),
        Attribute::Derive(false),
    ];
    attributes.extend(wrap::names(settings));
    attributes
}
