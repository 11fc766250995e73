//! Whether a signer can sign now, and with which credential.

use time::OffsetDateTime;

use super::ServiceError;
use crate::domain::credential::Credential;
use crate::domain::id::SignerId;
use crate::domain::identifier::NationalId;
use crate::domain::signer::Signer;
use crate::domain::standing::Refusal;
use crate::store::{AnyConnection, StoreError, credentials, signers};

/// The signer with that DNI or NIE and the credential that will sign, or why not.
pub(super) fn signer_and_credential(
    connection: &mut AnyConnection,
    national_id: &NationalId,
    now: OffsetDateTime,
) -> Result<(Signer, Credential), ServiceError> {
    let signer = signers::find_by_national_id(connection, national_id)?
        .ok_or(ServiceError::SignerCannotSign(Refusal::Unknown))?;
    signer
        .standing(now)
        .map_err(ServiceError::SignerCannotSign)?;
    let credential =
        credential(connection, signer.id, now)?.map_err(ServiceError::SignerCannotSign)?;
    Ok((signer, credential))
}

/// The newest of the signer's credentials that can sign now, or why there is none.
pub(super) fn credential(
    connection: &mut AnyConnection,
    signer: SignerId,
    now: OffsetDateTime,
) -> Result<Result<Credential, Refusal>, StoreError> {
    let mut refusal = Refusal::NoCredential;
    for credential in credentials::of_signer(connection, signer)? {
        if credential.usable(now).is_some() {
            return Ok(Ok(credential));
        }
        let ended = credential
            .certification
            .as_ref()
            .is_some_and(|certification| certification.not_after < now);
        if ended && credential.revocation.is_none() {
            refusal = Refusal::CredentialExpired;
        }
    }
    Ok(Err(refusal))
}
