//! The built-in certification authorities, by their places.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::algorithm::named;

named!(
    /// Which authority.
    AuthorityRole {
        /// The trust anchor; signs the issuing authority and its own revocation list.
        Root = "root",
        /// Signs citizens' certificates.
        Issuing = "issuing",
    }
);
