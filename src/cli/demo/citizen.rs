//! A made-up citizen, and what a citizen does in a browser.

use anyhow::{Context, bail};
use url::Url;

use super::browser::{Browser, Page};
use super::outbox::Outbox;
use crate::clock::Ambient;
use crate::domain::identifier::NationalId;
use crate::domain::language::Language;
use crate::domain::level::{ProofingMethod, RegistrationLevel};
use crate::domain::person::PersonName;
use crate::domain::phone::Phone;
use crate::domain::secret::SecretText;
use crate::service::registration::NewSigner;

const EMAIL: &str = "ana@example.com";
/// Given name and surnames.
const NAME: [&str; 3] = ["Ana", "García", "Ibáñez"];
/// Letters and digits that are not mistaken for one another, for the password that a person may have to type. There is
/// no `a`, which every part of the name has: a password with one of them in it is refused.
const ALPHABET: &[u8; 32] = b"bcdefghijkLmnpqrstuvwxyz23456789";

/// A citizen who does not exist.
pub(super) struct Citizen {
    pub(super) national_id: NationalId,
    pub(super) password: SecretText,
    phone: Phone,
}

impl Citizen {
    /// With a random DNI, phone and password.
    pub(super) fn invent(ambient: &Ambient) -> anyhow::Result<Self> {
        let eight_digits = || u32::from_be_bytes(ambient.random()) % 100_000_000;
        let national_id = NationalId::dni(eight_digits()).context("no DNI has that number")?;
        let phone = eight_digits();
        let password = ambient
            .random::<20>()
            .iter()
            .filter_map(|byte| ALPHABET.get(usize::from(byte % 32)))
            .map(|letter| char::from(*letter))
            .collect();
        Ok(Self {
            national_id,
            password: SecretText::new(password),
            phone: format!("+346{phone:08}").parse()?,
        })
    }

    /// What the registration office enters.
    pub(super) fn registration(&self, ambient: &Ambient) -> anyhow::Result<NewSigner> {
        let [given, first, second] = NAME;
        Ok(NewSigner {
            national_id: self.national_id.clone(),
            name: PersonName::new(given, first, Some(second))?,
            phone: self.phone.clone(),
            email: Some(EMAIL.parse()?),
            language: Language::English,
            method: ProofingMethod::InPerson,
            level: RegistrationLevel::Advanced,
            proofed_at: ambient.now().date(),
        })
    }

    /// Activates the account with the code of the receipt and an SMS code, and chooses the password.
    pub(super) fn activate(
        &self,
        browser: &Browser,
        pages: &Url,
        activation_code: &SecretText,
        outbox: &mut Outbox,
    ) -> anyhow::Result<()> {
        let page = browser.open(&pages.join("account/activate")?)?;
        let page = browser.submit(
            &page,
            &[
                ("national-id", self.national_id.as_str()),
                ("email", EMAIL),
                ("activation-code", activation_code.expose()),
            ],
        )?;
        let code = outbox.next_code()?;
        let page = browser.submit(
            &page,
            &[
                ("code", code.expose()),
                ("new-password", self.password.expose()),
                ("repeat-password", self.password.expose()),
            ],
        )?;
        went_well(&page)
    }

    /// Opens a request and gives DNI and password; what comes is the page that asks for the code.
    pub(super) fn identify(&self, browser: &Browser, request: &Url) -> anyhow::Result<Page> {
        let page = browser.open(request)?;
        browser.submit(
            &page,
            &[
                ("national-id", self.national_id.as_str()),
                ("password", self.password.expose()),
            ],
        )
    }
}

/// Gives the code.
pub(super) fn confirm(browser: &Browser, page: &Page, code: &SecretText) -> anyhow::Result<()> {
    went_well(&browser.submit(page, &[("code", code.expose())])?)
}

/// A page that asks for something again says what was wrong.
fn went_well(page: &Page) -> anyhow::Result<()> {
    if page.status != 200 || page.asks() {
        bail!("the page (status {}) says: {}", page.status, page.words());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invented_citizen_has_a_valid_dni_and_a_password_of_its_own() {
        let ambient = Ambient::system();
        let (one, other) = (
            Citizen::invent(&ambient).unwrap(),
            Citizen::invent(&ambient).unwrap(),
        );
        assert_eq!(one.password.expose().len(), 20);
        assert_ne!(one.password.expose(), other.password.expose());
    }
    #[test]
    fn no_password_can_have_a_part_of_the_name_in_it() {
        let typed = ALPHABET.map(char::from);
        for part in NAME {
            assert!(part.chars().any(|letter| !typed.contains(&letter)));
        }
        assert!(!typed.contains(&'a') && !typed.contains(&'A'));
    }
}
