//! Citizens who can sign, made many at a time: what registration, activation and issuing leave in the database, without
//! the steps between.
//!
//! Secrets, keyslots, keys, seals and certificates are made by the functions that the use cases call, and rows and entries
//! are written by those that the use cases write them with. What is left out: the SMS with the code, and the transaction of
//! each step. So the journal has no entries of codes and factors, and the intent to make a key is on record with the key's
//! row and not before.

use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use rubrica::activation::Activation;
use rubrica::clock::Ambient;
use rubrica::domain::algorithm::KeyAlgorithm;
use rubrica::domain::authority::AuthorityRole;
use rubrica::domain::credential::{Certification, Credential, CredentialIssuer};
use rubrica::domain::factor::Factor;
use rubrica::domain::key::KekVersion;
use rubrica::domain::secret::{CitizenSecret, SecretBytes};
use rubrica::domain::signer::Signer;
use rubrica::domain::wrapping::{CREDENTIALS_PER_WRAPPING_KEY, WrappedBy, WrappingKey};
use rubrica::hsm::{Hsm, SessionKeys};
use rubrica::identity::Identity;
use rubrica::journal::{Actor, Entry, Event, Journal, Outcome};
use rubrica::pki::profile::citizen;
use rubrica::pki::{self, Authority, HsmKey, Serial};
use rubrica::store::keyslots::Keyslot;
use rubrica::store::{self, Store, StoreError, authorities, keyslots, signers, wrapping_keys};

use super::place::Place;
use super::scene::{Citizen, PASSWORD};

/// The parts that are needed, over a place whose KEK and authorities are there.
pub(crate) struct Enrolment {
    pub(crate) ambient: Ambient,
    store: Store,
    pub(crate) journal: Journal,
    identity: Identity,
    hsm: Hsm,
    pub(crate) activation: Activation,
    /// The kind of the credentials' keys.
    key: KeyAlgorithm,
    settings: pki::Settings,
    kek: KekVersion,
    issuing: Authority,
    issuing_key: HsmKey,
    root: Authority,
    /// The wrapping key in use, and how many more keys it may wrap.
    wrapping: Mutex<Option<(WrappingKey, u64)>>,
}

/// A citizen who is stored, and whose secret is known as if both factors had been given.
pub(crate) struct Holder {
    pub(crate) credential: Credential,
    pub(crate) secret: CitizenSecret,
}

/// A citizen's rows.
pub(crate) struct Enrolled {
    pub(crate) number: u32,
    signer: Signer,
    slots: [(Factor, Keyslot); 2],
    credential: Credential,
}

impl Enrolment {
    pub(crate) fn new(place: &Place, key: KeyAlgorithm) -> anyhow::Result<Self> {
        let config = place.loaded()?;
        let ambient = Ambient::system();
        let store = Store::open(&config.store)?;
        let pin = config.hsm.pin.clone().context("the place has no PIN")?;
        let hsm = Hsm::new(config.hsm.settings(pin)?);
        let authority = |role| {
            let stored = store.read(|connection| authorities::find(connection, role))?;
            let stored = stored.context("the place has no authorities")?;
            anyhow::Ok(Authority::from_der(&stored.certificate)?)
        };
        let label = config.pki.issuing_label();
        Ok(Self {
            journal: Journal::new(store.clone(), ambient.clone(), config.server.node),
            identity: Identity::new(store.clone(), ambient.clone(), config.identity),
            activation: Activation::new(hsm.clone(), ambient.clone()),
            kek: hsm.keks()?.into_iter().max().context("there is no KEK")?,
            issuing: authority(AuthorityRole::Issuing)?,
            issuing_key: HsmKey::find(&hsm, label)?.context("there is no issuing key")?,
            root: authority(AuthorityRole::Root)?,
            settings: config.pki,
            key,
            wrapping: Mutex::default(),
            ambient,
            store,
            hsm,
        })
    }

    /// Makes everything of a citizen that is to be stored. Slow, and for many threads at once.
    pub(crate) fn make(&self, number: u32) -> anyhow::Result<Enrolled> {
        let secret = CitizenSecret::new(SecretBytes::new(self.ambient.random()));
        self.make_with(number, &secret)
    }

    /// Makes and stores a citizen.
    pub(crate) fn holder(&self, number: u32) -> anyhow::Result<Holder> {
        let secret = CitizenSecret::new(SecretBytes::new(self.ambient.random()));
        let made = self.make_with(number, &secret)?;
        self.keep(std::slice::from_ref(&made))?;
        let credential = made.credential;
        Ok(Holder { credential, secret })
    }

    fn make_with(&self, number: u32, secret: &CitizenSecret) -> anyhow::Result<Enrolled> {
        let signer = self.signer(number, secret)?;
        // Sixteen characters of the alphabet of activation codes. Nobody is told it.
        let code = hex::encode_upper(self.ambient.random::<8>());
        let slot = |factor, knowledge: &str| {
            let owner = (signer.id, factor);
            let slot = self.identity.keyslot(owner, knowledge.as_bytes(), secret)?;
            anyhow::Ok((factor, slot))
        };
        Ok(Enrolled {
            number,
            slots: [
                slot(Factor::ActivationCode, &code)?,
                slot(Factor::Password, PASSWORD)?,
            ],
            credential: self.credential(&signer)?,
            signer,
        })
    }

