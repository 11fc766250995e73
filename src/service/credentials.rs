//! Credentials: keys made for citizens who are absent, certified here or by an authority outside, and revoked.
//!
//! A key is sealed to its citizen before anything of it is stored, so neither the administrator who asks for it nor
//! this program can use it afterwards. Only citizens at advanced level, with an active account and a proofing no
//! older than five years get one (Ley 6/2020 articles 4.2 and 7.6).

use time::OffsetDateTime;

use super::journaled::actor;
use super::{Service, ServiceError};
use crate::auth::{Authorized, op};
use crate::domain::algorithm::KeyAlgorithm;
use crate::domain::authority::AuthorityRole;
use crate::domain::credential::{
    Certification, Credential, CredentialIssuer, CredentialState, Revocation,
};
use crate::domain::id::{CredentialId, WrappingKeyId};
use crate::domain::identifier::NationalId;
use crate::domain::key::{KekVersion, ToSign};
use crate::domain::pem;
use crate::domain::signer::Signer;
use crate::domain::wrapping::WrappedBy;
use crate::identity::IdentityError;
use crate::journal::{Actor, Entry, Event};
use crate::pki::import::import_certificate;
use crate::pki::profile::citizen::{self, Citizen};
use crate::pki::{PkiError, Serial, request};
use crate::store::credentials;

mod ending;
mod making;

pub(super) use ending::ended;
use making::{Making, valid};

/// What becomes of the citizen's credentials that the built-in authority issued before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Earlier {
    /// They stay as they are; the newest usable one signs.
    Keep,
    /// They are revoked as superseded, as at a renewal.
    Revoke,
}

/// What became of issuing a credential to a citizen who may have one already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Issuing {
    /// It was made.
    Made(Box<CredentialView>),
    /// This one can sign, so nothing was done.
    There(CredentialId),
}

/// A credential as administrators see it. The sealed key is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialView {
    /// Its identifier.
    pub id: CredentialId,
    /// Where it stands.
    pub state: CredentialState,
    /// The kind of key.
    pub key: KeyAlgorithm,
    /// Which KEK wraps it, or the wrapping key that does.
    pub kek_version: KekVersion,
    /// Which wrapping key wraps it, where one does.
    pub wrapping_key: Option<WrappingKeyId>,
    /// Who issues its certificate.
    pub issuer: CredentialIssuer,
    /// When the key was made.
    pub created_at: OffsetDateTime,
    /// Its certificate, when it has one.
    pub certificate: Option<CertificateView>,
    /// Its request as PEM, when an authority outside is to certify it.
    pub request: Option<String>,
    /// How it ended, when it did.
    pub revocation: Option<Revocation>,
}

/// A credential's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateView {
    /// Serial number in lower-case hexadecimal.
    pub serial: String,
    /// The first second of its validity.
    pub not_before: OffsetDateTime,
    /// The last second of its validity.
    pub not_after: OffsetDateTime,
    /// The chain as PEM, the signer's certificate first.
    pub chain: String,
}

impl Service {
    /// Makes a key for a citizen and certifies it with the built-in authority.
    pub fn issue_credential(
        &self,
        authorized: &Authorized<op::ManageCredentials>,
        national_id: &NationalId,
        key: KeyAlgorithm,
        earlier: Earlier,
    ) -> Result<CredentialView, ServiceError> {
        let by = actor(authorized.actor());
        let making = self.begin_making(by, national_id, key, Event::CredentialIssued)?;
        self.issue(&making, earlier)
    }

    /// The same for a citizen who has no credential that can sign; for one who has, nothing is done. Of several calls
    /// at the same time, on several nodes alike, one makes a credential.
    pub fn issue_missing_credential(
        &self,
        authorized: &Authorized<op::ManageCredentials>,
        national_id: &NationalId,
        key: KeyAlgorithm,
        earlier: Earlier,
    ) -> Result<Issuing, ServiceError> {
        let signer = self.known(national_id)?;
        let now = self.inner.ambient.now();
        let there = self
            .inner
            .store
            .read(|connection| valid(connection, signer.id, now))?;
        if let Some(there) = there {
            return Ok(Issuing::There(there));
        }
        let by = actor(authorized.actor());
        let making = self
            .begin_making(by, national_id, key, Event::CredentialIssued)?
            .unless_there();
        match self.issue(&making, earlier) {
            Ok(made) => Ok(Issuing::Made(Box::new(made))),
            Err(ServiceError::CredentialThere(there)) => Ok(Issuing::There(there)),
            Err(error) => Err(error),
        }
    }

    fn issue(&self, making: &Making, earlier: Earlier) -> Result<CredentialView, ServiceError> {
        self.finish_making(making, |fresh| {
            let (issuing, issuing_key) = self.authority(AuthorityRole::Issuing)?;
            let (root, _) = self.authority(AuthorityRole::Root)?;
            let issued = citizen::issue(
                &issuing,
                &issuing_key,
                &named(&making.signer),
                fresh.public_key(),
                &self.inner.settings.pki,
                Serial::from_random(self.inner.ambient.random()),
                self.inner.ambient.now(),
            )?;
            let certification = Certification {
                serial: issued.serial.to_string(),
                not_before: issued.not_before,
                not_after: issued.not_after,
                chain: vec![
                    issued.certificate,
                    issuing.certificate().to_vec(),
                    root.certificate().to_vec(),
                ],
            };
            let provisioned = fresh.seal(&making.signer.sealing_key)?;
            let credential = making.credential(
                provisioned,
                CredentialIssuer::BuiltIn,
                None,
                Some(certification),
            );
            self.keep_made(making, &credential, earlier)?;
            Ok(credential)
        })
    }

