//! Columns to values. What does not fit was not written by this program: [`StoreError::Corrupt`].

use std::str::FromStr;

use super::StoreError;

/// Bytes of another length than their kind has.
#[derive(Debug, thiserror::Error)]
#[error("wrong length")]
pub(super) struct WrongLength;

/// Text that is a name, an identifier or the like.
pub(super) fn parsed<T: FromStr>(what: &'static str, text: &str) -> Result<T, StoreError>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.parse().map_err(|error| corrupt(what, error))
}

/// The same, where there may be none.
pub(super) fn optional<T: FromStr>(
    what: &'static str,
    text: Option<&str>,
) -> Result<Option<T>, StoreError>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.map(|text| parsed(what, text)).transpose()
}

/// A number that is never negative.
pub(super) fn count(what: &'static str, number: i32) -> Result<u32, StoreError> {
    u32::try_from(number).map_err(|error| corrupt(what, error))
}

pub(super) fn corrupt(
    what: &'static str,
    error: impl std::error::Error + Send + Sync + 'static,
) -> StoreError {
    StoreError::Corrupt {
        what,
        source: Box::new(error),
    }
}
