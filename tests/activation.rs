//! Activation on a real token: what a SAD signs and what it does not, and what opens a credential.

mod sad;
mod sole_control;
mod stand;
