//! Accounts, on both databases: registration, the first factor, the code, and who can open a secret.

use std::sync::Arc;

use rubrica::clock::Ambient;
use rubrica::domain::challenge::Purpose;
use rubrica::domain::identifier::NationalId;
use rubrica::domain::level::{ProofingMethod, RegistrationLevel};
use rubrica::domain::person::PersonName;
use rubrica::domain::secret::{CitizenSecret, SecretText};
use rubrica::domain::signer::Signer;
use rubrica::identity::{
    Confirmed, Derivation, EmailCheck, IdentityError, NewPassword, NewSigner, Opened, OpenedSigner,
    PhoneClaim, Registered, Settings,
};
use time::macros::date;

use crate::harness::accounts::Accounts;
use crate::harness::ambient::{TestClock, known};
use crate::harness::database::TestDatabase;
use crate::harness::server::quick;
use crate::harness::standing::{self, PASSWORD};

mod codes;
mod credential;
mod factors;
mod registration;
mod replaced;
mod sole_control;
mod steps;
mod tries;

/// What account pages bind their codes to.
const NOTHING: [u8; 32] = [0; 32];

/// A registration office with a clock of its own.
struct Office<'a> {
    database: &'a TestDatabase,
    clock: Arc<TestClock>,
    ambient: Ambient,
    identity: Accounts,
}

impl<'a> Office<'a> {
    fn new(database: &'a TestDatabase) -> Self {
        Self::with(database, settings())
    }

    fn with(database: &'a TestDatabase, settings: Settings) -> Self {
        let (ambient, clock) = known();
        Self {
            identity: Accounts::new(database.store(), ambient.clone(), settings),
            database,
            clock,
            ambient,
        }
    }

    /// The same accounts seen by another node, with rules of its own.
    fn another_node(&self, settings: Settings) -> Accounts {
        Accounts::new(self.database.store(), self.ambient.clone(), settings)
    }

    fn register(&self, new: NewSigner) -> Registered {
        self.identity.register(new, &PhoneClaim::Free).unwrap()
    }

    /// Registered and active, with [`PASSWORD`].
    fn active(&self, new: NewSigner) -> (Signer, SecretText) {
        let registered = self.register(new);
        let code = registered.activation_code;
        let signer = self.choose(
            self.with_code(&registered.signer.national_id, &code)
                .unwrap(),
            Purpose::Activate,
            PASSWORD,
        );
        (signer, code)
    }

    fn with_password(
        &self,
        who: &NationalId,
        password: &str,
    ) -> Result<OpenedSigner, IdentityError> {
        self.identity.verify_password(who, &secret(password))
    }

    fn with_code(
        &self,
        who: &NationalId,
        code: &SecretText,
    ) -> Result<OpenedSigner, IdentityError> {
        self.identity
            .verify_activation_code(who, EmailCheck::NotAsked, code)
    }

    /// The whole way from a first factor to a new password.
    fn choose(&self, opened: OpenedSigner, purpose: Purpose, password: &str) -> Signer {
        let new = NewPassword::new(opened.signer(), &secret(password)).unwrap();
        let opened = self
            .identity
            .open_challenge(opened, purpose, NOTHING)
            .unwrap();
        let confirmed = self.confirm(&opened, purpose);
        self.identity.set_password(confirmed, &new).unwrap()
    }

    fn confirm(&self, opened: &Opened, purpose: Purpose) -> Confirmed {
        self.identity
            .confirm(
                opened.challenge,
                &opened.browser_key,
                &opened.code,
                purpose,
                &NOTHING,
            )
            .unwrap()
    }

    /// What the password opens.
    fn secret_of(&self, who: &NationalId, password: &str) -> CitizenSecret {
        let opened = self.with_password(who, password).unwrap();
        let purpose = Purpose::ChangePassword;
        let opened = self
            .identity
            .open_challenge(opened, purpose, NOTHING)
            .unwrap();
        self.confirm(&opened, purpose).into_parts().1.unwrap()
    }
}

fn settings() -> Settings {
    Settings::default().with_derivation(quick())
}

fn ana() -> NewSigner {
    NewSigner {
        name: PersonName::new("Ana María", "Gil", Some("Núñez")).unwrap(),
        proofed_at: date!(2026 - 06 - 01),
        ..standing::ana()
    }
}

fn berta() -> NewSigner {
    NewSigner {
        national_id: "X1234567L".parse().unwrap(),
        name: PersonName::new("Berta", "Sol", None).unwrap(),
        phone: "+351 912 345 678".parse().unwrap(),
        email: None,
        ..ana()
    }
}

fn secret(text: &str) -> SecretText {
    SecretText::new(text.to_owned())
}

/// A code of the same length that is not this one.
fn wrong(code: &SecretText) -> SecretText {
    let other = if code.expose().starts_with('0') {
        '1'
    } else {
        '0'
    };
    SecretText::new(format!("{other}{}", &code.expose()[1..]))
}
