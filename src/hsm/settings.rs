//! What an HSM needs to know about its token, and what sets one product apart from another.
//!
//! [`RawSettings`] is the `[hsm]` table as it is written; [`RawSettings::validate`] makes [`Settings`] of it. The
//! profiles in `hsm-config/` are such tables; the configuration reads them.

use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::algorithm::named;
use crate::domain::secret::SecretText;

/// Vendors' own mechanisms start here (`CKM_VENDOR_DEFINED`, PKCS#11 v3.0 section 3.5).
const FIRST_VENDOR_MECHANISM: u64 = 0x8000_0000;
/// PKCS#11 pads labels to 32 bytes (`CK_TOKEN_INFO`, section 3.2).
const LABEL_LEN: usize = 32;
/// More sessions than this is a slip of the pen: each is a thread.
const MOST_SESSIONS: usize = 1024;

/// The settings as they are written, one field a key of the configuration's table `[hsm]`, before they are
/// checked together. The PIN never stands among them.
#[derive(Debug, Clone)]
pub struct RawSettings {
    /// Path of the vendor's PKCS#11 library.
    pub module: PathBuf,
    /// Label of the token. Either this or `slot`.
    pub token: Option<String>,
    /// Number of the slot, for tokens whose label cannot be read (opencryptoki).
    pub slot: Option<u64>,
    /// PKCS#11 sessions, and so threads and calls in flight.
    pub sessions: usize,
    /// How many jobs may wait for a session before the answer is "busy".
    pub queue: usize,
    /// How long one call may take, and how long a job may wait for a session.
    pub call_timeout: Duration,
    /// How long the making of one key may take; RSA-4096 is slow.
    pub generation_timeout: Duration,
    /// How signer keys are wrapped.
    pub wrap: WrapName,
    /// The vendor's number for AES key wrap with padding (RFC 5649), with [`WrapName::VendorAesKwp`] only.
    pub wrap_vendor_mechanism: Option<u64>,
    /// What a signer key may do between its making and its wrapping.
    pub session_keys: SessionKeys,
    /// Whether session keys carry a `CKA_ID` and a label.
    pub key_names: KeyNames,
    /// Whether RSA keys of 2048 bits may be made.
    pub allow_rsa_2048: bool,
}

/// What [`Hsm`](super::Hsm) is made from. The fields hold only values that make sense.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Path of the vendor's PKCS#11 library.
    pub module: PathBuf,
    /// Which token.
    pub token: TokenSelector,
    /// The user PIN.
    pub pin: SecretText,
    /// Sessions, threads and calls in flight.
    pub sessions: NonZeroUsize,
    /// Jobs that may wait.
    pub queue: usize,
    /// How long one call may take.
    pub call_timeout: Duration,
    /// How long the making of one key may take.
    pub generation_timeout: Duration,
    /// How signer keys are wrapped.
    pub wrap: WrapMechanism,
    /// What a signer key may do between its making and its wrapping.
    pub session_keys: SessionKeys,
    /// Whether session keys carry a `CKA_ID` and a label.
    pub key_names: KeyNames,
    /// Whether RSA-2048 keys may be made.
    pub rsa_2048: Rsa2048,
    /// Waited before each call to the token. No configuration sets it: the benchmarks do, to see what a token far away
    /// would do.
    pub call_delay: Duration,
}

/// How the token is found among the slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenSelector {
    /// By the label it was initialised with; the usual way, since slot numbers change.
    Label(String),
    /// By slot number.
    Slot(u64),
}

named!(
    /// How `wrap` is written.
    WrapName {
        /// `CKM_AES_KEY_WRAP_PAD`.
        AesKeyWrapPad = "aes-key-wrap-pad",
        /// `CKM_AES_CBC_PAD`.
        AesCbcPad = "aes-cbc-pad",
        /// The number is in `wrap_vendor_mechanism`.
        VendorAesKwp = "vendor-aes-kwp",
    }
);

/// How signer keys are wrapped by the KEK. A wrapped key remembers which it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrapMechanism {
    /// `CKM_AES_KEY_WRAP_PAD` (PKCS#11 v2.40 section 2.14): protects integrity itself.
    AesKeyWrapPad,
    /// `CKM_AES_CBC_PAD` (section 2.10.5) with a random initialisation vector. It does not protect integrity;
    /// the seal around the wrapped key does.
    AesCbcPad,
    /// RFC 5649 under the number the vendor gave it before PKCS#11 v3.1 named it.
    VendorAesKwp(u64),
}

named!(
    /// What a signer key may do between its making and its wrapping.
    SessionKeys {
        /// `CKA_EXTRACTABLE` true: any wrapping key of the token could wrap it while it lives.
        Extractable = "extractable",
        /// `CKA_WRAP_WITH_TRUSTED` true as well: only a key that the security officer made or marked `CKA_TRUSTED`
        /// can, so the officer must do that with each new KEK before keys can be made under it. Officers see only
        /// objects that are not private (PKCS#11 section 6.7.5), so such a KEK has `CKA_PRIVATE` false; it is
        /// sensitive all the same.
        WrapWithTrusted = "wrap-with-trusted",
    }
);

named!(
    /// Whether session keys carry a `CKA_ID` and a label. Some network HSMs refuse keys without.
    KeyNames {
        /// Without.
        Omit = "omit",
        /// With.
        Set = "set",
    }
);

/// Whether RSA keys of 2048 bits may be made (ETSI TS 119 312 no longer recommends them).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rsa2048 {
    /// Refuse to make them. Keys that exist can still sign.
    Refused,
    /// Make them, with a warning in the log each time.
    Allowed,
}

