//! The journal's rows: added, read in order, never changed. They are deleted only when they were archived.
//!
//! There may be a billion of them, so nothing here reads more than it gives: every statement goes along the primary key
//! `(node, seq)`, `(node, at)` or the request. Bounds of time and of place do not come in one statement with an order,
//! because PostgreSQL, once it plans a prepared statement without its values, may take the wrong one of two indexes.
//!
//! Rows are handed out exactly as they stand, not as domain values: whoever verifies must see what is there, also
//! when it is not what this program wrote.

use diesel::dsl::{count_star, exists, max, min, not};
use diesel::prelude::*;
use diesel::sql_types::Text;
use time::OffsetDateTime;

use super::cached::Cacheable;
use super::connection::on_either;
use super::moment::to_micros;
use super::schema::{journal, requests, sads};
use super::{AnyConnection, StoreError};
use crate::domain::request::RequestState;

/// Rows in one statement. Each has eight parameters, of which PostgreSQL takes 65,535.
const MOST_AT_ONCE: usize = 1_000;
/// In microseconds. More than lies between the making of an identifier and its use, or between clocks of nodes.
const AN_HOUR: i64 = 3_600_000_000;

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

/// A time. In microseconds since 1970-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// From this moment on.
    pub from: i64,
    /// Up to this moment, which is not included.
    pub until: i64,
}

/// Where rows of a chain lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The lowest place.
    pub first: i64,
    /// The highest.
    pub last: i64,
    /// How many rows are meant.
    pub rows: i64,
}

/// Adds a row. Where its place is taken, that is a [`StoreError::Conflict`], and the transaction can go on.
pub fn insert(connection: &mut AnyConnection, record: &Record) -> Result<(), StoreError> {
    let row = diesel::insert_into(journal::table).values(record);
    let added = match connection {
        AnyConnection::Postgres(_) => row.on_conflict_do_nothing().cached().execute(connection)?,
        // Nothing but the statement is undone here when it fails.
        AnyConnection::Sqlite(_) => row.cached().execute(connection)?,
    };
    if added == 0 {
        return Err(StoreError::Conflict {
            constraint: "journal_pkey".to_owned(),
        });
    }
    Ok(())
}

/// Adds rows. One whose place is taken is a [`StoreError::Conflict`]; what was done since the last savepoint has to be
/// undone then.
pub fn insert_all(connection: &mut AnyConnection, records: &[Record]) -> Result<(), StoreError> {
    match connection {
        // One statement for many rows saves as many turns on the network; SQLite has none.
        AnyConnection::Postgres(inner) => {
            for some in records.chunks(MOST_AT_ONCE) {
                diesel::insert_into(journal::table)
                    .values(some)
                    .execute(inner)?;
            }
            Ok(())
        }
        AnyConnection::Sqlite(_) => records
            .iter()
            .try_for_each(|record| insert(connection, record)),
    }
}

