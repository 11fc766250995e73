//! Issuing, requesting, importing and revoking credentials.

use std::fs;

use rubrica::auth::{Authorized, op};
use rubrica::domain::algorithm::KeyAlgorithm;
use rubrica::domain::credential::{CredentialIssuer, CredentialState};
use rubrica::domain::identifier::NationalId;
use rubrica::domain::key::PublicKey;
use rubrica::domain::level::{ProofingMethod, RegistrationLevel};
use rubrica::domain::pem;
use rubrica::domain::person::PersonName;
use rubrica::domain::revocation::RevocationReason;
use rubrica::domain::standing::Refusal;
use rubrica::hsm::Hsm;
use rubrica::identity::{IdentityError, NewSigner, PhoneClaim};
use rubrica::pki::PkiError;
use rubrica::pki::import::ImportError;
use rubrica::service::ServiceError;
use rubrica::service::authorities::Publication;
use rubrica::service::credentials::{CredentialView, Earlier};
use rubrica::store::{Store, credentials};
use time::Duration;
use time::macros::date;

use crate::harness::authorities::Authorities;
use crate::harness::citizen::{ActiveCitizen, newcomer};
use crate::harness::database::{TestDatabase, both_databases};
use crate::harness::openssl::openssl;
use crate::harness::server::{TestServer, Wishes, administrator};
use crate::harness::softhsm;
use crate::harness::software_key::SoftwareKey;
use crate::harness::town;

/// A server with authorities and one active citizen.
pub(super) struct Town {
    pub(super) server: TestServer,
    store: Store,
    citizen: ActiveCitizen,
}

impl Town {
    pub(super) fn on(database: &TestDatabase) -> Self {
        let (server, store) = (TestServer::start(database), database.store());
        let authorized = administrator().authorize(op::ManageAuthorities);
        server.service().init_authorities(&authorized).unwrap();
        let citizen = ActiveCitizen::new(&server, 0);
        Self {
            server,
            store,
            citizen,
        }
    }

    fn who(&self) -> NationalId {
        self.citizen.signer.national_id.clone()
    }

    pub(super) fn issue(&self, earlier: Earlier) -> Result<CredentialView, ServiceError> {
        let service = self.server.service();
        service.issue_credential(&authorized(), &self.who(), KeyAlgorithm::EcP256, earlier)
    }

    fn request(&self) -> CredentialView {
        let service = self.server.service();
        service
            .request_credential(&authorized(), &self.who(), KeyAlgorithm::EcP256)
            .unwrap()
    }

    fn all(&self) -> Vec<CredentialView> {
        let service = self.server.service();
        service.credentials(&authorized(), &self.who()).unwrap()
    }

    /// Whether the published list names this credential.
    fn is_listed(&self, credential: &CredentialView) -> bool {
        let serial = &credential.certificate.as_ref().unwrap().serial;
        self.list().to_lowercase().contains(serial)
    }

    /// The issuing authority's list, as openssl shows it.
    fn list(&self) -> String {
        let published = Publication::by_name("issuing.crl").unwrap();
        let list = self.server.service().publication(published).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("list"), list.unwrap()).unwrap();
        let arguments = ["crl", "-inform", "DER", "-in", "list", "-noout", "-text"];
        openssl(folder.path(), &arguments).unwrap()
    }

    /// The events of the journal with their results, the oldest first.
    fn journal(&self) -> Vec<(String, String)> {
        town::entries(&self.store, self.server.service().ambient())
            .iter()
            .map(|line| {
                let result = &line["body"]["outcome"]["result"];
                (
                    line["event"].as_str().unwrap().to_owned(),
                    result.as_str().unwrap().to_owned(),
                )
            })
            .filter(|(event, _)| event.starts_with("credential."))
            .collect()
    }
}

pub(super) fn authorized() -> Authorized<op::ManageCredentials> {
    administrator().authorize(op::ManageCredentials)
}