/// Why the `[hsm]` table cannot be used; each text names the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSettings {
    /// Neither or both of `token` and `slot`.
    #[error(
        "hsm.token: give either `token` (its label) or `slot` (its number), not both and not neither"
    )]
    TokenOrSlot,
    /// A label that no token can have.
    #[error("hsm.token: a token's label has 1 to 32 bytes")]
    Label,
    /// No session at all, or far too many.
    #[error("hsm.sessions: between 1 and 1024, each is a thread")]
    Sessions,
    /// A time of zero.
    #[error("hsm.{0}: at least 1 millisecond")]
    Timeout(&'static str),
    /// The vendor's mechanism is missing, superfluous or no vendor's number.
    #[error(
        "hsm.wrap_vendor_mechanism: needed with `wrap = \"vendor-aes-kwp\"` and only then; 0x80000000 or above"
    )]
    VendorMechanism,
    /// Nothing in the PIN file or variable.
    #[error("hsm.pin_file: the PIN is empty")]
    EmptyPin,
}

impl RawSettings {
    /// Checks the settings and joins them with the PIN, which comes from a file or the environment.
    pub fn validate(self, pin: SecretText) -> Result<Settings, InvalidSettings> {
        let token = match (self.token, self.slot) {
            (Some(label), None) if label.is_empty() || label.len() > LABEL_LEN => {
                return Err(InvalidSettings::Label);
            }
            (Some(label), None) => TokenSelector::Label(label),
            (None, Some(slot)) => TokenSelector::Slot(slot),
            _ => return Err(InvalidSettings::TokenOrSlot),
        };
        let wrap = match (self.wrap, self.wrap_vendor_mechanism) {
            (WrapName::AesKeyWrapPad, None) => WrapMechanism::AesKeyWrapPad,
            (WrapName::AesCbcPad, None) => WrapMechanism::AesCbcPad,
            (WrapName::VendorAesKwp, Some(number)) if number >= FIRST_VENDOR_MECHANISM => {
                WrapMechanism::VendorAesKwp(number)
            }
            _ => return Err(InvalidSettings::VendorMechanism),
        };
        if pin.is_empty() {
            return Err(InvalidSettings::EmptyPin);
        }
        Ok(Settings {
            module: self.module,
            token,
            pin,
            sessions: NonZeroUsize::new(self.sessions)
                .filter(|sessions| sessions.get() <= MOST_SESSIONS)
                .ok_or(InvalidSettings::Sessions)?,
            queue: self.queue,
            call_timeout: some_time("call_timeout", self.call_timeout)?,
            generation_timeout: some_time("generation_timeout", self.generation_timeout)?,
            wrap,
            session_keys: self.session_keys,
            key_names: self.key_names,
            rsa_2048: if self.allow_rsa_2048 {
                Rsa2048::Allowed
            } else {
                Rsa2048::Refused
            },
            call_delay: Duration::ZERO,
        })
    }
}

fn some_time(key: &'static str, time: Duration) -> Result<Duration, InvalidSettings> {
    if time.is_zero() {
        Err(InvalidSettings::Timeout(key))
    } else {
        Ok(time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw() -> RawSettings {
        RawSettings {
            module: PathBuf::from("/m.so"),
            token: Some("rubrica".to_owned()),
            slot: None,
            sessions: 8,
            queue: 128,
            call_timeout: Duration::from_secs(10),
            generation_timeout: Duration::from_secs(120),
            wrap: WrapName::AesKeyWrapPad,
            wrap_vendor_mechanism: None,
            session_keys: SessionKeys::Extractable,
            key_names: KeyNames::Omit,
            allow_rsa_2048: false,
        }
    }

    fn validate(change: impl FnOnce(&mut RawSettings)) -> Result<Settings, InvalidSettings> {
        let mut raw = raw();
        change(&mut raw);
        raw.validate(SecretText::new("1234".to_owned()))
    }

    #[test]
    fn a_module_and_a_token_are_enough() {
        let settings = validate(|_| ()).unwrap();
        assert_eq!(settings.token, TokenSelector::Label("rubrica".to_owned()));
        assert_eq!(settings.wrap, WrapMechanism::AesKeyWrapPad);
        assert_eq!(settings.rsa_2048, Rsa2048::Refused);
        assert!(!format!("{settings:?}").contains("1234"));
    }

    #[test]
    fn values_without_sense_are_refused_by_name() {
        type Change = fn(&mut RawSettings);
        let cases: [(Change, InvalidSettings); 8] = [
            (|raw| raw.token = None, InvalidSettings::TokenOrSlot),
            (|raw| raw.slot = Some(1), InvalidSettings::TokenOrSlot),
            (
                |raw| raw.token = Some(String::new()),
                InvalidSettings::Label,
            ),
            (
                |raw| raw.token = Some("x".repeat(33)),
                InvalidSettings::Label,
            ),
            (|raw| raw.sessions = 0, InvalidSettings::Sessions),
            (
                |raw| raw.call_timeout = Duration::ZERO,
                InvalidSettings::Timeout("call_timeout"),
            ),
            (
                |raw| raw.wrap = WrapName::VendorAesKwp,
                InvalidSettings::VendorMechanism,
            ),
            (
                |raw| {
                    raw.wrap = WrapName::VendorAesKwp;
                    raw.wrap_vendor_mechanism = Some(0x210a);
                },
                InvalidSettings::VendorMechanism,
            ),
        ];
        for (change, expected) in cases {
            assert_eq!(validate(change).unwrap_err(), expected);
        }
        let empty = raw().validate(SecretText::new(String::new()));
        assert_eq!(empty.unwrap_err(), InvalidSettings::EmptyPin);
    }
}
