//! The words of the field as types: identifiers, secrets, DNI and NIE, algorithms, digests, levels.
//!
//! Imports nothing else of this crate and does no input or output.

pub mod address;
pub mod algorithm;
pub mod algorithm_identifier;
pub mod app;
pub mod authority;
pub mod block_states;
pub mod browser;
pub mod canonical;
pub mod challenge;
pub mod credential;
pub mod document;
pub mod email;
pub mod factor;
pub mod fingerprint;
mod hasher;
pub mod id;
pub mod identifier;
pub mod key;
pub mod language;
pub mod level;
pub mod node;
pub mod object_key;
pub mod pem;
pub mod person;
pub mod phone;
pub mod request;
pub mod revocation;
pub mod secret;
pub mod signer;
pub mod standing;
pub mod text;
pub mod wrapping;
