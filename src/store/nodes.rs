//! The nodes that are running: each says so again and again.

use diesel::prelude::*;
use time::OffsetDateTime;

use super::cached::Cacheable;
use super::column::count;
use super::connection::on_either;
use super::moment::to_micros;
use super::schema::nodes;
use super::{AnyConnection, StoreError};

/// Notes that a node is there.
pub fn saw(
    connection: &mut AnyConnection,
    node: &str,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let seen = nodes::seen_at.eq(to_micros(now));
    let known = diesel::update(nodes::table.find(node))
        .set(seen)
        .cached()
        .execute(connection)?;
    if known == 0 {
        on_either!(connection, inner => diesel::insert_into(nodes::table)
            .values((nodes::name.eq(node), seen))
            .on_conflict_do_nothing()
            .execute(inner))?;
    }
    Ok(())
}

/// How many were seen since a moment.
pub fn seen_since(
    connection: &mut AnyConnection,
    since: OffsetDateTime,
) -> Result<u32, StoreError> {
    let seen: i64 = nodes::table
        .filter(nodes::seen_at.gt(to_micros(since)))
        .count()
        .get_result(connection)?;
    count(
        "the number of nodes",
        i32::try_from(seen).unwrap_or(i32::MAX),
    )
}

/// Forgets a node that ends, and those that were not seen since a moment.
pub fn forget(
    connection: &mut AnyConnection,
    node: &str,
    since: OffsetDateTime,
) -> Result<(), StoreError> {
    let gone = nodes::name.eq(node).or(nodes::seen_at.le(to_micros(since)));
    diesel::delete(nodes::table.filter(gone)).execute(connection)?;
    Ok(())
}
