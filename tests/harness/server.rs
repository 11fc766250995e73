//! The whole server inside the test, on free loopback ports, over real TLS.

use std::fs;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rubrica::activation::Activation;
use rubrica::auth::{Administrator, LinkKey, local_administrator, op};
use rubrica::clock::Ambient;
use rubrica::documents::{self, Documents, DocumentsError};
use rubrica::domain::algorithm::KeyAlgorithm;
use rubrica::domain::app::App;
use rubrica::domain::secret::SecretBytes;
use rubrica::hsm::Hsm;
use rubrica::http::tls::self_signed;
use rubrica::http::{self, Limits, Running, TlsListener};
use rubrica::identity::{self, Derivation, Identity};
use rubrica::journal::Journal;
use rubrica::notify::{self, Notify, Outbox};
use rubrica::pki;
use rubrica::service::apps::{Credentials, NewApp};
use rubrica::service::checkpoints::Checkpoints;
use rubrica::service::{Parts, Service, Settings};
use rubrica::store::Store;
use tempfile::TempDir;
use time::OffsetDateTime;

use super::ambient::{TestClock, moving};
use super::client::{Client, ClientIdentity};
use super::database::TestDatabase;
use super::phones::Phones;
use super::sms_gateway::SmsGateway;
use super::softhsm;

/// A running server. Stops when dropped.
pub(crate) struct TestServer {
    running: Option<Running>,
    service: Service,
    store: Store,
    clock: Arc<TestClock>,
    api: String,
    citizen: String,
    ops: String,
    trusted: String,
    _folder: TempDir,
    objects: PathBuf,
    documents: Documents,
    outbox: PathBuf,
    gateway: Option<SmsGateway>,
    database: Option<TestDatabase>,
}

/// What a test wants otherwise than usual.
pub(crate) struct Wishes {
    pub(crate) limits: Limits,
    pub(crate) document_bytes: u64,
    pub(crate) documents_per_request: u32,
    pub(crate) citizen_proxies: http::Proxies,
    /// A folder with documents that another server left.
    pub(crate) documents: Option<PathBuf>,
    /// Documents lie in this bucket and not in a folder.
    pub(crate) bucket: Option<documents::Settings>,
    /// What the node is called.
    pub(crate) node: &'static str,
    /// Another token than the one all tests share.
    pub(crate) hsm: Option<Hsm>,
    /// Messages go to this gateway and not into an outbox.
    pub(crate) gateway: Option<SmsGateway>,
    /// How long it waits for a database that is away.
    pub(crate) database_wait: Duration,
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            citizen_proxies: http::Proxies::default(),
            document_bytes: 64 * 1024 * 1024,
            documents_per_request: 20,
            documents: None,
            bucket: None,
            node: "test",
            hsm: None,
            gateway: None,
            database_wait: Duration::from_secs(20),
        }
    }
}

/// An app that is registered, and how it calls.
pub(crate) struct TestApp {
    pub(crate) app: App,
    pub(crate) token: String,
    pub(crate) client: Client,
}

impl TestServer {
    /// With a database of its own, in a file.
    pub(crate) fn alone() -> Self {
        Self::alone_with(Wishes::default())
    }

    /// The same with other settings.
    pub(crate) fn alone_with(wishes: Wishes) -> Self {
        let database = TestDatabase::sqlite();
        let mut server = Self::start_with(&database, wishes);
        server.database = Some(database);
        server
    }

    /// With the usual settings.
    pub(crate) fn start(database: &TestDatabase) -> Self {
        Self::start_with(database, Wishes::default())
    }

    /// On the documents that another server left.
    pub(crate) fn start_again(database: &TestDatabase, documents: &Path) -> Self {
        let documents = Some(documents.to_owned());
        Self::start_with(
            database,
            Wishes {
                documents,
                ..Wishes::default()
            },
        )
    }

    /// With other ones.
    pub(crate) fn start_with(database: &TestDatabase, wishes: Wishes) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (
            folder.path().join("server.pem"),
            folder.path().join("server.key"),
        );
        let trusted = certify(&certificate, &key);
        let listener = TlsListener {
            address: loopback(),
            certificate,
            key,
        };
        let bound = http::bind(http::Settings {
            api: listener.clone(),
            citizen: listener,
            ops: loopback(),
            citizen_proxies: wishes.citizen_proxies,
            help_desk: None,
            limits: wishes.limits,
            stop_within: Duration::from_secs(5),
        })
        .unwrap();
        let api = format!("https://{}", bound.api_address());
        let citizen = format!("https://{}", bound.citizen_address());
        let ops = format!("http://{}", bound.ops_address());

