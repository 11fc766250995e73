//! What the benchmarks share: tokens, servers, citizens, callers and documents. Everything real, nothing simulated.

pub(crate) mod arguments;
pub(crate) mod client;
pub(crate) mod document;
pub(crate) mod enrolment;
pub(crate) mod gateway;
#[path = "../tests/harness/new_token.rs"]
mod new_token;
pub(crate) mod place;
pub(crate) mod postgres;
pub(crate) mod scene;
pub(crate) mod seeding;
pub(crate) mod server;
pub(crate) mod tally;
pub(crate) mod token;
pub(crate) mod visit;
