//! PAdES signatures over PDFs of many kinds.

mod bounds;
mod builder;
mod classes;
mod corpus;
mod fields;
mod judge;
mod properties;
mod refusals;
mod signer;