    /// Stores citizens with all that is theirs and puts them on record, all or none.
    pub(crate) fn keep(&self, enrolled: &[Enrolled]) -> anyhow::Result<()> {
        self.journal.recording(|connection| {
            for one in enrolled {
                signers::insert(connection, &one.signer)?;
                for (factor, slot) in &one.slots {
                    keyslots::put(connection, one.signer.id, *factor, slot)?;
                }
                store::credentials::insert(connection, &one.credential)?;
            }
            Ok(((), enrolled.iter().flat_map(Enrolled::entries).collect()))
        })
    }

    /// Registered at advanced level, and activated a moment later.
    fn signer(&self, number: u32, secret: &CitizenSecret) -> anyhow::Result<Signer> {
        let known = Citizen::numbered(number)?.registration()?;
        let now = self.ambient.now();
        Ok(Signer {
            id: self.ambient.id(),
            national_id: known.national_id,
            name: known.name,
            phone: Some(known.phone),
            email: known.email,
            language: known.language,
            method: known.method,
            level: known.level,
            proofed_at: known.proofed_at,
            registered_at: now,
            activated_at: Some(now),
            password_expires_at: Some(now + self.identity.settings().password_life()),
            blocked_at: None,
            activation_blocked_at: None,
            last_access_at: Some(now),
            deregistered_at: None,
            sealing_key: secret.sealing_key(),
        })
    }

    fn credential(&self, signer: &Signer) -> anyhow::Result<Credential> {
        let id = self.ambient.id();
        let created_at = self.ambient.now();
        let wrapped_by = self.wrapper()?;
        let fresh = self
            .activation
            .generate(signer.id, id, &wrapped_by, self.key)?;
        let issued = citizen::issue(
            &self.issuing,
            &self.issuing_key,
            &citizen::Citizen {
                name: signer.name.clone(),
                national_id: signer.national_id.clone(),
            },
            fresh.public_key(),
            &self.settings,
            Serial::from_random(self.ambient.random()),
            created_at,
        )?;
        let provisioned = fresh.seal(&signer.sealing_key)?;
        Ok(Credential {
            id,
            signer: signer.id,
            public_key: provisioned.public_key,
            wrapped_by: provisioned.wrapped_by,
            sealed_key: Some(provisioned.sealed_key),
            issuer: CredentialIssuer::BuiltIn,
            request: None,
            certification: Some(Certification {
                serial: issued.serial.to_string(),
                not_before: issued.not_before,
                not_after: issued.not_after,
                chain: vec![
                    issued.certificate,
                    self.issuing.certificate().to_vec(),
                    self.root.certificate().to_vec(),
                ],
            }),
            created_at,
            revocation: None,
        })
    }

    /// What wraps the next key: as many keys under one wrapping key as in production.
    fn wrapper(&self) -> anyhow::Result<WrappedBy> {
        if self.hsm.session_keys() == SessionKeys::WrapWithTrusted {
            return Ok(WrappedBy::Kek(self.kek));
        }
        // Held while a key is made, so that one is made.
        let mut wrapping = self.wrapping.lock().unwrap_or_else(PoisonError::into_inner);
        if wrapping.is_none() {
            *wrapping = self.present_wrapping_key()?;
        }
        let (key, left) = match wrapping.take().filter(|(_, left)| *left > 0) {
            Some(present) => present,
            None => (
                self.make_wrapping_key()?,
                u64::from(CREDENTIALS_PER_WRAPPING_KEY),
            ),
        };
        *wrapping = Some((key.clone(), left - 1));
        Ok(WrappedBy::WrappingKey(key))
    }

    fn present_wrapping_key(&self) -> anyhow::Result<Option<(WrappingKey, u64)>> {
        let newest = self.store.read(|connection| {
            let Some(key) = wrapping_keys::newest(connection, self.kek)? else {
                return Ok(None);
            };
            let served = wrapping_keys::served(connection, key.id)?;
            Ok::<_, StoreError>(Some((key, served)))
        })?;
        Ok(newest.map(|(key, served)| {
            let room = u64::from(CREDENTIALS_PER_WRAPPING_KEY).saturating_sub(served);
            (key, room)
        }))
    }

    fn make_wrapping_key(&self) -> anyhow::Result<WrappingKey> {
        let id = self.ambient.id();
        let entry = Entry::new(Event::WrappingKeyCreated)
            .by(administrator())
            .detail(&format!(
                "wrapping key {id}, wrapped by KEK version {}",
                self.kek
            ));
        self.journal
            .append(&[entry.clone().outcome(Outcome::Intended)])?;
        let key = WrappingKey {
            id,
            kek: self.kek,
            wrapped: self
                .hsm
                .generate_wrapping_key(self.kek)?
                .as_bytes()
                .to_vec(),
            created_at: self.ambient.now(),
            rewrapped_at: None,
        };
        self.journal.recording(|connection| {
            wrapping_keys::insert(connection, &key)?;
            anyhow::Ok(((), vec![entry]))
        })?;
        Ok(key)
    }
}

impl Enrolled {
    /// What is on record of a citizen who was given a credential, and is true here too.
    fn entries(&self) -> [Entry; 4] {
        let about = |event| Entry::new(event).by(administrator()).signer(self.signer.id);
        let key = self.credential.public_key.algorithm();
        let serial = self.credential.certification.as_ref();
        let serial = serial.map(|certification| certification.serial.as_str());
        let issuing =
            |serial| about(Event::CredentialIssued).credential(self.credential.id, key, serial);
        [
            about(Event::SignerRegistered).detail("new"),
            about(Event::SignerActivated),
            issuing(None).outcome(Outcome::Intended),
            issuing(serial),
        ]
    }
}

fn administrator() -> Actor {
    Actor::Administrator {
        name: "bench".to_owned(),
    }
}
