//! Wrapping keys on the token by one another, and unwrapping them.

use std::fmt;

use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::vendor_defined::VendorDefinedMechanism;
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, ObjectHandle};
use zeroize::Zeroizing;

use super::call::Call;
use super::connection::Connection;
use super::error::{Ckr, During, HsmError, Operation, classify};
use super::key_pair::malformed;
use super::object::Ephemeral;
use super::settings::{KeyNames, Settings, WrapMechanism};
use crate::domain::id::WrappingKeyId;
use crate::domain::key::KekVersion;

const IV_LEN: usize = 16;
const AES_KEY_WRAP_PAD: u8 = 1;
const AES_CBC_PAD: u8 = 2;
const VENDOR_AES_KWP: u8 = 3;

/// A key, encrypted by another in the HSM: a signer's private key by a wrapping key, or that by a KEK.
///
/// The first byte says how: 1 is `CKM_AES_KEY_WRAP_PAD`; 2 is `CKM_AES_CBC_PAD`, followed by the 16 bytes of the
/// initialisation vector; 3 is a vendor's mechanism, followed by its number (8 bytes, big-endian). So a change of
/// `hsm.wrap` does not lock out the keys made before.
///
/// Wiped when dropped: whoever has a signer's and the HSM's PIN can sign.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedKey(Zeroizing<Vec<u8>>);

/// A wrapped key taken apart.
struct Parts<'a> {
    mechanism: WrapMechanism,
    iv: [u8; IV_LEN],
    ciphertext: &'a [u8],
}

impl WrappedKey {
    /// Takes what [`as_bytes`](Self::as_bytes) gave. The bytes are checked when they are used.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes to be kept; a signer's are sealed first. They are of no use without the KEK, and still nobody's business.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn parts(&self) -> Option<Parts<'_>> {
        let (format, rest) = self.0.split_first()?;
        match *format {
            AES_KEY_WRAP_PAD => Some(Parts {
                mechanism: WrapMechanism::AesKeyWrapPad,
                iv: [0; IV_LEN],
                ciphertext: rest,
            }),
            AES_CBC_PAD => {
                let (iv, ciphertext) = rest.split_first_chunk()?;
                Some(Parts {
                    mechanism: WrapMechanism::AesCbcPad,
                    iv: *iv,
                    ciphertext,
                })
            }
            VENDOR_AES_KWP => {
                let (number, ciphertext) = rest.split_first_chunk()?;
                Some(Parts {
                    mechanism: WrapMechanism::VendorAesKwp(u64::from_be_bytes(*number)),
                    iv: [0; IV_LEN],
                    ciphertext,
                })
            }
            _ => None,
        }
    }
}

impl fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WrappedKey({} bytes)", self.0.len())
    }
}

/// With which key something was to be unwrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unwrapper {
    /// A KEK.
    Kek(KekVersion),
    /// A wrapping key.
    WrappingKey(WrappingKeyId),
}

impl fmt::Display for Unwrapper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kek(version) => write!(f, "KEK version {version}"),
            Self::WrappingKey(id) => write!(f, "wrapping key {id}"),
        }
    }
}

/// An initialisation vector, for the mechanism that has one.
pub(super) fn fresh_iv(
    connection: &Connection,
    settings: &Settings,
    call: &Call,
) -> Result<[u8; IV_LEN], HsmError> {
    let mut iv = [0; IV_LEN];
    if settings.wrap == WrapMechanism::AesCbcPad {
        call.step(Operation::Random)?;
        connection
            .session
            .generate_random_slice(&mut iv)
            .during(Operation::Random)?;
    }
    Ok(iv)
}

/// Wraps a session key.
pub(super) fn wrap(
    connection: &Connection,
    settings: &Settings,
    call: &Call,
    by: ObjectHandle,
    key: ObjectHandle,
) -> Result<WrappedKey, HsmError> {
    let iv = fresh_iv(connection, settings, call)?;
    wrap_with(connection, settings, call, iv, by, key)
}

/// The same under an initialisation vector that the caller drew. Never two keys under one vector, but to compare what comes
/// out.
pub(super) fn wrap_with(
    connection: &Connection,
    settings: &Settings,
    call: &Call,
    iv: [u8; IV_LEN],
    by: ObjectHandle,
    key: ObjectHandle,
) -> Result<WrappedKey, HsmError> {
    let mut bytes = match settings.wrap {
        WrapMechanism::AesKeyWrapPad => vec![AES_KEY_WRAP_PAD],
        WrapMechanism::AesCbcPad => [[AES_CBC_PAD].as_slice(), &iv].concat(),
        WrapMechanism::VendorAesKwp(number) => {
            [[VENDOR_AES_KWP].as_slice(), &number.to_be_bytes()].concat()
        }
    };
    call.step(Operation::Wrap)?;
    let ciphertext = connection
        .session
        .wrap_key(&mechanism(settings.wrap, iv)?, by, key)
        .during(Operation::Wrap)?;
    bytes.extend(ciphertext);
    Ok(WrappedKey::new(bytes))
}

