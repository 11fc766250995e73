//! The HSM, through PKCS#11: the only module that knows `cryptoki`.
//!
//! An [`Hsm`] makes and keeps key-encryption keys ([`KekVersion`]), makes wrapping keys that leave it only wrapped by a
//! KEK, makes signer keys that leave it only wrapped by a wrapping key, signs with wrapped keys, and keeps the few keys of
//! the authorities. It never holds a signer's key on the token: key pairs are session objects, wrapped and destroyed in
//! the same job; to sign, the key is unwrapped as a sensitive session object that cannot be extracted, used, and
//! destroyed. So the token does not fill, and nothing takes longer the more signers there are. A session keeps the few
//! wrapping keys that it has unwrapped (see `wrapping_key`), as session objects too.
//!
//! What it must not do: decide who may sign (that is `activation`'s), know documents or certificates, or keep
//! anything about a signer.
//!
//! # How calls travel
//!
//! PKCS#11 is synchronous and a session belongs to one thread. Callers put a job in a [`Lane`] and wait; worker threads, one
//! session each, do the jobs. Each owner of jobs has a lane of its own (see `lanes`): lanes share the sessions'
//! time evenly, and a batch of many digests gives way to whoever waits (see `batch`). When all sessions are busy and
//! there is no place to wait in the lane the answer is [`HsmError::Busy`], at once. PKCS#11 knows no time-outs, so the caller watches the worker's steps: when one
//! step takes longer than `call_timeout` the caller gets [`HsmError::Timeout`], the worker is written off and
//! replaced, and should its call ever come back it takes no further step of that job.
//!
//! # How losses are mended
//!
//! Nothing is connected before the first call. A call that finds its session gone opens another; if that does not
//! help, all sessions of the token are closed, the library is initialised anew (network HSMs and SoftHSM notice a
//! returned token only then) and the call is made once more. Only then is the answer [`HsmError::Away`]. The next
//! call starts over, so a token that is put back is found without a restart. A token that lacks every key it had before
//! counts as lost too: see `memory`. The exception is a refused PIN: it is never tried again, since wrong tries lock
//! the token.
//!
//! # One token, several handles
//!
//! The library is initialised once a process, and the token's login state is shared by all sessions of the
//! process (PKCS#11 section 6.7.4). Several [`Hsm`] values on one module therefore share its context. Jobs run side by side,
//! but for those that make an object that stays: nobody else is at the token then (see `module`). Sessions are closed one
//! after the other, since opencryptoki does not bear two of them closed at the same time (see `connection`).
//!
//! Start reading at `link` (one job's way), `pool` (the threads) and `batch` (many signatures); each operation has its own file.

mod authority;
mod batch;
mod call;
mod connection;
mod error;
mod generate;
mod kek;
mod key_pair;
mod lanes;
mod link;
mod memory;
mod module;
mod object;
mod pool;
mod settings;
mod sign;
mod status;
mod wrap;
mod wrapping_key;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

pub use error::{AwayCause, Ckr, HsmError, Operation, PinTries};
pub use generate::GeneratedKey;
pub use kek::KekFault;
pub use lanes::Lane;
pub use pool::Load;
pub use settings::{
    InvalidSettings, KeyNames, RawSettings, Rsa2048, SessionKeys, Settings, TokenSelector,
    WrapMechanism, WrapName,
};
pub use status::{MechanismStatus, ObjectCount, Presence, TokenStatus};
pub use wrap::{Unwrapper, WrappedKey};

pub use crate::domain::key::KekVersion;

use crate::domain::algorithm::{KeyAlgorithm, SignatureScheme};
use crate::domain::key::{DtbsR, PublicKey, SignatureValue, ToSign};
use crate::domain::wrapping::WrappedBy;
use pool::Pool;

/// A token, reached when it is needed. Clones share the sessions; the last one closes them.
#[derive(Clone)]
pub struct Hsm {
    pool: Arc<Pool>,
    lane: Lane,
}

impl Hsm {
    /// Does nothing yet; the first call connects.
    pub fn new(settings: Settings) -> Self {
        Self {
            pool: Arc::new(Pool::new(settings)),
            lane: Lane::HOUSE,
        }
    }

