//! Signers: registration, levels, password, activation code, lock-out, and the SMS code step.
//!
//! This is where the citizen secret is opened and closed. It leaves only inside values that show what was proven:
//! [`OpenedSigner`] after the first factor, [`Confirmed`] after the code. Neither can be built elsewhere, and both
//! are consumed by what they allow. Nothing here sends a message, writes the journal or knows of credentials: that
//! is `service`.
//!
//! What changes an account takes a connection: the caller's transaction also puts it on record, or does not let it
//! happen. What costs time, such as deriving a key, is done before, by a function that gives what the act then takes.
//!
//! Start reading at [`Identity`]. Each file beside this one is one concern and says its rules.

use crate::clock::Ambient;
use crate::domain::id::SignerId;
use crate::domain::identifier::NationalId;
use crate::domain::signer::Signer;
use crate::store::{Store, StoreError, signers};

mod activation_code;
mod browser_key;
mod challenge;
mod derivation;
mod error;
mod keyslot;
mod level;
mod lockout;
mod one_time_code;
pub mod password;
mod phone;
mod registration;
mod sealing;
mod settings;

pub use browser_key::BrowserKey;
pub use challenge::{
    ChallengeError, Challenged, Confirmed, Counted, GivenCode, Judgement, LastCode, LastLook,
    Opened, Resent,
};
pub use derivation::{Derivation, InvalidDerivation};
pub use error::{BlockedWhen, IdentityError};
pub use level::LevelEvidence;
pub use lockout::{Counting, EmailCheck, FactorTry, OpenedSigner, RightTry};
pub use password::{ChosenPassword, NewPassword, PasswordRule, SPECIALS};
pub use phone::{PhoneChanged, PhoneClaim, phone_binding};
pub use registration::{
    EarlierCredentials, NewActivationCode, NewSigner, Registered, Registration, RegistrationAct,
};
pub use settings::{InvalidSettings, Settings};

/// The accounts of all signers. Clones share the database.
#[derive(Clone)]
pub struct Identity {
    store: Store,
    ambient: Ambient,
    settings: Settings,
}

impl Identity {
    /// Over a database whose schema is up to date.
    pub fn new(store: Store, ambient: Ambient, settings: Settings) -> Self {
        Self {
            store,
            ambient,
            settings,
        }
    }

    /// The rules in force.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// By DNI or NIE. `None` also when the account was closed.
    pub fn find(&self, national_id: &NationalId) -> Result<Option<Signer>, IdentityError> {
        let found = self.store.read::<_, StoreError>(|connection| {
            signers::find_by_national_id(connection, national_id)
        })?;
        Ok(found.filter(|signer| signer.deregistered_at.is_none()))
    }

    /// By reference; also one whose account was closed.
    pub fn signer(&self, id: SignerId) -> Result<Option<Signer>, IdentityError> {
        Ok(self
            .store
            .read::<_, StoreError>(|connection| signers::find(connection, id))?)
    }
}
