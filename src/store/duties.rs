//! What one node does for all: each duty has one at a time, by a lease.

use diesel::prelude::*;
use time::OffsetDateTime;

use super::cached::Cacheable;
use super::connection::on_either;
use super::moment::to_micros;
use super::schema::duties;
use super::{AnyConnection, StoreError};

/// Who has a duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// Who asked.
    Asker,
    /// Somebody else, or it was done lately.
    Another,
}

/// Whether a node that has a duty may take it again before its time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// It keeps the duty so.
    MayBe,
    /// Nobody may: the time is that until the duty is due again.
    WhenLapsed,
}

/// Takes a duty until a moment, when nobody has it.
pub fn take(
    connection: &mut AnyConnection,
    duty: &str,
    node: &str,
    again: Again,
    now: OffsetDateTime,
    until: OffsetDateTime,
) -> Result<Holder, StoreError> {
    let own = match again {
        Again::MayBe => node,
        // No node has this name.
        Again::WhenLapsed => "",
    };
    let free = duties::table.find(duty).filter(
        duties::held_until
            .le(to_micros(now))
            .or(duties::node.eq(own)),
    );
    let held = (
        duties::node.eq(node),
        duties::held_until.eq(to_micros(until)),
    );
    let mut taken = diesel::update(free)
        .set(held)
        .cached()
        .execute(connection)?;
    if taken == 0 {
        taken = on_either!(connection, inner => diesel::insert_into(duties::table)
            .values((duties::name.eq(duty), held.0, held.1))
            .on_conflict_do_nothing()
            .execute(inner))?;
    }
    Ok(if taken == 0 {
        Holder::Another
    } else {
        Holder::Asker
    })
}

/// Gives a duty back.
pub fn release(connection: &mut AnyConnection, duty: &str, node: &str) -> Result<(), StoreError> {
    diesel::delete(duties::table.find(duty).filter(duties::node.eq(node))).execute(connection)?;
    Ok(())
}
