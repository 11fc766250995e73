//! Signatures made in the HSM, as the citizen's one activation of a set of documents makes them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use rubrica::activation::{Activation, Sad, SadLedger, SadLedgerError, Spending};
use rubrica::clock::Ambient;
use rubrica::domain::algorithm::{DigestAlgorithm, KeyAlgorithm, Padding, SignatureScheme};
use rubrica::domain::credential::{Credential, CredentialIssuer};
use rubrica::domain::id::SadId;
use rubrica::domain::key::{KekVersion, SignatureValue, ToSign};
use rubrica::domain::secret::{CitizenSecret, SecretBytes};
use time::Duration;

use super::samples::Desk;
use crate::harness::wrapping::wrapped_by;

#[test]
fn all_judges_accept_rsa_3072_with_pkcs1_from_the_token() {
    desk(KeyAlgorithm::Rsa3072, Padding::Pkcs1v15).assert_all_accepted();
}

#[test]
fn all_judges_accept_rsa_3072_with_pss_from_the_token() {
    desk(KeyAlgorithm::Rsa3072, Padding::Pss).assert_all_accepted();
}

#[test]
fn all_judges_accept_p256_from_the_token() {
    desk(KeyAlgorithm::EcP256, Padding::Ecdsa).assert_all_accepted();
}

/// A desk of a citizen whose key only the token can use.
fn desk(algorithm: KeyAlgorithm, padding: Padding) -> Desk {
    let citizen = Citizen::new(algorithm);
    let scheme = SignatureScheme {
        padding,
        digest: DigestAlgorithm::Sha256,
    };
    let public_key = citizen.credential.public_key.clone();
    Desk::new(
        &public_key,
        scheme,
        Box::new(move |set| citizen.approves(set)),
    )
}

struct Citizen {
    activation: Activation,
    ambient: Ambient,
    secret: CitizenSecret,
    credential: Credential,
    spent: Spent,
}

impl Citizen {
    fn new(algorithm: KeyAlgorithm) -> Self {
        let ambient = Ambient::system();
        let activation = Activation::new(crate::harness::hsm(), ambient.clone());
        let secret = CitizenSecret::new(SecretBytes::new(ambient.random()));
        let (signer, id) = (ambient.id(), ambient.id());
        let by = wrapped_by(&crate::harness::hsm(), KekVersion(1));
        let provisioned = activation
            .provision(signer, id, &secret.sealing_key(), &by, algorithm)
            .unwrap();
        let credential = Credential {
            id,
            signer,
            public_key: provisioned.public_key,
            wrapped_by: provisioned.wrapped_by,
            sealed_key: Some(provisioned.sealed_key),
            issuer: CredentialIssuer::BuiltIn,
            request: None,
            certification: None,
            created_at: ambient.now(),
            revocation: None,
        };
        Self {
            activation,
            ambient,
            secret,
            credential,
            spent: Spent::default(),
        }
    }

    fn approves(&self, set: &[ToSign]) -> Vec<SignatureValue> {
        let sad = Sad::bind(
            self.ambient.id(),
            self.credential.signer,
            &self.credential,
            set,
            self.secret.clone(),
            self.ambient.now() + Duration::minutes(1),
        );
        let mut values = BTreeMap::new();
        let mut each = |place, value: Result<_, _>| {
            values.insert(place, value.unwrap());
        };
        self.activation
            .activate(sad, &self.credential, set, &self.spent, &mut each)
            .unwrap();
        values
            .into_values()
            .map(|value| value.value().clone())
            .collect()
    }
}

/// Keeps spent SADs in memory.
#[derive(Default)]
struct Spent(Mutex<BTreeSet<SadId>>);

impl SadLedger for Spent {
    fn spend(&self, spending: Spending) -> Result<(), SadLedgerError> {
        if self.0.lock().unwrap().insert(spending.sad) {
            Ok(())
        } else {
            Err(SadLedgerError::AlreadySpent)
        }
    }
}
