//! Which parts of the journal were archived, and who archives at this moment.

use diesel::prelude::*;
use time::OffsetDateTime;

use super::cached::Cacheable;
use super::moment::{from_micros, to_micros};
use super::schema::{journal_archivers as archivers, journal_archives as archives};
use super::{AnyConnection, StoreError, nested};
use crate::domain::id::ArchiverId;

/// One record of an archive as it stands; whoever verifies must see what is there.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = archives)]
pub struct StoredArchive {
    /// Part of whose chain.
    pub node: String,
    /// Up to which row.
    pub seq: i64,
    /// What was signed.
    pub statement: String,
    /// The identifier of the key that signed it, in hexadecimal.
    pub key: String,
    /// The signature value.
    pub signature: Vec<u8>,
}

/// Whether somebody may archive a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holding {
    /// Nobody else does.
    Held,
    /// Another does, until then at least.
    Busy {
        /// When its time is over, unless it says otherwise.
        until: OffsetDateTime,
    },
}

/// Adds one. A second one up to the same row is a [`StoreError::Conflict`].
pub fn insert(connection: &mut AnyConnection, archive: &StoredArchive) -> Result<(), StoreError> {
    diesel::insert_into(archives::table)
        .values(archive)
        .cached()
        .execute(connection)?;
    Ok(())
}

/// All of a chain, in order. There is one for each run of the archiver.
pub fn of_node(
    connection: &mut AnyConnection,
    node: &str,
) -> Result<Vec<StoredArchive>, StoreError> {
    Ok(archives::table
        .filter(archives::node.eq(node))
        .order(archives::seq.asc())
        .select(StoredArchive::as_select())
        .load(connection)?)
}

/// The last of a chain.
pub fn newest(
    connection: &mut AnyConnection,
    node: &str,
) -> Result<Option<StoredArchive>, StoreError> {
    Ok(archives::table
        .filter(archives::node.eq(node))
        .order(archives::seq.desc())
        .select(StoredArchive::as_select())
        .first(connection)
        .optional()?)
}

/// The names of all chains that have any, sorted.
pub fn nodes(connection: &mut AnyConnection) -> Result<Vec<String>, StoreError> {
    let mut nodes: Vec<String> = archives::table
        .select(archives::node)
        .distinct()
        .load(connection)?;
    // Here rather than in the database, whose order depends on its locale.
    nodes.sort();
    Ok(nodes)
}

/// Makes that archiver the chain's only one until a moment, or says how long another is.
pub fn hold(
    connection: &mut AnyConnection,
    node: &str,
    holder: ArchiverId,
    now: OffsetDateTime,
    until: OffsetDateTime,
) -> Result<Holding, StoreError> {
    let lapsed = archivers::table
        .filter(archivers::node.eq(node))
        .filter(archivers::held_until.le(to_micros(now)));
    let taken = diesel::update(lapsed)
        .set((
            archivers::holder.eq(holder.to_string()),
            archivers::held_until.eq(to_micros(until)),
        ))
        .cached()
        .execute(connection)?;
    if taken > 0 {
        return Ok(Holding::Held);
    }
    let inserted = nested(connection, |connection| {
        diesel::insert_into(archivers::table)
            .values((
                archivers::node.eq(node),
                archivers::holder.eq(holder.to_string()),
                archivers::held_until.eq(to_micros(until)),
            ))
            .cached()
            .execute(connection)
            .map_err(StoreError::from)
    });
    match inserted {
        Ok(_) => Ok(Holding::Held),
        Err(StoreError::Conflict { .. }) => {
            let until = archivers::table
                .find(node)
                .select(archivers::held_until)
                .first::<i64>(connection)
                .optional()?;
            // Given back since: to be tried again at once.
            let until = until.map_or(Ok(now), from_micros)?;
            Ok(Holding::Busy { until })
        }
        Err(error) => Err(error),
    }
}

/// Lets the archiver that has the chain keep it until a moment; `false` when it has it no longer.
pub fn keep(
    connection: &mut AnyConnection,
    node: &str,
    holder: ArchiverId,
    until: OffsetDateTime,
) -> Result<bool, StoreError> {
    let kept = diesel::update(
        archivers::table
            .filter(archivers::node.eq(node))
            .filter(archivers::holder.eq(holder.to_string())),
    )
    .set(archivers::held_until.eq(to_micros(until)))
    .cached()
    .execute(connection)?;
    Ok(kept > 0)
}

/// Gives a chain back.
pub fn release(
    connection: &mut AnyConnection,
    node: &str,
    holder: ArchiverId,
) -> Result<(), StoreError> {
    diesel::delete(
        archivers::table
            .filter(archivers::node.eq(node))
            .filter(archivers::holder.eq(holder.to_string())),
    )
    .execute(connection)?;
    Ok(())
}
