//! What the tests stand on: real databases, tokens and servers, started by the tests and gone with them.

pub(crate) mod accounts;
pub(crate) mod ambient;
pub(crate) mod asked;
pub(crate) mod authorities;
pub(crate) mod browser;
pub(crate) mod citizen;
pub(crate) mod client;
pub(crate) mod database;
pub(crate) mod derivations;
pub(crate) mod dump;
pub(crate) mod foreign;
pub(crate) mod log;
pub(crate) mod multipart;
pub(crate) mod new_token;
pub(crate) mod opencryptoki;
pub(crate) mod openssl;
pub(crate) mod outline;
pub(crate) mod pdf;
pub(crate) mod phones;
pub(crate) mod postgres;
pub(crate) mod process;
pub(crate) mod project;
pub(crate) mod s3;
pub(crate) mod server;
pub(crate) mod slow_job;
pub(crate) mod sms_gateway;
pub(crate) mod softhsm;
pub(crate) mod software_key;
pub(crate) mod standing;
pub(crate) mod steps;
pub(crate) mod town;
pub(crate) mod wrapping;

pub(crate) use softhsm::{alone, hsm};
