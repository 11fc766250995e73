//! Rubrica, a cloud remote-signing server.
//!
//! It keeps citizens' signing keys behind an HSM and signs a document only when the citizen, and
//! nobody else, approves exactly that document with a password and a code sent by SMS.
//! Applications talk to it over REST, citizens over web pages, administrators over a command line.
//!
//! Calls go one way: `main → cli → app → http → auth → service →` the parts `→ store, hsm → domain`.
//! Start reading at [`domain`] for the words.

pub mod activation;
pub mod ades;
pub mod app;
pub mod auth;
pub mod cli;
pub mod clock;
pub mod config;
pub mod documents;
pub mod domain;
pub mod hsm;
pub mod http;
pub mod identity;
pub mod journal;
pub mod manual;
pub mod messages;
pub mod notify;
pub mod pki;
pub mod service;
pub mod store;
pub mod telemetry;
