//! The JSON that apps send and get. Apart from the types of the use cases, so that those can change.

mod input;
mod options;
mod output;
mod schema;

pub(super) use input::{Contents, NewSignatureRequest};
pub(super) use output::{AppView, ListView, RequestView};
