//! Spent signature activation data: one row each, written once and never changed.

use diesel::prelude::*;
use time::OffsetDateTime;

use super::cached::Cacheable;
use super::moment::{from_micros, to_micros};
use super::schema::sads;
use super::{AnyConnection, StoreError};
use crate::domain::id::{ClaimId, CredentialId, RequestId, SadId};

/// Records that a SAD is spent. A second time is a [`StoreError::Conflict`], also when two nodes try at once.
pub fn spend(
    connection: &mut AnyConnection,
    id: SadId,
    request: RequestId,
    claim: ClaimId,
    credential: CredentialId,
    at: OffsetDateTime,
) -> Result<(), StoreError> {
    diesel::insert_into(sads::table)
        .values((
            sads::id.eq(id.to_string()),
            sads::request_id.eq(request.to_string()),
            sads::claim_id.eq(claim.to_string()),
            sads::credential_id.eq(credential.to_string()),
            sads::spent_at.eq(to_micros(at)),
        ))
        .cached()
        .execute(connection)?;
    Ok(())
}

/// Whether a SAD was spent by a process that had a request by this claim. What was spent by earlier claims, which were
/// given back, says nothing of this one.
pub fn any_by(connection: &mut AnyConnection, claim: ClaimId) -> Result<bool, StoreError> {
    Ok(diesel::select(diesel::dsl::exists(
        sads::table.filter(sads::claim_id.eq(claim.to_string())),
    ))
    .get_result(connection)?)
}

/// When a SAD was spent; `None` while it was not.
pub fn spent_at(
    connection: &mut AnyConnection,
    id: SadId,
) -> Result<Option<OffsetDateTime>, StoreError> {
    sads::table
        .find(id.to_string())
        .select(sads::spent_at)
        .first::<i64>(connection)
        .optional()?
        .map(from_micros)
        .transpose()
}
