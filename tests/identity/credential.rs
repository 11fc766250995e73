//! The whole chain on a real token: a credential signs with what password, activation code and browser opened, and
//! with nothing else.

use super::*;
use rubrica::activation::{Activation, ActivationError, Sad, SadLedger, SadLedgerError, Spending};
use rubrica::domain::algorithm::{Digest, DigestAlgorithm, KeyAlgorithm};
use rubrica::domain::credential::{Credential, CredentialIssuer};
use rubrica::domain::key::{DtbsR, KekVersion, ToSign};
use rubrica::store::{StoreError, sads};
use time::Duration;

use crate::harness::database::both_databases;
use crate::harness::softhsm;
use crate::harness::wrapping::wrapped_by;

const ALGORITHM: KeyAlgorithm = KeyAlgorithm::EcP256;

/// The spent SADs of the office's database, for acts that belong to no request.
struct Ledger<'a>(&'a Office<'a>);

impl SadLedger for Ledger<'_> {
    fn spend(&self, spending: Spending) -> Result<(), SadLedgerError> {
        let Spending {
            sad,
            credential,
            at,
        } = spending;
        let ambient = &self.0.ambient;
        let (request, claim) = (ambient.id(), ambient.id());
        let spent = self
            .0
            .database
            .store()
            .write(|connection| sads::spend(connection, sad, request, claim, credential, at));
        match spent {
            Ok(()) => Ok(()),
            Err(StoreError::Conflict { .. }) => Err(SadLedgerError::AlreadySpent),
            Err(error) => Err(SadLedgerError::Unavailable(Box::new(error))),
        }
    }
}

impl Office<'_> {
    fn activation(&self) -> Activation {
        Activation::new(softhsm::hsm(), self.ambient.clone())
    }

    /// A credential as an administrator provisions it, without the citizen.
    fn provision(&self, signer: &Signer) -> Credential {
        let id = self.ambient.id();
        let by = wrapped_by(&softhsm::hsm(), KekVersion(1));
        let provisioned = self
            .activation()
            .provision(signer.id, id, &signer.sealing_key, &by, ALGORITHM)
            .unwrap();
        Credential {
            id,
            signer: signer.id,
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

    /// Signs with a secret, and checks the signature.
    fn sign(&self, credential: &Credential, secret: CitizenSecret) -> Result<(), ActivationError> {
        let scheme = ALGORITHM.default_scheme();
        let dtbs_r = DtbsR(Digest::of(DigestAlgorithm::Sha256, b"a document"));
        let to_sign = [ToSign {
            scheme,
            dtbs_r: dtbs_r.clone(),
        }];
        let sad = Sad::bind(
            self.ambient.id(),
            credential.signer,
            credential,
            &to_sign,
            secret,
            self.ambient.now() + Duration::minutes(1),
        );
        let mut values = Vec::new();
        let mut each = |_, value| values.push(value);
        self.activation()
            .activate(sad, credential, &to_sign, &Ledger(self), &mut each)?;
        for value in values {
            credential
                .public_key
                .verify(scheme, &dtbs_r, value?.value())
                .unwrap();
        }
        Ok(())
    }
}

both_databases! {
    fn a_credential_outlives_changes_and_resets_of_the_password(database) {
        let office = Office::new(database);
        let (signer, code) = office.active(ana());
        let who = &ana().national_id;
        let credential = office.provision(&signer);
        office.sign(&credential, office.secret_of(who, PASSWORD)).unwrap();
        let opened = office.with_password(who, PASSWORD).unwrap();
        office.choose(opened, Purpose::ChangePassword, "Ch4nged!pass");
        office.sign(&credential, office.secret_of(who, "Ch4nged!pass")).unwrap();
        let opened = office.with_code(who, &code).unwrap();
        office.choose(opened, Purpose::ResetPassword, "R3set!password");
        office.sign(&credential, office.secret_of(who, "R3set!password")).unwrap();
    }

    fn a_credential_does_not_outlive_the_loss_of_both_secrets(database) {
        let office = Office::new(database);
        let (signer, _) = office.active(ana());
        let who = &ana().national_id;
        let old = office.provision(&signer);
        let renewed = office.identity.renew_registration(ana(), &PhoneClaim::Free).unwrap();
        let opened = office.with_code(who, &renewed.activation_code).unwrap();
        let signer = office.choose(opened, Purpose::Activate, PASSWORD);
        assert!(matches!(
            office.sign(&old, office.secret_of(who, PASSWORD)),
            Err(ActivationError::Seal)
        ));
        let new = office.provision(&signer);
        office.sign(&new, office.secret_of(who, PASSWORD)).unwrap();
    }

    fn another_citizens_secret_opens_nothing(database) {
        let office = Office::new(database);
        let (signer, _) = office.active(ana());
        office.active(berta());
        let credential = office.provision(&signer);
        assert!(matches!(
            office.sign(&credential, office.secret_of(&berta().national_id, PASSWORD)),
            Err(ActivationError::Seal)
        ));
    }
}
