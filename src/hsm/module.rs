//! One PKCS#11 library, loaded and initialised once a process, whoever uses it.
//!
//! `C_Initialize` counts for the whole process (PKCS#11 section 5.4), so the modules are kept in a table of the
//! process. A [`Lease`] keeps the library from being finalised under a session.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};

use super::error::{During, HsmError, Operation};

static MODULES: Mutex<BTreeMap<PathBuf, Arc<Module>>> = Mutex::new(BTreeMap::new());

/// A PKCS#11 library and whether it is initialised.
pub(super) struct Module {
    path: PathBuf,
    state: Mutex<State>,
    released: Condvar,
    /// Held during `C_Login`, so that a wrong PIN is tried once and not once a thread, and during `C_CloseSession`, since
    /// the last one logs out.
    pub(super) login: Mutex<()>,
    /// See [`Access`].
    access: RwLock<()>,
}

/// Who else may use the library during a job.
///
/// SoftHSM 2.6.1 shows a token object to the other threads of its process while it is still being written. Whoever
/// looks at it then takes from it what was not written yet: the making fails with `CKR_TEMPLATE_INCONSISTENT`, or the
/// whole token is lost to the process. So nobody else is at the token while an object is made that stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Any number of jobs at once: they make nothing that stays.
    Shared,
    /// This job alone: it makes an object that stays. Rare; no server does it, only set-up.
    Exclusive,
}

/// The right to use the initialised library; while one lives, nobody finalises it.
pub(super) struct Lease {
    module: Arc<Module>,
    /// The library.
    pub(super) pkcs11: Pkcs11,
    /// Which initialisation this belongs to.
    pub(super) generation: u64,
}

/// What became of a wish to initialise anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Renewal {
    /// The library is freshly initialised.
    Done,
    /// Other sessions are open, perhaps stuck in a call, and must not lose the library.
    InUse,
}

struct State {
    loaded: Option<Pkcs11>,
    initialised: bool,
    generation: u64,
    leases: usize,
}

impl Module {
    /// The one module of this path. Loads nothing yet.
    pub(super) fn shared(path: &Path) -> Arc<Self> {
        // Two names of one file must not become two contexts; a bare name is left to the dynamic linker.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let mut modules = lock(&MODULES);
        Arc::clone(modules.entry(path.clone()).or_insert_with(|| {
            Arc::new(Self {
                path,
                state: Mutex::new(State {
                    loaded: None,
                    initialised: false,
                    generation: 0,
                    leases: 0,
                }),
                released: Condvar::new(),
                login: Mutex::new(()),
                access: RwLock::new(()),
            })
        }))
    }

    /// Loads and initialises the library if that is still to be done.
    pub(super) fn lease(self: &Arc<Self>) -> Result<Lease, HsmError> {
        let mut state = lock(&self.state);
        let pkcs11 = self.initialised(&mut state)?;
        state.leases += 1;
        Ok(Lease {
            module: Arc::clone(self),
            pkcs11,
            generation: state.generation,
        })
    }

    /// Does that with the access it needs.
    pub(super) fn with<T>(&self, access: Access, job: impl FnOnce() -> T) -> T {
        match access {
            Access::Shared => {
                let _with_others = self.access.read().unwrap_or_else(PoisonError::into_inner);
                job()
            }
            Access::Exclusive => {
                let _alone = self.access.write().unwrap_or_else(PoisonError::into_inner);
                job()
            }
        }
    }

    /// Finalises and initialises the library, which is how network HSMs and SoftHSM alike learn that a token is
    /// back. Waits so long for open sessions to close. Does nothing when `generation` is no longer the present one.
    pub(super) fn renew(&self, generation: u64, wait: Duration) -> Result<Renewal, HsmError> {
        let (mut state, _) = self
            .released
            .wait_timeout_while(lock(&self.state), wait, |state| state.leases > 0)
            .unwrap_or_else(PoisonError::into_inner);
        if state.generation != generation {
            return Ok(Renewal::Done);
        }
        if state.leases > 0 {
            return Ok(Renewal::InUse);
        }
        if let Some(pkcs11) = state.loaded.clone().filter(|_| state.initialised) {
            // Whatever it answers, what counts is whether initialising succeeds.
            if let Err(error) = pkcs11.finalize() {
                tracing::debug!(%error, "finalising the PKCS#11 module");
            }
            state.initialised = false;
        }
        self.initialised(&mut state)?;
        Ok(Renewal::Done)
    }

    fn initialised(&self, state: &mut State) -> Result<Pkcs11, HsmError> {
        let pkcs11 = match state.loaded.clone() {
            Some(pkcs11) => pkcs11,
            None => Pkcs11::new(&self.path).map_err(|source| HsmError::Module {
                module: self.path.clone(),
                source,
            })?,
        };
        state.loaded = Some(pkcs11.clone());
        if !state.initialised {
            match pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
                Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
                failed => failed.during(Operation::Initialize)?,
            }
            state.initialised = true;
            state.generation += 1;
        }
        Ok(pkcs11)
    }
}

impl Lease {
    /// The module this is a lease of.
    pub(super) fn module(&self) -> &Arc<Module> {
        &self.module
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut state = lock(&self.module.state);
        state.leases = state.leases.saturating_sub(1);
        self.module.released.notify_all();
    }
}

/// A panic elsewhere leaves these plain counters whole, so a poisoned lock is used all the same.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
