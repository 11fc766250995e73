//! What each kind of certificate says: [`root`], [`issuing`] and [`citizen`].
//!
//! Validity runs from the second of issue to the second before the same time at its end, both included (RFC 5280
//! section 4.1.2.5).

use time::{Duration, OffsetDateTime};

use super::PkiError;

pub mod citizen;
pub mod issuing;
pub mod root;

/// The same date some years later; 29 February becomes 28 February where there is none.
fn years_after(start: OffsetDateTime, years: u8) -> Result<OffsetDateTime, PkiError> {
    let year = start.year().saturating_add(i32::from(years));
    start
        .replace_year(year)
        .or_else(|_| (start - Duration::DAY).replace_year(year))
        .ok()
        .ok_or(PkiError::Time)
}

/// Whole seconds, as certificates write them.
fn whole_seconds(time: OffsetDateTime) -> OffsetDateTime {
    time - Duration::nanoseconds(i64::from(time.nanosecond()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn years_after_a_leap_day_end_on_the_last_of_february() {
        let leap = datetime!(2028-02-29 10:00 UTC);
        assert_eq!(
            years_after(leap, 4).unwrap(),
            datetime!(2032-02-29 10:00 UTC)
        );
        assert_eq!(
            years_after(leap, 5).unwrap(),
            datetime!(2033-02-28 10:00 UTC)
        );
    }
}
