//! Registering apps, giving them tokens or binding client certificates, rotating, changing, disabling, enabling.

use time::{Duration, OffsetDateTime};

use super::journaled::actor;
use super::{FieldError, Service, ServiceError};
use crate::auth::{AppToken, Authorized, op};
use crate::domain::algorithm::{Digest, DigestAlgorithm};
use crate::domain::app::{App, AppName, InvalidReturnUrl, ReturnPrefix};
use crate::domain::id::AppId;
use crate::domain::pem;
use crate::domain::secret::SecretText;
use crate::journal::{Entry, Event};
use crate::pki::Validity;
use crate::store::{AnyConnection, StoreError, apps};

pub use crate::store::apps::{Access, AccessKind};

/// What an administrator says about a new app.
#[derive(Debug, Clone)]
pub struct NewApp {
    /// What citizens read on the page and in the SMS.
    pub name: String,
    /// Where it may send browsers back to: origins with the beginning of a path.
    pub return_urls: Vec<String>,
}

/// With what an app is to show who it is.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// A new bearer token.
    Token,
    /// A client certificate it has: the text of a PEM file, of which the first certificate counts.
    Certificate {
        /// The text.
        pem: String,
    },
}

/// An app and, when one was made, its token. The token is shown once and cannot be had again.
#[derive(Debug)]
pub struct GivenAccess {
    /// The app.
    pub app: App,
    /// The token, when one was made.
    pub token: Option<SecretText>,
}

/// An app and with what it gets in.
#[derive(Debug, Clone)]
pub struct AppWithAccess {
    /// The app.
    pub app: App,
    /// Its tokens and certificates, the newest first; those whose time is over are left out.
    pub access: Vec<Access>,
}

impl Service {
    /// Registers an app and lets it in.
    pub fn add_app(
        &self,
        authorized: &Authorized<op::ManageApps>,
        new: &NewApp,
        credentials: &Credentials,
    ) -> Result<GivenAccess, ServiceError> {
        let now = self.inner.ambient.now();
        let app = App {
            id: self.inner.ambient.id(),
            name: name(&new.name)?,
            return_urls: return_urls(&new.return_urls)?,
            created_at: now,
            disabled_at: None,
        };
        let access = self.prepare(credentials, now)?;
        let mut detail = access.description();
        for prefix in &app.return_urls {
            detail.push_str("; may return to ");
            detail.push_str(&prefix.to_string());
        }
        self.inner.journal.recording(|connection| {
            if apps::find_by_name(connection, app.name.as_str())?.is_some() {
                return Err(taken(&app.name));
            }
            apps::insert(connection, &app)?;
            access.add(connection, &app, now)?;
            let entry = about_app(authorized, Event::AppAdded, &app, &detail);
            Ok(((), vec![entry]))
        })?;
        Ok(access.given(app))
    }

    /// All apps with what they get in with, by name.
    pub fn apps(
        &self,
        _authorized: &Authorized<op::ManageApps>,
    ) -> Result<Vec<AppWithAccess>, ServiceError> {
        let now = self.inner.ambient.now();
        self.inner.store.read(|connection| {
            apps::list(connection)?
                .into_iter()
                .map(|app| {
                    let access = apps::access(connection, app.id, now)?;
                    Ok(AppWithAccess { app, access })
                })
                .collect()
        })
    }

    /// Lets an app in with something new. What it gets in with now stays good for `grace` and then ends, so that
    /// the app can change over without a pause.
    pub fn rotate_app(
        &self,
        authorized: &Authorized<op::ManageApps>,
        name: &str,
        credentials: &Credentials,
        grace: Duration,
    ) -> Result<GivenAccess, ServiceError> {
        let now = self.inner.ambient.now();
        let until = now.saturating_add(grace.max(Duration::ZERO));
        let access = self.prepare(credentials, now)?;
        let detail = format!(
            "{}; what was valid before ends in {} s",
            access.description(),
            grace.max(Duration::ZERO).whole_seconds()
        );
        let app = self.inner.journal.recording(|connection| {
            let app = known(connection, name)?;
            apps::end_access(connection, app.id, until)?;
            access.add(connection, &app, now)?;
            let entry = about_app(authorized, Event::AppRotated, &app, &detail);
            Ok::<_, ServiceError>((app, vec![entry]))
        })?;
        Ok(access.given(app))
    }

    /// Replaces the list of addresses an app may send browsers back to. Requests made before keep theirs.
    pub fn change_return_urls(
        &self,
        authorized: &Authorized<op::ManageApps>,
        name: &str,
        urls: &[String],
    ) -> Result<App, ServiceError> {
        let urls = return_urls(urls)?;
        let list: Vec<_> = urls.iter().map(ToString::to_string).collect();
        let detail = format!("may return to {}", list.join(" "));
        self.change_app(
            name,
            |connection, id| apps::set_return_urls(connection, id, &urls),
            |app| about_app(authorized, Event::AppChanged, app, &detail),
        )
    }

