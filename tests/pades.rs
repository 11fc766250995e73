//! PAdES signatures over PDFs of many kinds.

mod bounds;
pub(crate) mod builder;
mod classes;
mod fields;
mod judge;
mod properties;
mod refusals;
pub(crate) mod signer;
