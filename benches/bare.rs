//! The bare token: loops of PKCS#11 calls and nothing else, on the token that the server uses.

use std::mem::ManuallyDrop;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use cryptoki::context::Pkcs11;
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use rubrica::domain::algorithm::KeyAlgorithm;
use rubrica::hsm::WrapName;

use super::report::number;
use super::rig::token::{Selector, Token};

/// `DigestInfo` of a SHA-256 digest, all zeros (RFC 8017 section 9.2).
const DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];
/// `secp256r1` as `ECParameters` (RFC 5480 section 2.1.1).
const P256: [u8; 10] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

/// What is repeated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loop {
    /// `C_Sign` with a key that stays.
    Sign,
    /// A key is unwrapped, signs once, and is destroyed.
    UnwrapSignDestroy,
    /// A key is unwrapped and destroyed.
    UnwrapDestroy,
}

/// Sessions with their keys, one for each thread.
pub(crate) struct Bare {
    // Dropping it would finalise the library, which the server uses too.
    _library: ManuallyDrop<Pkcs11>,
    lanes: Vec<Lane>,
    what: Loop,
}

struct Lane {
    session: Session,
    wrap: WrapName,
    algorithm: KeyAlgorithm,
    kek: ObjectHandle,
    key: ObjectHandle,
    wrapped: Vec<u8>,
}

impl Bare {
    /// Makes session keys: nothing is left on the token.
    pub(crate) fn new(
        token: &Token,
        algorithm: KeyAlgorithm,
        what: Loop,
        threads: usize,
    ) -> anyhow::Result<Self> {
        let library = ManuallyDrop::new(Pkcs11::new(&token.module)?);
        let slot = library
            .get_slots_with_token()?
            .into_iter()
            .find(|slot| match &token.selector {
                Selector::Slot(number) => slot.id() == *number,
                Selector::Label(label) => library
                    .get_token_info(*slot)
                    .is_ok_and(|info| info.label() == label),
            })
            .context("the token is not there")?;
        let lanes = (0..threads)
            .map(|_| Lane::new(&library, slot, token, algorithm))
            .collect::<anyhow::Result<_>>()?;
        Ok(Self {
            _library: library,
            lanes,
            what,
        })
    }

    /// Does it once, on the first session.
    pub(crate) fn once(&self) -> anyhow::Result<()> {
        let lane = self.lanes.first().context("there is no session")?;
        lane.once(self.what)
    }

    /// How often all threads together did it in a second.
    pub(crate) fn per_second(&mut self, time: Duration) -> anyhow::Result<f64> {
        let what = self.what;
        let rates: Vec<anyhow::Result<f64>> = std::thread::scope(|threads| {
            let running: Vec<_> = self
                .lanes
                .iter_mut()
                .map(|lane| threads.spawn(move || lane.run(what, time)))
                .collect();
            running
                .into_iter()
                .map(|thread| match thread.join() {
                    Ok(rate) => rate,
                    Err(_) => bail!("a thread of the bare loop panicked"),
                })
                .collect()
        });
        rates.into_iter().sum()
    }
}

impl Lane {
    fn new(
        library: &Pkcs11,
        slot: Slot,
        token: &Token,
        algorithm: KeyAlgorithm,
    ) -> anyhow::Result<Self> {
        let session = library.open_rw_session(slot)?;
        match session.login(UserType::User, Some(&AuthPin::from(token.pin.clone()))) {
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
            Err(error) => return Err(error.into()),
        }
        let wrap = token.wrap()?;
        let kek = session.generate_key(
            &Mechanism::AesKeyGen,
            &[
                Attribute::Token(false),
                Attribute::ValueLen(32.into()),
                Attribute::Wrap(true),
                Attribute::Unwrap(true),
            ],
        )?;
        let private = [
            Attribute::Token(false),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(true),
            Attribute::Sign(true),
        ];
        let public = |own: &[Attribute]| [&[Attribute::Token(false)], own].concat();
        let (_, key) = match algorithm {
            KeyAlgorithm::EcP256 => session.generate_key_pair(
                &Mechanism::EccKeyPairGen,
                &public(&[Attribute::EcParams(P256.to_vec())]),
                &private,
            )?,
            KeyAlgorithm::Rsa3072 => session.generate_key_pair(
                &Mechanism::RsaPkcsKeyPairGen,
                &public(&[
                    Attribute::ModulusBits(3072.into()),
                    Attribute::PublicExponent(vec![1, 0, 1]),
                ]),
                &private,
            )?,
            other => bail!("no bare loop for {other}"),
        };
        let wrapped = session.wrap_key(&wrapping(wrap)?, kek, key)?;
        Ok(Self {
            session,
            wrap,
            algorithm,
            kek,
            key,
            wrapped,
        })
    }

    fn once(&self, what: Loop) -> anyhow::Result<()> {
        match what {
            Loop::Sign => self.sign(self.key),
            Loop::UnwrapSignDestroy | Loop::UnwrapDestroy => {
                let kind = match self.algorithm {
                    KeyAlgorithm::EcP256 => KeyType::EC,
                    _ => KeyType::RSA,
                };
                let key = self.session.unwrap_key(
                    &wrapping(self.wrap)?,
                    self.kek,
                    &self.wrapped,
                    &[
                        Attribute::Class(ObjectClass::PRIVATE_KEY),
                        Attribute::KeyType(kind),
                        Attribute::Token(false),
                        Attribute::Private(true),
                        Attribute::Sensitive(true),
                        Attribute::Extractable(false),
                        Attribute::Sign(true),
                    ],
                )?;
                if what == Loop::UnwrapSignDestroy {
                    self.sign(key)?;
                }
                Ok(self.session.destroy_object(key)?)
            }
        }
    }

    fn sign(&self, key: ObjectHandle) -> anyhow::Result<()> {
        let digest = [0; 32];
        if self.algorithm == KeyAlgorithm::EcP256 {
            self.session.sign(&Mechanism::Ecdsa, key, &digest)?;
        } else {
            let input = [DIGEST_INFO.as_slice(), &digest].concat();
            self.session.sign(&Mechanism::RsaPkcs, key, &input)?;
        }
        Ok(())
    }

    fn run(&mut self, what: Loop, time: Duration) -> anyhow::Result<f64> {
        let begun = Instant::now();
        let mut done = 0;
        while begun.elapsed() < time {
            self.once(what)?;
            done += 1;
        }
        Ok(number(done) / begun.elapsed().as_secs_f64())
    }
}

/// The mechanism of the vendor's profile. A benchmark's keys need no initialisation vector that nobody can foretell.
fn wrapping(wrap: WrapName) -> anyhow::Result<Mechanism<'static>> {
    match wrap {
        WrapName::AesKeyWrapPad => Ok(Mechanism::AesKeyWrapPad),
        WrapName::AesCbcPad => Ok(Mechanism::AesCbcPad([7; 16])),
        WrapName::VendorAesKwp => bail!("no token here has a mechanism of its vendor's own"),
    }
}
