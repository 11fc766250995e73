//! The signer: a registered citizen.

use time::{Date, OffsetDateTime};

use super::email::Email;
use super::id::SignerId;
use super::identifier::NationalId;
use super::language::Language;
use super::level::{ProofingMethod, RegistrationLevel};
use super::person::PersonName;
use super::phone::Phone;
use super::secret::SealingKey;
use super::standing::Refusal;

/// What the registration office and the citizen's own acts made of an account. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// The reference that journals and other tables use instead of the DNI.
    pub id: SignerId,
    /// DNI or NIE.
    pub national_id: NationalId,
    /// As on the identity document.
    pub name: PersonName,
    /// Where codes go. None when the phone went to another citizen or the account was closed.
    pub phone: Option<Phone>,
    /// Asked again at activation when there is one.
    pub email: Option<Email>,
    /// Language of messages that answer no page.
    pub language: Language,
    /// How the identity was proofed.
    pub method: ProofingMethod,
    /// What the proofing is worth.
    pub level: RegistrationLevel,
    /// Day of the proofing. Certificates may be issued for five years after it (Ley 6/2020 article 7.6).
    pub proofed_at: Date,
    /// When the account was made, or made anew.
    pub registered_at: OffsetDateTime,
    /// When the citizen chose a first password.
    pub activated_at: Option<OffsetDateTime>,
    /// When the present password ends.
    pub password_expires_at: Option<OffsetDateTime>,
    /// Set by too many wrong passwords, or SMS codes after a right one, until a reset or until it is taken away.
    pub blocked_at: Option<OffsetDateTime>,
    /// Set by too many wrong activation codes, or SMS codes after a right one, until there is a new activation code.
    pub activation_blocked_at: Option<OffsetDateTime>,
    /// When the citizen last identified with success.
    pub last_access_at: Option<OffsetDateTime>,
    /// Set when the account was closed. The row stays, because requests and credentials point to it.
    pub deregistered_at: Option<OffsetDateTime>,
    /// Credentials are sealed to it.
    pub sealing_key: SealingKey,
}

impl Signer {
    /// Whether the account lets its owner sign. Says nothing about credentials: whoever knows them adds that.
    pub fn standing(&self, now: OffsetDateTime) -> Result<(), Refusal> {
        if self.deregistered_at.is_some() {
            return Err(Refusal::Unknown);
        }
        let Some(password_expires_at) = self.password_expires_at else {
            return Err(Refusal::NotActivated);
        };
        if self.level == RegistrationLevel::Basic {
            return Err(Refusal::BasicLevel);
        }
        if self.blocked_at.is_some() {
            return Err(Refusal::Blocked);
        }
        if self.phone.is_none() {
            return Err(Refusal::NoPhone);
        }
        if now >= password_expires_at {
            return Err(Refusal::PasswordExpired);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    fn signer() -> Signer {
        Signer {
            id: "0199c0de-0000-7000-8000-000000000001".parse().unwrap(),
            national_id: "12345678Z".parse().unwrap(),
            name: PersonName::new("Ana", "Gil", None).unwrap(),
            phone: Some("600123456".parse().unwrap()),
            email: None,
            language: Language::Spanish,
            method: ProofingMethod::InPerson,
            level: RegistrationLevel::Advanced,
            proofed_at: date!(2026 - 01 - 02),
            registered_at: datetime!(2026-01-02 09:00 UTC),
            activated_at: Some(datetime!(2026-01-03 09:00 UTC)),
            password_expires_at: Some(datetime!(2027-01-03 09:00 UTC)),
            blocked_at: None,
            activation_blocked_at: None,
            last_access_at: None,
            deregistered_at: None,
            sealing_key: SealingKey::from_slice(&[1; 32]).unwrap(),
        }
    }

    #[test]
    fn each_state_of_an_account_has_its_own_refusal() {
        type Change = fn(&mut Signer);
        let now = datetime!(2026-06-01 12:00 UTC);
        assert_eq!(signer().standing(now), Ok(()));
        let cases: [(Change, Refusal); 6] = [
            (|s| s.deregistered_at = s.activated_at, Refusal::Unknown),
            (|s| s.password_expires_at = None, Refusal::NotActivated),
            (|s| s.level = RegistrationLevel::Basic, Refusal::BasicLevel),
            (|s| s.blocked_at = s.activated_at, Refusal::Blocked),
            (|s| s.phone = None, Refusal::NoPhone),
            (
                |s| s.password_expires_at = Some(datetime!(2026-06-01 12:00 UTC)),
                Refusal::PasswordExpired,
            ),
        ];
        for (change, refusal) in cases {
            let mut changed = signer();
            change(&mut changed);
            assert_eq!(changed.standing(now), Err(refusal));
        }
    }

    #[test]
    fn printing_a_signer_tells_nobody_who_it_is() {
        let printed = format!("{:?}", signer());
        for personal in ["12345678Z", "Ana", "Gil", "600123456"] {
            assert!(!printed.contains(personal), "{printed}");
        }
    }
}
