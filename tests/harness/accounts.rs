//! The accounts as tests act on them: each act in a transaction of its own, with nothing on record.

use std::ops::Deref;

use rubrica::clock::Ambient;
use rubrica::domain::challenge::{Purpose, SmsState};
use rubrica::domain::id::{ChallengeId, SignerId};
use rubrica::domain::identifier::NationalId;
use rubrica::domain::phone::Phone;
use rubrica::domain::secret::SecretText;
use rubrica::domain::signer::Signer;
use rubrica::identity::{
    BrowserKey, ChallengeError, Confirmed, Counted, EmailCheck, FactorTry, Identity, IdentityError,
    LevelEvidence, NewPassword, NewSigner, OpenedSigner, PhoneClaim, Registered, RegistrationAct,
    Settings,
};
use rubrica::store::{AnyConnection, Store, StoreError};

/// [`Identity`], with its acts whole.
pub(crate) struct Accounts {
    identity: Identity,
    store: Store,
}

impl Deref for Accounts {
    type Target = Identity;

    fn deref(&self) -> &Identity {
        &self.identity
    }
}

impl Accounts {
    pub(crate) fn new(store: Store, ambient: Ambient, settings: Settings) -> Self {
        Self {
            identity: Identity::new(store.clone(), ambient, settings),
            store,
        }
    }

    pub(crate) fn register(
        &self,
        new: NewSigner,
        claim: &PhoneClaim,
    ) -> Result<Registered, IdentityError> {
        self.registered(new, RegistrationAct::First, claim)
    }

    pub(crate) fn renew_registration(
        &self,
        new: NewSigner,
        claim: &PhoneClaim,
    ) -> Result<Registered, IdentityError> {
        self.registered(new, RegistrationAct::Renewal, claim)
    }

    pub(crate) fn raise_level(
        &self,
        signer: SignerId,
        evidence: LevelEvidence,
    ) -> Result<Signer, IdentityError> {
        self.act(|connection| self.identity.raise_level(connection, signer, evidence))
    }

    pub(crate) fn change_phone(
        &self,
        signer: SignerId,
        phone: &Phone,
        claim: &PhoneClaim,
    ) -> Result<Signer, IdentityError> {
        self.act(|connection| self.identity.change_phone(connection, signer, phone, claim))
            .map(|changed| changed.signer)
    }

    pub(crate) fn unblock(&self, signer: SignerId) -> Result<Signer, IdentityError> {
        self.act(|connection| self.identity.unblock(connection, signer))
    }

    pub(crate) fn deregister(&self, signer: SignerId) -> Result<Signer, IdentityError> {
        self.act(|connection| self.identity.deregister(connection, signer))
    }

    pub(crate) fn reissue_activation_code(
        &self,
        opened: OpenedSigner,
    ) -> Result<SecretText, IdentityError> {
        let new = self.identity.new_activation_code(opened)?;
        self.act(|connection| self.identity.reissue_activation_code(connection, &new))
    }

    pub(crate) fn set_password(
        &self,
        confirmed: Confirmed,
        password: &NewPassword,
    ) -> Result<Signer, IdentityError> {
        let chosen = self.identity.choose_password(confirmed, password)?;
        self.act(|connection| self.identity.set_password(connection, &chosen))
    }

    pub(crate) fn verify_password(
        &self,
        national_id: &NationalId,
        password: &SecretText,
    ) -> Result<OpenedSigner, IdentityError> {
        self.verify(self.identity.password_try(national_id, password)?)
    }

    pub(crate) fn verify_activation_code(
        &self,
        national_id: &NationalId,
        email: EmailCheck<'_>,
        code: &SecretText,
    ) -> Result<OpenedSigner, IdentityError> {
        self.verify(
            self.identity
                .activation_code_try(national_id, email, code)?,
        )
    }

    pub(crate) fn confirm(
        &self,
        challenge: ChallengeId,
        key: &BrowserKey,
        code: &SecretText,
        purpose: Purpose,
        binding: &[u8; 32],
    ) -> Result<Confirmed, ChallengeError> {
        let identity = &self.identity;
        let given = identity.given_code(challenge, key, code, purpose, binding)?;
        let counted = self
            .store
            .write(|connection| identity.judge(connection, &given))?;
        let judgement = match counted {
            Counted::Judged(judgement) => judgement,
            Counted::Last(last) => {
                let look = identity.compare_last(&given, last)?;
                let settled = self
                    .store
                    .write(|connection| identity.settle(connection, look))?;
                settled.0
            }
        };
        identity.confirm(given, judgement)
    }

    pub(crate) fn set_sms_state(
        &self,
        challenge: ChallengeId,
        message: u32,
        state: SmsState,
    ) -> Result<(), StoreError> {
        self.store
            .write(|connection| Identity::set_sms_state(connection, challenge, message, state))
    }

    fn registered(
        &self,
        new: NewSigner,
        act: RegistrationAct,
        claim: &PhoneClaim,
    ) -> Result<Registered, IdentityError> {
        let registration = self.identity.registration(new, act)?;
        self.act(|connection| self.identity.register(connection, registration, claim))
    }

    fn verify(&self, given: FactorTry) -> Result<OpenedSigner, IdentityError> {
        let counting = self.act(|connection| self.identity.count(connection, &given))?;
        let right = self.identity.compare(given, counting)?;
        self.act(|connection| self.identity.admit(connection, right))
    }

    fn act<T>(
        &self,
        act: impl FnOnce(&mut AnyConnection) -> Result<T, IdentityError>,
    ) -> Result<T, IdentityError> {
        self.store.write(act)
    }
}
