//! What the registration office does, as use cases: receipts, messages, journal, credentials.

use rubrica::auth::{Authorized, op};
use rubrica::domain::challenge::SmsState;
use rubrica::domain::credential::{Certification, Credential, CredentialIssuer, CredentialState};
use rubrica::domain::identifier::NationalId;
use rubrica::domain::key::{KekVersion, PublicKey};
use rubrica::domain::language::Language;
use rubrica::domain::level::{ProofingMethod, RegistrationLevel};
use rubrica::domain::person::PersonName;
use rubrica::domain::revocation::RevocationReason;
use rubrica::domain::secret::SecretText;
use rubrica::domain::signer::Signer;
use rubrica::domain::standing::Refusal;
use rubrica::domain::wrapping::WrappedBy;
use rubrica::identity::IdentityError;
use rubrica::service::ServiceError;
use rubrica::service::registration::{
    ClosingReason, LevelEvidence, NewSigner, PhoneClaim, Receipt,
};
use rubrica::store::{StoreError, credentials};
use time::Duration;

use crate::harness::database::{TestDatabase, both_databases};
use crate::harness::server::{TestServer, administrator};
use crate::harness::standing::{self, PASSWORD};
use crate::harness::town;

const PHONE: &str = "+34600123456";

/// An administrator with a server.
struct Office<'a> {
    server: TestServer,
    database: &'a TestDatabase,
    register: Authorized<op::RegisterSigner>,
    manage: Authorized<op::ManageAccount>,
}

impl<'a> Office<'a> {
    fn new(database: &'a TestDatabase) -> Self {
        Self {
            server: TestServer::start(database),
            database,
            register: administrator().authorize(op::RegisterSigner),
            manage: administrator().authorize(op::ManageAccount),
        }
    }

    fn register(&self, new: NewSigner) -> Receipt {
        let service = self.server.service();
        service
            .register_signer(&self.register, new, &PhoneClaim::Free)
            .unwrap()
    }

    /// Registered and active, with [`PASSWORD`].
    fn active(&self, new: NewSigner) -> Receipt {
        let (phone, who) = (new.phone.clone(), new.national_id.clone());
        let receipt = self.register(new);
        let service = self.server.service();
        let sent = service
            .begin_activation(
                Language::Spanish,
                &secret(who.as_str()),
                &secret(""),
                &receipt.activation_code,
            )
            .unwrap();
        let code = self.server.phones().code(phone.as_str());
        service
            .finish_password(
                rubrica::domain::challenge::Purpose::Activate,
                sent.challenge,
                &sent.browser_key,
                &code,
                &secret(PASSWORD),
            )
            .unwrap();
        receipt
    }

    /// A credential in the database as if it had been issued.
    fn credential(&self, signer: &Signer) -> Credential {
        let ambient = self.server.service().ambient();
        let now = ambient.now();
        let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
        let spki = p256::pkcs8::EncodePublicKey::to_public_key_der(key.verifying_key()).unwrap();
        let credential = Credential {
            id: ambient.id(),
            signer: signer.id,
            public_key: PublicKey::from_spki(spki.as_bytes()).unwrap(),
            wrapped_by: WrappedBy::Kek(KekVersion(1)),
            sealed_key: Some(vec![1; 100]),
            issuer: CredentialIssuer::BuiltIn,
            request: None,
            certification: Some(Certification {
                chain: vec![vec![0x30, 0]],
                serial: "0a1b".to_owned(),
                not_before: now,
                not_after: now + Duration::days(100),
            }),
            created_at: now,
            revocation: None,
        };
        self.database
            .store()
            .write::<_, StoreError>(|connection| credentials::insert(connection, &credential))
            .unwrap();
        credential
    }

    fn kept(&self, credential: &Credential) -> Credential {
        self.database
            .store()
            .read::<_, StoreError>(|connection| credentials::find(connection, credential.id))
            .unwrap()
            .unwrap()
    }

