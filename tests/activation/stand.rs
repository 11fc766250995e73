//! Citizens, credentials and a ledger for the tests of activation.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use rubrica::activation::{Activation, ActivationError, Sad, SadLedger, SadLedgerError, Spending};
use rubrica::clock::Ambient;
use rubrica::domain::algorithm::{Digest, KeyAlgorithm};
use rubrica::domain::credential::{Credential, CredentialIssuer};
use rubrica::domain::id::{SadId, SignerId};
use rubrica::domain::key::{DtbsR, KekVersion, ToSign, VerifiedValue};
use rubrica::domain::secret::{CitizenSecret, SecretBytes};
use rubrica::domain::wrapping::WrappedBy;
use rubrica::hsm::Hsm;
use time::{Duration, OffsetDateTime};

use crate::harness::wrapping::wrapped_by;

pub(super) const ALGORITHM: KeyAlgorithm = KeyAlgorithm::EcP256;

/// An activation module, with the time and the ledger in the test's hands.
pub(super) struct Stand {
    pub(super) activation: Activation,
    pub(super) ambient: Ambient,
    pub(super) ledger: Ledger,
    /// What wraps the keys of every citizen here.
    pub(super) by: WrappedBy,
}

/// A citizen with the secret that the two factors reveal.
pub(super) struct Citizen {
    pub(super) signer: SignerId,
    pub(super) secret: CitizenSecret,
}

/// Keeps the promise of `SadLedger` in memory; the database's part is tested where it is implemented.
#[derive(Default)]
pub(super) struct Ledger(Mutex<BTreeSet<SadId>>);

impl SadLedger for Ledger {
    fn spend(&self, spending: Spending) -> Result<(), SadLedgerError> {
        if self.0.lock().unwrap().insert(spending.sad) {
            Ok(())
        } else {
            Err(SadLedgerError::AlreadySpent)
        }
    }
}

impl Ledger {
    pub(super) fn spent(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

/// A ledger that is away.
pub(super) struct NoLedger;

impl SadLedger for NoLedger {
    fn spend(&self, _: Spending) -> Result<(), SadLedgerError> {
        Err(SadLedgerError::Unavailable("the database is away".into()))
    }
}

pub(super) type Signed = Result<Vec<Result<VerifiedValue, ActivationError>>, ActivationError>;

impl Stand {
    pub(super) fn new() -> Self {
        Self::on(crate::harness::hsm(), Ambient::system())
    }

    pub(super) fn on(hsm: Hsm, ambient: Ambient) -> Self {
        Self {
            by: wrapped_by(&hsm, KekVersion(1)),
            activation: Activation::new(hsm, ambient.clone()),
            ambient,
            ledger: Ledger::default(),
        }
    }

    pub(super) fn citizen(&self) -> Citizen {
        Citizen {
            signer: self.ambient.id(),
            secret: CitizenSecret::new(SecretBytes::new(self.ambient.random())),
        }
    }

    /// A credential made while the citizen is absent: only the public half of the secret is used.
    pub(super) fn credential(&self, citizen: &Citizen) -> Credential {
        let id = self.ambient.id();
        let provisioned = self
            .activation
            .provision(
                citizen.signer,
                id,
                &citizen.secret.sealing_key(),
                &self.by,
                ALGORITHM,
            )
            .unwrap();
        Credential {
            id,
            signer: citizen.signer,
            public_key: provisioned.public_key,
            wrapped_by: provisioned.wrapped_by,
            sealed_key: Some(provisioned.sealed_key),
            issuer: CredentialIssuer::BuiltIn,
            request: None,
            certification: None,
            created_at: self.ambient.now(),
            revocation: None,
        }
    }

    pub(super) fn soon(&self) -> OffsetDateTime {
        self.ambient.now() + Duration::minutes(1)
    }

    /// The citizen approves exactly this.
    pub(super) fn approve(
        &self,
        citizen: &Citizen,
        credential: &Credential,
        to_sign: &[ToSign],
    ) -> Sad {
        Sad::bind(
            self.ambient.id(),
            citizen.signer,
            credential,
            to_sign,
            citizen.secret.clone(),
            self.soon(),
        )
    }

    /// The values, in the order of what was to be signed.
    pub(super) fn activate(&self, sad: Sad, credential: &Credential, to_sign: &[ToSign]) -> Signed {
        let mut values = BTreeMap::new();
        let mut each = |place, value| assert!(values.insert(place, value).is_none());
        self.activation
            .activate(sad, credential, to_sign, &self.ledger, &mut each)?;
        Ok(values.into_values().collect())
    }
}

pub(super) fn set(texts: &[&str]) -> Vec<ToSign> {
    texts
        .iter()
        .map(|text| {
            let scheme = ALGORITHM.default_scheme();
            ToSign {
                scheme,
                dtbs_r: DtbsR(Digest::of(scheme.digest, text.as_bytes())),
            }
        })
        .collect()
}
