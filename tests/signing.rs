//! Approving and signing, as use cases: what is signed, what is refused, what is left when something is away.

use std::io::Cursor;
use std::path::PathBuf;

use rubrica::auth::Link;
use rubrica::clock::Ambient;
use rubrica::documents::{self, Documents};
use rubrica::domain::algorithm::{Digest, DigestAlgorithm, KeyAlgorithm};
use rubrica::domain::document::Packaging;
use rubrica::domain::id::RequestId;
use rubrica::domain::object_key::ObjectKey;
use rubrica::domain::request::{
    CadesOptions, Document, DocumentReason, DocumentState, RequestReason, RequestState,
    SignatureOptions, SignatureRequest,
};
use rubrica::domain::secret::SecretText;
use rubrica::domain::standing::Refusal;
use rubrica::journal::{Journal, Range};
use rubrica::service::{ChallengeError, CodeSent, ServiceError};
use rubrica::store::{self, AnyConnection, Store, StoreError};
use serde_json::Value;
use time::Duration;

use crate::harness::asked::{self, detached, pades};
use crate::harness::citizen::TestCitizen;
use crate::harness::database::{TestDatabase, both_databases};
use crate::harness::server::{TestApp, TestServer};
use crate::harness::softhsm;

mod acceptance;
mod codes;

/// A server, a citizen who can sign, and an app that asks.
pub(crate) struct Town {
    pub(crate) server: TestServer,
    pub(crate) store: Store,
    pub(crate) citizen: TestCitizen,
    pub(crate) app: TestApp,
}

impl Town {
    pub(crate) fn new(database: &TestDatabase) -> Self {
        Self::with(database, KeyAlgorithm::EcP256)
    }

    pub(crate) fn with(database: &TestDatabase, algorithm: KeyAlgorithm) -> Self {
        let server = TestServer::start(database);
        let store = database.store();
        let citizen = TestCitizen::ready(&server, &store, softhsm::hsm(), 0, algorithm);
        let app = server.app("sede");
        Self {
            server,
            store,
            citizen,
            app,
        }
    }

    /// A request for these documents, and its link.
    pub(crate) fn ask(&self, documents: &[(&str, &[u8], SignatureOptions)]) -> Link {
        let request = asked::request(&self.server, self.app.app.id, self.citizen.id);
        let rows: Vec<Document> = documents
            .iter()
            .map(|(name, bytes, signature)| {
                asked::document(&self.server, request.id, name, bytes, signature.clone())
            })
            .collect();
        asked::keep(&self.store, &request, &rows);
        self.link(request.id)
    }

    pub(crate) fn ask_one(&self) -> Link {
        self.ask(&[("a.txt", b"yes", detached())])
    }

    pub(crate) fn link(&self, request: RequestId) -> Link {
        let text = asked::link_text(request);
        self.server.service().link(&text).unwrap()
    }

    pub(crate) fn documents(&self) -> Documents {
        let folder = self.server.objects().display();
        Documents::new(&documents::Settings {
            url: format!("file:{folder}"),
        })
        .unwrap()
    }

    /// Where its documents are.
    pub(crate) fn place(&self) -> PathBuf {
        self.server.objects().to_owned()
    }

    pub(crate) fn begin(&self, link: &Link) -> Result<CodeSent, ServiceError> {
        let TestCitizen {
            national_id,
            password,
            ..
        } = &self.citizen;
        self.server
            .service()
            .begin_approval(link, national_id, password)
    }

    pub(crate) fn code(&self) -> SecretText {
        self.server.phones().code(&self.citizen.phone)
    }

    pub(crate) fn confirm(
        &self,
        link: &Link,
        sent: &CodeSent,
        code: &SecretText,
    ) -> Result<RequestState, ServiceError> {
        self.server
            .service()
            .confirm_approval(link, sent.challenge, &sent.browser_key, code)
    }

    pub(crate) fn approve(&self, link: &Link) -> RequestState {
        let sent = self.begin(link).unwrap();
        self.confirm(link, &sent, &self.code()).unwrap()
    }

    pub(crate) fn rows(&self, link: &Link) -> Vec<Document> {
        self.store
            .read(|connection| store::documents::of_request(connection, link.request()))
            .unwrap()
    }

    pub(crate) fn request(&self, link: &Link) -> SignatureRequest {
        self.store
            .read(|connection| store::requests::find(connection, link.request()))
            .unwrap()
            .unwrap()
    }

    pub(crate) fn signed(&self, document: &Document) -> Vec<u8> {
        self.server.object(
            document
                .signed
                .as_ref()
                .unwrap()
                .object_key
                .as_ref()
                .unwrap(),
        )
    }

