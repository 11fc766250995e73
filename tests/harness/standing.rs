//! Citizens in every state an account can be in.

use rubrica::domain::challenge::Purpose;
use rubrica::domain::credential::{Certification, Credential, CredentialIssuer};
use rubrica::domain::id::SignerId;
use rubrica::domain::key::KekVersion;
use rubrica::domain::language::Language;
use rubrica::domain::level::{ProofingMethod, RegistrationLevel};
use rubrica::domain::person::PersonName;
use rubrica::domain::secret::SecretText;
use rubrica::domain::wrapping::WrappedBy;
use rubrica::identity::{self, NewSigner, PhoneClaim};
use rubrica::store::credentials;
use time::macros::date;
use time::{Duration, OffsetDateTime};

use super::accounts::Accounts;
use super::authorities::Authorities;
use super::server::{TestServer, quick};
use super::software_key::SoftwareKey;

/// What every test citizen chooses.
pub(crate) const PASSWORD: &str = "Str0ng!pass";

/// A registered citizen.
pub(crate) struct Citizen {
    pub(crate) id: SignerId,
    pub(crate) national_id: String,
    pub(crate) phone: String,
    pub(crate) activation_code: SecretText,
}

/// Ana, as an office writes her down.
pub(crate) fn ana() -> NewSigner {
    NewSigner {
        national_id: "12345678Z".parse().unwrap(),
        name: PersonName::new("Ana", "Gil", None).unwrap(),
        phone: "+34600123456".parse().unwrap(),
        email: Some("ana@example.com".parse().unwrap()),
        language: Language::Spanish,
        method: ProofingMethod::InPerson,
        level: RegistrationLevel::Advanced,
        proofed_at: date!(2026 - 11 - 20),
    }
}

impl TestServer {
    /// Registers a citizen at that level, with a phone made of the digits of the DNI.
    pub(crate) fn citizen(&self, national_id: &str, level: RegistrationLevel) -> Citizen {
        let digits: String = national_id.chars().filter(char::is_ascii_digit).collect();
        let phone = format!("+346{digits}");
        let method = match level {
            RegistrationLevel::Advanced => ProofingMethod::InPerson,
            RegistrationLevel::Basic => ProofingMethod::Letter,
        };
        let registered = self
            .office()
            .register(
                NewSigner {
                    national_id: national_id.parse().unwrap(),
                    phone: phone.parse().unwrap(),
                    language: Language::Galician,
                    method,
                    level,
                    ..ana()
                },
                &PhoneClaim::Free,
            )
            .unwrap();
        Citizen {
            id: registered.signer.id,
            national_id: national_id.to_owned(),
            phone,
            activation_code: registered.activation_code,
        }
    }

    /// One who can be asked to sign: advanced level, activated, with a credential. Its key is outside any HSM, so
    /// this one cannot sign in the end.
    pub(crate) fn eligible(&self, national_id: &str) -> Citizen {
        let citizen = self.citizen(national_id, RegistrationLevel::Advanced);
        self.activate(&citizen);
        self.certify(&citizen, &SoftwareKey::p256(9), Duration::days(365));
        citizen
    }

    /// Chooses the first password with the code from the phone.
    pub(crate) fn activate(&self, citizen: &Citizen) {
        let sent = self
            .service()
            .begin_activation(
                Language::Spanish,
                &SecretText::new(citizen.national_id.clone()),
                &SecretText::new("ana@example.com".to_owned()),
                &citizen.activation_code,
            )
            .unwrap();
        self.service()
            .finish_password(
                Purpose::Activate,
                sent.challenge,
                &sent.browser_key,
                &self.phones().code(&citizen.phone),
                &SecretText::new(PASSWORD.to_owned()),
            )
            .unwrap();
    }

    /// Puts a credential into the database whose certificate ends after that time.
    pub(crate) fn certify(&self, citizen: &Citizen, key: &SoftwareKey, validity: Duration) {
        let now = self.now();
        let ambient = self.service().ambient();
        let credential = Credential {
            id: ambient.id(),
            signer: citizen.id,
            public_key: key.public().clone(),
            wrapped_by: WrappedBy::Kek(KekVersion(1)),
            sealed_key: Some(vec![0; 32]),
            issuer: CredentialIssuer::BuiltIn,
            request: None,
            certification: Some(Certification {
                chain: Authorities::new().chain(key.public()),
                serial: "0a".to_owned(),
                not_before: now - Duration::HOUR,
                not_after: now + validity,
            }),
            created_at: now,
            revocation: None,
        };
        self.store()
            .write(|connection| credentials::insert(connection, &credential))
            .unwrap();
    }

    /// The accounts, as the registration office has them.
    pub(crate) fn office(&self) -> Accounts {
        Accounts::new(
            self.store().clone(),
            self.service().ambient().clone(),
            identity::Settings::default().with_derivation(quick()),
        )
    }

    fn now(&self) -> OffsetDateTime {
        self.service().ambient().now()
    }
}
