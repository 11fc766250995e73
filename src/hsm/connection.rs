//! A logged-in session and the handles found through it.
//!
//! Handles are remembered no longer than their session lives: after a reconnect they are found anew, so a handle
//! can never come to mean another object.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use cryptoki::error::{Error, RvError};
use cryptoki::object::{Attribute, ObjectHandle};
use cryptoki::session::{Session, SessionState, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;

use super::call::Call;
use super::error::{AwayCause, During, HsmError, Operation, PinTries};
use super::memory::Memory;
use super::module::{Lease, lock};
use super::settings::{Settings, TokenSelector};
use crate::domain::id::WrappingKeyId;
use crate::domain::key::{KekVersion, PublicKey};

/// A session of the token, logged in as the user. It belongs to one thread.
pub(super) struct Connection {
    /// The session; closed before the lease ends, since fields drop in this order.
    pub(super) session: Session,
    /// Where the token is.
    pub(super) slot: Slot,
    /// KEKs found through this session.
    pub(super) keks: HashMap<KekVersion, ObjectHandle>,
    /// Wrapping keys unwrapped in this session; they end with it.
    pub(super) wrapping_keys: HashMap<WrappingKeyId, ObjectHandle>,
    /// Authority keys found through this session: the private key's handle and the public key.
    pub(super) authorities: HashMap<String, (ObjectHandle, PublicKey)>,
    /// Set when a session object could not be destroyed: closing the session destroys it for sure.
    pub(super) spoilt: Cell<bool>,
    /// What outlives the session.
    pub(super) memory: Arc<Memory>,
    /// The right to use the library.
    pub(super) lease: Lease,
}

impl Connection {
    /// Finds the token, opens a session and logs in unless another session of this process did.
    pub(super) fn open(
        lease: Lease,
        settings: &Settings,
        memory: &Arc<Memory>,
        call: &Call,
    ) -> Result<Self, HsmError> {
        call.step(Operation::Inspect)?;
        let slot = find_slot(&lease, &settings.token)?;
        call.step(Operation::OpenSession)?;
        // Read-write, because KEKs and authority keys are made through the same sessions.
        let session = lease
            .pkcs11
            .open_rw_session(slot)
            .during(Operation::OpenSession)?;
        let connection = Self {
            session,
            slot,
            keks: HashMap::new(),
            wrapping_keys: HashMap::new(),
            authorities: HashMap::new(),
            spoilt: Cell::new(false),
            memory: Arc::clone(memory),
            lease,
        };
        if let Err(error) = connection.log_in(settings, call) {
            connection.close();
            return Err(error);
        }
        Ok(connection)
    }

    /// Closes the session while nobody else closes one or logs in. The last session to be closed logs the user out
    /// (PKCS#11 section 6.7.4), and opencryptoki 3.8.1 does that twice at once when two sessions are closed at the same
    /// time: it frees the token's objects twice, and the process is aborted.
    pub(super) fn close(self) {
        let module = Arc::clone(self.lease.module());
        let _one_at_a_time = lock(&module.login);
        drop(self);
    }

    /// Fails when the session is no longer logged in, or none of the keys that were on the token is there any more.
    pub(super) fn check_whole(&self) -> Result<(), HsmError> {
        let info = self.session.get_session_info().during(Operation::Inspect)?;
        if info.session_state() != SessionState::RwUser {
            return Err(away(AwayCause::LoggedOut));
        }
        let labels = self.memory.labels();
        let Some(first) = labels.first() else {
            return Ok(());
        };
        for label in &labels {
            let template = [
                Attribute::Token(true),
                Attribute::Label(label.as_bytes().to_vec()),
            ];
            let found = self
                .session
                .find_objects(&template)
                .during(Operation::Find)?;
            if !found.is_empty() {
                return Ok(());
            }
        }
        Err(away(AwayCause::Vanished(first.clone())))
    }

    /// The one object with these attributes, which name `label`. `None` when there is none on a token that is there.
    pub(super) fn find_one(
        &self,
        label: &str,
        template: &[Attribute],
    ) -> Result<Option<ObjectHandle>, HsmError> {
        let found = self
            .session
            .find_objects(template)
            .during(Operation::Find)?;
        match found.as_slice() {
            [] => {
                if self.memory.knows(label) {
                    self.check_whole()?;
                }
                Ok(None)
            }
            [handle] => Ok(Some(*handle)),
            several => Err(HsmError::Ambiguous {
                label: label.to_owned(),
                count: several.len(),
            }),
        }
    }

    fn log_in(&self, settings: &Settings, call: &Call) -> Result<(), HsmError> {
        let _one_at_a_time = lock(&self.lease.module().login);
        if let Some((ckr, tries)) = self.memory.refused_pin() {
            return Err(HsmError::WrongPin { ckr, tries });
        }
        call.step(Operation::Login)?;
        let info = self.session.get_session_info().during(Operation::Login)?;
        if info.session_state() == SessionState::RwUser {
            return Ok(());
        }
        let pin = AuthPin::from(settings.pin.expose());
        match self.session.login(UserType::User, Some(&pin)) {
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
            Err(error) => match super::error::classify(Operation::Login, error) {
                HsmError::WrongPin { ckr, tries } => {
                    let tries = self.tries_left(tries);
                    self.memory.refuse_pin(ckr, tries);
                    tracing::error!(%ckr, %tries, "the HSM refused the PIN; it will not be tried again");
                    Err(HsmError::WrongPin { ckr, tries })
                }
                other => Err(other),
            },
        }
    }

    fn tries_left(&self, known: PinTries) -> PinTries {
        let Ok(token) = self.lease.pkcs11.get_token_info(self.slot) else {
            return known;
        };
        if known == PinTries::Locked || token.user_pin_locked() {
            PinTries::Locked
        } else if token.user_pin_final_try() {
            PinTries::Last
        } else if token.user_pin_count_low() {
            PinTries::Low
        } else {
            known
        }
    }
}

fn find_slot(lease: &Lease, token: &TokenSelector) -> Result<Slot, HsmError> {
    let slots = lease
        .pkcs11
        .get_slots_with_token()
        .during(Operation::Inspect)?;
    let found = match token {
        TokenSelector::Slot(number) => slots.into_iter().find(|slot| slot.id() == *number),
        // A token whose information cannot be read is not the one: others may stand beside ours.
        TokenSelector::Label(label) => slots.into_iter().find(|slot| {
            lease
                .pkcs11
                .get_token_info(*slot)
                .is_ok_and(|info| info.token_initialized() && info.label() == label)
        }),
    };
    found.ok_or_else(|| {
        away(AwayCause::TokenAbsent(match token {
            TokenSelector::Label(label) => format!("the token labelled {label:?}"),
            TokenSelector::Slot(number) => format!("the token of slot {number}"),
        }))
    })
}

fn away(cause: AwayCause) -> HsmError {
    HsmError::Away {
        operation: Operation::Inspect,
        cause,
    }
}