both_databases! {
    fn an_issued_credential_names_its_citizen_and_verifies(database) {
        let town = Town::on(database);
        let issued = town.issue(Earlier::Keep).unwrap();
        assert_eq!(issued.state, CredentialState::Active);
        assert_eq!(issued.issuer, CredentialIssuer::BuiltIn);
        assert_eq!(town.all(), std::slice::from_ref(&issued));
        let folder = tempfile::tempdir().unwrap();
        let chain = issued.certificate.unwrap().chain;
        let certificates = pem::certificates(&chain).unwrap();
        assert_eq!(certificates.len(), 3);
        let root = pem::encode("CERTIFICATE", certificates.last().unwrap()).unwrap();
        fs::write(folder.path().join("root.pem"), root).unwrap();
        fs::write(folder.path().join("chain.pem"), chain).unwrap();
        let arguments = [
            "verify", "-x509_strict", "-attime", "1795430000", "-CAfile", "root.pem",
            "-untrusted", "chain.pem", "chain.pem",
        ];
        openssl(folder.path(), &arguments).unwrap();
        let arguments = ["x509", "-in", "chain.pem", "-noout", "-subject", "-nameopt", "utf8"];
        let subject = openssl(folder.path(), &arguments).unwrap();
        assert!(subject.contains("PEÑA LÓPEZ ÍÑIGO - 99999999R"), "{subject}");
        let done = |result: &str| ("credential.issued".to_owned(), result.to_owned());
        assert_eq!(town.journal(), [done("intended"), done("done")]);
    }

    fn a_renewal_revokes_what_was_issued_before(database) {
        let town = Town::on(database);
        let first = town.issue(Earlier::Keep).unwrap();
        let second = town.issue(Earlier::Keep).unwrap();
        let requested = town.request();
        assert_eq!(town.all().len(), 3);
        let third = town.issue(Earlier::Revoke).unwrap();
        let service = town.server.service();
        let state = |one: &CredentialView| {
            service.credential(&authorized(), one.id).unwrap().state
        };
        assert_eq!(state(&first), CredentialState::Revoked);
        assert_eq!(state(&second), CredentialState::Revoked);
        assert_eq!(state(&requested), CredentialState::Requested);
        assert_eq!(state(&third), CredentialState::Active);
        assert!(town.is_listed(&first) && town.is_listed(&second) && !town.is_listed(&third));
    }

    fn revoking_deletes_the_key_tells_the_citizen_and_publishes(database) {
        let town = Town::on(database);
        let issued = town.issue(Earlier::Keep).unwrap();
        assert!(!town.is_listed(&issued));
        let service = town.server.service();
        let reason = RevocationReason::KeyCompromise;
        let revoked = service.revoke_credential(&authorized(), issued.id, reason).unwrap();
        assert_eq!(revoked.state, CredentialState::Revoked);
        assert_eq!(revoked.revocation.unwrap().reason, reason);
        let kept = town.store.read(|connection| credentials::find(connection, issued.id));
        assert_eq!(kept.unwrap().unwrap().sealed_key, None);
        assert!(town.is_listed(&issued));
        let told = town.server.phones().last(&town.citizen.phone).text;
        assert!(told.contains("revocado"), "{told}");
        let again = service.revoke_credential(&authorized(), issued.id, reason);
        assert!(matches!(
            again,
            Err(ServiceError::CredentialState(CredentialState::Revoked))
        ));
        let last = town.journal().pop();
        assert_eq!(last, Some(("credential.revoked".to_owned(), "done".to_owned())));
    }

    fn a_request_is_certified_outside_and_imported_once(database) {
        let town = Town::on(database);
        let requested = town.request();
        assert_eq!(requested.state, CredentialState::Requested);
        assert_eq!(requested.issuer, CredentialIssuer::Outside);
        let key = key_of(&requested.request.clone().unwrap());
        let chain = chain_for(&key);
        let service = town.server.service();
        let import = |chain: &str| {
            service.import_credential(&authorized(), requested.id, chain.as_bytes())
        };
        let foreign = import(&chain_for(SoftwareKey::p256(9).public()));
        assert!(matches!(foreign, Err(ServiceError::Import(ImportError::OtherKey))));
        let imported = import(&chain).unwrap();
        assert_eq!(imported.state, CredentialState::Active);
        assert_eq!(imported.certificate.unwrap().chain, chain);
        assert!(matches!(
            import(&chain),
            Err(ServiceError::CredentialState(CredentialState::Active))
        ));
    }

    /// Two citizens, and the authority outside mistakes one's request for the other's.
    fn a_certificate_that_names_somebody_else_is_not_imported(database) {
        let town = Town::on(database);
        let other = |new: &mut NewSigner| new.name = PersonName::new("Luis", "Gil", None).unwrap();
        let luis = ActiveCitizen::like(&town.server, 1, other);
        let service = town.server.service();
        let requested = service
            .request_credential(
                &authorized(),
                &luis.signer.national_id,
                KeyAlgorithm::EcP256,
            )
            .unwrap();
        let key = key_of(&requested.request.clone().unwrap());
        // The chain is for Luis's key, and in the name of the other.
        let refused = service
            .import_credential(&authorized(), requested.id, chain_for(&key).as_bytes())
            .unwrap_err();
        assert!(
            matches!(
                &refused,
                ServiceError::Import(ImportError::OtherHolder(differences)) if differences.all().len() == 3
            ),
            "{refused:?}"
        );
        let state = service
            .credential(&authorized(), requested.id)
            .unwrap()
            .state;
        assert_eq!(state, CredentialState::Requested);
    }
}

/// The public key of a request, which openssl has verified.
fn key_of(request: &str) -> PublicKey {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("request"), request).unwrap();
    let verify = [
        "req", "-in", "request", "-verify", "-noout", "-pubkey", "-out", "key.pem",
    ];
    openssl(folder, &verify).unwrap();
    let convert = [
        "pkey", "-pubin", "-in", "key.pem", "-outform", "DER", "-out", "key.der",
    ];
    openssl(folder, &convert).unwrap();
    PublicKey::from_spki(&fs::read(folder.join("key.der")).unwrap()).unwrap()
}

