//! A server, an app that asks, a citizen who can sign, and the citizen's browser.
//!
//! A test goes the citizen's way either through the use cases ([`Town::begin`], [`Town::confirm`]) or through the
//! pages ([`Town::identify`], [`Town::give`]).

use std::path::PathBuf;

use rubrica::auth::Link;
use rubrica::clock::Ambient;
use rubrica::domain::algorithm::KeyAlgorithm;
use rubrica::domain::id::RequestId;
use rubrica::domain::request::{Document, RequestState, SignatureOptions, SignatureRequest};
use rubrica::domain::secret::SecretText;
use rubrica::domain::signer::Signer;
use rubrica::hsm::Hsm;
use rubrica::journal::{Journal, Range};
use rubrica::service::{CodeSent, ServiceError};
use rubrica::store::{self, AnyConnection, Store, StoreError, signers};
use serde_json::Value;

use super::asked;
use super::browser::{Browser, Seen};
use super::citizen::TestCitizen;
use super::database::TestDatabase;
use super::server::{TestApp, TestServer, Wishes};
use super::softhsm;

/// The place of a test about approving and signing.
pub(crate) struct Town {
    pub(crate) server: TestServer,
    pub(crate) store: Store,
    pub(crate) app: TestApp,
    pub(crate) citizen: TestCitizen,
    pub(crate) browser: Browser,
}

/// A signature request that was put where the server finds it.
pub(crate) struct Asked {
    pub(crate) id: RequestId,
    pub(crate) documents: Vec<Document>,
    /// The path of its approval page.
    pub(crate) link: String,
}

impl Asked {
    /// A request with these rows.
    pub(crate) fn new(id: RequestId, documents: Vec<Document>) -> Self {
        Self {
            link: format!("/r/{}", asked::link_text(id)),
            id,
            documents,
        }
    }

    /// The path of another of its pages.
    pub(crate) fn at(&self, rest: &str) -> String {
        format!("{}{rest}", self.link)
    }
}

impl Town {
    /// On the token that all tests share, with a key on P-256.
    pub(crate) fn new(database: &TestDatabase) -> Self {
        Self::with(database, KeyAlgorithm::EcP256)
    }

    /// With another kind of key.
    pub(crate) fn with(database: &TestDatabase, algorithm: KeyAlgorithm) -> Self {
        Self::on(TestServer::start(database), softhsm::hsm(), algorithm)
    }

    /// On a server that is otherwise than usual.
    pub(crate) fn like(database: &TestDatabase, wishes: Wishes) -> Self {
        Self::like_with(database, wishes, KeyAlgorithm::EcP256)
    }

    /// Both.
    pub(crate) fn like_with(
        database: &TestDatabase,
        wishes: Wishes,
        algorithm: KeyAlgorithm,
    ) -> Self {
        let hsm = wishes.hsm.clone().unwrap_or_else(softhsm::hsm);
        let server = TestServer::start_with(database, wishes);
        Self::on(server, hsm, algorithm)
    }

    fn on(server: TestServer, hsm: Hsm, algorithm: KeyAlgorithm) -> Self {
        let store = server.store().clone();
        let citizen = TestCitizen::ready(&server, hsm, 0, algorithm);
        Self {
            app: server.app("sede"),
            browser: Browser::new(server.visitor()),
            server,
            store,
            citizen,
        }
    }

    /// A request for these documents.
    pub(crate) fn ask(&self, documents: &[(&str, &[u8], SignatureOptions)]) -> Asked {
        self.ask_like(|request| {
            documents
                .iter()
                .map(|(name, bytes, signature)| {
                    asked::document(&self.server, request.id, name, bytes, signature.clone())
                })
                .collect()
        })
    }

    /// A request for one short text.
    pub(crate) fn ask_one(&self) -> Asked {
        self.ask(&[("a.txt", b"yes", asked::detached())])
    }

    /// A request of another app for one short text.
    pub(crate) fn ask_one_for(&self, app: &TestApp) -> Asked {
        self.ask_like(|request| {
            request.app = app.app.id;
            let signature = asked::detached();
            vec![asked::document(
                &self.server,
                request.id,
                "a.txt",
                b"yes",
                signature,
            )]
        })
    }

    /// A request that the test may change, for the documents it makes.
    pub(crate) fn ask_like(
        &self,
        make: impl FnOnce(&mut SignatureRequest) -> Vec<Document>,
    ) -> Asked {
        let mut request = asked::request(&self.server, self.app.app.id, self.citizen.id);
        let documents = make(&mut request);
        asked::keep(&self.store, &request, &documents);
        Asked::new(request.id, documents)
    }

    /// A request that was made over the API, by its identifier.
    pub(crate) fn made(&self, id: &str) -> Asked {
        let id = id.parse().unwrap();
        let documents = self
            .store
            .read(|connection| store::documents::of_request(connection, id));
        Asked::new(id, documents.unwrap())
    }

    /// The approval link, as the use cases take it.
    pub(crate) fn link(&self, asked: &Asked) -> Link {
        let text = asked::link_text(asked.id);
        self.server.service().link(&text).unwrap()
    }

    /// The first factor.
    pub(crate) fn begin(&self, asked: &Asked) -> Result<CodeSent, ServiceError> {
        self.server.service().begin_approval(
            &self.link(asked),
            &self.citizen.national_id,
            &self.citizen.password,
        )
    }

