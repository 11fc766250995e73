//! The citizens' pages, opened over real TLS by a browser without scripts.

mod account;
mod approval;
mod bounds;
mod frame;
mod language;
mod leaving;
mod record;
