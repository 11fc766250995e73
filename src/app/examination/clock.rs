//! The machine's clock: signatures, codes and certificates all carry its time.

use time::OffsetDateTime;
use time::macros::datetime;

use super::Finding;

/// This program is not older.
const EARLIEST: OffsetDateTime = datetime!(2026-11-01 00:00 UTC);

/// Whether the time can be right, as far as can be known without asking anybody.
pub(super) fn examine(now: OffsetDateTime) -> Finding {
    if now < EARLIEST {
        return Finding::wrong(
            "clock",
            format!("it is {now} by this machine's clock, which is before this program was made"),
            "set the clock, and keep it right with NTP (timedatectl set-ntp true)",
        );
    }
    Finding::fine("clock", format!("it is {} UTC", now.date()))
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn a_clock_from_before_this_program_is_wrong() {
        assert_eq!(examine(OffsetDateTime::UNIX_EPOCH).verdict, Verdict::Wrong);
        assert_eq!(examine(EARLIEST).verdict, Verdict::Fine);
    }
}
