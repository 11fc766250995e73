//! One phone, one citizen: who may have a number, and how it changes hands.

use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::challenge::Confirmed;
use super::registration::{held, unless_overtaken};
use super::{Identity, IdentityError};
use crate::domain::canonical::Canonical;
use crate::domain::challenge::{ChallengeEnd, Purpose};
use crate::domain::id::SignerId;
use crate::domain::identifier::NationalId;
use crate::domain::phone::Phone;
use crate::domain::signer::Signer;
use crate::store::{AnyConnection, StoreError, challenges, signers};

/// By what right a citizen gets a phone.
#[derive(Debug)]
pub enum PhoneClaim {
    /// Nobody else has it.
    Free,
    /// Another citizen has it, and whoever holds it gave the code that was sent to it. That citizen keeps the
    /// account and cannot get codes until a new phone is supplied.
    Confirmed(Box<Confirmed>),
}

/// A signer who was given another phone.
#[derive(Debug)]
pub struct PhoneChanged {
    /// The account as it is now.
    pub signer: Signer,
    /// Who had the phone until then and has none now.
    pub taken_from: Option<SignerId>,
}

/// What a code for [`Purpose::TakePhone`] is bound to: this phone for this person, and nothing else.
pub fn phone_binding(national_id: &NationalId, phone: &Phone) -> [u8; 32] {
    let what = Canonical::new("rubrica take phone 1")
        .part(national_id.as_str().as_bytes())
        .part(phone.as_str().as_bytes())
        .finish();
    Sha256::digest(what).into()
}

impl Identity {
    /// Who has this phone.
    pub fn phone_owner(&self, phone: &Phone) -> Result<Option<Signer>, IdentityError> {
        Ok(self
            .store
            .read::<_, StoreError>(|connection| signers::find_by_phone(connection, phone))?)
    }

    /// Gives a signer another phone. Credentials and password stay as they are; open code steps end, because their
    /// codes went to the old phone.
    pub fn change_phone(
        &self,
        connection: &mut AnyConnection,
        signer: SignerId,
        phone: &Phone,
        claim: &PhoneClaim,
    ) -> Result<PhoneChanged, IdentityError> {
        let now = self.ambient.now();
        let mut signer = held(connection, signer)?;
        let national_id = signer.national_id.clone();
        unless_overtaken(connection, &national_id, phone, |connection| {
            let taken_from = free_phone(connection, &signer.national_id, phone, claim, now)?;
            challenges::end_all(connection, signer.id, ChallengeEnd::Cancelled, now)?;
            signer.phone = Some(phone.clone());
            signers::update(connection, &signer)?;
            Ok(PhoneChanged { signer, taken_from })
        })
    }
}

/// Makes a phone nobody's, or says whose it stays. The earlier owner's open code steps end with it. Gives that owner;
/// `None` when the phone was nobody's or the same person's by now, whatever is claimed.
pub(super) fn free_phone(
    connection: &mut AnyConnection,
    national_id: &NationalId,
    phone: &Phone,
    claim: &PhoneClaim,
    now: OffsetDateTime,
) -> Result<Option<SignerId>, IdentityError> {
    let Some(owner) = signers::find_by_phone(connection, phone)? else {
        return Ok(None);
    };
    if owner.national_id == *national_id {
        return Ok(None);
    }
    let PhoneClaim::Confirmed(confirmed) = claim else {
        return Err(IdentityError::PhoneTaken { owner: owner.id });
    };
    if confirmed.purpose() != Purpose::TakePhone
        || confirmed.signer().id != owner.id
        || *confirmed.binding() != phone_binding(national_id, phone)
    {
        return Err(IdentityError::ConfirmedSomethingElse);
    }
    signers::lock(connection, owner.id)?;
    if let Some(mut owner) = signers::find(connection, owner.id)?
        && owner.phone.as_ref() == Some(phone)
    {
        challenges::end_all(connection, owner.id, ChallengeEnd::Cancelled, now)?;
        owner.phone = None;
        signers::update(connection, &owner)?;
        return Ok(Some(owner.id));
    }
    Ok(None)
}
