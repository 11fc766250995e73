//! The kinds of events. Their names are in every export, so a name never changes its meaning.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::algorithm::named;
use crate::domain::factor::Factor;

named!(
    /// What happened.
    Event {
        /// A server began to serve.
        ServerStarted = "server.started",
        /// A server stopped in good order.
        ServerStopped = "server.stopped",
        /// The journal was verified.
        JournalVerified = "journal.verified",
        /// A part of the journal was exported.
        JournalExported = "journal.exported",
        /// A part of a chain was written to a file, to be dropped from the database.
        JournalArchived = "journal.archived",

        /// An app asked for signatures.
        RequestCreated = "request.created",
        /// A browser showed the request to somebody who had its link: noted once for each kind of browser, up to a limit.
        RequestViewed = "request.viewed",
        /// The citizen declined.
        RequestDeclined = "request.declined",
        /// The citizen gave wrong codes until no try was left.
        RequestRefused = "request.refused",
        /// The app took the request back.
        RequestCancelled = "request.cancelled",
        /// Nobody approved the request in time.
        RequestExpired = "request.expired",
        /// The documents of a request were deleted.
        RequestDeleted = "request.deleted",
        /// An app fetched a signed document.
        DocumentFetched = "document.fetched",

        /// A password or activation code was checked.
        FactorChecked = "factor.checked",
        /// A code was sent by SMS.
        CodeSent = "code.sent",
        /// A code from an SMS was checked.
        CodeChecked = "code.checked",
        /// The HSM is about to sign. Durable before it is touched.
        SignatureIntent = "signature.intent",
        /// What became of an intent.
        SignatureOutcome = "signature.outcome",

        /// A citizen was registered.
        SignerRegistered = "signer.registered",
        /// A citizen's account was activated.
        SignerActivated = "signer.activated",
        /// A citizen's registration level was raised.
        SignerLevelRaised = "signer.level-raised",
        /// A citizen's phone was changed.
        SignerPhoneChanged = "signer.phone-changed",
        /// Too many wrong tries blocked an account.
        SignerBlocked = "signer.blocked",
        /// A blocked account was opened again.
        SignerUnblocked = "signer.unblocked",
        /// A citizen's registration was ended.
        SignerDeregistered = "signer.deregistered",
        /// A new activation code was made.
        ActivationCodeIssued = "activation-code.issued",
        /// A citizen changed the password, knowing the old one.
        PasswordChanged = "password.changed",
        /// A citizen set a new password with the activation code.
        PasswordReset = "password.reset",

        /// A key was made and certified by the built-in authority.
        CredentialIssued = "credential.issued",
        /// A key was made and a certificate for it asked for.
        CredentialRequested = "credential.requested",
        /// A certificate from an outside authority was taken in.
        CredentialImported = "credential.imported",
        /// A credential was revoked and its key destroyed.
        CredentialRevoked = "credential.revoked",
        /// A key-encryption key was made in the HSM.
        KekCreated = "kek.created",
        /// An old key-encryption key was destroyed in the HSM.
        KekDestroyed = "kek.destroyed",
        /// A wrapping key was made in the HSM and wrapped by a KEK.
        WrappingKeyCreated = "wrapping-key.created",
        /// A wrapping key was wrapped anew by another KEK.
        WrappingKeyRewrapped = "wrapping-key.rewrapped",
        /// The key that signs this journal was made.
        AuditKeyCreated = "audit-key.created",
        /// An authority was made.
        AuthorityCreated = "authority.created",
        /// A certificate revocation list was published.
        RevocationListPublished = "revocation-list.published",

        /// An app was added.
        AppAdded = "app.added",
        /// An app got a new token or certificate.
        AppRotated = "app.rotated",
        /// What an app may do was changed.
        AppChanged = "app.changed",
        /// An app was disabled.
        AppDisabled = "app.disabled",
    }
);

named!(
    /// With what a citizen proved to be the one.
    FactorUsed {
        /// The password.
        Password = "password",
        /// The code on the registration receipt.
        ActivationCode = "activation-code",
        /// The code sent to the phone.
        SmsCode = "sms-code",
    }
);

impl From<Factor> for FactorUsed {
    fn from(factor: Factor) -> Self {
        match factor {
            Factor::ActivationCode => Self::ActivationCode,
            Factor::Password => Self::Password,
        }
    }
}
