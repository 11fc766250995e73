//! Kinds of arguments that several commands take.

use std::str::FromStr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

use crate::config;
use crate::domain::algorithm::UnknownName;

/// A time such as `24 h`.
pub(super) fn duration(text: &str) -> Result<time::Duration, String> {
    let time = config::duration(text)?;
    time::Duration::try_from(time)
        .ok()
        .ok_or_else(|| "too long".to_owned())
}

/// A moment such as `2026-11-23T10:00:00Z`, or the beginning of a day in UTC.
pub(super) fn moment(text: &str) -> Result<OffsetDateTime, String> {
    match day(text) {
        Ok(day) => Ok(day.midnight().assume_utc()),
        Err(_) => OffsetDateTime::parse(text, &Rfc3339)
            .ok()
            .ok_or_else(|| "expected a day, or a moment such as 2026-11-23T10:00:00Z".to_owned()),
    }
}

/// One of a list of names; the help shows them.
pub(super) fn named<T>(
    all: &'static [T],
    name: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T>
where
    T: Copy + FromStr<Err = UnknownName> + Send + Sync + 'static,
{
    PossibleValuesParser::new(all.iter().map(|value| PossibleValue::new(name(*value))))
        .try_map(|text| text.parse())
}

/// A day such as `2026-11-23`.
pub(super) fn day(text: &str) -> Result<Date, String> {
    Date::parse(text, format_description!("[year]-[month]-[day]"))
        .ok()
        .ok_or_else(|| "expected a day such as 2026-11-23".to_owned())
}
