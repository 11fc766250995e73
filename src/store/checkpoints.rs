//! The journal's checkpoints: added, read in order, never changed.

use diesel::prelude::*;

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
        .execute(connection)?;
    Ok(())
}

/// The newest of each node, sorted by node.
pub fn newest(connection: &mut AnyConnection) -> Result<Vec<StoredCheckpoint>, StoreError> {
    let mut nodes: Vec<String> = checkpoints::table
        .select(checkpoints::node)
        .distinct()
        .load(connection)?;
    // Here rather than in the database, whose order depends on its locale.
    nodes.sort();
    let mut newest = Vec::with_capacity(nodes.len());
    for node in nodes {
        newest.extend(
            checkpoints::table
                .filter(checkpoints::node.eq(node))
                .order(checkpoints::seq.desc())
                .select(StoredCheckpoint::as_select())
                .first(connection)
                .optional()?,
        );
    }
    Ok(newest)
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

/// The next ones after a place, by node and row, at most so many.
pub fn page(
    connection: &mut AnyConnection,
    after: Option<&(String, i64)>,
    most: i64,
) -> Result<Vec<StoredCheckpoint>, StoreError> {
    let mut query = checkpoints::table
        .order((checkpoints::node, checkpoints::seq))
        .limit(most)
        .select(StoredCheckpoint::as_select())
        .into_boxed();
    if let Some((node, seq)) = after {
        query = query.filter(
            checkpoints::node.gt(node.clone()).or(checkpoints::node
                .eq(node.clone())
                .and(checkpoints::seq.gt(*seq))),
        );
    }
    Ok(query.load(connection)?)
}
