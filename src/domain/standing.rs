//! Whether a signer can sign, and if not, why: the one list of reasons that apps and citizens are told.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::algorithm::named;

named!(
    /// Why a signer cannot sign now. The name is the stable code an app is given; the citizen reads it in words,
    /// with the next step. Declared in the order in which they are found out.
    Refusal {
        /// Nobody is registered with this DNI or NIE.
        Unknown = "signer_unknown",
        /// Registered, and the account was not activated yet.
        NotActivated = "signer_not_activated",
        /// Registered at basic level, which may not sign.
        BasicLevel = "signer_basic_level",
        /// Too many wrong passwords, or too many wrong SMS codes after a right one.
        Blocked = "signer_blocked",
        /// The phone went to another citizen and no new one was supplied: no code can be sent.
        NoPhone = "signer_no_phone",
        /// The password is older than its life.
        PasswordExpired = "signer_password_expired",
        /// No credential was issued, or all are revoked.
        NoCredential = "signer_no_credential",
        /// The only credentials left are past their validity.
        CredentialExpired = "credential_expired",
    }
);

impl Refusal {
    /// The reason and the next step, for the developer of an app.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Unknown => {
                "Nobody is registered with this DNI or NIE. The citizen has to register at an office first."
            }
            Self::NotActivated => {
                "The citizen is registered and has not activated the account yet, which takes the code on the \
                 registration receipt."
            }
            Self::BasicLevel => {
                "The citizen is registered at basic level, which may not sign. Identification in person or with a \
                 certificate raises it."
            }
            Self::Blocked => {
                "Too many wrong passwords or SMS codes blocked the account. The citizen can set a new password with the \
                 activation code."
            }
            Self::NoPhone => {
                "No phone is known to send a code to. The citizen has to give one at an office."
            }
            Self::PasswordExpired => {
                "The password is too old. The citizen can set a new one on the account pages."
            }
            Self::NoCredential => "The citizen has no credential to sign with, or all are revoked.",
            Self::CredentialExpired => {
                "The citizen's credential is past its validity and has to be issued anew."
            }
        }
    }
}
