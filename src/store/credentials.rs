//! Credentials: one row each. A revoked one keeps its row and loses its key.

use diesel::prelude::*;
use time::OffsetDateTime;

use super::cached::Cacheable;
use super::column::{corrupt, parsed};
use super::connection::on_either;
use super::moment::{from_micros, to_micros};
use super::schema::{credentials, signers as accounts, wrapping_keys};
use super::wrapping_keys::{Row as WrappingKeyRow, from_version, to_version};
use super::{AnyConnection, StoreError, authorities, signers};
use crate::domain::authority::AuthorityRole;
use crate::domain::credential::{
    Certification, Credential, CredentialIssuer, CredentialState, Revocation,
};
use crate::domain::id::{CredentialId, SignerId};
use crate::domain::key::PublicKey;
use crate::domain::pem;
use crate::domain::wrapping::WrappedBy;

/// What became of an attempt to change a credential's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is in the new state now.
    Made,
    /// It was not in the state that the change starts from.
    NotPossible,
}

/// A revoked certificate of the built-in authority, for its list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokedCertificate {
    /// Its serial number in lower-case hexadecimal.
    pub serial: String,
    /// Since when and why.
    pub revocation: Revocation,
}

/// Adds a credential. Its wrapping key must be there.
pub fn insert(connection: &mut AnyConnection, credential: &Credential) -> Result<(), StoreError> {
    diesel::insert_into(credentials::table)
        .values(&Row::try_from(credential)?)
        .cached()
        .execute(connection)?;
    Ok(())
}

/// By identifier.
pub fn find(
    connection: &mut AnyConnection,
    id: CredentialId,
) -> Result<Option<Credential>, StoreError> {
    credentials::table
        .left_join(wrapping_keys::table)
        .filter(credentials::id.eq(id.to_string()))
        .select(Joined::as_select())
        .first(connection)
        .optional()?
        .map(Credential::try_from)
        .transpose()
}

/// The key of a credential that is not revoked, as it is sealed now.
pub fn sealed_key(
    connection: &mut AnyConnection,
    id: CredentialId,
) -> Result<Option<Vec<u8>>, StoreError> {
    let key: Option<Option<Vec<u8>>> = on_either!(connection, inner => credentials::table
        .find(id.to_string())
        .filter(credentials::revoked_at.is_null())
        .select(credentials::sealed_key)
        .first(inner)
        .optional())?;
    Ok(key.flatten())
}

/// All of a signer's credentials, the newest first.
pub fn of_signer(
    connection: &mut AnyConnection,
    signer: SignerId,
) -> Result<Vec<Credential>, StoreError> {
    let rows: Vec<Joined> = on_either!(connection, inner => credentials::table
        .left_join(wrapping_keys::table)
        .filter(credentials::signer_id.eq(signer.to_string()))
        .order((credentials::created_at.desc(), credentials::id.desc()))
        .select(Joined::as_select())
        .load(inner))?;
    rows.into_iter().map(Credential::try_from).collect()
}

/// Signers whose account was closed since a moment and who still have a credential that is not revoked, at most so many.
pub fn left_to_closed(
    connection: &mut AnyConnection,
    since: OffsetDateTime,
    most: i64,
) -> Result<Vec<SignerId>, StoreError> {
    let mut signers: Vec<String> = accounts::table
        .inner_join(credentials::table.on(accounts::id.eq(credentials::signer_id)))
        .filter(accounts::deregistered_at.ge(to_micros(since)))
        .filter(credentials::state.ne(CredentialState::Revoked.as_str()))
        .order((accounts::deregistered_at, accounts::id))
        .select(accounts::id)
        .limit(most)
        .load(connection)?;
    // One who has several is named as often.
    signers.dedup();
    signers
        .iter()
        .map(|id| parsed("a signer's id", id))
        .collect()
}

