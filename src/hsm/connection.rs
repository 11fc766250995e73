//! A logged-in session and the handles found through it.
//!
//! Handles are remembered no longer than their session lives: after a reconnect they are found anew, so a handle
//! can never come to mean another object.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Mutex;

use cryptoki::error::{Error, RvError};
use cryptoki::object::{AttributeType, ObjectHandle};
use cryptoki::session::{Session, SessionState, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;

use super::call::Call;
use super::error::{AwayCause, Ckr, During, HsmError, Operation, PinTries};
use super::module::{Lease, lock};
use super::settings::{Settings, TokenSelector};
use crate::domain::key::{KekVersion, PublicKey};

/// A session of the token, logged in as the user. It belongs to one thread.
pub(super) struct Connection {
    /// The session; closed before the lease ends, since fields drop in this order.
    pub(super) session: Session,
    /// Where the token is.
    pub(super) slot: Slot,
    /// KEKs found through this session.
    pub(super) keks: HashMap<KekVersion, ObjectHandle>,
    /// Authority keys found through this session: the private key's handle and the public key.
    pub(super) authorities: HashMap<String, (ObjectHandle, PublicKey)>,
    /// Set when a session object could not be destroyed: closing the session destroys it for sure.
    pub(super) spoilt: Cell<bool>,
    /// The right to use the library.
    pub(super) lease: Lease,
}

/// The refusal of the PIN, kept so that it is not tried again.
pub(super) type PinLatch = Mutex<Option<(Ckr, PinTries)>>;

impl Connection {
    /// Finds the token, opens a session and logs in unless another session of this process did.
    pub(super) fn open(
        lease: Lease,
        settings: &Settings,
        latch: &PinLatch,
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
            authorities: HashMap::new(),
            spoilt: Cell::new(false),
            lease,
        };
        connection.log_in(settings, latch, call)?;
        Ok(connection)
    }

    /// True while the session is logged in and that object can still be read through it.
    pub(super) fn still_reads(&self, object: ObjectHandle) -> bool {
        self.session
            .get_session_info()
            .is_ok_and(|info| info.session_state() == SessionState::RwUser)
            && self
                .session
                .get_attributes(object, &[AttributeType::Label])
                .is_ok_and(|found| !found.is_empty())
    }

    fn log_in(&self, settings: &Settings, latch: &PinLatch, call: &Call) -> Result<(), HsmError> {
        let _one_at_a_time = lock(&self.lease.module().login);
        if let Some((ckr, tries)) = *lock(latch) {
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
                    *lock(latch) = Some((ckr, tries));
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
    found.ok_or_else(|| HsmError::Away {
        operation: Operation::Inspect,
        cause: AwayCause::TokenAbsent(match token {
            TokenSelector::Label(label) => format!("the token labelled {label:?}"),
            TokenSelector::Slot(number) => format!("the token of slot {number}"),
        }),
    })
}
