//! Whether a signer can sign now, and with which credential.

use time::OffsetDateTime;

use crate::domain::credential::Credential;
use crate::domain::signer::Signer;
use crate::domain::standing::Refusal;
use crate::store::{AnyConnection, StoreError, credentials};

/// The newest of the signer's credentials that can sign now, or why there is none.
pub(super) fn credential(
    connection: &mut AnyConnection,
    signer: &Signer,
    now: OffsetDateTime,
) -> Result<Result<Credential, Refusal>, StoreError> {
    let mut refusal = Refusal::NoCredential;
    for credential in credentials::of_signer(connection, signer.id)? {
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
