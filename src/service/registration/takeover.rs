//! A phone changes hands: whoever holds it confirms with a code sent to it.

use time::OffsetDateTime;

use super::{ServiceError, phone_binding};
use crate::auth::{Authorized, op};
use crate::domain::challenge::Purpose;
use crate::domain::id::ChallengeId;
use crate::domain::identifier::NationalId;
use crate::domain::phone::Phone;
use crate::domain::secret::SecretText;
use crate::domain::signer::Signer;
use crate::identity::{BrowserKey, PhoneClaim};
use crate::messages::sms::Sms;
use crate::service::Service;
use crate::service::codes::Occasion;

/// A code was sent to a phone that another citizen has. Its holder, who stands before the administrator, says it.
#[derive(Debug)]
pub struct PhoneTakeover {
    challenge: ChallengeId,
    key: BrowserKey,
    binding: [u8; 32],
    owner: Signer,
    /// When the code ends.
    pub expires_at: OffsetDateTime,
}

impl Service {
    /// Sends a code to a phone that another citizen has, in that citizen's language. `None` when nobody else has it:
    /// then nothing needs to be confirmed.
    pub fn begin_phone_takeover(
        &self,
        _authorized: &Authorized<op::RegisterSigner>,
        national_id: &NationalId,
        phone: &Phone,
    ) -> Result<Option<PhoneTakeover>, ServiceError> {
        let identity = &self.inner.identity;
        let owner = identity.phone_owner(phone)?;
        let Some(owner) = owner.filter(|owner| owner.national_id != *national_id) else {
            return Ok(None);
        };
        let binding = phone_binding(national_id, phone);
        let opened = identity.open_phone_challenge(&owner, binding)?;
        let text = Sms::PhoneCode { code: &opened.code }.text(owner.language);
        let sent = self.send_code(opened, &Occasion::account(Purpose::TakePhone), text, None)?;
        Ok(Some(PhoneTakeover {
            challenge: sent.challenge,
            key: sent.browser_key,
            binding,
            owner,
            expires_at: sent.expires_at,
        }))
    }

    /// Takes the code. The claim is good for this phone and this person, and makes the phone free when it is used;
    /// the earlier owner keeps the account and gets no codes until there is a new phone.
    pub fn confirm_phone_takeover(
        &self,
        _authorized: &Authorized<op::RegisterSigner>,
        takeover: &PhoneTakeover,
        code: &SecretText,
    ) -> Result<PhoneClaim, ServiceError> {
        let given = self.inner.identity.given_code(
            takeover.challenge,
            &takeover.key,
            code,
            Purpose::TakePhone,
            &takeover.binding,
        );
        let occasion = Occasion::account(Purpose::TakePhone);
        let confirmed = self.check_code(&occasion, takeover.owner.id, given)??;
        Ok(PhoneClaim::Confirmed(Box::new(confirmed)))
    }
}