    /// The second factor.
    pub(crate) fn confirm(
        &self,
        asked: &Asked,
        sent: &CodeSent,
        code: &str,
    ) -> Result<RequestState, ServiceError> {
        let code = SecretText::new(code.to_owned());
        self.server.service().confirm_approval(
            &self.link(asked),
            sent.challenge,
            &sent.browser_key,
            &code,
        )
    }

    /// Both factors.
    pub(crate) fn approve(&self, asked: &Asked) -> RequestState {
        let sent = self.begin(asked).unwrap();
        self.confirm(asked, &sent, &self.code()).unwrap()
    }

    /// Opens the request's page and sends the first factor.
    pub(crate) fn identify(&self, asked: &Asked, password: &str) -> Seen {
        self.identify_in(&self.browser, asked, password)
    }

    /// The same in another browser.
    pub(crate) fn identify_in(&self, browser: &Browser, asked: &Asked, password: &str) -> Seen {
        let values = [
            ("national-id", self.citizen.national_id.expose()),
            ("password", password),
        ];
        browser.send(&browser.open(&asked.link), &asked.link, &values)
    }

    /// Goes to the page that asks for the code.
    #[track_caller]
    pub(crate) fn to_code(&self, asked: &Asked) -> Seen {
        let page = self.identify(asked, self.citizen.password.expose());
        assert_eq!((page.status, &page.path), (200, &asked.at("/code")));
        page
    }

    /// Sends the second factor.
    #[track_caller]
    pub(crate) fn give(&self, asked: &Asked, page: &Seen, code: &str) -> Seen {
        self.browser
            .send(page, &asked.at("/code"), &[("code", code)])
    }

    /// The code in the last message to the citizen.
    pub(crate) fn code(&self) -> String {
        self.server
            .phones()
            .code(&self.citizen.phone)
            .expose()
            .to_owned()
    }

    /// A code of the same length that is not the right one.
    pub(crate) fn wrong_code(&self) -> String {
        let code = self.code();
        let first = if code.starts_with('1') { '2' } else { '1' };
        format!("{first}{}", &code[1..])
    }

    /// The request's row.
    pub(crate) fn request(&self, asked: &Asked) -> SignatureRequest {
        self.store
            .read(|connection| store::requests::find(connection, asked.id))
            .unwrap()
            .unwrap()
    }

    /// Where the request stands.
    pub(crate) fn state(&self, asked: &Asked) -> RequestState {
        self.request(asked).state
    }

    /// The rows of its documents.
    pub(crate) fn rows(&self, asked: &Asked) -> Vec<Document> {
        self.store
            .read(|connection| store::documents::of_request(connection, asked.id))
            .unwrap()
    }

    /// The signed form of a document, whole.
    pub(crate) fn signed(&self, document: &Document) -> Vec<u8> {
        let signed = document.signed.as_ref().unwrap();
        self.server.object(signed.object_key.as_ref().unwrap())
    }

    /// Where the documents are.
    pub(crate) fn place(&self) -> PathBuf {
        self.server.objects().to_owned()
    }

    /// How many SADs were ever spent.
    pub(crate) fn spent(&self) -> usize {
        sads(&self.store).len()
    }

    /// The journal, one entry a line.
    pub(crate) fn journal(&self) -> Vec<String> {
        journal(&self.store, self.server.service().ambient())
    }

    /// The names of the journal's events, in order.
    pub(crate) fn events(&self) -> Vec<String> {
        events(&self.store, self.server.service().ambient())
    }

    /// Changes the citizen's row behind the server's back.
    pub(crate) fn change_citizen(&self, change: impl FnOnce(&mut Signer)) {
        self.store
            .write(|connection| {
                let mut signer = signers::find(connection, self.citizen.id)?.unwrap();
                change(&mut signer);
                signers::update(connection, &signer)
            })
            .unwrap_or_else(|error: StoreError| panic!("{error}"));
    }
}

/// The names of a journal's events, in order.
pub(crate) fn events(store: &Store, ambient: &Ambient) -> Vec<String> {
    entries(store, ambient)
        .iter()
        .map(|entry| entry["event"].as_str().unwrap().to_owned())
        .collect()
}

/// A journal's entries as an export has them, in order.
pub(crate) fn entries(store: &Store, ambient: &Ambient) -> Vec<Value> {
    let lines = journal(store, ambient);
    lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The identifiers of all SADs that were ever spent.
pub(crate) fn sads(store: &Store) -> Vec<String> {
    use diesel::prelude::*;
    #[derive(QueryableByName)]
    struct Spent {
        #[diesel(sql_type = diesel::sql_types::Text)]
        id: String,
    }
    let query = "SELECT id FROM sads";
    let spent = store.read(|connection| {
        match connection {
            AnyConnection::Sqlite(inner) => diesel::sql_query(query).load::<Spent>(inner),
            AnyConnection::Postgres(inner) => diesel::sql_query(query).load::<Spent>(inner),
        }
        .map_err(StoreError::from)
    });
    spent.unwrap().into_iter().map(|spent| spent.id).collect()
}

/// The same as text, one entry a line.
pub(crate) fn journal(store: &Store, ambient: &Ambient) -> Vec<String> {
    let journal = Journal::new(store.clone(), ambient.clone(), "reader".parse().unwrap());
    let mut lines = Vec::new();
    journal
        .export(&mut lines, &Range::default(), &mut |_| ())
        .unwrap();
    let text = String::from_utf8(lines).unwrap();
    text.lines().map(str::to_owned).collect()
}
