//! The integration tests, one binary. Names are statements; each must be able to fail.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may fail by panicking"
)]

mod account;
mod activation;
mod ades;
mod api;
mod citizen;
mod cli;
mod crash;
mod documents;
mod foreign;
mod harness;
mod hsm;
mod identity;
mod journal;
mod nodes;
mod notify;
mod outage;
mod pades;
mod pki;
mod registration;
mod service;
mod signing;
mod store;
mod structure;
