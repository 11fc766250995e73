//! The HSM layer on real tokens.
//!
//! `contract` holds for every PKCS#11 module, and runs on two; the other files are about what only SoftHSM can be
//! made to do.

mod away;
mod contract;
mod fairness;
mod opencryptoki;
mod pressure;
mod secrecy;
mod softhsm;
