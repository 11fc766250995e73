//! PAdES signatures over PDFs of many kinds.

mod bounds;
pub(crate) mod builder;
mod classes;
mod corpus;
mod fields;
mod judge;
mod properties;
mod refusals;
mod signer;