    fn standing(&self, who: &NationalId) -> Result<(), Refusal> {
        let service = self.server.service();
        service.signer(&self.register, who).unwrap().standing
    }

    /// The events in the journal so far, by name.
    fn events(&self) -> Vec<String> {
        town::events(self.server.store(), self.server.service().ambient())
    }
}

fn ana() -> NewSigner {
    NewSigner {
        email: None,
        language: Language::Galician,
        ..standing::ana()
    }
}

fn berta() -> NewSigner {
    NewSigner {
        national_id: "X1234567L".parse().unwrap(),
        name: PersonName::new("Berta", "Sol", None).unwrap(),
        phone: "+34611222333".parse().unwrap(),
        ..ana()
    }
}

fn secret(text: &str) -> SecretText {
    SecretText::new(text.to_owned())
}

both_databases! {
    fn a_registration_gives_a_receipt_and_a_welcome(database) {
        let office = Office::new(database);
        let receipt = office.register(ana());
        assert_eq!(receipt.activation_code.expose().len(), 19);
        assert_eq!((receipt.welcome, receipt.revoked), (SmsState::Sent, 0));
        let message = office.server.phones().last(PHONE);
        assert!(!message.text.contains(receipt.activation_code.expose()));
        assert_eq!(office.events(), ["signer.registered"]);
        assert_eq!(office.standing(&ana().national_id), Err(Refusal::NotActivated));
        assert!(matches!(
            office.server.service().register_signer(&office.register, ana(), &PhoneClaim::Free),
            Err(ServiceError::Registration(IdentityError::AlreadyRegistered { .. }))
        ));
        assert!(matches!(
            office.server.service().signer(&office.register, &berta().national_id),
            Err(ServiceError::Registration(IdentityError::NotRegistered))
        ));
    }

    fn the_office_sees_what_keeps_a_citizen_from_signing(database) {
        let office = Office::new(database);
        let who = ana().national_id;
        let basic = NewSigner {
            method: ProofingMethod::Video,
            level: RegistrationLevel::Basic,
            ..ana()
        };
        let signer = office.active(basic).signer;
        assert_eq!(office.standing(&who), Err(Refusal::BasicLevel));
        let service = office.server.service();
        service.raise_level(&office.register, &who, LevelEvidence::VideoReviewed).unwrap();
        assert_eq!(office.standing(&who), Err(Refusal::NoCredential));
        office.credential(&signer);
        assert_eq!(office.standing(&who), Ok(()));
        office.server.clock().advance(Duration::days(101));
        assert_eq!(office.standing(&who), Err(Refusal::CredentialExpired));
        office.server.clock().advance(Duration::days(300));
        assert_eq!(office.standing(&who), Err(Refusal::PasswordExpired));
        for _ in 0..5 {
            assert!(service
                .begin_change(Language::Spanish, &secret(who.as_str()), &secret("Wr0ng!pass"))
                .is_err());
        }
        assert_eq!(office.standing(&who), Err(Refusal::Blocked));
        service.unblock_signer(&office.manage, &who).unwrap();
        assert_eq!(office.standing(&who), Err(Refusal::PasswordExpired));
        let events = office.events();
        for event in ["signer.level-raised", "signer.blocked", "signer.unblocked"] {
            assert_eq!(events.iter().filter(|one| *one == event).count(), 1, "{event}");
        }
    }

    fn a_phone_changes_hands_only_with_a_code_sent_to_it(database) {
        let office = Office::new(database);
        let service = office.server.service();
        office.active(ana());
        let new = NewSigner { phone: ana().phone, ..berta() };
        assert!(matches!(
            service.register_signer(&office.register, new.clone(), &PhoneClaim::Free),
            Err(ServiceError::Registration(IdentityError::PhoneTaken { .. }))
        ));
        assert!(service
            .begin_phone_takeover(&office.register, &new.national_id, &berta().phone)
            .unwrap()
            .is_none());
        let takeover = service
            .begin_phone_takeover(&office.register, &new.national_id, &new.phone)
            .unwrap()
            .unwrap();
        assert!(service
            .confirm_phone_takeover(&office.register, &takeover, &secret("nope"))
            .is_err());
        let code = office.server.phones().code(PHONE);
        let claim = service
            .confirm_phone_takeover(&office.register, &takeover, &code)
            .unwrap();
        service.register_signer(&office.register, new, &claim).unwrap();
        assert_eq!(office.standing(&ana().national_id), Err(Refusal::NoPhone));
        service
            .change_phone(
                &office.register,
                &ana().national_id,
                &"+34622333444".parse().unwrap(),
                &PhoneClaim::Free,
            )
            .unwrap();
        assert_eq!(office.standing(&ana().national_id), Err(Refusal::NoCredential));
        let events = office.events();
        let changes = events.iter().filter(|event| *event == "signer.phone-changed");
        assert_eq!(changes.count(), 2);
    }

    fn a_phone_that_was_free_by_then_is_taken_from_nobody(database) {
        let office = Office::new(database);
        let service = office.server.service();
        let owner = office.active(ana()).signer.id;
        let new = NewSigner { phone: ana().phone, ..berta() };
        let takeover = service
            .begin_phone_takeover(&office.register, &new.national_id, &new.phone)
            .unwrap()
            .unwrap();
        let code = office.server.phones().code(PHONE);
        let claim = service
            .confirm_phone_takeover(&office.register, &takeover, &code)
            .unwrap();
        let other = "+34622333444".parse().unwrap();
        service
            .change_phone(&office.register, &ana().national_id, &other, &PhoneClaim::Free)
            .unwrap();
        let berta = service.register_signer(&office.register, new, &claim).unwrap();
        // Nor is it when it was the same citizen's all the time.
        service
            .change_phone(&office.register, &berta.signer.national_id, &ana().phone, &claim)
            .unwrap();
        let entries = town::entries(office.server.store(), service.ambient());
        let changes: Vec<_> = entries
            .iter()
            .filter(|entry| entry["event"] == "signer.phone-changed")
            .map(|entry| (&entry["body"]["signer"], &entry["body"]["detail"]))
            .collect();
        let (owner, berta) = (owner.to_string().into(), berta.signer.id.to_string().into());
        let none = serde_json::Value::Null;
        assert_eq!(changes, [(&owner, &none), (&berta, &none)]);
    }

    fn registering_anew_revokes_what_was_sealed_to_the_old_secret(database) {
        let office = Office::new(database);
        let signer = office.active(ana()).signer;
        let credential = office.credential(&signer);
        let renewed = office
            .server
            .service()
            .renew_registration(&office.register, ana(), &PhoneClaim::Free)
            .unwrap();
        assert_eq!((renewed.signer.id, renewed.revoked), (signer.id, 1));
        let kept = office.kept(&credential);
        assert_eq!((kept.state(), kept.sealed_key), (CredentialState::Revoked, None));
        assert_eq!(kept.revocation.unwrap().reason, RevocationReason::Superseded);
        assert_eq!(office.standing(&ana().national_id), Err(Refusal::NotActivated));
        let events = office.events();
        assert!(events.ends_with(&["credential.revoked".to_owned(), "signer.registered".to_owned()]));
        // Told of the revocation first, then welcomed.
        let messages = office.server.phones().messages();
        assert_eq!(messages.len(), 4);
    }

    fn closing_an_account_revokes_its_credentials_and_tells_the_citizen(database) {
        let office = Office::new(database);
        let signer = office.active(ana()).signer;
        let credential = office.credential(&signer);
        let service = office.server.service();
        let before = office.server.phones().messages().len();
        let (closed, revoked) = service
            .deregister_signer(&office.register, &ana().national_id, ClosingReason::Resignation)
            .unwrap();
        assert_eq!((closed.phone, revoked), (None, 1));
        assert_eq!(office.kept(&credential).sealed_key, None);
        assert_eq!(office.server.phones().messages().len(), before + 1);
        assert!(matches!(
            service.deregister_signer(
                &office.register,
                &ana().national_id,
                ClosingReason::Resignation,
            ),
            Err(ServiceError::Registration(IdentityError::NotRegistered))
        ));
        assert!(office.events().ends_with(&[
            "signer.deregistered".to_owned(),
            "credential.revoked".to_owned(),
        ]));
    }

    fn an_account_closed_by_the_office_loses_its_credentials_for_that_reason(database) {
        let office = Office::new(database);
        let signer = office.active(ana()).signer;
        let credential = office.credential(&signer);
        let before = office.server.phones().messages().len();
        office
            .server
            .service()
            .deregister_signer(&office.register, &ana().national_id, ClosingReason::ExOfficio)
            .unwrap();
        let reason = office.kept(&credential).revocation.unwrap().reason;
        assert_eq!(reason, RevocationReason::PrivilegeWithdrawn);
        assert_eq!(office.server.phones().messages().len(), before + 1);
        assert_eq!(office.server.service().upkeep().revoked, 0);
    }

    fn what_is_left_to_a_closed_account_is_revoked_by_upkeep(database) {
        let office = Office::new(database);
        let signer = office.active(ana()).signer;
        let credential = office.credential(&signer);
        let service = office.server.service();
        // The account alone, as no use case closes it.
        office.server.office().deregister(signer.id).unwrap();
        assert_eq!(office.kept(&credential).state(), CredentialState::Active);
        let round = service.upkeep();
        assert_eq!((round.revoked, round.failed.len()), (1, 0), "{round:?}");
        let kept = office.kept(&credential);
        assert_eq!((kept.state(), kept.sealed_key), (CredentialState::Revoked, None));
        assert!(office.events().contains(&"credential.revoked".to_owned()));
        assert_eq!(service.upkeep().revoked, 0);
    }

    fn what_is_left_to_an_account_closed_long_ago_is_revoked_too(database) {
        let office = Office::new(database);
        let signer = office.active(ana()).signer;
        let credential = office.credential(&signer);
        let service = office.server.service();
        office.server.office().deregister(signer.id).unwrap();
        office.server.clock().advance(Duration::days(31));
        assert_eq!(service.upkeep().revoked, 0);
        let look = service.look_at_all_closed();
        assert_eq!((look.revoked, look.failed.len()), (1, 0), "{look:?}");
        assert_eq!(office.kept(&credential).state(), CredentialState::Revoked);
        assert_eq!(service.look_at_all_closed().revoked, 0);
    }

    fn nobody_is_told_when_the_citizen_died(database) {
        let office = Office::new(database);
        let signer = office.active(ana()).signer;
        let credential = office.credential(&signer);
        let before = office.server.phones().messages().len();
        office
            .server
            .service()
            .deregister_signer(&office.register, &ana().national_id, ClosingReason::Death)
            .unwrap();
        assert_eq!(office.kept(&credential).state(), CredentialState::Revoked);
        assert_eq!(office.server.phones().messages().len(), before);
    }

    fn a_lost_receipt_is_replaced_when_the_citizen_types_the_password(database) {
        let office = Office::new(database);
        let old = office.active(ana()).activation_code;
        let service = office.server.service();
        let who = ana().national_id;
        let reissue = |password| {
            service.reissue_activation_code(&office.manage, &who, &secret(password))
        };
        assert!(matches!(reissue("Wr0ng!pass"), Err(ServiceError::NotRecognised)));
        let receipt = reissue(PASSWORD).unwrap();
        assert_ne!(receipt.activation_code.expose(), old.expose());
        let reset = |code: &SecretText| {
            service.begin_reset(Language::Spanish, &secret(who.as_str()), code)
        };
        assert!(matches!(reset(&old), Err(ServiceError::NotRecognised)));
        assert!(reset(&receipt.activation_code).is_ok());
    }
}
