//! Wrapping keys: one row each, which stays. A new KEK changes what wraps them.

use std::collections::BTreeMap;

use diesel::dsl::count_star;
use diesel::prelude::*;
use time::OffsetDateTime;

use super::cached::Cacheable;
use super::column::{corrupt, parsed};
use super::moment::{from_micros, to_micros};
use super::schema::{credentials, wrapping_keys};
use super::{AnyConnection, StoreError};
use crate::domain::credential::CredentialState;
use crate::domain::id::WrappingKeyId;
use crate::domain::key::KekVersion;
use crate::domain::wrapping::WrappingKey;

/// What became of an attempt to keep a wrapping key that was wrapped anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rewrapping {
    /// It is under the new KEK now.
    Kept,
    /// It was no longer under the old one: another process was first.
    Missed,
}

/// How much depends on one KEK.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KekLoad {
    /// How many wrapping keys it wraps.
    pub wrapping_keys: u64,
    /// How many credentials that are not revoked have their key wrapped by those.
    pub credentials: u64,
    /// How many credentials that are not revoked have their key wrapped by the KEK itself.
    pub directly: u64,
}

impl KekLoad {
    /// Whether a credential that is not revoked cannot sign without that KEK.
    pub fn is_needed(&self) -> bool {
        self.credentials + self.directly > 0
    }
}

/// Adds a wrapping key.
pub fn insert(connection: &mut AnyConnection, key: &WrappingKey) -> Result<(), StoreError> {
    diesel::insert_into(wrapping_keys::table)
        .values(&Row::try_from(key)?)
        .cached()
        .execute(connection)?;
    Ok(())
}

/// By identifier.
pub fn find(
    connection: &mut AnyConnection,
    id: WrappingKeyId,
) -> Result<Option<WrappingKey>, StoreError> {
    wrapping_keys::table
        .find(id.to_string())
        .select(Row::as_select())
        .first(connection)
        .optional()?
        .map(WrappingKey::try_from)
        .transpose()
}

/// The newest that this KEK wraps.
pub fn newest(
    connection: &mut AnyConnection,
    kek: KekVersion,
) -> Result<Option<WrappingKey>, StoreError> {
    wrapping_keys::table
        .filter(wrapping_keys::kek_version.eq(to_version(kek)?))
        .order((wrapping_keys::created_at.desc(), wrapping_keys::id.desc()))
        .select(Row::as_select())
        .first(connection)
        .optional()?
        .map(WrappingKey::try_from)
        .transpose()
}

/// All that an older KEK than this one wraps, the oldest first. There are few: one for thousands of credentials.
pub fn older_than(
    connection: &mut AnyConnection,
    kek: KekVersion,
) -> Result<Vec<WrappingKey>, StoreError> {
    wrapping_keys::table
        .filter(wrapping_keys::kek_version.lt(to_version(kek)?))
        .order((wrapping_keys::created_at, wrapping_keys::id))
        .select(Row::as_select())
        .load(connection)?
        .into_iter()
        .map(WrappingKey::try_from)
        .collect()
}

/// How many credentials have ever had their key wrapped by it, revoked ones included.
pub fn served(connection: &mut AnyConnection, id: WrappingKeyId) -> Result<u64, StoreError> {
    let served: i64 = credentials::table
        .filter(credentials::wrapping_key_id.eq(id.to_string()))
        .count()
        .get_result(connection)?;
    amount(served)
}

/// How many credentials that are not revoked have their key wrapped by it.
pub fn depending(connection: &mut AnyConnection, id: WrappingKeyId) -> Result<u64, StoreError> {
    let depending: i64 = credentials::table
        .filter(credentials::wrapping_key_id.eq(id.to_string()))
        .filter(credentials::state.ne(CredentialState::Revoked.as_str()))
        .count()
        .get_result(connection)?;
    amount(depending)
}

