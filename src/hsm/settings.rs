//! What an HSM needs to know about its token, and what sets one product apart from another.
//!
//! [`RawSettings`] is the `[hsm]` table as it is written; [`RawSettings::validate`] makes [`Settings`] of it.
//! The profiles in `hsm-config/` are such tables.

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

/// The `[hsm]` table of the configuration, one field a key. The PIN itself never stands there: `pin_file` names
/// the file, and the configuration reads it or takes the PIN from the environment.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawSettings {
    /// `module`: path of the vendor's PKCS#11 library.
    pub module: PathBuf,
    /// `token`: label of the token. Either this or `slot`.
    pub token: Option<String>,
    /// `slot`: number of the slot, for tokens whose label cannot be read (opencryptoki).
    pub slot: Option<u64>,
    /// `pin_file`: file with the user PIN on its first line, readable by the owner alone.
    pub pin_file: Option<PathBuf>,
    /// `sessions`: PKCS#11 sessions, and so threads and calls in flight. Default 8.
    #[serde(default = "default_sessions")]
    pub sessions: usize,
    /// `queue`: how many jobs may wait for a session before the answer is "busy". Default 128.
    #[serde(default = "default_queue")]
    pub queue: usize,
    /// `call_timeout_ms`: how long one call may take, and how long a job may wait for a session. Default 10000.
    #[serde(default = "default_call_timeout")]
    pub call_timeout_ms: u64,
    /// `generation_timeout_ms`: how long the making of one key may take; RSA-4096 is slow. Default 120000.
    #[serde(default = "default_generation_timeout")]
    pub generation_timeout_ms: u64,
    /// `wrap`: `aes-key-wrap-pad` (default), `aes-cbc-pad` or `vendor-aes-kwp`.
    #[serde(default = "default_wrap")]
    pub wrap: WrapName,
    /// `wrap_vendor_mechanism`: the vendor's number for AES key wrap with padding (RFC 5649), with
    /// `wrap = "vendor-aes-kwp"` only.
    pub wrap_vendor_mechanism: Option<u64>,
    /// `session_keys`: `extractable` (default) or `wrap-with-trusted`.
    #[serde(default = "default_session_keys")]
    pub session_keys: SessionKeys,
    /// `key_names`: `omit` (default) or `set`.
    #[serde(default = "default_key_names")]
    pub key_names: KeyNames,
    /// `allow_rsa_2048`: whether RSA keys of 2048 bits may be made. Default false.
    #[serde(default)]
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
        /// `CKA_WRAP_WITH_TRUSTED` true as well: only a key that the security officer marked `CKA_TRUSTED` can.
        /// The officer must mark each new KEK before keys can be made under it.
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
    /// Checks the table and joins it with the PIN, which comes from `pin_file` or the environment.
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
            call_timeout: time("call_timeout_ms", self.call_timeout_ms)?,
            generation_timeout: time("generation_timeout_ms", self.generation_timeout_ms)?,
            wrap,
            session_keys: self.session_keys,
            key_names: self.key_names,
            rsa_2048: if self.allow_rsa_2048 {
                Rsa2048::Allowed
            } else {
                Rsa2048::Refused
            },
        })
    }
}

fn time(key: &'static str, millis: u64) -> Result<Duration, InvalidSettings> {
    match millis {
        0 => Err(InvalidSettings::Timeout(key)),
        _ => Ok(Duration::from_millis(millis)),
    }
}

fn default_sessions() -> usize {
    8
}

fn default_queue() -> usize {
    128
}

fn default_call_timeout() -> u64 {
    10_000
}

fn default_generation_timeout() -> u64 {
    120_000
}

fn default_wrap() -> WrapName {
    WrapName::AesKeyWrapPad
}

fn default_session_keys() -> SessionKeys {
    SessionKeys::Extractable
}

fn default_key_names() -> KeyNames {
    KeyNames::Omit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> RawSettings {
        serde_json::from_str(json).unwrap()
    }

    fn validate(json: &str) -> Result<Settings, InvalidSettings> {
        raw(json).validate(SecretText::new("1234".to_owned()))
    }

    #[test]
    fn a_module_and_a_token_are_enough() {
        let settings = validate(r#"{"module": "/m.so", "token": "rubrica"}"#).unwrap();
        assert_eq!(settings.token, TokenSelector::Label("rubrica".to_owned()));
        assert_eq!(settings.wrap, WrapMechanism::AesKeyWrapPad);
        assert_eq!(settings.rsa_2048, Rsa2048::Refused);
        assert!(!format!("{settings:?}").contains("1234"));
    }

    #[test]
    fn values_without_sense_are_refused_by_name() {
        let cases = [
            (r#"{"module": "m"}"#, InvalidSettings::TokenOrSlot),
            (
                r#"{"module": "m", "token": "t", "slot": 1}"#,
                InvalidSettings::TokenOrSlot,
            ),
            (r#"{"module": "m", "token": ""}"#, InvalidSettings::Label),
            (
                r#"{"module": "m", "slot": 1, "sessions": 0}"#,
                InvalidSettings::Sessions,
            ),
            (
                r#"{"module": "m", "slot": 1, "call_timeout_ms": 0}"#,
                InvalidSettings::Timeout("call_timeout_ms"),
            ),
            (
                r#"{"module": "m", "slot": 1, "wrap": "vendor-aes-kwp"}"#,
                InvalidSettings::VendorMechanism,
            ),
            (
                r#"{"module": "m", "slot": 1, "wrap": "vendor-aes-kwp", "wrap_vendor_mechanism": 8458}"#,
                InvalidSettings::VendorMechanism,
            ),
        ];
        for (json, expected) in cases {
            assert_eq!(validate(json).unwrap_err(), expected, "{json}");
        }
        let empty = raw(r#"{"module": "m", "slot": 1}"#).validate(SecretText::new(String::new()));
        assert_eq!(empty.unwrap_err(), InvalidSettings::EmptyPin);
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let json = r#"{"module": "m", "slot": 1, "pin": "1234"}"#;
        assert!(serde_json::from_str::<RawSettings>(json).is_err());
    }
}
