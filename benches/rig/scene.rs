//! The use cases in this process: everything is real but HTTP.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context, bail};
use rubrica::auth::{Administrator, AppSession, Link, Presented, local_administrator, op};
use rubrica::clock::Ambient;
use rubrica::domain::algorithm::KeyAlgorithm;
use rubrica::domain::challenge::Purpose;
use rubrica::domain::document::{Format, Packaging};
use rubrica::domain::id::ChallengeId;
use rubrica::domain::identifier::NationalId;
use rubrica::domain::language::Language;
use rubrica::domain::level::{ProofingMethod, RegistrationLevel};
use rubrica::domain::person::PersonName;
use rubrica::domain::request::RequestState;
use rubrica::domain::secret::SecretText;
use rubrica::service::apps::{Credentials, NewApp};
use rubrica::service::credentials::Earlier;
use rubrica::service::keks::KekWanted;
use rubrica::service::registration::{NewSigner, PhoneClaim};
use rubrica::service::requests::{NewDocument, NewRequest};
use rubrica::service::{BrowserKey, CodeSent, Service};
use rubrica::store::{Store, StoreError, challenges};

use super::document::{Kind, Sample};
use super::gateway::Gateway;
use super::place::Place;

/// Everybody's.
pub(crate) const PASSWORD: &str = "Str0ng!pass";
/// For which codes count against those that may be sent.
const HOUR: time::Duration = time::Duration::HOUR;
/// Citizens with lower numbers were seeded.
const FIRST_OWN: u32 = 50_000_000;

/// The server and who uses it.
pub(crate) struct Scene {
    pub(crate) service: Service,
    pub(crate) gateway: Gateway,
    pub(crate) place: Place,
    app: AppSession,
    app_token: SecretText,
    registered: AtomicU32,
    citizens: Mutex<BTreeMap<&'static str, Vec<Arc<Citizen>>>>,
}

/// Somebody who can sign.
pub(crate) struct Citizen {
    pub(crate) national_id: NationalId,
    pub(crate) phone: String,
}

/// A request whose citizen was sent the code.
pub(crate) struct Waiting {
    /// How many documents it has.
    pub(crate) documents: usize,
    link: Link,
    challenge: ChallengeId,
    key: BrowserKey,
    code: SecretText,
}

impl Scene {
    /// Sets the place up as far as it is not: tables, KEK, authorities; and registers an app of this run.
    pub(crate) fn new(place: Place, gateway: &Gateway) -> anyhow::Result<Self> {
        let service = place.service()?;
        let administrator = administrator();
        service.init_kek(&administrator.authorize(op::ManageHsm), KekWanted::First)?;
        service.init_authorities(&administrator.authorize(op::ManageAuthorities))?;
        let app_token = new_app(&service)?;
        let presented = SecretText::new(app_token.expose().to_owned());
        let app = service.authenticate(&Presented::BearerToken(presented))?;
        Ok(Self {
            service,
            app,
            app_token,
            gateway: gateway.clone(),
            registered: AtomicU32::new(FIRST_OWN),
            citizens: Mutex::default(),
            place,
        })
    }

    /// What the app shows with its calls.
    pub(crate) fn app_token(&self) -> &SecretText {
        &self.app_token
    }

    /// What another app shows with its calls.
    pub(crate) fn another_app(&self) -> anyhow::Result<SecretText> {
        new_app(&self.service)
    }

    /// So many citizens with a key of that kind; those of earlier calls again.
    pub(crate) fn citizens(
        &self,
        count: usize,
        key: KeyAlgorithm,
    ) -> anyhow::Result<Vec<Arc<Citizen>>> {
        let mut all = self.citizens.lock().unwrap_or_else(PoisonError::into_inner);
        let there = all.entry(key.as_str()).or_default();
        // RSA keys take half a second of a core each, and whoever waits too long for a session is told that it is busy.
        let cores = thread::available_parallelism()?.get();
        while there.len() < count {
            let wanted = cores.min(count - there.len());
            let made: Vec<anyhow::Result<Citizen>> = thread::scope(|scope| {
                let threads: Vec<_> = (0..wanted)
                    .map(|_| scope.spawn(|| self.another(key)))
                    .collect();
                threads
                    .into_iter()
                    .map(|thread| match thread.join() {
                        Ok(made) => made,
                        Err(_) => bail!("the making of a citizen panicked"),
                    })
                    .collect()
            });
            for citizen in made {
                there.push(Arc::new(citizen?));
            }
        }
        Ok(there.iter().take(count).map(Arc::clone).collect())
    }

    /// The number of somebody who is not registered yet.
    pub(crate) fn next_number(&self) -> u32 {
        self.registered.fetch_add(1, Ordering::Relaxed)
    }

    fn another(&self, key: KeyAlgorithm) -> anyhow::Result<Citizen> {
        let citizen = Citizen::numbered(self.next_number())?;
        self.admit(&citizen)?;
        self.certify(&citizen, key)?;
        Ok(citizen)
    }

