//! What can go wrong at the HSM, and the one table from `CKR_` codes (PKCS#11 v3.1 section 3.6) to it.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use cryptoki::error::{Error, RvError};

use super::kek::KekFault;
use super::wrap::Unwrapper;
use crate::domain::algorithm::{KeyAlgorithm, SignatureScheme};
use crate::domain::key::{InvalidPublicKey, KekVersion};

/// Why the HSM did not do it. [`is_temporary`](Self::is_temporary) tells whether trying later makes sense.
#[derive(Debug, thiserror::Error)]
pub enum HsmError {
    /// The token cannot be reached now. It is looked for again with every later call.
    #[error("the HSM cannot be reached: {operation} failed")]
    Away {
        /// What was tried.
        operation: Operation,
        /// What it met.
        #[source]
        cause: AwayCause,
    },
    /// Every session is at work and the queue is full, or the wait in it was too long. Nothing was done.
    #[error("the HSM is busy: all sessions are at work; try again shortly")]
    Busy,
    /// The HSM did not answer in time. Whether it did the work is unknown; nothing more of it will be done.
    #[error("the HSM did not answer in time while {0}")]
    Timeout(Operation),
    /// The batch ended before this digest's turn; others of it may have been signed.
    #[error("the batch ended before this digest was signed")]
    NotReached(#[source] Arc<HsmError>),
    /// The PIN was refused. It is not tried again before a restart, since wrong tries lock the token.
    #[error(
        "the HSM refused the PIN ({ckr}); {tries}. Correct the PIN (hsm.pin_file) and restart: it will not be tried again"
    )]
    WrongPin {
        /// The token's answer.
        ckr: Ckr,
        /// How many tries are left, as far as the token tells.
        tries: PinTries,
    },
    /// The PKCS#11 library cannot be loaded or is none.
    #[error("the PKCS#11 module {} cannot be used; check hsm.module", module.display())]
    Module {
        /// Its path.
        module: PathBuf,
        /// Why.
        source: Error,
    },
    /// No key-encryption key of this version is on the token.
    #[error(
        "KEK version {0} is not on the token; was another token configured, or the key deleted?"
    )]
    KekMissing(KekVersion),
    /// That version is taken.
    #[error("KEK version {0} exists already")]
    KekExists(KekVersion),
    /// A key with the KEK's label that can do more than wrap, or that others may have: with it the wrapped keys could
    /// be had in the clear.
    #[error(
        "KEK version {version} is not protected: {}. It must be made on the token, sensitive, never extractable, and \
         for wrapping and unwrapping alone",
        KekFault::list(faults)
    )]
    KekUnprotected {
        /// Which one.
        version: KekVersion,
        /// What is wrong with it.
        faults: Vec<KekFault>,
    },
    /// No authority key with this label is on the token.
    #[error("no key labelled {0:?} is on the token")]
    AuthorityMissing(String),
    /// That label is taken.
    #[error("a key labelled {0:?} exists already")]
    AuthorityExists(String),
    /// Two keys share a label, so neither can be chosen.
    #[error("{count} keys labelled {label:?} are on the token; delete all but the right one")]
    Ambiguous {
        /// The label.
        label: String,
        /// How many.
        count: usize,
    },
    /// RSA-2048 was asked for and the settings do not allow it.
    #[error("RSA-2048 keys are refused; set hsm.allow_rsa_2048 to make them all the same")]
    Rsa2048,
    /// The key cannot sign by that scheme, or the digest is of another kind than the scheme's.
    #[error("a key of kind {algorithm} cannot sign this digest by {} with {}", scheme.padding, scheme.digest)]
    Scheme {
        /// The key's kind.
        algorithm: KeyAlgorithm,
        /// The scheme asked for.
        scheme: SignatureScheme,
    },
    /// A wrapping key came out of being wrapped anew as another one. It is thrown away; the old one is as it was.
    #[error(
        "a wrapping key that KEK version {from} wraps is not the same after it was wrapped by KEK version {to}"
    )]
    RewrappedOtherwise {
        /// The KEK that wraps it.
        from: KekVersion,
        /// The KEK that was to wrap it.
        to: KekVersion,
    },
    /// The wrapped key was damaged, or wrapped by another key.
    #[error("the wrapped key cannot be unwrapped with {by}")]
    WrappedKey {
        /// What it was tried with.
        by: Unwrapper,
        /// The token's answer, when it came so far.
        ckr: Option<Ckr>,
    },
    /// The token does not know a mechanism or curve that this needs; `status` lists what is missing.
    #[error("the HSM cannot do {operation}: {ckr}; `rubrica doctor` lists the mechanisms it lacks")]
    Unsupported {
        /// What was tried.
        operation: Operation,
        /// The token's answer.
        ckr: Ckr,
    },
    /// The token refused, and refusing is its last word.
    #[error("the HSM refused: {operation} failed with {ckr}")]
    Refused {
        /// What was tried.
        operation: Operation,
        /// The token's answer.
        ckr: Ckr,
    },
    /// The token's answer makes no sense to the PKCS#11 library on our side.
    #[error("the HSM's answer cannot be read while {operation}")]
    Answer {
        /// What was tried.
        operation: Operation,
        /// Why.
        source: Error,
    },
    /// The token's public key or signature value is not what it should be.
    #[error("the HSM gave a malformed {what}")]
    Malformed {
        /// Which value.
        what: &'static str,
        /// Why, when there is more to say.
        source: Option<InvalidPublicKey>,
    },
}

