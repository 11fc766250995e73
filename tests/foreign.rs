//! Foreign tools judge what is signed here: none of them shares code with this project.

mod corpus;
mod demo;
pub(crate) mod judges;
mod options;
mod pdf;
mod pkilint;
mod refusals;
mod samples;
mod software;
mod token;
