//! Moments as citizens read them: the official time of the mainland, in words of their language.
//!
//! The difference to UTC follows the rule of Directive 2000/84/EC (summer time from the last Sunday of March to
//! the last Sunday of October, both at 01:00 UTC), so that no time-zone data is needed. The texts say that it is
//! mainland time, since the Canary Islands run an hour behind.

use time::{Date, Month, OffsetDateTime, UtcOffset, Weekday};

use super::{Arg, text};
use crate::domain::language::Language;

/// Day and time of day, such as `23 de noviembre de 2026, 15:05 (hora peninsular)`.
pub fn date_and_time(language: Language, at: OffsetDateTime) -> String {
    let (date, time) = (date(language, at), clock_time(at));
    text(
        language,
        "moment-date-and-time",
        &[("date", Arg::from(&date)), ("time", Arg::from(&time))],
    )
}

/// The day alone, such as `23 de noviembre de 2026`.
pub fn date(language: Language, at: OffsetDateTime) -> String {
    let local = mainland(at);
    // As text: a year is no quantity.
    let year = local.year().to_string();
    let month = u8::from(local.month());
    text(
        language,
        "moment-date",
        &[
            ("day", Arg::Count(local.day().into())),
            ("month", Arg::Count(month.into())),
            ("year", Arg::from(&year)),
        ],
    )
}

/// The time of day alone, such as `15:05 (hora peninsular)`.
pub fn time_of_day(language: Language, at: OffsetDateTime) -> String {
    let time = clock_time(at);
    text(language, "moment-time", &[("time", Arg::from(&time))])
}

/// Day and time in digits, such as `23/11/2026 15:05`: short, for short messages.
pub fn digits(at: OffsetDateTime) -> String {
    let local = mainland(at);
    format!(
        "{:02}/{:02}/{} {}",
        local.day(),
        u8::from(local.month()),
        local.year(),
        clock_time(at)
    )
}

fn clock_time(at: OffsetDateTime) -> String {
    let local = mainland(at);
    format!("{:02}:{:02}", local.hour(), local.minute())
}

/// The same moment with the mainland's difference to UTC.
fn mainland(at: OffsetDateTime) -> OffsetDateTime {
    let utc = at.to_offset(UtcOffset::UTC);
    let summer = match (
        last_sunday(utc.year(), Month::March),
        last_sunday(utc.year(), Month::October),
    ) {
        (Some(start), Some(end)) => {
            let changes = time::Time::MIDNIGHT + time::Duration::HOUR;
            utc >= start.with_time(changes).assume_utc()
                && utc < end.with_time(changes).assume_utc()
        }
        _ => false,
    };
    let hours = if summer { 2 } else { 1 };
    utc.to_offset(UtcOffset::from_hms(hours, 0, 0).unwrap_or(UtcOffset::UTC))
}

/// `None` only at the end of the calendar the type can hold.
fn last_sunday(year: i32, month: Month) -> Option<Date> {
    let mut day = Date::from_calendar_date(year, month, month.length(year)).ok()?;
    while day.weekday() != Weekday::Sunday {
        day = day.previous_day()?;
    }
    Some(day)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn summer_time_begins_and_ends_at_one_in_the_morning_utc() {
        for (utc, local) in [
            (datetime!(2026-03-29 00:59:59 UTC), "29/03/2026 01:59"),
            (datetime!(2026-03-29 01:00:00 UTC), "29/03/2026 03:00"),
            (datetime!(2026-10-25 00:59:59 UTC), "25/10/2026 02:59"),
            (datetime!(2026-10-25 01:00:00 UTC), "25/10/2026 02:00"),
            (datetime!(2026-12-31 23:30:00 UTC), "01/01/2027 00:30"),
        ] {
            assert_eq!(digits(utc), local, "{utc}");
        }
    }

    #[test]
    fn each_language_writes_the_date_its_own_way() {
        let at = datetime!(2026-08-09 13:05:00 UTC);
        for (language, written) in [
            (
                Language::Spanish,
                "9 de agosto de 2026, 15:05 (hora peninsular)",
            ),
            (
                Language::Catalan,
                "9 d'agost de 2026, 15:05 (hora peninsular)",
            ),
            (
                Language::Galician,
                "9 de agosto de 2026, 15:05 (hora peninsular)",
            ),
            (
                Language::Basque,
                "2026ko abuztuaren 9a, 15:05 (penintsulako ordua)",
            ),
            (
                Language::Valencian,
                "9 d'agost de 2026, 15:05 (hora peninsular)",
            ),
            (
                Language::English,
                "9 August 2026, 15:05 (mainland Spain time)",
            ),
        ] {
            assert_eq!(date_and_time(language, at), written);
        }
    }
}