/// What the token could not be reached for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AwayCause {
    /// The token answered with an error that says the connection, the session or the token is gone.
    #[error("{0}")]
    Ckr(Ckr),
    /// No slot holds the token.
    #[error("{0} is in no slot; is it there and initialised?")]
    TokenAbsent(String),
    /// A key that was there is not any more: a token that is away, or from which somebody deleted a key.
    #[error("the key {0:?} was on the token and is not any more")]
    Vanished(String),
    /// The session has lost its login.
    #[error("the session is no longer logged in")]
    LoggedOut,
    /// Every session is stuck in a call.
    #[error("all sessions are stuck in calls that do not come back")]
    Hanging,
    /// The operating system gives no more threads.
    #[error("no thread can be started ({0})")]
    Thread(std::io::ErrorKind),
    /// The worker ended without an answer.
    #[error("the worker thread ended unexpectedly")]
    WorkerGone,
}

/// A PKCS#11 return value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Ckr(pub(super) RvError);

/// How many tries of the PIN are left, as far as the token tells (`CK_TOKEN_INFO` flags, section 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinTries {
    /// The token does not say.
    Unknown,
    /// Fewer than usual.
    Low,
    /// One.
    Last,
    /// None: the security officer must set a new PIN.
    Locked,
}

/// What was being done; completes "failed while …".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// `C_Initialize`.
    Initialize,
    /// `C_GetSlotList`, `C_GetTokenInfo`, `C_GetMechanismList`.
    Inspect,
    /// `C_OpenSession`.
    OpenSession,
    /// `C_Login`.
    Login,
    /// `C_FindObjects`.
    Find,
    /// `C_GetAttributeValue`.
    ReadAttributes,
    /// `C_GenerateKey`.
    GenerateKek,
    /// `C_GenerateKey`, of a session object.
    GenerateWrappingKey,
    /// `C_GenerateKeyPair`.
    GenerateKeyPair,
    /// `C_GenerateRandom`.
    Random,
    /// `C_WrapKey`.
    Wrap,
    /// `C_UnwrapKey`.
    Unwrap,
    /// `C_SignInit`, `C_Sign`.
    Sign,
    /// `C_DestroyObject`.
    Destroy,
    /// Before any call, in the queue.
    Submit,
}

impl HsmError {
    /// True when the same call may succeed later without anybody's doing: answer 503 and keep the request.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::NotReached(why) => why.is_temporary(),
            error => matches!(error, Self::Away { .. } | Self::Busy | Self::Timeout(_)),
        }
    }

    /// True when the session must not be used any more.
    pub(super) fn is_loss(&self) -> bool {
        matches!(self, Self::Away { .. })
    }
}

