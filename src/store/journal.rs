//! The journal's rows: added, read in order, never changed and never deleted.
//!
//! Rows are handed out exactly as they stand, not as domain values: whoever verifies must see what is there, also
//! when it is not what this program wrote.

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::schema::{journal, requests, sads};
use super::{AnyConnection, StoreError};
use crate::domain::request::RequestState;

/// Rows in one statement. Each has eight parameters, of which PostgreSQL takes 65,535.
const MOST_AT_ONCE: usize = 1_000;

/// One row as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = journal)]
pub struct Record {
    /// Whose chain it belongs to.
    pub node: String,
    /// Its place in the chain, from 1.
    pub seq: i64,
    /// When, in microseconds since 1970-01-01 UTC.
    pub at: i64,
    /// What happened.
    pub event: String,
    /// The signature request it is about, if it is about one.
    pub request_id: Option<String>,
    /// Everything else, JSON.
    pub body: String,
    /// The hash of the row before, 32 bytes; zeros in the first row.
    pub previous: Vec<u8>,
    /// The hash of this row, 32 bytes.
    pub hash: Vec<u8>,
}

/// The place and hash of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its place in the chain.
    pub seq: i64,
    /// Its hash.
    pub hash: Vec<u8>,
}

/// Which rows to read. Times are microseconds since 1970-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// From this moment on.
    pub from: i64,
    /// Up to this moment, which is not included.
    pub until: i64,
}

impl Window {
    /// All rows.
    pub const ALL: Self = Self {
        from: i64::MIN,
        until: i64::MAX,
    };
}

/// Adds rows. One whose place is taken is a [`StoreError::Conflict`].
pub fn insert(connection: &mut AnyConnection, records: &[Record]) -> Result<(), StoreError> {
    match connection {
        // One statement for many rows saves as many turns on the network; SQLite has none.
        AnyConnection::Postgres(inner) => {
            for some in records.chunks(MOST_AT_ONCE) {
                diesel::insert_into(journal::table)
                    .values(some)
                    .execute(inner)?;
            }
        }
        AnyConnection::Sqlite(inner) => {
            for record in records {
                diesel::insert_into(journal::table)
                    .values(record)
                    .execute(inner)?;
            }
        }
    }
    Ok(())
}

/// The last row of a chain; `None` while it has none.
pub fn end(connection: &mut AnyConnection, node: &str) -> Result<Option<Place>, StoreError> {
    let found = journal::table
        .filter(journal::node.eq(node))
        .order(journal::seq.desc())
        .select((journal::seq, journal::hash))
        .first::<(i64, Vec<u8>)>(connection)
        .optional()?;
    Ok(found.map(|(seq, hash)| Place { seq, hash }))
}

/// The hash kept in one row.
pub fn hash_at(
    connection: &mut AnyConnection,
    node: &str,
    seq: i64,
) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(journal::table
        .find((node, seq))
        .select(journal::hash)
        .first(connection)
        .optional()?)
}

/// The names of all chains, sorted.
pub fn nodes(connection: &mut AnyConnection) -> Result<Vec<String>, StoreError> {
    let mut nodes: Vec<String> = journal::table
        .select(journal::node)
        .distinct()
        .load(connection)?;
    // Here rather than in the database, whose order depends on its locale.
    nodes.sort();
    Ok(nodes)
}

/// The bodies of a request's rows of one kind, at most `most`, in no order.
pub fn bodies(
    connection: &mut AnyConnection,
    request: &str,
    event: &str,
    most: u32,
) -> Result<Vec<String>, StoreError> {
    Ok(journal::table
        .filter(journal::request_id.eq(request))
        .filter(journal::event.eq(event))
        .limit(most.into())
        .select(journal::body)
        .load(connection)?)
}

/// Requests for which a SAD was spent that no row of that event names, at most so many.
pub fn unknown_acts(
    connection: &mut AnyConnection,
    intent: &str,
    most: i64,
) -> Result<Vec<String>, StoreError> {
    // Bodies are canonical: the member is written in this one way.
    let named = "%\"sad\":\""
        .into_sql::<Text>()
        .concat(sads::id)
        .concat("\"%");
    let known = journal::table
        .filter(journal::request_id.eq(sads::request_id.nullable()))
        .filter(journal::event.eq(intent))
        .filter(journal::body.like(named));
    Ok(sads::table
        .filter(not(exists(known)))
        .order(sads::request_id)
        .select(sads::request_id)
        .distinct()
        .limit(most)
        .load(connection)?)
}

/// Completed requests that no row of that event is about, at most so many.
pub fn unknown_outcomes(
    connection: &mut AnyConnection,
    outcome: &str,
    most: i64,
) -> Result<Vec<String>, StoreError> {
    let known = journal::table
        .filter(journal::request_id.eq(requests::id.nullable()))
        .filter(journal::event.eq(outcome));
    Ok(requests::table
        .filter(requests::state.eq(RequestState::Completed.as_str()))
        .filter(not(exists(known)))
        .order(requests::id)
        .select(requests::id)
        .limit(most)
        .load(connection)?)
}

/// How many rows there are in all chains.
pub fn count(connection: &mut AnyConnection) -> Result<i64, StoreError> {
    Ok(journal::table.count().get_result(connection)?)
}

/// The next rows of a chain after a place, in order, at most `limit`.
pub fn page(
    connection: &mut AnyConnection,
    node: &str,
    after: Option<i64>,
    window: Window,
    limit: i64,
) -> Result<Vec<Record>, StoreError> {
    let mut query = journal::table
        .filter(journal::node.eq(node))
        .filter(journal::at.ge(window.from))
        .filter(journal::at.lt(window.until))
        .order(journal::seq.asc())
        .limit(limit)
        .select(Record::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(journal::seq.gt(after));
    }
    Ok(query.load(connection)?)
}