    /// The same token with the same sessions, asked on behalf of that lane's owner.
    #[must_use]
    pub fn in_lane(&self, lane: Lane) -> Self {
        Self {
            pool: Arc::clone(&self.pool),
            lane,
        }
    }

    /// What the token says of itself. Succeeds only when the token is there and the login works.
    pub fn status(&self) -> Result<TokenStatus, HsmError> {
        let settings = self.settings();
        self.pool
            .run(self.lane, settings.call_timeout, move |connection, call| {
                status::status(connection, &settings, call)
            })
    }

    /// Whether the token is there, with the login and the keys it had before. Much cheaper than [`status`](Self::status).
    pub fn check_reachable(&self) -> Result<(), HsmError> {
        self.pool.run(
            self.lane,
            self.settings().call_timeout,
            |connection, call| {
                call.step(Operation::Find)?;
                connection.check_whole()
            },
        )
    }

    /// The same, and whether a session has, or can have, what wraps a signer's key. No signer's key is
    /// needed for it.
    pub fn check_wrapper(&self, by: &WrappedBy) -> Result<(), HsmError> {
        let settings = self.settings();
        let by = by.clone();
        self.pool
            .run(self.lane, settings.call_timeout, move |connection, call| {
                call.step(Operation::Find)?;
                connection.check_whole()?;
                connection.unwrapper(&settings, call, &by).map(drop)
            })
    }

    /// How busy the sessions are; asks no token.
    pub fn load(&self) -> Load {
        self.pool.load()
    }

    /// How many objects the token shows to this process, those of other [`Hsm`] values included.
    pub fn object_count(&self) -> Result<ObjectCount, HsmError> {
        self.pool.run(
            self.lane,
            self.settings().call_timeout,
            |connection, call| status::object_count(connection, call),
        )
    }

    /// Makes a KEK: AES-256, sensitive, never extractable, for wrapping and unwrapping only, labelled
    /// `rubrica-kek-<version>`. Versions are chosen by the caller and never reused.
    pub fn generate_kek(&self, version: KekVersion) -> Result<(), HsmError> {
        let settings = self.settings();
        self.pool.run_alone(
            self.lane,
            settings.generation_timeout,
            move |connection, call| kek::generate(connection, &settings, call, version),
        )
    }

    /// The KEK versions on the token, lowest first.
    pub fn keks(&self) -> Result<Vec<KekVersion>, HsmError> {
        self.pool.run(
            self.lane,
            self.settings().call_timeout,
            |connection, call| kek::versions(connection, call),
        )
    }

    /// Destroys that KEK, if it is there. Whatever only it wraps can never be used again.
    pub fn destroy_kek(&self, version: KekVersion) -> Result<(), HsmError> {
        self.pool.run_alone(
            self.lane,
            self.settings().call_timeout,
            move |connection, call| kek::destroy(connection, call, version),
        )
    }

    /// Whether that KEK only wraps and unwraps, and never was outside the token, as far as the token tells; otherwise
    /// [`HsmError::KekUnprotected`]. A session checks the same before it first uses a KEK.
    pub fn check_kek(&self, version: KekVersion) -> Result<(), HsmError> {
        self.pool.run(
            self.lane,
            self.settings().call_timeout,
            move |connection, call| kek::check(connection, call, version),
        )
    }

    /// Makes a wrapping key and gives it wrapped by that KEK. Nothing of it stays on the token.
    pub fn generate_wrapping_key(&self, kek: KekVersion) -> Result<WrappedKey, HsmError> {
        let settings = self.settings();
        self.pool
            .run(self.lane, settings.call_timeout, move |connection, call| {
                wrapping_key::generate(connection, &settings, call, kek)
            })
    }

    /// Wraps by the KEK `to` the wrapping key that `from` wraps, and proves in the token that it is the same key still.
    /// Nothing of it stays there.
    pub fn rewrap(
        &self,
        from: KekVersion,
        wrapped: &WrappedKey,
        to: KekVersion,
    ) -> Result<WrappedKey, HsmError> {
        let settings = self.settings();
        let wrapped = wrapped.clone();
        self.pool
            .run(self.lane, settings.call_timeout, move |connection, call| {
                wrapping_key::rewrap(connection, &settings, call, (from, &wrapped), to)
            })
    }

