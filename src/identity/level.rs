//! Registration levels: which proofing gives which, and how basic becomes advanced.

use time::{Date, Duration, OffsetDateTime};

use super::registration::held;
use super::{Identity, IdentityError};
use crate::domain::id::SignerId;
use crate::domain::level::{ProofingMethod, RegistrationLevel};
use crate::domain::signer::Signer;
use crate::store::{AnyConnection, signers};

/// What makes a citizen's level advanced after registration. Each is an act of its own by an administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LevelEvidence {
    /// The citizen came to an office on this day.
    InPerson(Date),
    /// The citizen identified with an electronic certificate or DNIe on this day.
    Certificate(Date),
    /// A public employee reviewed the recording of the identification by video and found it good. The day of the
    /// proofing stays.
    VideoReviewed,
}

impl Identity {
    /// Raises a signer to advanced level.
    pub fn raise_level(
        &self,
        connection: &mut AnyConnection,
        signer: SignerId,
        evidence: LevelEvidence,
    ) -> Result<Signer, IdentityError> {
        let now = self.ambient.now();
        let mut signer = held(connection, signer)?;
        match evidence {
            LevelEvidence::InPerson(day) => {
                signer.method = ProofingMethod::InPerson;
                signer.proofed_at = not_in_future(day, now)?;
            }
            LevelEvidence::Certificate(day) => {
                signer.method = ProofingMethod::Certificate;
                signer.proofed_at = not_in_future(day, now)?;
            }
            LevelEvidence::VideoReviewed if signer.method == ProofingMethod::Video => {}
            LevelEvidence::VideoReviewed => {
                return Err(IdentityError::LevelNotEarned {
                    method: signer.method,
                });
            }
        }
        signer.level = RegistrationLevel::Advanced;
        signers::update(connection, &signer)?;
        Ok(signer)
    }
}

/// Refuses a level that the method does not give at registration.
pub(super) fn earned(
    method: ProofingMethod,
    level: RegistrationLevel,
) -> Result<(), IdentityError> {
    match (method, level) {
        (ProofingMethod::InPerson | ProofingMethod::Certificate, _)
        | (ProofingMethod::Video | ProofingMethod::Letter, RegistrationLevel::Basic) => Ok(()),
        (ProofingMethod::Video | ProofingMethod::Letter, RegistrationLevel::Advanced) => {
            Err(IdentityError::LevelNotEarned { method })
        }
    }
}

/// Dates are those of Spain, whose clocks are up to two hours ahead of UTC.
pub(super) fn not_in_future(day: Date, now: OffsetDateTime) -> Result<Date, IdentityError> {
    if day <= (now + Duration::hours(2)).date() {
        Ok(day)
    } else {
        Err(IdentityError::ProofingInFuture)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    #[test]
    fn only_presence_or_a_certificate_gives_advanced_at_once() {
        use ProofingMethod::{Certificate, InPerson, Letter, Video};
        for (method, advanced) in [
            (InPerson, true),
            (Certificate, true),
            (Video, false),
            (Letter, false),
        ] {
            assert_eq!(
                earned(method, RegistrationLevel::Advanced).is_ok(),
                advanced,
                "{method}"
            );
            assert!(earned(method, RegistrationLevel::Basic).is_ok());
        }
    }

    #[test]
    fn a_proofing_of_tomorrow_is_refused_and_one_of_madrids_today_is_not() {
        let late = datetime!(2026-06-01 22:30 UTC);
        assert!(not_in_future(date!(2026 - 06 - 02), late).is_ok());
        assert!(not_in_future(date!(2026 - 06 - 03), late).is_err());
        assert!(not_in_future(date!(2026 - 06 - 02), datetime!(2026-06-01 12:00 UTC)).is_err());
    }
}