/// Notes that another KEK wraps it now, if `from` still did.
pub fn rewrap(
    connection: &mut AnyConnection,
    from: KekVersion,
    key: &WrappingKey,
) -> Result<Rewrapping, StoreError> {
    let changed = diesel::update(
        wrapping_keys::table
            .find(key.id.to_string())
            .filter(wrapping_keys::kek_version.eq(to_version(from)?)),
    )
    .set((
        wrapping_keys::kek_version.eq(to_version(key.kek)?),
        wrapping_keys::wrapped_key.eq(&key.wrapped),
        wrapping_keys::rewrapped_at.eq(key.rewrapped_at.map(to_micros)),
    ))
    .cached()
    .execute(connection)?;
    Ok(if changed == 0 {
        Rewrapping::Missed
    } else {
        Rewrapping::Kept
    })
}

/// When the last one was wrapped anew.
pub fn last_rewrapping(
    connection: &mut AnyConnection,
) -> Result<Option<OffsetDateTime>, StoreError> {
    let last: Option<i64> = wrapping_keys::table
        .select(diesel::dsl::max(wrapping_keys::rewrapped_at))
        .get_result(connection)?;
    last.map(from_micros).transpose()
}

/// What depends on each KEK, by version. Counts every credential; not for every request.
pub fn loads(connection: &mut AnyConnection) -> Result<BTreeMap<KekVersion, KekLoad>, StoreError> {
    let kept = credentials::state.ne(CredentialState::Revoked.as_str());
    let keys: Vec<(String, i32)> = wrapping_keys::table
        .select((wrapping_keys::id, wrapping_keys::kek_version))
        .load(connection)?;
    let through: Vec<(Option<String>, i64)> = credentials::table
        .filter(credentials::wrapping_key_id.is_not_null())
        .filter(kept)
        .group_by(credentials::wrapping_key_id)
        .select((credentials::wrapping_key_id, count_star()))
        .load(connection)?;
    let directly: Vec<(Option<i32>, i64)> = credentials::table
        .filter(credentials::kek_version.is_not_null())
        .filter(kept)
        .group_by(credentials::kek_version)
        .select((credentials::kek_version, count_star()))
        .load(connection)?;
    let mut loads: BTreeMap<KekVersion, KekLoad> = BTreeMap::new();
    for (id, version) in keys {
        let own = through
            .iter()
            .find(|(key, _)| key.as_ref() == Some(&id))
            .map_or(Ok(0), |(_, count)| amount(*count))?;
        let load = loads.entry(from_version(version)?).or_default();
        load.wrapping_keys += 1;
        load.credentials += own;
    }
    for (version, count) in directly {
        let version = version.map(from_version).transpose()?;
        if let Some(version) = version {
            loads.entry(version).or_default().directly += amount(count)?;
        }
    }
    Ok(loads)
}

/// A wrapping key's columns.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = wrapping_keys)]
pub(super) struct Row {
    id: String,
    kek_version: i32,
    wrapped_key: Vec<u8>,
    created_at: i64,
    rewrapped_at: Option<i64>,
}

impl TryFrom<&WrappingKey> for Row {
    type Error = StoreError;

    fn try_from(key: &WrappingKey) -> Result<Self, StoreError> {
        Ok(Self {
            id: key.id.to_string(),
            kek_version: to_version(key.kek)?,
            wrapped_key: key.wrapped.clone(),
            created_at: to_micros(key.created_at),
            rewrapped_at: key.rewrapped_at.map(to_micros),
        })
    }
}

impl TryFrom<Row> for WrappingKey {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: parsed("a wrapping key's identifier", &row.id)?,
            kek: from_version(row.kek_version)?,
            wrapped: row.wrapped_key,
            created_at: from_micros(row.created_at)?,
            rewrapped_at: row.rewrapped_at.map(from_micros).transpose()?,
        })
    }
}

/// A KEK version as a column has it.
pub(super) fn to_version(kek: KekVersion) -> Result<i32, StoreError> {
    i32::try_from(kek.0).map_err(|error| corrupt("a KEK version", error))
}

/// A KEK version from its column.
pub(super) fn from_version(column: i32) -> Result<KekVersion, StoreError> {
    u32::try_from(column)
        .map(KekVersion)
        .map_err(|error| corrupt("a KEK version", error))
}

fn amount(count: i64) -> Result<u64, StoreError> {
    u64::try_from(count).map_err(|error| corrupt("a count", error))
}