/// Gives a requested credential its certificate.
pub fn certify(
    connection: &mut AnyConnection,
    id: CredentialId,
    certification: &Certification,
) -> Result<Change, StoreError> {
    let (certificate, chain) = split(certification)?;
    let changed = diesel::update(
        credentials::table
            .find(id.to_string())
            .filter(credentials::state.eq(CredentialState::Requested.as_str())),
    )
    .set((
        credentials::state.eq(CredentialState::Active.as_str()),
        credentials::certificate.eq(Some(certificate)),
        credentials::chain.eq(Some(chain)),
        credentials::serial.eq(Some(&certification.serial)),
        credentials::not_before.eq(Some(to_micros(certification.not_before))),
        credentials::not_after.eq(Some(to_micros(certification.not_after))),
    ))
    .cached()
    .execute(connection)?;
    Ok(change(changed))
}

/// Ends a credential and deletes its key, in one statement, while nobody spends a SAD for it. What is revoked stays as it
/// is. The issuing authority's revocation list is behind from then on, until the next one.
pub fn revoke(
    connection: &mut AnyConnection,
    id: CredentialId,
    revocation: Revocation,
) -> Result<Change, StoreError> {
    let signer: Option<String> = credentials::table
        .find(id.to_string())
        .select(credentials::signer_id)
        .first(connection)
        .optional()?;
    if let Some(signer) = signer {
        signers::lock(connection, parsed("a signer's identifier", &signer)?)?;
    }
    let changed = diesel::update(
        credentials::table
            .find(id.to_string())
            .filter(credentials::state.ne(CredentialState::Revoked.as_str())),
    )
    .set((
        credentials::state.eq(CredentialState::Revoked.as_str()),
        credentials::sealed_key.eq(None::<Vec<u8>>),
        credentials::revoked_at.eq(Some(to_micros(revocation.at))),
        credentials::revocation_reason.eq(Some(revocation.reason.as_str())),
    ))
    .cached()
    .execute(connection)?;
    if changed > 0 {
        authorities::note_revocation(connection, AuthorityRole::Issuing)?;
    }
    Ok(change(changed))
}

/// The revoked certificates of the built-in authority, by the time of revocation.
pub fn revoked(connection: &mut AnyConnection) -> Result<Vec<RevokedCertificate>, StoreError> {
    credentials::table
        .filter(credentials::issuer.eq(CredentialIssuer::BuiltIn.as_str()))
        .filter(credentials::revoked_at.is_not_null())
        .filter(credentials::serial.is_not_null())
        .order((credentials::revoked_at, credentials::id))
        .select((
            credentials::serial.assume_not_null(),
            credentials::revoked_at.assume_not_null(),
            credentials::revocation_reason,
        ))
        .load::<(String, i64, Option<String>)>(connection)?
        .into_iter()
        .map(|(serial, at, reason)| {
            Ok(RevokedCertificate {
                serial,
                revocation: revocation(at, reason)?,
            })
        })
        .collect()
}

/// What the table's own check keeps from being.
#[derive(Debug, thiserror::Error)]
#[error("it has not one of them")]
struct NotOne;

/// A credential and the wrapping key that it names.
#[derive(Queryable, Selectable)]
#[diesel(table_name = credentials)]
struct Joined {
    #[diesel(embed)]
    credential: Row,
    #[diesel(embed)]
    wrapping_key: Option<WrappingKeyRow>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = credentials)]
struct Row {
    id: String,
    signer_id: String,
    state: String,
    algorithm: String,
    public_key: Vec<u8>,
    wrapping_key_id: Option<String>,
    kek_version: Option<i32>,
    sealed_key: Option<Vec<u8>>,
    issuer: String,
    certificate_request: Option<Vec<u8>>,
    certificate: Option<Vec<u8>>,
    chain: Option<Vec<u8>>,
    serial: Option<String>,
    not_before: Option<i64>,
    not_after: Option<i64>,
    created_at: i64,
    revoked_at: Option<i64>,
    revocation_reason: Option<String>,
}

impl TryFrom<&Credential> for Row {
    type Error = StoreError;

