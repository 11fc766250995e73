//! Use cases as administrators reach them, without HTTP in between.

mod authorities;
mod credentials;
mod keys;
mod last_code;
mod nodes;
mod recorded;
mod remnants;
mod rotation;
mod uncounted_code;
mod unrecorded;
mod upkeep;
mod uploads;
