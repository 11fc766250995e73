//! The set-up: a server that answers, authorities, a citizen with a credential, and an app.

use std::thread;
use std::time::Duration;

use anyhow::Context;
use url::Url;

use super::app::{Asked, Client};
use super::browser::Browser;
use super::citizen::Citizen;
use super::documents::gather;
use super::outbox::Outbox;
use super::place::Place;
use super::steps::Steps;
use crate::app::{self, Server};
use crate::auth::op::{
    ManageApps, ManageAuthorities, ManageCredentials, ManageHsm, RegisterSigner,
};
use crate::auth::{Administrator, local_administrator};
use crate::cli::{Ending, output};
use crate::config::process;
use crate::domain::algorithm::KeyAlgorithm;
use crate::domain::document::Packaging;
use crate::domain::secret::SecretText;
use crate::service::apps::{Credentials, NewApp};
use crate::service::credentials::Earlier;
use crate::service::registration::PhoneClaim;
use crate::service::wrapping_keys::KekWanted;
use crate::telemetry::{self, Output};

/// How often the outbox is looked into for codes to show.
const LOOK: Duration = Duration::from_millis(200);

/// Everything that the main job needs.
pub(super) struct Scene {
    pub(super) server: Server,
    pub(super) citizen: Citizen,
    pub(super) token: SecretText,
}

impl Scene {
    /// Sets it, one step after the other.
    pub(super) fn set(place: &Place, key: KeyAlgorithm, steps: &mut Steps) -> anyhow::Result<Self> {
        let loaded = place.load()?;
        for warning in &loaded.warnings {
            output::remark(&format!("warning: {warning}"));
        }
        telemetry::start(&loaded.config.telemetry, &Output::File(place.log()))?;
        let administrator = local_administrator(process::account_name());
        let server = steps.time("the server starts", || {
            app::migrate(&loaded.config)?;
            Ok(app::start(loaded.config)?)
        })?;
        let stage = Stage {
            server: &server,
            administrator: &administrator,
        };
        let outcome = stage.people(place, key, steps);
        match outcome {
            Ok((citizen, token)) => Ok(Self {
                server,
                citizen,
                token,
            }),
            Err(error) => {
                server.stop()?;
                Err(error)
            }
        }
    }

    /// Where apps are answered.
    pub(super) fn api(&self) -> anyhow::Result<Url> {
        Ok(Url::parse(&format!("https://{}/", self.server.api))?)
    }

    /// Ends the server.
    pub(super) fn end(self) -> anyhow::Result<()> {
        Ok(self.server.stop()?)
    }

    /// Leaves the server running, tells a person how to approve a request, and shows the codes as they come.
    pub(super) fn serve(self, place: &Place) -> anyhow::Result<Ending> {
        let documents = gather(&[], place)?;
        let asked = Asked {
            format: None,
            packaging: Packaging::Enveloping,
            padding: None,
            digest: None,
        };
        let client = Client::new(&self, place)?;
        let posted = client.post(&self.citizen, documents, asked, place)?;
        let request = posted
            .request
            .context("the server refused its own samples")?;
        let told = format!(
            "\nThe server runs. Its certificate is its own, so the browser will warn: go on all the same.\n\n\
             \x20 Approve a request   {}\n  DNI                 {}\n  Password            {}\n  SMS code            \
             will be shown here\n\n  Account pages       https://{}/\n  API for apps        https://{}/  \
             (certificate: {})\n  Token of the app    {}\n  Health, metrics     http://{}/readyz, /metrics\n  \
             Commands            rubrica --config {} …\n\nCtrl-C ends it.\n",
            request.approval_url,
            self.citizen.national_id.as_str(),
            self.citizen.password.expose(),
            self.server.citizen,
            self.server.api,
            place.certificate().display(),
            self.token.expose(),
            self.server.ops,
            place.configuration().display(),
        );
        let mut outbox = Outbox::new(&place.outbox())?;
        thread::Builder::new()
            .name("outbox".to_owned())
            .spawn(move || {
                loop {
                    match outbox.new_messages() {
                        Ok(messages) => {
                            for message in messages {
                                output::remark(&format!("SMS to {}: {}", message.to, message.text));
                            }
                        }
                        Err(error) => output::complain(&error),
                    }
                    thread::sleep(LOOK);
                }
            })?;
        self.server.until_signal(|| {
            if let Err(error) = output::text(&told) {
                output::complain(&error.into());
            }
        })?;
        Ok(Ending::Well)
    }
}

/// A server that answers, and who may set it up.
struct Stage<'a> {
    server: &'a Server,
    administrator: &'a Administrator,
}

impl Stage<'_> {
    fn people(
        &self,
        place: &Place,
        key: KeyAlgorithm,
        steps: &mut Steps,
    ) -> anyhow::Result<(Citizen, SecretText)> {
        let service = &self.server.service;
        let by = self.administrator;
        let ambient = service.ambient();
        steps.time(
            "the key-encryption key and the authorities are made",
            || {
                service.init_kek(&by.authorize(ManageHsm), KekWanted::First)?;
                service.init_authorities(&by.authorize(ManageAuthorities))?;
                Ok(())
            },
        )?;
        let citizen = Citizen::invent(ambient)?;
        let receipt = steps.time("the citizen is registered at advanced level", || {
            let new = citizen.registration(ambient)?;
            let authorized = by.authorize(RegisterSigner);
            Ok(service.register_signer(&authorized, new, &PhoneClaim::Free)?)
        })?;
        steps.time("the citizen activates the account on the pages", || {
            let browser = Browser::new(&place.certificate())?;
            let pages = Url::parse(&format!("https://{}/", self.server.citizen))?;
            let mut outbox = Outbox::new(&place.outbox())?;
            citizen.activate(&browser, &pages, &receipt.activation_code, &mut outbox)
        })?;
        steps.time("a credential is issued", || {
            let authorized = by.authorize(ManageCredentials);
            let id = &citizen.national_id;
            let issued = service.issue_credential(&authorized, id, key, Earlier::Keep)?;
            let certificate = issued.certificate.context("no certificate was issued")?;
            place.write_certificates(&certificate.chain)
        })?;
        let token = steps.time("the app is registered", || {
            let number = hex::encode(ambient.random::<3>());
            let new = NewApp {
                name: format!("Biblioteca {number}"),
                return_urls: Vec::new(),
            };
            let authorized = by.authorize(ManageApps);
            let given = service.add_app(&authorized, &new, &Credentials::Token)?;
            given.token.context("the app was given no token")
        })?;
        Ok((citizen, token))
    }
}