    fn try_from(credential: &Credential) -> Result<Self, StoreError> {
        let certification = credential.certification.as_ref();
        let (certificate, chain) = certification.map(split).transpose()?.unzip();
        let revocation = credential.revocation;
        let (wrapping_key_id, kek_version) = match &credential.wrapped_by {
            WrappedBy::WrappingKey(key) => (Some(key.id.to_string()), None),
            WrappedBy::Kek(version) => (None, Some(to_version(*version)?)),
        };
        Ok(Self {
            id: credential.id.to_string(),
            signer_id: credential.signer.to_string(),
            state: credential.state().as_str().to_owned(),
            algorithm: credential.public_key.algorithm().as_str().to_owned(),
            public_key: credential.public_key.spki().to_vec(),
            wrapping_key_id,
            kek_version,
            sealed_key: credential.sealed_key.clone(),
            issuer: credential.issuer.as_str().to_owned(),
            certificate_request: credential.request.clone(),
            certificate,
            chain,
            serial: certification.map(|certification| certification.serial.clone()),
            not_before: certification.map(|certification| to_micros(certification.not_before)),
            not_after: certification.map(|certification| to_micros(certification.not_after)),
            created_at: to_micros(credential.created_at),
            revoked_at: revocation.map(|revocation| to_micros(revocation.at)),
            revocation_reason: revocation.map(|revocation| revocation.reason.as_str().to_owned()),
        })
    }
}

impl TryFrom<Joined> for Credential {
    type Error = StoreError;

    fn try_from(joined: Joined) -> Result<Self, StoreError> {
        let row = joined.credential;
        let wrapped_by = match (joined.wrapping_key, row.kek_version) {
            (Some(key), None) => WrappedBy::WrappingKey(key.try_into()?),
            (None, Some(version)) => WrappedBy::Kek(from_version(version)?),
            (Some(_), Some(_)) | (None, None) => {
                return Err(corrupt("a credential's wrapping key", NotOne));
            }
        };
        let certification = match (row.certificate, row.serial, row.not_before, row.not_after) {
            (Some(certificate), Some(serial), Some(not_before), Some(not_after)) => {
                Some(Certification {
                    chain: join(certificate, row.chain)?,
                    serial,
                    not_before: from_micros(not_before)?,
                    not_after: from_micros(not_after)?,
                })
            }
            _ => None,
        };
        let revocation = row
            .revoked_at
            .map(|at| revocation(at, row.revocation_reason))
            .transpose()?;
        Ok(Self {
            id: parsed("a credential's identifier", &row.id)?,
            signer: parsed("a signer's identifier", &row.signer_id)?,
            public_key: PublicKey::from_spki(&row.public_key)
                .map_err(|error| corrupt("a public key", error))?,
            wrapped_by,
            sealed_key: row.sealed_key,
            issuer: parsed("a credential's issuer", &row.issuer)?,
            request: row.certificate_request,
            certification,
            created_at: from_micros(row.created_at)?,
            revocation,
        })
    }
}

fn change(rows: usize) -> Change {
    if rows == 0 {
        Change::NotPossible
    } else {
        Change::Made
    }
}

fn revocation(at: i64, reason: Option<String>) -> Result<Revocation, StoreError> {
    Ok(Revocation {
        at: from_micros(at)?,
        reason: parsed("a revocation's reason", &reason.unwrap_or_default())?,
    })
}

/// The signer's certificate in DER, and those above it as PEM.
fn split(certification: &Certification) -> Result<(Vec<u8>, Vec<u8>), StoreError> {
    let unreadable = |error| corrupt("a certificate chain", error);
    let mut certificates = certification.chain.iter();
    let certificate = certificates.next().cloned().unwrap_or_default();
    let chain = certificates
        .map(|der| pem::encode("CERTIFICATE", der))
        .collect::<Result<String, _>>()
        .map_err(unreadable)?;
    Ok((certificate, chain.into_bytes()))
}

fn join(certificate: Vec<u8>, chain: Option<Vec<u8>>) -> Result<Vec<Vec<u8>>, StoreError> {
    let chain = String::from_utf8(chain.unwrap_or_default())
        .map_err(|error| corrupt("a certificate chain", error))?;
    let above = pem::certificates(&chain).map_err(|error| corrupt("a certificate chain", error))?;
    Ok(std::iter::once(certificate).chain(above).collect())
}