    /// How many SADs were ever spent.
    pub(crate) fn spent(&self) -> usize {
        use diesel::prelude::*;
        #[derive(QueryableByName)]
        struct Count {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            count: i64,
        }
        let query = "SELECT COUNT(*) AS count FROM sads";
        let count = self.store.read(|connection| {
            match connection {
                AnyConnection::Sqlite(inner) => diesel::sql_query(query).get_result::<Count>(inner),
                AnyConnection::Postgres(inner) => {
                    diesel::sql_query(query).get_result::<Count>(inner)
                }
            }
            .map_err(StoreError::from)
        });
        usize::try_from(count.unwrap().count).unwrap()
    }

    fn events(&self) -> Vec<String> {
        events(&self.store, self.server.service().ambient())
    }
}

/// The names of the journal's events in order.
pub(crate) fn events(store: &Store, ambient: &Ambient) -> Vec<String> {
    let journal = Journal::new(store.clone(), ambient.clone(), "reader".parse().unwrap());
    let mut lines = Vec::new();
    journal
        .export(&mut lines, &Range::default(), &mut |_| ())
        .unwrap();
    String::from_utf8(lines)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|line| line["event"].as_str().unwrap().to_owned())
        .collect()
}

both_databases! {
    fn a_batch_is_signed_with_one_code_and_each_document_has_its_own_result(database) {
        let town = Town::new(database);
        let link = town.ask(&[
            ("a.txt", b"first", detached()),
            ("no.pdf", b"not a PDF", pades()),
            ("b.txt", b"second", detached()),
        ]);
        assert_eq!(town.approve(&link), RequestState::Completed);
        let request = town.request(&link);
        assert_eq!(request.reason, Some(RequestReason::SomeDocumentsFailed));
        assert_eq!(request.credential, Some(town.citizen.credential));
        let rows = town.rows(&link);
        assert_eq!(
            rows.iter().map(|row| (row.state, row.reason)).collect::<Vec<_>>(),
            [
                (DocumentState::Signed, None),
                (DocumentState::Failed, Some(DocumentReason::NotAPdf)),
                (DocumentState::Signed, None),
            ]
        );
        let signed = rows[0].signed.as_ref().unwrap();
        let bytes = town.signed(&rows[0]);
        assert_eq!(Digest::of(DigestAlgorithm::Sha256, &bytes), signed.sha256);
        assert_ne!(bytes, town.signed(&rows[2]));
        let events = town.events();
        let intent = events.iter().position(|event| event == "signature.intent").unwrap();
        let outcome = events.iter().position(|event| event == "signature.outcome").unwrap();
        assert!(intent < outcome);
    }

    fn a_second_click_is_told_the_state_and_signs_nothing(database) {
        let town = Town::new(database);
        let link = town.ask_one();
        let sent = town.begin(&link).unwrap();
        let code = town.code();
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let clicks: Vec<_> =
                (0..4).map(|_| scope.spawn(|| town.confirm(&link, &sent, &code))).collect();
            clicks.into_iter().map(|click| click.join().unwrap()).collect()
        });
        let won = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(won, 1, "{outcomes:?}");
        let intents = town.events().iter().filter(|event| *event == "signature.intent").count();
        assert_eq!(intents, 1);
        let after = town.confirm(&link, &sent, &code);
        assert!(matches!(after, Err(ServiceError::RequestState { state: RequestState::Completed })));
    }

    fn wrong_codes_end_in_a_refused_request(database) {
        let town = Town::new(database);
        let link = town.ask_one();
        let sent = town.begin(&link).unwrap();
        let wrong = wrong(&town.code());
        for left in [2, 1] {
            let error = town.confirm(&link, &sent, &wrong).unwrap_err();
            assert!(
                matches!(error, ServiceError::Challenge(ChallengeError::WrongCode { tries_left }) if tries_left == left),
                "{error:?}"
            );
        }
        let error = town.confirm(&link, &sent, &wrong).unwrap_err();
        assert!(matches!(error, ServiceError::Challenge(ChallengeError::Exhausted)), "{error:?}");
        let request = town.request(&link);
        assert_eq!(request.state, RequestState::Refused);
        assert_eq!(request.reason, Some(RequestReason::CodeTriesExhausted));
        assert!(matches!(town.begin(&link), Err(ServiceError::RequestState { .. })));
        assert!(!town.events().contains(&"signature.intent".to_owned()));
    }

    fn somebody_elses_right_password_counts_as_wrong(database) {
        let town = Town::new(database);
        let other =
            TestCitizen::ready(&town.server, &town.store, softhsm::hsm(), 1, KeyAlgorithm::EcP256);
        let link = town.ask_one();
        let error = town
            .server
            .service()
            .begin_approval(&link, &other.national_id, &other.password)
            .unwrap_err();
        assert!(matches!(error, ServiceError::NotRecognised), "{error:?}");
        let stray = SecretText::new("nobody".to_owned());
        let error =
            town.server.service().begin_approval(&link, &stray, &other.password).unwrap_err();
        assert!(matches!(error, ServiceError::NotRecognised), "{error:?}");
    }

    fn a_code_for_one_request_signs_no_other(database) {
        let town = Town::new(database);
        let (one, other) = (town.ask_one(), town.ask_one());
        let sent = town.begin(&one).unwrap();
        let error = town.confirm(&other, &sent, &town.code()).unwrap_err();
        assert!(
            matches!(error, ServiceError::Challenge(ChallengeError::SomethingElse)),
            "{error:?}"
        );
        assert_eq!(town.confirm(&one, &sent, &town.code()).unwrap(), RequestState::Completed);
    }

    fn another_browser_cannot_use_the_code(database) {
        let town = Town::new(database);
        let (one, other) = (town.ask_one(), town.ask_one());
        let sent = town.begin(&one).unwrap();
        let code = town.code();
        let elsewhere = town.begin(&other).unwrap();
        let error = town
            .server
            .service()
            .confirm_approval(&one, sent.challenge, &elsewhere.browser_key, &code)
            .unwrap_err();
        assert!(matches!(error, ServiceError::Challenge(ChallengeError::Gone)), "{error:?}");
    }

    fn a_request_whose_time_is_over_cannot_be_approved(database) {
        let town = Town::new(database);
        let link = town.ask_one();
        let sent = town.begin(&link).unwrap();
        town.server.clock().advance(Duration::hours(2));
        let expired = |outcome: ServiceError| {
            matches!(outcome, ServiceError::RequestState { state: RequestState::Expired })
        };
        assert!(expired(town.confirm(&link, &sent, &town.code()).unwrap_err()));
        assert!(expired(town.begin(&link).unwrap_err()));
        assert_eq!(town.server.service().approval(&link).unwrap().state, RequestState::Expired);
        assert_eq!(town.server.service().upkeep().expired, 1);
        assert_eq!(town.request(&link).reason, Some(RequestReason::LifetimeOver));
    }

    fn a_document_changed_in_the_store_is_not_signed(database) {
        let town = Town::new(database);
        let packaging = Packaging::Enveloping;
        let enveloping =
            SignatureOptions::Cades { packaging, options: CadesOptions::default() };
        let link = town.ask(&[("a.txt", b"pay 10", enveloping)]);
        let row = &town.rows(&link)[0];
        let key: ObjectKey = row.object_key.as_ref().unwrap().parse().unwrap();
        town.documents().delete(&key).unwrap();
        town.documents().put(&key, &mut Cursor::new(b"pay 99"), 100, &mut []).unwrap();
        assert_eq!(town.approve(&link), RequestState::Failed);
        assert_eq!(town.rows(&link)[0].reason, Some(DocumentReason::DocumentChanged));
    }

    fn documents_are_deleted_when_their_time_is_over(database) {
        let town = Town::new(database);
        let link = town.ask_one();
        town.approve(&link);
        let keys = |row: &Document| {
            let signed = row.signed.as_ref().unwrap().object_key.clone();
            [row.object_key.clone().unwrap(), signed.unwrap()]
        };
        let keys = keys(&town.rows(&link)[0]);
        town.server.clock().advance(Duration::days(2));
        assert_eq!(town.server.service().upkeep().deleted, 1);
        for key in keys {
            assert!(town.documents().open(&key.parse().unwrap()).unwrap().is_none());
        }
        assert_eq!(town.server.service().upkeep().deleted, 0);
        assert!(town.events().contains(&"request.deleted".to_owned()));
    }

    fn without_a_credential_the_citizen_is_told_so(database) {
        let town = Town::new(database);
        let link = town.ask_one();
        let revocation = rubrica::domain::credential::Revocation {
            at: town.server.service().ambient().now(),
            reason: rubrica::domain::revocation::RevocationReason::Superseded,
        };
        town.store
            .write(|connection| {
                store::credentials::revoke(connection, town.citizen.credential, revocation)
            })
            .unwrap();
        let error = town.begin(&link).unwrap_err();
        assert!(
            matches!(error, ServiceError::SignerCannotSign(Refusal::NoCredential)),
            "{error:?}"
        );
    }
}

/// A code of the same length that is not this one.
fn wrong(code: &SecretText) -> SecretText {
    let other = if code.expose().starts_with('0') {
        "111111"
    } else {
        "000000"
    };
    SecretText::new(other.to_owned())
}
