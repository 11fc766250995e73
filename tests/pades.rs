//! PAdES signatures over PDFs of many kinds.

mod corpus;
mod signer;
