//! The SMS code step in words: what a code is for, what became of the message, how the step ended.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::algorithm::named;
use super::factor::Factor;
use super::id::RequestId;

/// What a code confirms. A code for one purpose is worth nothing for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Signing the documents of a request.
    Sign {
        /// The request.
        request: RequestId,
    },
    /// Choosing the first password.
    Activate,
    /// Choosing a new password, and unblocking, with the activation code.
    ResetPassword,
    /// Choosing a new password with the present one.
    ChangePassword,
    /// Giving the phone that received the code to another citizen.
    TakePhone,
}

impl Purpose {
    /// The name as it is stored and bound into sealed data, without the request.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sign { .. } => "sign",
            Self::Activate => "activate",
            Self::ResetPassword => "reset-password",
            Self::ChangePassword => "change-password",
            Self::TakePhone => "take-phone",
        }
    }

    /// The request, when it is about one.
    pub fn request(self) -> Option<RequestId> {
        match self {
            Self::Sign { request } => Some(request),
            Self::Activate | Self::ResetPassword | Self::ChangePassword | Self::TakePhone => None,
        }
    }

    /// What the signer has given before the code; `None` when nobody asked the signer for anything.
    pub fn factor(self) -> Option<Factor> {
        match self {
            Self::Sign { .. } | Self::ChangePassword => Some(Factor::Password),
            Self::Activate | Self::ResetPassword => Some(Factor::ActivationCode),
            Self::TakePhone => None,
        }
    }

    /// Puts [`name`](Self::name) and [`request`](Self::request) together again; `None` when they do not fit.
    pub fn from_parts(name: &str, request: Option<RequestId>) -> Option<Self> {
        match (name, request) {
            ("sign", Some(request)) => Some(Self::Sign { request }),
            ("activate", None) => Some(Self::Activate),
            ("reset-password", None) => Some(Self::ResetPassword),
            ("change-password", None) => Some(Self::ChangePassword),
            ("take-phone", None) => Some(Self::TakePhone),
            _ => None,
        }
    }
}

named!(
    /// What became of the last message with a code.
    SmsState {
        /// Not handed over yet, or the server stopped while doing so.
        Pending = "pending",
        /// The gateway took it.
        Sent = "sent",
        /// The gateway will not send it; trying again is of no use.
        Refused = "refused",
        /// The gateway did not answer in time; a resend may succeed.
        Unreachable = "unreachable",
    }
);

named!(
    /// How a code step ended before its time was over.
    ChallengeEnd {
        /// The right code was given.
        Confirmed = "confirmed",
        /// Too many wrong codes.
        Exhausted = "exhausted",
        /// A newer code for the same purpose took its place.
        Superseded = "superseded",
        /// The account changed: closed, made anew, or given another password, phone or activation code.
        Cancelled = "cancelled",
    }
);
