//! Citizens who are ready to sign: registered in person, activated, with a credential on the test token.

use rubrica::activation::Activation;
use rubrica::domain::algorithm::KeyAlgorithm;
use rubrica::domain::challenge::Purpose;
use rubrica::domain::credential::{Certification, Credential, CredentialIssuer};
use rubrica::domain::id::{CredentialId, SignerId};
use rubrica::domain::language::Language;
use rubrica::domain::level::{ProofingMethod, RegistrationLevel};
use rubrica::domain::person::PersonName;
use rubrica::domain::secret::SecretText;
use rubrica::domain::signer::Signer;
use rubrica::hsm::Hsm;
use rubrica::identity::{NewSigner, PhoneClaim};
use rubrica::service::CodeSent;
use rubrica::store::credentials;
use time::Duration;
use time::macros::date;

use super::authorities::Authorities;
use super::server::TestServer;
use super::standing::PASSWORD;
use super::wrapping;

/// Somebody who can sign.
pub(crate) struct TestCitizen {
    pub(crate) id: SignerId,
    pub(crate) national_id: SecretText,
    pub(crate) password: SecretText,
    pub(crate) phone: String,
    pub(crate) activation_code: SecretText,
    pub(crate) credential: CredentialId,
}

/// The test citizens' DNIs; their phones end with the same digit as the index.
const DNIS: [&str; 3] = ["99999999R", "12345678Z", "X0000000T"];

/// Somebody with an active account and no credential.
pub(crate) struct ActiveCitizen {
    pub(crate) signer: Signer,
    pub(crate) national_id: SecretText,
    pub(crate) password: SecretText,
    pub(crate) phone: String,
    pub(crate) activation_code: SecretText,
}

impl TestCitizen {
    /// Number `index` of the town, with a key of that kind on the server's token.
    pub(crate) fn ready(
        server: &TestServer,
        hsm: Hsm,
        index: usize,
        algorithm: KeyAlgorithm,
    ) -> Self {
        let ambient = server.service().ambient().clone();
        let citizen = ActiveCitizen::new(server, index);
        let credential: CredentialId = ambient.id();
        let newest = *hsm.keks().unwrap().last().unwrap();
        let by = wrapping::kept(&hsm, server.store(), newest);
        let provisioned = Activation::new(hsm, ambient.clone())
            .provision(
                citizen.signer.id,
                credential,
                &citizen.signer.sealing_key,
                &by,
                algorithm,
            )
            .unwrap();
        let now = ambient.now();
        let kept = Credential {
            id: credential,
            signer: citizen.signer.id,
            certification: Some(Certification {
                chain: Authorities::new().chain(&provisioned.public_key),
                serial: "03".repeat(20),
                not_before: now - Duration::hours(1),
                not_after: now + Duration::days(365),
            }),
            public_key: provisioned.public_key,
            wrapped_by: provisioned.wrapped_by,
            sealed_key: Some(provisioned.sealed_key),
            issuer: CredentialIssuer::BuiltIn,
            request: None,
            created_at: now,
            revocation: None,
        };
        server
            .store()
            .write(|connection| credentials::insert(connection, &kept))
            .unwrap();
        Self {
            id: citizen.signer.id,
            national_id: citizen.national_id,
            password: citizen.password,
            phone: citizen.phone,
            activation_code: citizen.activation_code,
            credential,
        }
    }
}

impl ActiveCitizen {
    /// Number `index` of the town.
    pub(crate) fn new(server: &TestServer, index: usize) -> Self {
        Self::like(server, index, |_| {})
    }

    /// The same, registered otherwise than usual.
    pub(crate) fn like(
        server: &TestServer,
        index: usize,
        change: impl FnOnce(&mut NewSigner),
    ) -> Self {
        let mut new = newcomer(index);
        change(&mut new);
        let phone = new.phone.as_str().to_owned();
        let registered = server.office().register(new, &PhoneClaim::Free).unwrap();
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
        Self {
            activation_code: registered.activation_code,
            signer: registered.signer,
            national_id,
            password,
            phone,
        }
    }
}

/// What the office writes down of number `index` of the town.
pub(crate) fn newcomer(index: usize) -> NewSigner {
    NewSigner {
        national_id: DNIS[index].parse().unwrap(),
        name: PersonName::new("Íñigo", "Peña", Some("López")).unwrap(),
        phone: format!("+3460000000{index}").parse().unwrap(),
        email: None,
        language: Language::Spanish,
        method: ProofingMethod::InPerson,
        level: RegistrationLevel::Advanced,
        proofed_at: date!(2026 - 11 - 02),
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