/// The last row of a chain; `None` while it has none.
pub fn end(connection: &mut AnyConnection, node: &str) -> Result<Option<Place>, StoreError> {
    let found = on_either!(connection, inner => journal::table
        .filter(journal::node.eq(node))
        .order(journal::seq.desc())
        .select((journal::seq, journal::hash))
        .first::<(i64, Vec<u8>)>(inner)
        .optional())?;
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
    let mut nodes: Vec<String> = Vec::new();
    // From name to name: neither database skips equal ones by itself, and there are as many as rows.
    loop {
        let mut query = journal::table
            .select(journal::node)
            .order(journal::node)
            .into_boxed();
        if let Some(last) = nodes.last() {
            query = query.filter(journal::node.gt(last.clone()));
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

/// Requests for which a SAD was spent after a moment that no row of that event names, at most so many. `None` is the
/// beginning of time.
pub fn unknown_acts(
    connection: &mut AnyConnection,
    intent: &str,
    after: Option<OffsetDateTime>,
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
    let mut unknown = sads::table
        .filter(not(exists(known)))
        .order(sads::request_id)
        .select(sads::request_id)
        .distinct()
        .limit(most)
        .into_boxed();
    if let Some(after) = after.map(to_micros) {
        // Identifiers begin with the time they were made at, shortly before they were spent: a range of the primary key.
        unknown = unknown
            .filter(sads::id.gt(least_id(after.saturating_sub(AN_HOUR))))
            .filter(sads::spent_at.gt(after));
    }
    Ok(unknown.load(connection)?)
}

/// Requests completed after a moment that no row of that event is about, at most so many. `None` is the beginning of
/// time.
pub fn unknown_outcomes(
    connection: &mut AnyConnection,
    outcome: &str,
    after: Option<OffsetDateTime>,
    most: i64,
) -> Result<Vec<String>, StoreError> {
    let known = journal::table
        .filter(journal::request_id.eq(requests::id.nullable()))
        .filter(journal::event.eq(outcome));
    let mut unknown = requests::table
        .filter(requests::state.eq(RequestState::Completed.as_str()))
        .filter(not(exists(known)))
        .order(requests::id)
        .select(requests::id)
        .limit(most)
        .into_boxed();
    if let Some(after) = after.map(to_micros) {
        // Approved in time, and signed soon after: a range of the index.
        unknown = unknown
            .filter(requests::expires_at.gt(after.saturating_sub(AN_HOUR)))
            .filter(requests::finished_at.gt(Some(after)));
    }
    Ok(unknown.load(connection)?)
}

/// The place of a chain's first row.
pub fn first(connection: &mut AnyConnection, node: &str) -> Result<Option<i64>, StoreError> {
    Ok(journal::table
        .filter(journal::node.eq(node))
        .order(journal::seq.asc())
        .select(journal::seq)
        .first(connection)
        .optional()?)
}

/// Where the rows of a chain lie that were written within that time; `None` when there are none. Reads as many entries
/// of an index as there are rows.
pub fn span(
    connection: &mut AnyConnection,
    node: &str,
    window: Window,
) -> Result<Option<Span>, StoreError> {
    // With the count it cannot be mistaken for a question about the ends of the chain, for which the whole of it might
    // be walked through.
    let (first, last, rows): (Option<i64>, Option<i64>, i64) = journal::table
        .filter(journal::node.eq(node))
        .filter(journal::at.ge(window.from))
        .filter(journal::at.lt(window.until))
        .select((min(journal::seq), max(journal::seq), count_star()))
        .first(connection)?;
    Ok(first
        .zip(last)
        .map(|(first, last)| Span { first, last, rows }))
}

/// The place of the newest row of a chain that was written before a moment, by the clock of its node.
pub fn last_before(
    connection: &mut AnyConnection,
    node: &str,
    moment: i64,
) -> Result<Option<i64>, StoreError> {
    Ok(journal::table
        .filter(journal::node.eq(node))
        .filter(journal::at.lt(moment))
        .order(journal::at.desc())
        .select(journal::seq)
        .first(connection)
        .optional()?)
}

/// The next rows of a chain after a place and up to another, in order, at most `limit`.
pub fn page(
    connection: &mut AnyConnection,
    node: &str,
    after: i64,
    until: i64,
    limit: i64,
) -> Result<Vec<Record>, StoreError> {
    Ok(journal::table
        .filter(journal::node.eq(node))
        .filter(journal::seq.gt(after))
        .filter(journal::seq.le(until))
        .order(journal::seq.asc())
        .limit(limit)
        .select(Record::as_select())
        .load(connection)?)
}

/// Deletes the rows of a chain from one place to another, both included. They must have been archived.
pub fn delete(
    connection: &mut AnyConnection,
    node: &str,
    first: i64,
    last: i64,
) -> Result<usize, StoreError> {
    Ok(diesel::delete(
        journal::table
            .filter(journal::node.eq(node))
            .filter(journal::seq.ge(first))
            .filter(journal::seq.le(last)),
    )
    .execute(connection)?)
}

/// An identifier that no other sorts before that was made from a moment on: a UUID of version 7 with the milliseconds
/// since 1970 in its first 48 bits (RFC 9562 section 5.7) and nothing else.
fn least_id(micros: i64) -> String {
    let millis = micros.max(0) / 1000;
    format!(
        "{:08x}-{:04x}-7000-8000-000000000000",
        (millis >> 16) & 0xFFFF_FFFF,
        millis & 0xFFFF
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_identifier_of_a_moment_begins_with_its_milliseconds() {
        // 0x017F22E279B0, the example of RFC 9562 appendix A.6.
        assert_eq!(
            least_id(0x017F_22E2_79B0 * 1000 + 999),
            "017f22e2-79b0-7000-8000-000000000000"
        );
        assert_eq!(least_id(i64::MIN), "00000000-0000-7000-8000-000000000000");
    }
}
