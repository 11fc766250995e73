//! Citizens who are ready to sign: registered in person, activated, with a credential on the test token.

use rubrica::activation::Activation;
use rubrica::domain::algorithm::KeyAlgorithm;
use rubrica::domain::challenge::Purpose;
use rubrica::domain::credential::{Certification, Credential, CredentialIssuer};
use rubrica::domain::id::{CredentialId, SignerId};
use rubrica::domain::key::KekVersion;
use rubrica::domain::language::Language;
use rubrica::domain::level::{ProofingMethod, RegistrationLevel};
use rubrica::domain::person::PersonName;
use rubrica::domain::secret::SecretText;
use rubrica::hsm::Hsm;
use rubrica::identity::{self, Derivation, Identity, NewSigner, PhoneClaim};
use rubrica::service::CodeSent;
use rubrica::store::{Store, credentials};
use time::Duration;
use time::macros::date;

use super::authorities::Authorities;
use super::server::TestServer;

/// Somebody who can sign.
pub(crate) struct TestCitizen {
    pub(crate) id: SignerId,
    pub(crate) national_id: SecretText,
    pub(crate) password: SecretText,
    pub(crate) phone: String,
    pub(crate) credential: CredentialId,
}

/// The test citizens' DNIs; their phones end with the same digit as the index.
const DNIS: [&str; 3] = ["99999999R", "12345678Z", "X0000000T"];
const PASSWORD: &str = "Str0ng!pass";

impl TestCitizen {
    /// Number `index` of the town, with a key of that kind on the server's token.
    pub(crate) fn ready(
        server: &TestServer,
        store: &Store,
        hsm: Hsm,
        index: usize,
        algorithm: KeyAlgorithm,
    ) -> Self {
        let ambient = server.service().ambient().clone();
        let rules =
            identity::Settings::default().with_derivation(Derivation::new(8, 1, 1).unwrap());
        let office = Identity::new(store.clone(), ambient.clone(), rules);
        let phone = format!("+3460000000{index}");
        let registered = office
            .register(
                NewSigner {
                    national_id: DNIS[index].parse().unwrap(),
                    name: PersonName::new("Íñigo", "Peña", Some("López")).unwrap(),
                    phone: phone.parse().unwrap(),
                    email: None,
                    language: Language::Spanish,
                    method: ProofingMethod::InPerson,
                    level: RegistrationLevel::Advanced,
                    proofed_at: date!(2026 - 11 - 02),
                },
                &PhoneClaim::Free,
            )
            .unwrap();
        let national_id = SecretText::new(DNIS[index].to_owned());
        let password = SecretText::new(PASSWORD.to_owned());
        let sent = server
            .service()
            .begin_activation(
                Language::Spanish,
                &national_id,
                &SecretText::new(String::new()),
                &registered.activation_code,
            )
            .unwrap();
        finish_activation(server, &sent, &phone, &password);

        let signer = &registered.signer;
        let credential: CredentialId = ambient.id();
        let provisioned = Activation::new(hsm, ambient.clone())
            .provision(
                signer.id,
                credential,
                &signer.sealing_key,
                KekVersion(1),
                algorithm,
            )
            .unwrap();
        let now = ambient.now();
        let kept = Credential {
            id: credential,
            signer: signer.id,
            certification: Some(Certification {
                chain: Authorities::new().chain(&provisioned.public_key),
                serial: "03".repeat(20),
                not_before: now - Duration::hours(1),
                not_after: now + Duration::days(365),
            }),
            public_key: provisioned.public_key,
            kek_version: provisioned.kek_version,
            sealed_key: Some(provisioned.sealed_key),
            issuer: CredentialIssuer::BuiltIn,
            request: None,
            created_at: now,
            revocation: None,
        };
        store
            .write(|connection| credentials::insert(connection, &kept))
            .unwrap();
        Self {
            id: signer.id,
            national_id,
            password,
            phone,
            credential,
        }
    }
}

fn finish_activation(server: &TestServer, sent: &CodeSent, phone: &str, password: &SecretText) {
    let code = server.phones().code(phone);
    server
        .service()
        .finish_password(
            Purpose::Activate,
            sent.challenge,
            &sent.browser_key,
            &code,
            password,
        )
        .unwrap();
}
