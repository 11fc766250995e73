//! What the tests stand on: real databases, tokens and servers, started by the tests and gone with them.

pub(crate) mod database;
pub(crate) mod postgres;
