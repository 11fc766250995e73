//! The use cases: what apps, citizens and administrators can have done, one function each.
//!
//! Everything from here down is synchronous; `http` crosses over once. A use case asks for proof that its
//! caller may ([`Authorized`](crate::auth::Authorized)), calls the parts in the right order, and answers with
//! plain values. No HTTP, no format and no PKCS#11 knowledge lives here.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::activation::Activation;
use crate::auth::{self, AppSession, Link, LinkKey, Presented};
use crate::clock::Ambient;
use crate::documents::Documents;
use crate::domain::browser::UserAgent;
use crate::domain::node::NodeName;
use crate::hsm::Hsm;
use crate::identity::Identity;
use crate::journal::Journal;
use crate::notify::Notify;
use crate::pki;
use crate::store::Store;

pub mod acceptance;
mod account;
pub mod approval;
pub mod apps;
pub mod archiving;
pub mod audit;
pub mod authorities;
pub mod checkpoints;
mod codes;
pub mod credentials;
mod document_fault;
mod eligibility;
mod error;
mod health;
mod journaled;
pub mod keks;
mod lifecycle;
pub mod nodes;
pub mod registration;
pub mod requests;
pub mod signing;
pub mod upkeep;
mod wrapping;

use acceptance::AcceptanceKey;
use checkpoints::Checkpoints;

pub use codes::{CodeSent, CodeStep};
pub use error::{FieldError, RefusedDocument, ServiceError};
pub use health::{Health, HsmLoad, PartHealth};
// What citizens' pages name beside the use cases.
pub use crate::identity::{BrowserKey, ChallengeError, PasswordRule, password};

/// All use cases over one set of parts. Clones share them.
#[derive(Clone)]
pub struct Service {
    inner: Arc<Parts>,
    acceptance: AcceptanceKey,
    wrapping: Arc<wrapping::InUse>,
    holds: Arc<signing::Holds>,
    sharers: Arc<nodes::Sharers>,
    /// In which browser this caller acts; the journal keeps it.
    browser: Option<UserAgent>,
}

/// What the use cases work with. `app` puts it together; after that nobody else reaches the parts.
pub struct Parts {
    /// Time and randomness.
    pub ambient: Ambient,
    /// The database.
    pub store: Store,
    /// The signers' accounts.
    pub identity: Identity,
    /// The token, for the KEK and the authorities' keys.
    pub hsm: Hsm,
    /// Makes signers' keys and signs with them; nothing else touches those.
    pub activation: Activation,
    /// The bytes of documents.
    pub documents: Documents,
    /// Messages to phones.
    pub notify: Notify,
    /// The record of what was done.
    pub journal: Journal,
    /// This machine's name among those that serve together.
    pub node: NodeName,
    /// Makes and checks approval links.
    pub link_key: LinkKey,
    /// What the use cases may be told.
    pub settings: Settings,
}

/// What an administrator decides about requests.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where citizens reach their pages from outside, such as `https://firma.example/`.
    pub citizen_url: Url,
    /// How long a request waits for approval when the app does not say.
    pub default_lifetime: Duration,
    /// The longest an app may ask for.
    pub longest_lifetime: Duration,
    /// How long documents stay after the request's end.
    pub retention: Duration,
    /// Most documents in one request.
    pub documents_per_request: u32,
    /// Largest document in bytes.
    pub document_bytes: u64,
    /// The built-in authorities.
    pub pki: pki::Settings,
    /// When the journal is signed.
    pub checkpoints: Checkpoints,
    /// How long rows of the journal stay in the database at least.
    pub journal_retention: Duration,
}

impl Service {
    /// Takes the parts.
    pub fn new(parts: Parts) -> Self {
        Self {
            acceptance: AcceptanceKey::derive(&parts.link_key),
            holds: Arc::new(signing::Holds::new(&parts.ambient, &parts.store)),
            inner: Arc::new(parts),
            wrapping: Arc::default(),
            sharers: Arc::default(),
            browser: None,
        }
    }

    /// The same use cases for somebody in that browser.
    #[must_use]
    pub fn in_browser(&self, browser: Option<UserAgent>) -> Self {
        Self {
            browser,
            ..self.clone()
        }
    }

    /// Time and randomness, for callers that name and measure their calls.
    pub fn ambient(&self) -> &Ambient {
        &self.inner.ambient
    }

    /// Where citizens reach their pages from outside.
    pub fn citizen_url(&self) -> &Url {
        &self.inner.settings.citizen_url
    }

    /// Finds the app that a token or client certificate belongs to.
    pub fn authenticate(&self, presented: &Presented) -> Result<AppSession, ServiceError> {
        Ok(auth::app(
            &self.inner.store,
            presented,
            self.inner.ambient.now(),
        )?)
    }

    /// Checks the last part of an approval address.
    pub fn link(&self, text: &str) -> Result<Link, ServiceError> {
        self.inner
            .link_key
            .open(text)
            .ok_or(ServiceError::LinkUnknown)
    }
}