    /// Makes a key for a citizen and a request for its certificate, for an authority outside. The request is signed
    /// with the key itself, once, before the key is sealed.
    pub fn request_credential(
        &self,
        authorized: &Authorized<op::ManageCredentials>,
        national_id: &NationalId,
        key: KeyAlgorithm,
    ) -> Result<CredentialView, ServiceError> {
        let by = actor(authorized.actor());
        let making = self.begin_making(by, national_id, key, Event::CredentialRequested)?;
        self.finish_making(&making, |fresh| {
            let settings = &self.inner.settings.pki;
            let citizen = named(&making.signer);
            let prepared = request::prepare(&citizen, fresh.public_key(), settings)?;
            let to_sign = ToSign {
                scheme: prepared.scheme(),
                dtbs_r: prepared.dtbs_r(),
            };
            let sealing_key = &making.signer.sealing_key;
            let (provisioned, value) = fresh.seal_with_request(sealing_key, &to_sign)?;
            let request = prepared.assemble(value)?.der().to_vec();
            let credential =
                making.credential(provisioned, CredentialIssuer::Outside, Some(request), None);
            self.keep_made(&making, &credential, Earlier::Keep)?;
            Ok(credential)
        })
    }

    /// Gives a requested credential the certificate that an authority outside issued. `chain` is PEM, the citizen's
    /// certificate first, or one certificate in DER; it is checked against the key and the citizen.
    pub fn import_credential(
        &self,
        authorized: &Authorized<op::ManageCredentials>,
        id: CredentialId,
        chain: &[u8],
    ) -> Result<CredentialView, ServiceError> {
        let credential = self.existing(id)?;
        if credential.state() != CredentialState::Requested {
            return Err(ServiceError::CredentialState(credential.state()));
        }
        let now = self.inner.ambient.now();
        let signer = self
            .inner
            .identity
            .signer(credential.signer)?
            .ok_or(ServiceError::Registration(IdentityError::NotRegistered))?;
        let imported = import_certificate(chain, &credential.public_key, &named(&signer), now)
            .map_err(ServiceError::Import)?;
        let certification = Certification {
            chain: imported.certificates,
            serial: imported.serial.to_string(),
            not_before: imported.not_before,
            not_after: imported.not_after,
        };
        let by = actor(authorized.actor());
        let certified = self.inner.journal.recording(|connection| {
            let change = credentials::certify(connection, id, &certification)?;
            let certified =
                credentials::find(connection, id)?.ok_or(ServiceError::CredentialNotFound(id))?;
            if change == credentials::Change::NotPossible {
                return Err(ServiceError::CredentialState(certified.state()));
            }
            let entry = entry(Event::CredentialImported, &by, &certified)
                .detail(&format!("issued by {}", imported.issuer));
            Ok((certified, vec![entry]))
        })?;
        view(&certified)
    }

    /// A citizen's credentials, the newest first.
    pub fn credentials(
        &self,
        _authorized: &Authorized<op::ManageCredentials>,
        national_id: &NationalId,
    ) -> Result<Vec<CredentialView>, ServiceError> {
        let signer = self.known(national_id)?;
        let found = self
            .inner
            .store
            .read(|connection| credentials::of_signer(connection, signer.id))?;
        found.iter().map(view).collect()
    }

    /// One credential.
    pub fn credential(
        &self,
        _authorized: &Authorized<op::ManageCredentials>,
        id: CredentialId,
    ) -> Result<CredentialView, ServiceError> {
        view(&self.existing(id)?)
    }

    fn known(&self, national_id: &NationalId) -> Result<Signer, ServiceError> {
        self.inner
            .identity
            .find(national_id)?
            .ok_or(ServiceError::Registration(IdentityError::NotRegistered))
    }

    fn existing(&self, id: CredentialId) -> Result<Credential, ServiceError> {
        self.inner
            .store
            .read(|connection| credentials::find(connection, id))?
            .ok_or(ServiceError::CredentialNotFound(id))
    }
}

fn named(signer: &Signer) -> Citizen {
    Citizen {
        name: signer.name.clone(),
        national_id: signer.national_id.clone(),
    }
}

fn entry(event: Event, by: &Actor, credential: &Credential) -> Entry {
    let certification = credential.certification.as_ref();
    Entry::new(event)
        .by(by.clone())
        .signer(credential.signer)
        .credential(
            credential.id,
            credential.public_key.algorithm(),
            certification.map(|certification| certification.serial.as_str()),
        )
}

fn view(credential: &Credential) -> Result<CredentialView, ServiceError> {
    let pem = |label, der: &[u8]| pem::encode(label, der).map_err(PkiError::Encoding);
    let certificate = match &credential.certification {
        None => None,
        Some(certification) => Some(CertificateView {
            serial: certification.serial.clone(),
            not_before: certification.not_before,
            not_after: certification.not_after,
            chain: certification
                .chain
                .iter()
                .map(|der| pem("CERTIFICATE", der))
                .collect::<Result<String, _>>()?,
        }),
    };
    let request = credential
        .request
        .as_deref()
        .map(|der| pem("CERTIFICATE REQUEST", der))
        .transpose()?;
    Ok(CredentialView {
        id: credential.id,
        state: credential.state(),
        key: credential.public_key.algorithm(),
        kek_version: credential.wrapped_by.kek(),
        wrapping_key: match &credential.wrapped_by {
            WrappedBy::WrappingKey(key) => Some(key.id),
            WrappedBy::Kek(_) => None,
        },
        issuer: credential.issuer,
        created_at: credential.created_at,
        certificate,
        request,
        revocation: credential.revocation,
    })
}
