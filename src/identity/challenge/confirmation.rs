//! Taking the code: the right one, in time, for the same purpose, confirms.

use subtle::ConstantTimeEq;

use super::proof::{code_mac, opened};
use super::{ChallengeError, find_signer};
use crate::domain::challenge::{ChallengeEnd, Purpose};
use crate::domain::id::ChallengeId;
use crate::domain::secret::{CitizenSecret, SecretText};
use crate::domain::signer::Signer;
use crate::identity::sealing::Sealed;
use crate::identity::{BrowserKey, Identity, one_time_code};
use crate::store::{StoreError, challenges};

/// The right code was given. Exists once for each challenge, and is consumed by what it is for.
#[derive(Debug)]
pub struct Confirmed {
    signer: Signer,
    purpose: Purpose,
    binding: [u8; 32],
    secret: Option<CitizenSecret>,
}

impl Confirmed {
    /// Whose code it was.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// What was confirmed.
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// The digest of exactly what was confirmed.
    pub fn binding(&self) -> &[u8; 32] {
        &self.binding
    }

    /// The signer and the open secret, which is there for all purposes but [`Purpose::TakePhone`].
    pub fn into_parts(self) -> (Signer, Option<CitizenSecret>) {
        (self.signer, self.secret)
    }
}

impl Identity {
    /// Takes the code. The right one ends the challenge and opens the secret, once; of two at the same moment one
    /// gets it. A wrong one costs a try, the last one ends the challenge. A key of another browser costs nothing
    /// and is told nothing.
    pub fn confirm(
        &self,
        id: ChallengeId,
        key: &BrowserKey,
        code: &SecretText,
        purpose: Purpose,
        binding: &[u8; 32],
    ) -> Result<Confirmed, ChallengeError> {
        let now = self.ambient.now();
        let challenge = self.held(id, key)?;
        if challenge.purpose != purpose || !bool::from(challenge.binding.ct_eq(binding)) {
            return Err(ChallengeError::SomethingElse);
        }
        self.check_open(&challenge)?;
        let signer = find_signer(&self.store, challenge.signer)?;
        if let Purpose::Sign { .. } = purpose {
            signer.standing(now).map_err(ChallengeError::Refused)?;
        }
        let typed = one_time_code::typed(code);
        let verdict = self.store.write(|connection| {
            let Some(tries_left) = challenges::take_try(connection, id, now)? else {
                return Ok(Verdict::Overtaken);
            };
            // Read again under the row's lock: a resend may have replaced the code meanwhile.
            let Some(present) = challenges::find(connection, id)? else {
                return Ok(Verdict::Overtaken);
            };
            let mac = code_mac(key, &present, present.sms_count, &typed)?;
            if bool::from(mac.ct_eq(&present.code_mac)) {
                challenges::end(connection, id, ChallengeEnd::Confirmed, now)?;
                return Ok(Verdict::Right);
            }
            if tries_left == 0 {
                challenges::end(connection, id, ChallengeEnd::Exhausted, now)?;
            }
            Ok::<_, ChallengeError>(Verdict::Wrong { tries_left })
        })?;
        match verdict {
            Verdict::Right => {}
            Verdict::Wrong { tries_left: 0 } => return Err(ChallengeError::Exhausted),
            Verdict::Wrong { tries_left } => return Err(ChallengeError::WrongCode { tries_left }),
            Verdict::Overtaken => {
                // It ended between the first look and the try: the first look's answer for what it is now.
                self.check_open(&self.held(id, key)?)?;
                return Err(ChallengeError::Gone);
            }
        }
        let secret = match opened(key, &challenge)? {
            Some(Sealed::Secret(secret)) => Some(secret),
            Some(Sealed::Nothing) => None,
            None => return Err(ChallengeError::Gone),
        };
        Ok(Confirmed {
            signer,
            purpose,
            binding: *binding,
            secret,
        })
    }

    /// What this browser confirmed before with this very code; `None` when it did not. For the second of two clicks,
    /// which is no mistake of anybody.
    pub fn confirmed_before(
        &self,
        id: ChallengeId,
        key: &BrowserKey,
        code: &SecretText,
    ) -> Result<Option<Purpose>, ChallengeError> {
        let found = self
            .store
            .read::<_, StoreError>(|connection| challenges::find(connection, id))?;
        let Some(challenge) = found.filter(|known| known.end == Some(ChallengeEnd::Confirmed))
        else {
            return Ok(None);
        };
        let mac = code_mac(
            key,
            &challenge,
            challenge.sms_count,
            &one_time_code::typed(code),
        )?;
        let same = bool::from(mac.ct_eq(&challenge.code_mac));
        Ok(same.then_some(challenge.purpose))
    }
}

enum Verdict {
    Right,
    Wrong { tries_left: u32 },
    Overtaken,
}
