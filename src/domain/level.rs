//! Registration: how a citizen was identified and what that is worth.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::algorithm::named;

named!(
    /// Registration level of Cl@ve. Only [`Advanced`](Self::Advanced) can sign.
    RegistrationLevel {
        /// Identified remotely without a certificate.
        Basic = "basic",
        /// Identified in person or with a qualified certificate.
        Advanced = "advanced",
    }
);

named!(
    /// How the citizen's identity was proofed.
    ProofingMethod {
        /// In person at a registration office.
        InPerson = "in-person",
        /// With an electronic certificate or DNIe.
        Certificate = "certificate",
        /// By video.
        Video = "video",
        /// By a letter of invitation.
        Letter = "letter",
    }
);