/// Puts a failed call in its place. The match names every code that means something here; all others are
/// the token's refusal of this one call.
pub(super) fn classify(operation: Operation, error: Error) -> HsmError {
    use RvError::{
        CantLock, CryptokiNotInitialized, CurveNotSupported, DeviceError, DeviceMemory,
        DeviceRemoved, FunctionCanceled, FunctionFailed, FunctionNotSupported, GeneralError,
        HostMemory, KeyHandleInvalid, MechanismInvalid, MechanismParamInvalid, ObjectHandleInvalid,
        OperationActive, OperationNotInitialized, PinExpired, PinIncorrect, PinInvalid,
        PinLenRange, PinLocked, SessionClosed, SessionCount, SessionHandleInvalid, SlotIdInvalid,
        TokenNotPresent, TokenNotRecognized, UnwrappingKeyHandleInvalid, UserNotLoggedIn,
        UserPinNotInitialized, VendorDefined, WrappingKeyHandleInvalid,
    };
    let rv = match error {
        Error::Pkcs11(rv, _) => rv,
        source => return HsmError::Answer { operation, source },
    };
    let ckr = Ckr(rv);
    match rv {
        // The session, the token or the way to it is gone; a new session finds new handles.
        DeviceError | DeviceRemoved | TokenNotPresent | TokenNotRecognized | SlotIdInvalid
        | SessionClosed | SessionHandleInvalid | CryptokiNotInitialized | UserNotLoggedIn
        | ObjectHandleInvalid | KeyHandleInvalid | WrappingKeyHandleInvalid
        | UnwrappingKeyHandleInvalid
        // The session is in a state it should not be in; a new one is not.
        | OperationActive | OperationNotInitialized | FunctionCanceled
        // Says nothing; a new session shows whether it lasts. Network HSMs tell of a lost line this way or
        // with codes of their own.
        | GeneralError | FunctionFailed | CantLock | VendorDefined(_) => HsmError::Away {
            operation,
            cause: AwayCause::Ckr(ckr),
        },
        SessionCount | DeviceMemory | HostMemory => HsmError::Busy,
        PinIncorrect | PinInvalid | PinLenRange | PinExpired | UserPinNotInitialized => {
            HsmError::WrongPin {
                ckr,
                tries: PinTries::Unknown,
            }
        }
        PinLocked => HsmError::WrongPin {
            ckr,
            tries: PinTries::Locked,
        },
        MechanismInvalid | MechanismParamInvalid | CurveNotSupported | FunctionNotSupported => {
            HsmError::Unsupported { operation, ckr }
        }
        _ => HsmError::Refused { operation, ckr },
    }
}

/// Shortens `result.map_err(|error| classify(…))`.
pub(super) trait During<T> {
    /// Names what was being done.
    fn during(self, operation: Operation) -> Result<T, HsmError>;
}

impl<T> During<T> for Result<T, Error> {
    fn during(self, operation: Operation) -> Result<T, HsmError> {
        self.map_err(|error| classify(operation, error))
    }
}

impl fmt::Display for Ckr {
    /// The name as the standard writes it, from the library's camel case.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            RvError::VendorDefined(code) => write!(f, "CKR_VENDOR_DEFINED ({code:#010x})"),
            RvError::UnknownErrorCode(code) => write!(f, "CKR {code:#010x}"),
            rv => {
                f.write_str("CKR")?;
                format!("{rv:?}").chars().try_for_each(|letter| {
                    if letter.is_ascii_uppercase() {
                        f.write_str("_")?;
                    }
                    write!(f, "{}", letter.to_ascii_uppercase())
                })
            }
        }
    }
}

impl fmt::Debug for Ckr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for PinTries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "the token does not say how many tries are left",
            Self::Low => "the token says that few tries are left",
            Self::Last => "the token says that ONE try is left",
            Self::Locked => "the PIN is locked, the security officer must set a new one",
        })
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Initialize => "initialising the module",
            Self::Inspect => "inspecting slots and tokens",
            Self::OpenSession => "opening a session",
            Self::Login => "logging in",
            Self::Find => "finding objects",
            Self::ReadAttributes => "reading attributes",
            Self::GenerateKek => "generating a KEK",
            Self::GenerateWrappingKey => "generating a wrapping key",
            Self::GenerateKeyPair => "generating a key pair",
            Self::Random => "generating random bytes",
            Self::Wrap => "wrapping a key",
            Self::Unwrap => "unwrapping a key",
            Self::Sign => "signing",
            Self::Destroy => "destroying an object",
            Self::Submit => "waiting for a session",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cryptoki::context::Function;

    fn classified(rv: RvError) -> HsmError {
        classify(Operation::Sign, Error::Pkcs11(rv, Function::Sign))
    }

    #[test]
    fn codes_print_as_the_standard_writes_them() {
        assert_eq!(
            Ckr(RvError::SessionHandleInvalid).to_string(),
            "CKR_SESSION_HANDLE_INVALID"
        );
        assert_eq!(
            Ckr(RvError::VendorDefined(0x8000_0001)).to_string(),
            "CKR_VENDOR_DEFINED (0x80000001)"
        );
    }

    #[test]
    fn only_what_may_pass_by_itself_is_temporary() {
        for rv in [
            RvError::DeviceRemoved,
            RvError::SessionCount,
            RvError::CryptokiNotInitialized,
        ] {
            assert!(classified(rv).is_temporary(), "{rv:?}");
        }
        for rv in [
            RvError::PinIncorrect,
            RvError::PinLocked,
            RvError::MechanismInvalid,
            RvError::KeyUnextractable,
        ] {
            assert!(!classified(rv).is_temporary(), "{rv:?}");
        }
    }

    #[test]
    fn a_wrong_pin_is_never_a_lost_session() {
        for rv in [
            RvError::PinIncorrect,
            RvError::PinLocked,
            RvError::PinExpired,
        ] {
            assert!(!classified(rv).is_loss(), "{rv:?}");
        }
    }
}
