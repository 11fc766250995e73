//! What a citizen knows: the first factor of every act. The second is the code sent to the phone.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::algorithm::named;

named!(
    /// Something only the citizen knows. Each opens a keyslot of its own and has a counter of wrong tries of its own.
    Factor {
        /// The code on the registration receipt.
        ActivationCode = "activation-code",
        /// The password the citizen chose.
        Password = "password",
    }
);