        let objects = wishes
            .documents
            .unwrap_or_else(|| folder.path().join("documents"));
        let documents = match &wishes.bucket {
            Some(bucket) => set_up(bucket),
            None => store_of(&objects),
        };
        let outbox = folder.path().join("outbox");
        let (sms, outbox) = match &wishes.gateway {
            Some(gateway) => (gateway.settings(), gateway.received()),
            None => (
                notify::Settings::Outbox(Outbox::new(outbox.clone())),
                outbox,
            ),
        };
        let (ambient, clock) = moving();
        let store = database.store_waiting(wishes.database_wait);
        let kept = store.clone();
        let node: rubrica::domain::node::NodeName = wishes.node.parse().unwrap();
        let hsm = wishes.hsm.unwrap_or_else(softhsm::hsm);
        let service = Service::new(Parts {
            activation: Activation::new(hsm.clone(), ambient.clone()),
            hsm,
            identity: Identity::new(
                store.clone(),
                ambient.clone(),
                identity::Settings::default().with_derivation(quick()),
            ),
            documents: documents.clone(),
            notify: Notify::new(sms, ambient.clone()),
            journal: Journal::new(store.clone(), ambient.clone(), node.clone()),
            node,
            store,
            link_key: link_key(),
            settings: Settings {
                citizen_url: citizen.parse().unwrap(),
                default_lifetime: Duration::from_secs(3600),
                longest_lifetime: Duration::from_secs(7 * 24 * 3600),
                retention: Duration::from_secs(24 * 3600),
                documents_per_request: wishes.documents_per_request,
                document_bytes: wishes.document_bytes,
                pki: authorities(),
                checkpoints: Checkpoints::default(),
                journal_retention: Duration::from_secs(400 * 24 * 3600),
            },
            ambient,
        });
        Self {
            running: Some(bound.start(service.clone()).unwrap()),
            service,
            store: kept,
            clock,
            api,
            citizen,
            ops,
            trusted,
            _folder: folder,
            objects,
            documents,
            outbox,
            gateway: wishes.gateway,
            database: None,
        }
    }

    /// The use cases, as the command line reaches them.
    pub(crate) fn service(&self) -> &Service {
        &self.service
    }

    /// Its database, as the parts below the use cases have it.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// How many documents lie in its store.
    pub(crate) fn stored_objects(&self) -> usize {
        let mut count = 0;
        let ever = OffsetDateTime::UNIX_EPOCH + time::Duration::days(365_000);
        self.documents
            .written_before(ever, &mut |_| {
                count += 1;
                Ok::<_, DocumentsError>(())
            })
            .unwrap();
        count
    }

    /// The messages it sent.
    pub(crate) fn phones(&self) -> Phones {
        Phones::of(&self.outbox())
    }

    /// Where its messages go.
    pub(crate) fn outbox(&self) -> PathBuf {
        self.outbox.clone()
    }

    /// The gateway that its messages go to.
    pub(crate) fn gateway(&self) -> &SmsGateway {
        self.gateway.as_ref().unwrap()
    }

    /// Takes no more calls and lets those under way finish.
    pub(crate) fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().unwrap();
        }
    }

    /// Where its documents are.
    pub(crate) fn objects(&self) -> &Path {
        &self.objects
    }

    /// Its documents, wherever they lie.
    pub(crate) fn documents(&self) -> &Documents {
        &self.documents
    }

    /// A stored object, whole.
    pub(crate) fn object(&self, key: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        let reader = self.documents.open(&key.parse().unwrap());
        reader.unwrap().unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    }

    /// The server's clock.
    pub(crate) fn clock(&self) -> &TestClock {
        &self.clock
    }

    /// A caller of the API with nothing to show.
    pub(crate) fn stranger(&self) -> Client {
        Client::new(&self.api, &self.trusted, None)
    }

    /// A caller of the API with a client certificate.
    pub(crate) fn certified(&self, identity: &ClientIdentity) -> Client {
        Client::new(&self.api, &self.trusted, Some(identity))
    }

    /// Somebody with a browser.
    pub(crate) fn visitor(&self) -> Client {
        Client::new(&self.citizen, &self.trusted, None)
    }

    /// Somebody who looks after the server.
    pub(crate) fn operator(&self) -> Client {
        Client::new(&self.ops, &self.trusted, None)
    }

    /// Registers an app that may send browsers back below `https://NAME.example/back`.
    pub(crate) fn app(&self, name: &str) -> TestApp {
        let given = self
            .service
            .add_app(
                &administrator().authorize(op::ManageApps),
                &NewApp {
                    name: name.to_owned(),
                    return_urls: vec![format!("https://{name}.example/back")],
                },
                &Credentials::Token,
            )
            .unwrap();
        let token = given.token.unwrap().expose().to_owned();
        TestApp {
            client: self.stranger().bearer(&token),
            app: given.app,
            token,
        }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Somebody at the command line.
pub(crate) fn administrator() -> Administrator {
    local_administrator("test")
}

/// A certificate for clients, signed by itself.
pub(crate) fn client_identity() -> ClientIdentity {
    let made = self_signed(&["app.example"], Ambient::system().now()).unwrap();
    ClientIdentity {
        certificate: made.certificate_pem,
        key: made.key_pem.expose().to_owned(),
    }
}

fn certify(certificate: &Path, key: &Path) -> String {
    let made = self_signed(&["127.0.0.1", "localhost"], Ambient::system().now()).unwrap();
    fs::write(certificate, &made.certificate_pem).unwrap();
    fs::write(key, made.key_pem.expose()).unwrap();
    made.certificate_pem
}

/// Authorities of this server alone, on the token that all tests share, with keys that are quickly made.
fn authorities() -> pki::Settings {
    let own = hex::encode(Ambient::system().random::<8>());
    pki::Settings::new(pki::settings::Values {
        key: KeyAlgorithm::EcP256,
        root_label: format!("root-{own}"),
        issuing_label: format!("issuing-{own}"),
        ..pki::settings::Values::default()
    })
    .unwrap()
}

/// The key of the approval links of all test servers.
pub(crate) fn link_key() -> LinkKey {
    LinkKey::new(SecretBytes::new([7; 32]))
}

/// Argon2id with so little work that tests do not wait for it.
pub(crate) fn quick() -> Derivation {
    Derivation::new(8, 1, 1).unwrap()
}

fn loopback() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

/// The document store in a folder.
fn store_of(folder: &Path) -> Documents {
    set_up(&documents::Settings::Folder(folder.to_owned()))
}

fn set_up(settings: &documents::Settings) -> Documents {
    Documents::set_up(settings).unwrap();
    Documents::new(settings).unwrap()
}
