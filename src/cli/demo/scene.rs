//! The set-up: a server that answers, authorities, a citizen with a credential, and an app.

use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};
use url::Url;

use super::app::{Asked, Client, Request};
use super::browser::Browser;
use super::citizen::Citizen;
use super::documents::Document;
use super::outbox::Outbox;
use super::place::Place;
use super::report::quoted;
use super::steps::Steps;
use crate::app::{self, AppError, Server};
use crate::auth::op::{
    ManageApps, ManageAuthorities, ManageCredentials, ManageHsm, RegisterSigner,
};
use crate::auth::{Administrator, local_administrator};
use crate::cli::{Ending, output};
use crate::config::process;
use crate::domain::algorithm::KeyAlgorithm;
use crate::domain::secret::SecretText;
use crate::service::apps::{Credentials, NewApp};
use crate::service::credentials::Earlier;
use crate::service::keks::KekWanted;
use crate::service::registration::PhoneClaim;
use crate::telemetry::{self, Output};

/// How often the outbox is looked into for codes to show.
const LOOK: Duration = Duration::from_millis(200);

/// Everything that the main job needs.
pub(super) struct Scene {
    pub(super) server: Server,
    pub(super) citizen: Citizen,
    pub(super) token: SecretText,
    /// How many digits an SMS code has.
    pub(super) code_digits: u32,
    /// The largest document that the server takes.
    pub(super) document_bytes: u64,
}

impl Scene {
    /// Sets it, one step after the other.
    pub(super) fn set(place: &Place, key: KeyAlgorithm, steps: &mut Steps) -> anyhow::Result<Self> {
        let loaded = place.load()?;
        for warning in &loaded.warnings {
            output::remark(&format!("warning: {warning}"));
        }
        if loaded.config.outbox() != Some(&*place.outbox()) {
            bail!(
                "the demo reads its messages in {} and sends none to a phone; take RUBRICA_SMS__URL and \
                 RUBRICA_SMS__OUTBOX out of the environment",
                place.outbox().display()
            );
        }
        telemetry::start(&loaded.config.telemetry, &Output::File(place.log()))?;
        let code_digits = loaded.config.identity.code_digits();
        let document_bytes = loaded.config.requests.document_bytes;
        let administrator = local_administrator(process::account_name());
        let server = steps.time("the server starts", || {
            app::migrate(&loaded.config)?;
            Ok(app::start(loaded.config)?)
        })?;
        let stage = Stage {
            server: &server,
            administrator: &administrator,
            code_digits,
        };
        let outcome = stage.people(place, key, steps);
        match outcome {
            Ok((citizen, token)) => Ok(Self {
                server,
                citizen,
                token,
                code_digits,
                document_bytes,
            }),
            Err(error) => both(Err(error), server.stop()),
        }
    }

    /// Where apps are answered.
    pub(super) fn api(&self) -> anyhow::Result<Url> {
        Ok(Url::parse(&format!("https://{}/", self.server.api))?)
    }

    /// Ends the server, whatever came of the work.
    pub(super) fn end<T>(self, outcome: anyhow::Result<T>) -> anyhow::Result<T> {
        both(outcome, self.server.stop())
    }

    /// Leaves the server running, tells a person how to approve a request, and shows the codes as they come.
    pub(super) fn serve(
        self,
        place: &Place,
        documents: Vec<Document>,
        asked: Asked,
    ) -> anyhow::Result<Ending> {
        let program = std::env::current_exe().unwrap_or_else(|_| "rubrica".into());
        let prepared = self
            .ask(place, documents, asked)
            .and_then(|request| Ok((request, Outbox::new(&place.outbox(), self.code_digits)?)));
        let (request, mut outbox) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => return self.end(Err(error)),
        };
        let told = format!(
            "\nThe server runs. Its certificate is its own, so the browser will warn: go on all the same.\n\n\
             \x20 Approve a request   {}\n  DNI                 {}\n  Password            {}\n  SMS code            \
             will be shown here\n\n  Account pages       https://{}/\n  API for apps        https://{}/  \
             (certificate: {})\n  Token of the app    {}\n  Health, metrics     http://{}/readyz, /metrics\n  \
             Commands            {} --config {} …\n\nCtrl-C ends it.\n",
            request.approval_url,
            self.citizen.national_id.as_str(),
            self.citizen.password.expose(),
            self.server.citizen,
            self.server.api,
            place.certificate().display(),
            self.token.expose(),
            self.server.ops,
            quoted(&program),
            quoted(&place.configuration()),
        );
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

    /// A request that waits for approval.
    fn ask(
        &self,
        place: &Place,
        documents: Vec<Document>,
        asked: Asked,
    ) -> anyhow::Result<Request> {
        let posted = Client::new(self, place)?.post(&self.citizen, documents, asked, place)?;
        let Some(request) = posted.request else {
            let refusals = posted
                .refused
                .iter()
                .filter_map(|outcome| outcome.result.as_ref().err());
            let reasons: Vec<_> = refusals.map(|refusal| refusal.detail.as_str()).collect();
            bail!("the server refused the samples: {}", reasons.join(" "));
        };
        Ok(request)
    }
}

/// A server that answers, and who may set it up.
struct Stage<'a> {
    server: &'a Server,
    administrator: &'a Administrator,
    code_digits: u32,
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
            let mut outbox = Outbox::new(&place.outbox(), self.code_digits)?;
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

/// What came of the work, unless only the server's end went wrong. When both did, the work's error is the answer, for
/// it came first, and the other is told beside it.
fn both<T>(outcome: anyhow::Result<T>, stopped: Result<(), AppError>) -> anyhow::Result<T> {
    match (outcome, stopped) {
        (outcome, Ok(())) => outcome,
        (Ok(_), Err(stopping)) => Err(stopping.into()),
        (Err(error), Err(stopping)) => {
            output::complain(&stopping.into());
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;

    #[test]
    fn a_failed_stop_never_hides_what_went_wrong_before() {
        let stopping = || Err(AppError::NoPin);
        let hidden = both::<()>(Err(anyhow!("the work")), stopping());
        assert_eq!(hidden.unwrap_err().to_string(), "the work");
        let alone = both(Ok(1), stopping());
        assert!(alone.unwrap_err().is::<AppError>());
        assert_eq!(both(Ok(1), Ok(())).unwrap(), 1);
    }
}
