//! The journal's checkpoints: added, read in order, never changed. They are deleted only when they were archived with the
//! rows before them.

use diesel::prelude::*;

use super::cached::Cacheable;
use super::schema::journal_checkpoints as checkpoints;
use super::{AnyConnection, StoreError};

/// One checkpoint as it stands; whoever verifies must see what is there.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = checkpoints)]
pub struct StoredCheckpoint {
    /// Whose chain it is about.
    pub node: String,
    /// About which row.
    pub seq: i64,
    /// What was signed.
    pub statement: String,
    /// The identifier of the key that signed it, in hexadecimal.
    pub key: String,
    /// The signature value.
    pub signature: Vec<u8>,
}

/// Adds one. A second one about the same row is a [`StoreError::Conflict`].
pub fn insert(
    connection: &mut AnyConnection,
    checkpoint: &StoredCheckpoint,
) -> Result<(), StoreError> {
    diesel::insert_into(checkpoints::table)
        .values(checkpoint)
        .cached()
        .execute(connection)?;
    Ok(())
}

/// The names of all chains that have any, sorted.
pub fn nodes(connection: &mut AnyConnection) -> Result<Vec<String>, StoreError> {
    let mut nodes: Vec<String> = Vec::new();
    // From name to name, as with the rows.
    loop {
        let mut query = checkpoints::table
            .select(checkpoints::node)
            .order(checkpoints::node)
            .into_boxed();
        if let Some(last) = nodes.last() {
            query = query.filter(checkpoints::node.gt(last.clone()));
        }
        match query.first(connection).optional()? {
            Some(next) => nodes.push(next),
            None => break,
        }
    }
    // Here rather than in the database, whose order depends on its locale.
    nodes.sort();
    Ok(nodes)
}

/// The newest of each node, sorted by node.
pub fn newest(connection: &mut AnyConnection) -> Result<Vec<StoredCheckpoint>, StoreError> {
    let mut newest = Vec::new();
    for node in nodes(connection)? {
        newest.extend(up_to(connection, &node, i64::MAX, 1)?);
    }
    Ok(newest)
}

/// Those of a chain about no later row than that, the newest first, at most so many.
pub fn up_to(
    connection: &mut AnyConnection,
    node: &str,
    seq: i64,
    most: i64,
) -> Result<Vec<StoredCheckpoint>, StoreError> {
    Ok(checkpoints::table
        .filter(checkpoints::node.eq(node))
        .filter(checkpoints::seq.le(seq))
        .order(checkpoints::seq.desc())
        .limit(most)
        .select(StoredCheckpoint::as_select())
        .load(connection)?)
}

/// The one about a row.
pub fn find(
    connection: &mut AnyConnection,
    node: &str,
    seq: i64,
) -> Result<Option<StoredCheckpoint>, StoreError> {
    Ok(checkpoints::table
        .find((node, seq))
        .select(StoredCheckpoint::as_select())
        .first(connection)
        .optional()?)
}

/// The next ones of a chain after a place and up to another, in order, at most so many.
pub fn page(
    connection: &mut AnyConnection,
    node: &str,
    after: i64,
    until: i64,
    most: i64,
) -> Result<Vec<StoredCheckpoint>, StoreError> {
    Ok(checkpoints::table
        .filter(checkpoints::node.eq(node))
        .filter(checkpoints::seq.gt(after))
        .filter(checkpoints::seq.le(until))
        .order(checkpoints::seq.asc())
        .limit(most)
        .select(StoredCheckpoint::as_select())
        .load(connection)?)
}

/// Deletes those of a chain about rows from one place to another, both included. They must have been archived.
pub fn delete(
    connection: &mut AnyConnection,
    node: &str,
    first: i64,
    last: i64,
) -> Result<usize, StoreError> {
    Ok(diesel::delete(
        checkpoints::table
            .filter(checkpoints::node.eq(node))
            .filter(checkpoints::seq.ge(first))
            .filter(checkpoints::seq.le(last)),
    )
    .execute(connection)?)
}
