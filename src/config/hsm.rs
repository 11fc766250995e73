//! `[hsm]`

use std::path::PathBuf;
use std::time::Duration;

use super::reader::Reader;
use super::section::{Section, section};
use super::setting::{Table, by_name};
use crate::domain::secret::SecretText;
use crate::hsm::{InvalidSettings, KeyNames, RawSettings, SessionKeys, Settings, WrapName};

by_name!(WrapName, SessionKeys, KeyNames);

section! {
    /// The HSM that keeps the citizens' keys. The folder hsm-config has a profile for each of several products.
    RawHsm "hsm" {
        /// Path of the vendor's PKCS#11 library.
        module: PathBuf = required r#""/usr/lib/softhsm/libsofthsm2.so""#,
        /// Label of the token. Either this or `slot`.
        token: String = optional r#""rubrica""#,
        /// Number of the slot, for tokens whose label cannot be read.
        slot: u64 = optional "0",
        /// File with the user PIN. Without it, and without RUBRICA_HSM__PIN, it is asked for on the terminal.
        pin = secret r#""secrets/hsm-pin""#,
        /// PKCS#11 sessions, and so threads and calls in flight.
        sessions: usize = default "8",
        /// How many calls may wait for a session before the answer is that the HSM is busy. The calls of one app have no
        /// more of these places than they leave free to others: half of them when no other app waits.
        queue: usize = default "128",
        /// How long one call may take.
        call_timeout: Duration = default r#""10 s""#,
        /// How long the making of one key may take; RSA-4096 is slow.
        generation_timeout: Duration = default r#""2 min""#,
        /// How keys are wrapped: "aes-key-wrap-pad", "aes-cbc-pad" or "vendor-aes-kwp".
        wrap: WrapName = default r#""aes-key-wrap-pad""#,
        /// The vendor's number for AES key wrap with padding (RFC 5649), with wrap = "vendor-aes-kwp" only.
        wrap_vendor_mechanism: u64 = optional "0x80000171",
        /// What a key may do between its making and its wrapping: "extractable" or "wrap-with-trusted".
        session_keys: SessionKeys = default r#""extractable""#,
        /// Whether session keys carry a CKA_ID and a label, which some HSMs want: "omit" or "set".
        key_names: KeyNames = default r#""omit""#,
        /// RSA with 2048 bits is no longer recommended (ETSI TS 119 312); only when it must be.
        allow_rsa_2048: bool = default "false",
        /// Environment variables that the vendor's library reads, such as
        /// { SOFTHSM2_CONF = "/srv/rubrica/tokens/softhsm2.conf" }; paths in full. The program starts itself anew with
        /// them when they are not set. `config check` shows them: no secret belongs here.
        environment: Table<String> = default "{}",
    }
}

/// The HSM, and perhaps its PIN.
#[derive(Clone)]
pub struct Hsm {
    raw: RawSettings,
    /// The user PIN; `None` when it is to be asked for.
    pub pin: Option<SecretText>,
    /// Environment variables of the vendor's library.
    pub environment: Table<String>,
    /// See [`Settings::call_delay`]; zero, since no key of the file sets it.
    pub call_delay: Duration,
}

impl Hsm {
    /// With the PIN, wherever it came from.
    pub fn settings(&self, pin: SecretText) -> Result<Settings, InvalidSettings> {
        let mut settings = self.raw.clone().validate(pin)?;
        settings.call_delay = self.call_delay;
        Ok(settings)
    }

    /// How many calls the HSM is given at once.
    pub fn sessions(&self) -> usize {
        self.raw.sessions
    }
}

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Hsm> {
    let Some(raw) = RawHsm::read(reader) else {
        if !["token", "slot"]
            .iter()
            .any(|key| reader.is_given("hsm", key))
        {
            let (key, detail) = told(&InvalidSettings::TokenOrSlot);
            reader.unworkable("hsm", &key, detail);
        }
        return None;
    };
    if raw.allow_rsa_2048 {
        reader.unwise(
            "hsm",
            "allow_rsa_2048",
            "RSA keys of 2048 bits may be made, which ETSI TS 119 312 no longer recommends; take RSA-3072 or P-256, \
             and set this to false",
        );
    }
    let hsm = Hsm {
        raw: RawSettings {
            module: raw.module,
            token: raw.token,
            slot: raw.slot,
            sessions: raw.sessions,
            queue: raw.queue,
            call_timeout: raw.call_timeout,
            generation_timeout: raw.generation_timeout,
            wrap: raw.wrap,
            wrap_vendor_mechanism: raw.wrap_vendor_mechanism,
            session_keys: raw.session_keys,
            key_names: raw.key_names,
            allow_rsa_2048: raw.allow_rsa_2048,
        },
        pin: raw.pin,
        environment: raw.environment,
        call_delay: Duration::ZERO,
    };
    // Any PIN will do to see whether the rest fits together.
    let pin = hsm
        .pin
        .clone()
        .unwrap_or_else(|| SecretText::new("?".to_owned()));
    match hsm.settings(pin) {
        Ok(_) => Some(hsm),
        Err(error) => {
            let (key, detail) = told(&error);
            reader.unworkable("hsm", &key, detail);
            None
        }
    }
}

/// The key that is wrong, and what is wrong with it: the error's text begins with the name of the key.
fn told(error: &InvalidSettings) -> (String, String) {
    let text = error.to_string();
    let (key, detail) = text.split_once(": ").unwrap_or(("", &text));
    (key.trim_start_matches("hsm.").to_owned(), detail.to_owned())
}
