//! `[signing]`: the life of signature requests.

use std::time::Duration;

use super::reader::Reader;
use super::section::{Section, section};

section! {
    /// The life of signature requests.
    RawSigning "signing" {
        /// How long a request waits for approval when the app does not say.
        lifetime: Duration = default r#""1 d""#,
        /// The longest an app may ask for.
        longest_lifetime: Duration = default r#""30 d""#,
        /// How long documents stay after the end of their request; then they are deleted.
        retention: Duration = default r#""30 d""#,
    }
}

/// The life of requests.
pub(super) struct Signing {
    pub(super) lifetime: Duration,
    pub(super) longest_lifetime: Duration,
    pub(super) retention: Duration,
}

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Signing> {
    let raw = RawSigning::read(reader)?;
    if raw.lifetime.is_zero() {
        reader.unworkable("signing", "lifetime", "longer than nothing");
    }
    if raw.lifetime > raw.longest_lifetime {
        reader.unworkable(
            "signing",
            "lifetime",
            "longer than signing.longest_lifetime",
        );
    }
    Some(Signing {
        lifetime: raw.lifetime,
        longest_lifetime: raw.longest_lifetime,
        retention: raw.retention,
    })
}
