//! Keys of the built-in authorities: few, long-lived, on the token under a label.

use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};

use super::call::Call;
use super::connection::Connection;
use super::error::{HsmError, Operation};
use super::{key_pair, sign};
use crate::domain::algorithm::KeyAlgorithm;
use crate::domain::key::{PublicKey, SignatureValue, ToSign};

/// Makes a key pair that stays; refuses when the label is taken.
pub(super) fn generate(
    connection: &Connection,
    call: &Call,
    label: &str,
    algorithm: KeyAlgorithm,
) -> Result<PublicKey, HsmError> {
    for class in [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY] {
        call.step(Operation::Find)?;
        if connection
            .find_one(label, &template(class, label))?
            .is_some()
        {
            return Err(HsmError::AuthorityExists(label.to_owned()));
        }
    }
    let shared = [
        Attribute::Token(true),
        Attribute::Label(label.as_bytes().to_vec()),
        Attribute::Id(label.as_bytes().to_vec()),
        Attribute::Modifiable(false),
    ];
    let mut private = shared.to_vec();
    private.push(Attribute::Extractable(false));
    call.step(Operation::GenerateKeyPair)?;
    let pair = key_pair::generate(connection, algorithm, &shared, &private)?;
    let public_key = key_pair::public_key(connection, pair.public.handle)?;
    pair.public.keep();
    pair.private.keep();
    connection.memory.note(label);
    Ok(public_key)
}

/// The public key under a label.
pub(super) fn public_key(
    connection: &mut Connection,
    call: &Call,
    label: &str,
) -> Result<Option<PublicKey>, HsmError> {
    Ok(find(connection, call, label)?.map(|(_, public_key)| public_key))
}

/// Signs with the key under a label.
pub(super) fn sign_with(
    connection: &mut Connection,
    call: &Call,
    label: &str,
    to_sign: &ToSign,
) -> Result<SignatureValue, HsmError> {
    let (key, public_key) = find(connection, call, label)?
        .ok_or_else(|| HsmError::AuthorityMissing(label.to_owned()))?;
    sign::sign(connection, call, key, public_key.algorithm(), to_sign)
}

fn find(
    connection: &mut Connection,
    call: &Call,
    label: &str,
) -> Result<Option<(ObjectHandle, PublicKey)>, HsmError> {
    if let Some(known) = connection.authorities.get(label) {
        return Ok(Some(known.clone()));
    }
    call.step(Operation::Find)?;
    let private = connection.find_one(label, &template(ObjectClass::PRIVATE_KEY, label))?;
    let public = connection.find_one(label, &template(ObjectClass::PUBLIC_KEY, label))?;
    let (Some(private), Some(public)) = (private, public) else {
        return Ok(None);
    };
    call.step(Operation::ReadAttributes)?;
    let found = (private, key_pair::public_key(connection, public)?);
    connection.memory.note(label);
    connection
        .authorities
        .insert(label.to_owned(), found.clone());
    Ok(Some(found))
}

fn template(class: ObjectClass, label: &str) -> [Attribute; 3] {
    [
        Attribute::Class(class),
        Attribute::Token(true),
        Attribute::Label(label.as_bytes().to_vec()),
    ]
}
