//! Keyslots: the citizen secret, sealed under what the citizen knows. One row for each signer and factor.

use diesel::prelude::*;
use time::OffsetDateTime;

use super::cached::Cacheable;
use super::column::{WrongLength, corrupt};
use super::moment::{from_micros, to_micros};
use super::schema::keyslots;
use super::{AnyConnection, StoreError};
use crate::domain::factor::Factor;
use crate::domain::id::SignerId;

/// A slot as it is stored. Without the password or code, nothing in it helps to open it.
#[derive(Clone)]
pub struct Keyslot {
    /// How the key is derived, with all its parameters.
    pub derivation: String,
    /// Salt of the derivation, drawn for one password or code, by which it is told from the next.
    pub salt: Vec<u8>,
    /// SHA-256 of the derived verifier.
    pub verifier: [u8; 32],
    /// The citizen secret under the derived key.
    pub sealed_secret: Vec<u8>,
    /// When it was sealed.
    pub created_at: OffsetDateTime,
}

/// The slot this factor opens.
pub fn find(
    connection: &mut AnyConnection,
    signer: SignerId,
    factor: Factor,
) -> Result<Option<Keyslot>, StoreError> {
    keyslots::table
        .find((signer.to_string(), factor.as_str()))
        .select((
            keyslots::derivation,
            keyslots::salt,
            keyslots::verifier,
            keyslots::sealed_secret,
            keyslots::created_at,
        ))
        .first::<(String, Vec<u8>, Vec<u8>, Vec<u8>, i64)>(connection)
        .optional()?
        .map(|(derivation, salt, verifier, sealed_secret, created_at)| {
            Ok(Keyslot {
                derivation,
                salt,
                verifier: <[u8; 32]>::try_from(verifier.as_slice())
                    .ok()
                    .ok_or_else(|| corrupt("a keyslot's verifier", WrongLength))?,
                sealed_secret,
                created_at: from_micros(created_at)?,
            })
        })
        .transpose()
}

/// Puts a slot in the place of whatever slot this factor opened. To be called within a transaction.
pub fn put(
    connection: &mut AnyConnection,
    signer: SignerId,
    factor: Factor,
    slot: &Keyslot,
) -> Result<(), StoreError> {
    diesel::delete(keyslots::table.find((signer.to_string(), factor.as_str())))
        .execute(connection)?;
    diesel::insert_into(keyslots::table)
        .values((
            keyslots::signer_id.eq(signer.to_string()),
            keyslots::kind.eq(factor.as_str()),
            keyslots::derivation.eq(&slot.derivation),
            keyslots::salt.eq(&slot.salt),
            keyslots::verifier.eq(slot.verifier.as_slice()),
            keyslots::sealed_secret.eq(&slot.sealed_secret),
            keyslots::created_at.eq(to_micros(slot.created_at)),
        ))
        .cached()
        .execute(connection)?;
    Ok(())
}

/// Puts a slot in the place of the one with the same salt and that other derivation; does nothing when there is none
/// any more.
pub fn strengthen(
    connection: &mut AnyConnection,
    signer: SignerId,
    factor: Factor,
    weaker: &str,
    slot: &Keyslot,
) -> Result<(), StoreError> {
    diesel::update(
        keyslots::table
            .find((signer.to_string(), factor.as_str()))
            .filter(keyslots::salt.eq(&slot.salt))
            .filter(keyslots::derivation.eq(weaker)),
    )
    .set((
        keyslots::derivation.eq(&slot.derivation),
        keyslots::verifier.eq(slot.verifier.as_slice()),
        keyslots::sealed_secret.eq(&slot.sealed_secret),
        keyslots::created_at.eq(to_micros(slot.created_at)),
    ))
    .cached()
    .execute(connection)?;
    Ok(())
}

/// Takes all slots of a signer away: nothing opens the citizen secret any more.
pub fn delete_all(connection: &mut AnyConnection, signer: SignerId) -> Result<(), StoreError> {
    diesel::delete(keyslots::table.filter(keyslots::signer_id.eq(signer.to_string())))
        .execute(connection)?;
    Ok(())
}
