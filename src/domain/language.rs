//! The languages of the citizen's pages and messages.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::algorithm::named;

named!(
    /// A language, by the code Cl@ve's pages use. `va` is Valencian, whose BCP 47 tag is `ca-valencia`.
    Language {
        /// Spanish, the default.
        Spanish = "es",
        /// Catalan.
        Catalan = "ca",
        /// Galician.
        Galician = "gl",
        /// Basque.
        Basque = "eu",
        /// Valencian.
        Valencian = "va",
        /// English.
        English = "en",
    }
);

impl Language {
    /// The tag for `lang` attributes and `Content-Language` (BCP 47).
    pub fn bcp47(self) -> &'static str {
        match self {
            Self::Valencian => "ca-valencia",
            Self::Spanish | Self::Catalan | Self::Galician | Self::Basque | Self::English => {
                self.as_str()
            }
        }
    }
}