    /// Makes a signer's key pair and gives the private key wrapped by that. Nothing of it stays on the token.
    pub fn generate_wrapped(
        &self,
        by: &WrappedBy,
        algorithm: KeyAlgorithm,
    ) -> Result<GeneratedKey, HsmError> {
        let settings = self.settings();
        key_pair::check_allowed(&settings, algorithm)?;
        let by = by.clone();
        self.pool.run(
            self.lane,
            settings.generation_timeout,
            move |connection, call| generate::generate(connection, &settings, call, &by, algorithm),
        )
    }

    /// Signs digests with a wrapped key. The values come in the order of `to_sign`, each with its own failure. A token that is
    /// lost half-way keeps the values that were made; the other digests are [`HsmError::NotReached`]. The call fails as a
    /// whole when not one digest was settled. Where there are many, others have their turn in between, and sessions
    /// with nothing to do help. The values are not verified here.
    pub fn sign_wrapped(
        &self,
        by: &WrappedBy,
        algorithm: KeyAlgorithm,
        wrapped: &WrappedKey,
        to_sign: &[ToSign],
    ) -> Result<Vec<Result<SignatureValue, HsmError>>, HsmError> {
        let mut values = BTreeMap::new();
        self.sign_wrapped_each(by, algorithm, wrapped, to_sign, &mut |place, value| {
            values.insert(place, value);
        })?;
        Ok(values.into_values().collect())
    }

    /// The same for a caller that takes each value as soon as it is there, with the place of its digest, in whichever order they
    /// come. Every digest is told of, unless the call fails as a whole. The session does not wait for `each`.
    pub fn sign_wrapped_each(
        &self,
        by: &WrappedBy,
        algorithm: KeyAlgorithm,
        wrapped: &WrappedKey,
        to_sign: &[ToSign],
        each: &mut dyn FnMut(usize, Result<SignatureValue, HsmError>),
    ) -> Result<(), HsmError> {
        let job = sign::WrappedSigning {
            by: by.clone(),
            algorithm,
            wrapped: wrapped.clone(),
            to_sign: to_sign.to_vec(),
        };
        self.pool.sign(self.lane, job, each)
    }

    /// Makes an authority's key pair on the token under that label.
    pub fn generate_authority_key(
        &self,
        label: &str,
        algorithm: KeyAlgorithm,
    ) -> Result<PublicKey, HsmError> {
        let settings = self.settings();
        key_pair::check_allowed(&settings, algorithm)?;
        let label = label.to_owned();
        self.pool.run_alone(
            self.lane,
            settings.generation_timeout,
            move |connection, call| authority::generate(connection, call, &label, algorithm),
        )
    }

    /// The public key of the authority under that label; `None` when there is none.
    pub fn authority_key(&self, label: &str) -> Result<Option<PublicKey>, HsmError> {
        let label = label.to_owned();
        self.pool.run(
            self.lane,
            self.settings().call_timeout,
            move |connection, call| authority::public_key(connection, call, &label),
        )
    }

    /// Signs with the authority key under that label.
    pub fn sign_with_authority(
        &self,
        label: &str,
        scheme: SignatureScheme,
        dtbs_r: &DtbsR,
    ) -> Result<SignatureValue, HsmError> {
        let label = label.to_owned();
        let to_sign = ToSign {
            scheme,
            dtbs_r: dtbs_r.clone(),
        };
        self.pool.run(
            self.lane,
            self.settings().call_timeout,
            move |connection, call| authority::sign_with(connection, call, &label, &to_sign),
        )
    }

    /// What a signer key may do between its making and its wrapping; it decides what can wrap it.
    pub fn session_keys(&self) -> SessionKeys {
        self.pool.settings().session_keys
    }

    fn settings(&self) -> Settings {
        self.pool.settings().clone()
    }
}

impl fmt::Debug for Hsm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hsm")
            .field("settings", self.pool.settings())
            .finish_non_exhaustive()
    }
}