/// Unwraps a key with these attributes.
pub(super) fn unwrap<'a>(
    connection: &'a Connection,
    call: &Call,
    by: (Unwrapper, ObjectHandle),
    template: &[Attribute],
    wrapped: &WrappedKey,
) -> Result<Ephemeral<'a>, HsmError> {
    let (name, by) = by;
    let parts = wrapped.parts().ok_or(HsmError::WrappedKey {
        by: name,
        ckr: None,
    })?;
    call.step(Operation::Unwrap)?;
    let handle = connection
        .session
        .unwrap_key(
            &mechanism(parts.mechanism, parts.iv)?,
            by,
            parts.ciphertext,
            template,
        )
        .map_err(|error| unwrap_error(connection, name, error))?;
    Ok(Ephemeral::new(connection, handle))
}

/// `CKA_ID` and label of a session key, for tokens that want them.
pub(super) fn names(settings: &Settings) -> Vec<Attribute> {
    const NAME: &[u8] = b"rubrica-session-key";
    match settings.key_names {
        KeyNames::Omit => Vec::new(),
        KeyNames::Set => vec![
            Attribute::Id(NAME.to_vec()),
            Attribute::Label(NAME.to_vec()),
        ],
    }
}

/// The mechanism of that name as the token's list shows it.
pub(super) fn mechanism_type(wrap: WrapMechanism) -> Option<MechanismType> {
    match wrap {
        WrapMechanism::AesKeyWrapPad => Some(MechanismType::AES_KEY_WRAP_PAD),
        WrapMechanism::AesCbcPad => Some(MechanismType::AES_CBC_PAD),
        WrapMechanism::VendorAesKwp(number) => MechanismType::new_vendor_defined(number).ok(),
    }
}

fn mechanism(wrap: WrapMechanism, iv: [u8; IV_LEN]) -> Result<Mechanism<'static>, HsmError> {
    match wrap {
        WrapMechanism::AesKeyWrapPad => Ok(Mechanism::AesKeyWrapPad),
        WrapMechanism::AesCbcPad => Ok(Mechanism::AesCbcPad(iv)),
        WrapMechanism::VendorAesKwp(_) => mechanism_type(wrap)
            .map(|kind| Mechanism::VendorDefined(VendorDefinedMechanism::new::<()>(kind, None)))
            .ok_or_else(|| malformed("wrap mechanism", None)),
    }
}

/// A damaged key is told in many ways. Where the code says nothing, the token is asked for its keys: if they are
/// there, the wrapped key was at fault and not the connection.
fn unwrap_error(connection: &Connection, by: Unwrapper, error: Error) -> HsmError {
    use RvError::{
        DataInvalid, DataLenRange, EncryptedDataInvalid, EncryptedDataLenRange, FunctionFailed,
        GeneralError, TemplateInconsistent, VendorDefined, WrappedKeyInvalid, WrappedKeyLenRange,
    };
    let damaged = match error {
        Error::Pkcs11(
            rv @ (WrappedKeyInvalid
            | WrappedKeyLenRange
            | EncryptedDataInvalid
            | EncryptedDataLenRange
            | DataInvalid
            | DataLenRange
            | TemplateInconsistent),
            _,
        ) => Some(rv),
        Error::Pkcs11(rv @ (GeneralError | FunctionFailed | VendorDefined(_)), _)
            if connection.check_whole().is_ok() =>
        {
            Some(rv)
        }
        _ => None,
    };
    match damaged {
        Some(rv) => HsmError::WrappedKey {
            by,
            ckr: Some(Ckr(rv)),
        },
        None => classify(Operation::Unwrap, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_wrapped_key_remembers_how_it_was_wrapped() {
        let iv = [9; IV_LEN];
        let key = WrappedKey::new([[AES_CBC_PAD].as_slice(), &iv, b"ciphertext"].concat());
        let parts = key.parts().unwrap();
        assert_eq!(parts.mechanism, WrapMechanism::AesCbcPad);
        assert_eq!(parts.iv, iv);
        assert_eq!(parts.ciphertext, b"ciphertext");
    }

    #[test]
    fn printing_a_wrapped_key_shows_only_its_length() {
        let key = WrappedKey::new(vec![0xab; 3]);
        assert_eq!(format!("{key:?}"), "WrappedKey(3 bytes)");
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken_apart_or_refused(bytes: Vec<u8>) {
            let key = WrappedKey::new(bytes.clone());
            if let Some(parts) = key.parts() {
                prop_assert!(bytes.ends_with(parts.ciphertext));
            }
        }
    }
}
