//! The built-in authorities: one row each, with the newest revocation list. Their keys are in the HSM.

use diesel::prelude::*;
use time::OffsetDateTime;

use super::cached::Cacheable;
use super::column::corrupt;
use super::moment::{from_micros, to_micros};
use super::schema::authorities;
use super::{AnyConnection, StoreError};
use crate::domain::authority::AuthorityRole;

/// An authority as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAuthority {
    /// Its certificate in DER.
    pub certificate: Vec<u8>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// Its newest revocation list; `None` until the first is issued.
    pub revocation_list: Option<StoredList>,
    /// Whether the list knows every revocation.
    pub coverage: Coverage,
}

/// Whether a revocation list is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coverage {
    /// Every revocation is on it.
    Complete,
    /// Something was revoked since.
    Behind,
}

/// The turn to issue a revocation list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// The number of the list.
    pub number: u64,
    /// How many revocations there were when the turn was taken. The list, read afterwards, knows them all.
    revocations: i64,
}

/// A revocation list as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredList {
    /// The list in DER.
    pub der: Vec<u8>,
    /// When the next one must be there.
    pub next_update: OffsetDateTime,
}

/// What became of a revocation list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is kept as the newest.
    Newest,
    /// A later number was taken meanwhile; nothing changed.
    Overtaken,
}

/// Adds an authority. One in the same place is a [`StoreError::Conflict`].
pub fn insert(
    connection: &mut AnyConnection,
    role: AuthorityRole,
    certificate: &[u8],
    at: OffsetDateTime,
) -> Result<(), StoreError> {
    diesel::insert_into(authorities::table)
        .values((
            authorities::name.eq(role.as_str()),
            authorities::certificate.eq(certificate),
            authorities::created_at.eq(to_micros(at)),
            authorities::crl_number.eq(0_i64),
        ))
        .cached()
        .execute(connection)?;
    Ok(())
}

/// The authority in this place.
pub fn find(
    connection: &mut AnyConnection,
    role: AuthorityRole,
) -> Result<Option<StoredAuthority>, StoreError> {
    authorities::table
        .find(role.as_str())
        .select(Row::as_select())
        .first(connection)
        .optional()?
        .map(StoredAuthority::try_from)
        .transpose()
}

/// Takes the turn to issue the next revocation list. Numbers only grow, also between nodes; one that is taken and
/// not used leaves a gap, which RFC 5280 section 5.2.3 allows. `None` when there is no such authority.
pub fn take_turn(
    connection: &mut AnyConnection,
    role: AuthorityRole,
) -> Result<Option<Turn>, StoreError> {
    let taken = diesel::update(authorities::table.find(role.as_str()))
        .set(authorities::crl_number.eq(authorities::crl_number + 1))
        .returning((authorities::crl_number, authorities::revocations))
        .cached()
        .get_result::<(i64, i64)>(connection)
        .optional()?;
    taken
        .map(|(number, revocations)| {
            let number = u64::try_from(number).map_err(|error| corrupt("a list number", error))?;
            Ok(Turn {
                number,
                revocations,
            })
        })
        .transpose()
}

/// Notes that an authority's list is behind: one of its certificates was revoked in this transaction.
pub(super) fn note_revocation(
    connection: &mut AnyConnection,
    role: AuthorityRole,
) -> Result<(), StoreError> {
    diesel::update(authorities::table.find(role.as_str()))
        .set(authorities::revocations.eq(authorities::revocations + 1))
        .cached()
        .execute(connection)?;
    Ok(())
}

/// Keeps a revocation list, unless a later number was taken meanwhile: then the later list replaces it anyway, and
/// knows no fewer revocations.
pub fn keep_list(
    connection: &mut AnyConnection,
    role: AuthorityRole,
    turn: Turn,
    list: &StoredList,
) -> Result<Kept, StoreError> {
    let number = i64::try_from(turn.number).map_err(|error| corrupt("a list number", error))?;
    let changed = diesel::update(
        authorities::table
            .find(role.as_str())
            .filter(authorities::crl_number.eq(number)),
    )
    .set((
        authorities::crl.eq(Some(&list.der)),
        authorities::crl_next_update.eq(Some(to_micros(list.next_update))),
        authorities::crl_revocations.eq(turn.revocations),
    ))
    .cached()
    .execute(connection)?;
    Ok(match changed {
        0 => Kept::Overtaken,
        _ => Kept::Newest,
    })
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = authorities)]
struct Row {
    certificate: Vec<u8>,
    created_at: i64,
    crl: Option<Vec<u8>>,
    crl_next_update: Option<i64>,
    revocations: i64,
    crl_revocations: i64,
}

impl TryFrom<Row> for StoredAuthority {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let revocation_list = match (row.crl, row.crl_next_update) {
            (Some(der), Some(next_update)) => Some(StoredList {
                der,
                next_update: from_micros(next_update)?,
            }),
            _ => None,
        };
        Ok(Self {
            certificate: row.certificate,
            created_at: from_micros(row.created_at)?,
            revocation_list,
            coverage: if row.crl_revocations < row.revocations {
                Coverage::Behind
            } else {
                Coverage::Complete
            },
        })
    }
}