/// What an authority outside makes of a request.
fn chain_for(key: &PublicKey) -> String {
    let chain = Authorities::new().chain(key);
    let blocks = chain.iter().map(|der| pem::encode("CERTIFICATE", der));
    blocks.collect::<Result<_, _>>().unwrap()
}

both_databases! {
    fn who_may_not_sign_gets_no_credential(database) {
        let town = Town::on(database);
        let issue = |who: &str| {
            town.server
                .service()
                .issue_credential(
                    &authorized(),
                    &who.parse().unwrap(),
                    KeyAlgorithm::EcP256,
                    Earlier::Keep,
                )
                .unwrap_err()
        };
        let office = town.server.office();
        assert!(matches!(
            issue("12345678Z"),
            ServiceError::Registration(IdentityError::NotRegistered)
        ));
        office.register(newcomer(1), &PhoneClaim::Free).unwrap();
        assert!(matches!(
            issue("12345678Z"),
            ServiceError::SignerCannotSign(Refusal::NotActivated)
        ));
        assert_eq!(town.journal(), []);
    }

    fn a_basic_level_gets_no_credential(database) {
        let town = Town::on(database);
        let basic = |new: &mut NewSigner| {
            new.level = RegistrationLevel::Basic;
            new.method = ProofingMethod::Letter;
        };
        let who = ActiveCitizen::like(&town.server, 1, basic);
        let refused = town.server.service().issue_credential(
            &authorized(),
            &who.signer.national_id,
            KeyAlgorithm::EcP256,
            Earlier::Keep,
        );
        assert!(matches!(
            refused,
            Err(ServiceError::SignerCannotSign(Refusal::BasicLevel))
        ));
    }

    fn a_proofing_of_more_than_five_years_ago_blocks_issue(database) {
        let town = Town::on(database);
        let stale = |new: &mut NewSigner| new.proofed_at = date!(2021 - 11 - 22);
        let who = ActiveCitizen::like(&town.server, 1, stale);
        let service = town.server.service();
        let who = &who.signer.national_id;
        let key = KeyAlgorithm::EcP256;
        let issued = service.issue_credential(&authorized(), who, key, Earlier::Keep);
        let requested = service.request_credential(&authorized(), who, key);
        for refused in [issued, requested] {
            assert!(matches!(
                refused,
                Err(ServiceError::Pki(PkiError::StaleProofing { .. }))
            ));
        }
    }

    fn without_authorities_the_key_is_not_kept_and_the_failure_is_on_record(database) {
        let server = TestServer::start(database);
        let store = database.store();
        let citizen = ActiveCitizen::new(&server, 0);
        let town = Town {
            server,
            store,
            citizen,
        };
        assert!(matches!(
            town.issue(Earlier::Keep),
            Err(ServiceError::AuthoritiesMissing)
        ));
        assert_eq!(town.all(), []);
        let last = town.journal().pop();
        assert_eq!(
            last,
            Some(("credential.issued".to_owned(), "failed".to_owned()))
        );
    }

    fn a_revocation_while_the_hsm_is_away_stands_and_is_listed_later(database) {
        let town = Town::on(database);
        let issued = town.issue(Earlier::Keep).unwrap();
        let away = TestServer::start_with(
            database,
            Wishes {
                hsm: Some(Hsm::new(softhsm::settings("no such token", "1234"))),
                ..Wishes::default()
            },
        );
        let revoked = away
            .service()
            .revoke_credential(&authorized(), issued.id, RevocationReason::Superseded)
            .unwrap();
        assert_eq!(revoked.state, CredentialState::Revoked);
        assert!(!town.is_listed(&issued));
        assert_eq!(town.server.service().publish_due_lists().unwrap(), 1);
        assert!(town.is_listed(&issued));
        assert_eq!(town.server.service().publish_due_lists().unwrap(), 0);
    }

    fn a_credential_nobody_has_is_not_found(database) {
        let town = Town::on(database);
        let id = town.server.service().ambient().id();
        assert!(matches!(
            town.server.service().credential(&authorized(), id),
            Err(ServiceError::CredentialNotFound(_))
        ));
    }

    fn a_revoked_certificate_stays_on_the_list_after_its_end_and_the_list_says_so(database) {
        let town = Town::on(database);
        let issued = town.issue(Earlier::Keep).unwrap();
        let service = town.server.service();
        service
            .revoke_credential(&authorized(), issued.id, RevocationReason::Superseded)
            .unwrap();
        let years_after = issued.certificate.as_ref().unwrap().not_after + Duration::days(3 * 365);
        town.server
            .clock()
            .advance(years_after - service.ambient().now());
        service
            .publish_lists(&administrator().authorize(op::ManageAuthorities))
            .unwrap();
        assert!(town.is_listed(&issued));
        let text = town.list();
        // openssl 3.0 knows it by number only.
        assert!(
            text.contains("2.5.29.60") || text.contains("Expired Certificates"),
            "{text}"
        );
    }
}
