//! Who calls, and what they may do.
//!
//! [`Authorized<Op>`](Authorized) is the proof that a caller may do `Op`; use cases ask for one, and nothing
//! outside this module can build it. Those who get one are an [app](AppSession) and an
//! [administrator](Administrator) at the command line. The third kind of caller, a citizen, is known by nothing before
//! password and code: the [approval link](Link) is itself the proof, for its one request. Whether a request belongs to
//! the app that asks is not decided here but by the use case, which has the request.

use std::fmt;

use time::OffsetDateTime;

use crate::domain::algorithm::{Digest, DigestAlgorithm};
use crate::domain::app::{App, AppName};
use crate::domain::id::AppId;
use crate::domain::secret::SecretText;
use crate::store::{Store, StoreError, apps};

mod link;
pub mod op;
mod token;

pub use link::{Link, LinkKey};
pub use token::{AppToken, TokenHash};

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// An app over the REST API.
    App {
        /// Which.
        id: AppId,
        /// Its name.
        name: AppName,
    },
    /// A person at the machine's command line.
    Administrator {
        /// The system's name of the account.
        name: String,
    },
}

/// Proof that a caller may do `Op`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorized<Op> {
    actor: Actor,
    operation: Op,
}

impl<Op: fmt::Debug> Authorized<Op> {
    /// Who was authorised.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// To do what.
    pub fn operation(&self) -> &Op {
        &self.operation
    }

    /// The app that was authorised; `None` for other callers.
    pub fn app(&self) -> Option<AppId> {
        match self.actor {
            Actor::App { id, .. } => Some(id),
            Actor::Administrator { .. } => None,
        }
    }
}

/// What an app shows to say who it is.
#[derive(Debug)]
pub enum Presented {
    /// `Authorization: Bearer …` (RFC 6750).
    BearerToken(SecretText),
    /// The client certificate of the TLS connection, in DER. TLS has proved possession of its key.
    ClientCertificate(Vec<u8>),
}

/// Why an app is not let in.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// No such token or certificate, or it is past its life. Which of both is not told.
    #[error("the token or client certificate is not valid here")]
    Unknown,
    /// The app was disabled.
    #[error("the app is disabled")]
    Disabled,
    /// The database could not be asked.
    #[error("the app could not be looked up")]
    Store(#[from] StoreError),
}

/// An app that showed who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppSession {
    app: App,
}

impl AppSession {
    /// The app.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Leave to do what apps may do. Operations of others do not compile here.
    pub fn authorize<Op: op::ForApps>(&self, operation: Op) -> Authorized<Op> {
        Authorized {
            actor: Actor::App {
                id: self.app.id,
                name: self.app.name.clone(),
            },
            operation,
        }
    }
}

/// Finds the app that a token or certificate belongs to.
pub fn app(
    store: &Store,
    presented: &Presented,
    now: OffsetDateTime,
) -> Result<AppSession, AuthError> {
    let found = store.read(|connection| match presented {
        Presented::BearerToken(token) => match TokenHash::of(token) {
            Some(hash) => apps::by_token(connection, hash.bytes(), now),
            None => Ok(None),
        },
        Presented::ClientCertificate(der) => {
            apps::by_certificate(connection, &Digest::of(DigestAlgorithm::Sha256, der), now)
        }
    })?;
    let app = found.ok_or(AuthError::Unknown)?;
    if app.disabled_at.is_some() {
        return Err(AuthError::Disabled);
    }
    Ok(AppSession { app })
}

/// A person at the command line of the machine. Whoever can read the configuration's secrets is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Administrator {
    name: String,
}

/// The administrator who runs this program, by the system's name of the account.
pub fn local_administrator(name: impl Into<String>) -> Administrator {
    Administrator { name: name.into() }
}

impl Administrator {
    /// Leave to do what administrators may do. Operations of others do not compile here.
    pub fn authorize<Op: op::ForAdministrators>(&self, operation: Op) -> Authorized<Op> {
        Authorized {
            actor: Actor::Administrator {
                name: self.name.clone(),
            },
            operation,
        }
    }
}
