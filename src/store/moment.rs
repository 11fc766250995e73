//! Moments as the database keeps them: microseconds since 1970-01-01 UTC.

use time::OffsetDateTime;

use super::StoreError;

/// For a column.
pub(super) fn to_micros(moment: OffsetDateTime) -> i64 {
    i64::try_from(moment.unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX)
}

/// From a column.
pub(super) fn from_micros(micros: i64) -> Result<OffsetDateTime, StoreError> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).map_err(|source| {
        StoreError::Corrupt {
            what: "a time",
            source: source.into(),
        }
    })
}
