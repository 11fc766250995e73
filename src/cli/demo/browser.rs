//! A browser that does as the citizen's does: it keeps cookies, follows redirects, fills in forms and sends them with
//! everything they carry. It trusts the demo's certificate and no other.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, ResponseExt};
use url::Url;

use super::form::{FieldKind, Form, forms};

/// How long any answer may take; signing many documents takes a while.
const PATIENCE: Duration = Duration::from_secs(300);

/// A browser with its cookies.
pub(super) struct Browser {
    agent: Agent,
}

/// A page as it was shown.
pub(super) struct Page {
    pub(super) url: Url,
    pub(super) status: u16,
    pub(super) html: String,
}

/// A client that trusts one certificate only. Statuses are answers, not errors.
pub(super) fn agent(certificate: &Path) -> anyhow::Result<Agent> {
    let pem = std::fs::read(certificate)
        .with_context(|| format!("{} cannot be read", certificate.display()))?;
    let trusted = Certificate::from_pem(&pem)?;
    Ok(Agent::config_builder()
        .tls_config(
            TlsConfig::builder()
                .root_certs(RootCerts::new_with_certs(&[trusted]))
                .unversioned_rustls_crypto_provider(Arc::new(
                    rustls::crypto::aws_lc_rs::default_provider(),
                ))
                .build(),
        )
        // Nothing of this leaves the machine.
        .proxy(None)
        .https_only(true)
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .build()
        .new_agent())
}

impl Browser {
    /// Without any cookie yet.
    pub(super) fn new(certificate: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            agent: agent(certificate)?,
        })
    }

    /// Goes to an address.
    pub(super) fn open(&self, url: &Url) -> anyhow::Result<Page> {
        page(self.agent.get(url.as_str()).call())
    }

    /// Fills in the form that asks for all these fields, ticks them where they are boxes, and sends it.
    pub(super) fn submit(&self, page: &Page, fill: &[(&str, &str)]) -> anyhow::Result<Page> {
        let form = forms(&page.html, &page.url)
            .into_iter()
            .find(|form| fill.iter().all(|(name, _)| form.asks_for(name)));
        let Some(form) = form else {
            let wanted: Vec<_> = fill.iter().map(|(name, _)| *name).collect();
            bail!(
                "the page (status {}) has no form that asks for {}; it says: {}",
                page.status,
                wanted.join(", "),
                page.words()
            );
        };
        let values = filled(&form, fill);
        self::page(self.agent.post(form.action.as_str()).send_form(values))
    }
}

impl Page {
    /// Whether it has a form that a person can fill in.
    pub(super) fn asks(&self) -> bool {
        forms(&self.html, &self.url).iter().any(|form| {
            form.fields
                .iter()
                .any(|field| field.kind == FieldKind::Shown)
        })
    }

    /// What a person reads of it, shortened.
    pub(super) fn words(&self) -> String {
        let mut words = String::new();
        let body = self
            .html
            .split_once("<main")
            .map_or(self.html.as_str(), |(_, main)| main);
        for part in body.split('<').skip(1) {
            let text = part.split_once('>').map_or("", |(_, text)| text);
            let text = super::form::unescaped(text);
            for word in text.split_whitespace() {
                words.push_str(word);
                words.push(' ');
            }
        }
        words.chars().take(400).collect()
    }
}

/// What the form is sent with: hidden fields as they came, the others as they were filled in.
fn filled(form: &Form, fill: &[(&str, &str)]) -> Vec<(String, String)> {
    form.fields
        .iter()
        .filter_map(|field| {
            let given = fill.iter().find(|(name, _)| *name == field.name);
            let value = match (field.kind, given) {
                (FieldKind::Shown, Some((_, value))) => (*value).to_owned(),
                (FieldKind::Shown, None) | (FieldKind::Hidden, _) | (FieldKind::Tick, Some(_)) => {
                    field.value.clone()
                }
                (FieldKind::Tick, None) | (FieldKind::Button, _) => return None,
            };
            Some((field.name.clone(), value))
        })
        .collect()
}

fn page(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> anyhow::Result<Page> {
    let mut response = answer.context("the citizen's page cannot be reached")?;
    Ok(Page {
        url: Url::parse(&response.get_uri().to_string())?,
        status: response.status().as_u16(),
        html: response.body_mut().read_to_string()?,
    })
}
