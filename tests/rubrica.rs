//! The integration tests, one binary. Names are statements; each must be able to fail.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod ades;
mod authorities;
mod harness;
mod openssl;
mod outline;
mod pki;
mod software_key;
mod store;
mod structure;