    /// Registers a citizen at advanced level and activates the account.
    pub(crate) fn admit(&self, citizen: &Citizen) -> anyhow::Result<()> {
        let registered = self.service.register_signer(
            &administrator().authorize(op::RegisterSigner),
            citizen.registration()?,
            &PhoneClaim::Free,
        )?;
        self.activate(citizen, &registered.activation_code)
    }

    /// Issues a credential to who has none.
    pub(crate) fn certify(&self, citizen: &Citizen, key: KeyAlgorithm) -> anyhow::Result<()> {
        self.service.issue_missing_credential(
            &administrator().authorize(op::ManageCredentials),
            &citizen.national_id,
            key,
            Earlier::Keep,
        )?;
        Ok(())
    }

    /// A request of that citizen for so many copies of a document, up to the code.
    pub(crate) fn ask(
        &self,
        citizen: &Citizen,
        sample: &Sample,
        copies: usize,
    ) -> anyhow::Result<Waiting> {
        let new = NewRequest {
            signer: citizen.id(),
            title: None,
            language: None,
            lifetime: None,
            return_url: None,
            documents: (0..copies).map(|place| named(sample, place)).collect(),
            idempotency: None,
        };
        let authorized = self.app.clone().authorize(op::CreateRequest);
        let mut draft = self.service.draft_request(authorized, new)?;
        for _ in 0..copies {
            draft.add(&mut sample.reader())?;
        }
        let created = draft.finish()?;
        let text = created
            .view
            .approval_url
            .path_segments()
            .and_then(Iterator::last)
            .context("the link has no path")?;
        let link = self.service.link(text)?;
        let sent = self
            .service
            .begin_approval(&link, &citizen.id(), &password())?;
        Ok(Waiting {
            documents: copies,
            link,
            challenge: sent.challenge,
            key: sent.browser_key,
            code: self.gateway.code(&citizen.phone)?,
        })
    }

    /// Gives the code; what is measured.
    pub(crate) fn confirm(&self, waiting: &Waiting) -> anyhow::Result<()> {
        let state = self.service.confirm_approval(
            &waiting.link,
            waiting.challenge,
            &waiting.key,
            &waiting.code,
        )?;
        if state != RequestState::Completed {
            bail!("a request ended {state}");
        }
        Ok(())
    }

    /// Forgets the codes of all requests that ended, as upkeep does when they are old.
    pub(crate) fn forget_codes(&self) -> anyhow::Result<()> {
        let store = Store::open(&self.place.loaded()?.store)?;
        let later = Ambient::system().now() + HOUR;
        store.write::<_, StoreError>(|connection| {
            challenges::forget(connection, later, later, i64::MAX)
        })?;
        Ok(())
    }

    fn activate(&self, citizen: &Citizen, activation_code: &SecretText) -> anyhow::Result<()> {
        let CodeSent {
            challenge,
            browser_key,
            ..
        } = self.service.begin_activation(
            Language::Spanish,
            &citizen.id(),
            &SecretText::new(String::new()),
            activation_code,
        )?;
        let code = self.gateway.code(&citizen.phone)?;
        Ok(self.service.finish_password(
            Purpose::Activate,
            challenge,
            &browser_key,
            &code,
            &password(),
        )?)
    }
}

impl Citizen {
    /// Each number is somebody; nobody is stored for it.
    pub(crate) fn numbered(number: u32) -> anyhow::Result<Self> {
        Ok(Self {
            national_id: NationalId::dni(number).context("no more DNIs")?,
            phone: format!("+346{number:08}"),
        })
    }

    fn id(&self) -> SecretText {
        SecretText::new(self.national_id.as_str().to_owned())
    }

    /// What the office knows.
    pub(crate) fn registration(&self) -> anyhow::Result<NewSigner> {
        Ok(NewSigner {
            national_id: self.national_id.clone(),
            name: PersonName::new("Ana", "Gil", None)?,
            phone: self.phone.parse()?,
            email: None,
            language: Language::Spanish,
            method: ProofingMethod::InPerson,
            level: RegistrationLevel::Advanced,
            proofed_at: Ambient::system().now().date(),
        })
    }
}

/// Who does what no app and no citizen can.
pub(crate) fn administrator() -> Administrator {
    local_administrator("bench")
}

/// Registers an app, and gives its token.
fn new_app(service: &Service) -> anyhow::Result<SecretText> {
    let given = service.add_app(
        &administrator().authorize(op::ManageApps),
        &NewApp {
            name: format!("bench {}", hex::encode(Ambient::system().random::<4>())),
            return_urls: Vec::new(),
        },
        &Credentials::Token,
    )?;
    given.token.context("the app got no token")
}

fn password() -> SecretText {
    SecretText::new(PASSWORD.to_owned())
}

fn named(sample: &Sample, place: usize) -> NewDocument {
    match sample.kind() {
        Kind::Pdf => NewDocument {
            name: format!("{place}.pdf"),
            ..NewDocument::default()
        },
        Kind::Detached => NewDocument {
            name: format!("{place}.bin"),
            format: Some(Format::Cades),
            packaging: Some(Packaging::Detached),
            ..NewDocument::default()
        },
    }
}