    /// Shuts an app out at once: what it asked for cannot be approved while it is disabled.
    pub fn disable_app(
        &self,
        authorized: &Authorized<op::ManageApps>,
        name: &str,
    ) -> Result<App, ServiceError> {
        let now = self.inner.ambient.now();
        self.change_app(
            name,
            |connection, id| apps::disable(connection, id, now),
            |app| about_app(authorized, Event::AppDisabled, app, ""),
        )
    }

    /// Lets a disabled app in again, with what it got in with before. Its requests whose time is not over can be
    /// approved again.
    pub fn enable_app(
        &self,
        authorized: &Authorized<op::ManageApps>,
        name: &str,
    ) -> Result<App, ServiceError> {
        self.change_app(name, apps::enable, |app| {
            about_app(authorized, Event::AppChanged, app, "enabled again")
        })
    }

    /// Changes one thing of an app and gives it as it is then. Each change writes its own column alone, because
    /// somebody else may change another at the same time.
    fn change_app(
        &self,
        name: &str,
        change: impl FnOnce(&mut AnyConnection, AppId) -> Result<(), StoreError>,
        entry: impl FnOnce(&App) -> Entry,
    ) -> Result<App, ServiceError> {
        self.inner.journal.recording(|connection| {
            let app = known(connection, name)?;
            change(connection, app.id)?;
            let app = known(connection, name)?;
            let entry = entry(&app);
            Ok((app, vec![entry]))
        })
    }

    fn prepare(
        &self,
        credentials: &Credentials,
        now: OffsetDateTime,
    ) -> Result<NewAccess, ServiceError> {
        match credentials {
            Credentials::Token => Ok(NewAccess::Token(AppToken::generate(&self.inner.ambient))),
            Credentials::Certificate { pem } => certificate(pem, now),
        }
    }
}

fn about_app(
    authorized: &Authorized<op::ManageApps>,
    event: Event,
    app: &App,
    detail: &str,
) -> Entry {
    let entry = Entry::new(event)
        .by(actor(authorized.actor()))
        .app(app.id, app.name.as_str());
    if detail.is_empty() {
        entry
    } else {
        entry.detail(detail)
    }
}

/// What an app is let in with, before it is in the database.
enum NewAccess {
    Token(AppToken),
    Certificate {
        fingerprint: Digest,
        until: OffsetDateTime,
    },
}

impl NewAccess {
    fn add(
        &self,
        connection: &mut AnyConnection,
        app: &App,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        match self {
            Self::Token(token) => apps::add_token(connection, app.id, token.hash().bytes(), now),
            Self::Certificate { fingerprint, until } => {
                apps::add_certificate(connection, app.id, fingerprint, now, Some(*until))
            }
        }
    }

    fn description(&self) -> String {
        match self {
            Self::Token(_) => "a token".to_owned(),
            Self::Certificate { fingerprint, .. } => {
                format!("the client certificate {}", fingerprint.to_hex())
            }
        }
    }

    fn given(self, app: App) -> GivenAccess {
        let token = match self {
            Self::Token(token) => Some(token.into_secret()),
            Self::Certificate { .. } => None,
        };
        GivenAccess { app, token }
    }
}

fn certificate(text: &str, now: OffsetDateTime) -> Result<NewAccess, ServiceError> {
    let wrong = |detail: &str| ServiceError::Invalid(vec![FieldError::new("/certificate", detail)]);
    let found = pem::certificates(text)
        .ok()
        .and_then(|found| found.into_iter().next())
        .ok_or_else(|| wrong("The file holds no certificate in PEM."))?;
    let validity = Validity::of(&found)
        .ok()
        .ok_or_else(|| wrong("The certificate cannot be read."))?;
    if validity.not_after <= now {
        return Err(wrong("The certificate has expired."));
    }
    Ok(NewAccess::Certificate {
        fingerprint: Digest::of(DigestAlgorithm::Sha256, &found),
        until: validity.not_after,
    })
}

fn known(connection: &mut AnyConnection, name: &str) -> Result<App, ServiceError> {
    apps::find_by_name(connection, name)?.ok_or_else(|| ServiceError::AppNotFound {
        name: name.to_owned(),
    })
}

fn taken(name: &AppName) -> ServiceError {
    ServiceError::Invalid(vec![FieldError::new(
        "/name",
        format!("There is an app called {name} already. Choose another name."),
    )])
}

fn name(text: &str) -> Result<AppName, ServiceError> {
    text.parse()
        .map_err(|error: crate::domain::app::InvalidAppName| {
            ServiceError::Invalid(vec![FieldError::new("/name", format!("{error}."))])
        })
}

fn return_urls(texts: &[String]) -> Result<Vec<ReturnPrefix>, ServiceError> {
    let mut urls = Vec::new();
    let mut faults = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        match text.parse() {
            Ok(url) => urls.push(url),
            Err(error) => {
                let error: InvalidReturnUrl = error;
                faults.push(FieldError::new(
                    format!("/return_urls/{index}"),
                    format!("{text:?}: {error}."),
                ));
            }
        }
    }
    if faults.is_empty() {
        Ok(urls)
    } else {
        Err(ServiceError::Invalid(faults))
    }
}
