//! A whole request over HTTPS, as an app and a browser make it: the app asks, the citizen opens the page, gives the
//! password, sees the page for the code, gives it, sees what became of it, and the app reads the request and fetches the
//! signed file.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rubrica::domain::secret::SecretText;
use rustls::ClientConfig;
use serde_json::{Value, json};

use super::client::{Answer, Body, Client};
use super::document::{Kind, Sample};
use super::gateway::Gateway;
use super::scene::{Citizen, PASSWORD};
use super::server::Server;

/// Parts of the multipart body are told apart by it.
const BOUNDARY: &str = "a-boundary-that-no-document-has";

/// An app and a browser. Their connections are kept between requests.
pub(crate) struct Visitor {
    api: Client,
    pages: Client,
    authorization: String,
    cookies: BTreeMap<String, String>,
    gateway: Gateway,
}

/// Where a request's citizen is.
pub(crate) struct AtCode {
    page: String,
    id: String,
    token: String,
}

/// How long a request took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    /// All of it.
    pub(crate) whole: Duration,
    /// From the code to the answer that everything is signed.
    pub(crate) confirm: Duration,
}

impl Visitor {
    pub(crate) fn new(
        server: &Server,
        trust: &Arc<ClientConfig>,
        gateway: &Gateway,
        app_token: &SecretText,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            api: Client::connect(server.api, trust)?,
            pages: Client::connect(server.citizen, trust)?,
            authorization: format!("Authorization: Bearer {}", app_token.expose()),
            cookies: BTreeMap::new(),
            gateway: gateway.clone(),
        })
    }

    /// From the app's first call to its last.
    pub(crate) fn sign(
        &mut self,
        citizen: &Citizen,
        sample: &Sample,
        copies: usize,
    ) -> anyhow::Result<Times> {
        let begun = Instant::now();
        let at_code = self.ask(citizen, sample, copies)?;
        let confirm = self.confirm(citizen, &at_code)?;
        self.fetch(&at_code)?;
        Ok(Times {
            whole: begun.elapsed(),
            confirm,
        })
    }

    /// Up to the page that asks for the code.
    pub(crate) fn ask(
        &mut self,
        citizen: &Citizen,
        sample: &Sample,
        copies: usize,
    ) -> anyhow::Result<AtCode> {
        let created = self.create(citizen, sample, copies)?;
        let text = |pointer: &str| {
            let found = created.pointer(pointer).and_then(Value::as_str);
            found
                .map(str::to_owned)
                .with_context(|| format!("the answer has no {pointer}"))
        };
        let (url, id) = (text("/approval_url")?, text("/id")?);
        let page = url.find("/r/").and_then(|at| url.get(at..));
        let page = page.context("the link leads elsewhere")?.to_owned();
        let review = self.open(&page)?;
        let token = form_token(&review)?;
        let filled = form(&[
            ("token", &token),
            ("national-id", citizen.national_id.as_str()),
            ("password", PASSWORD),
        ]);
        let at_code = self.submit(&page, &filled, "/code")?;
        Ok(AtCode {
            token: form_token(&at_code)?,
            page,
            id,
        })
    }

    /// Gives the code, and opens the last page. Tells how long the answer to the code took.
    pub(crate) fn confirm(
        &mut self,
        citizen: &Citizen,
        at_code: &AtCode,
    ) -> anyhow::Result<Duration> {
        let code = self.gateway.code(&citizen.phone)?;
        let filled = form(&[("token", &at_code.token), ("code", code.expose())]);
        let address = format!("{}/code", at_code.page);
        let begun = Instant::now();
        let answer = self.post(&address, &filled)?;
        let took = begun.elapsed();
        self.follow(&answer, "/done")?;
        Ok(took)
    }

    /// The app looks at the request and fetches what was signed.
    pub(crate) fn fetch(&mut self, at_code: &AtCode) -> anyhow::Result<()> {
        let path = format!("/v1/signature-requests/{}", at_code.id);
        let headers = [self.authorization.as_str()];
        let request = expect(200, self.api.call("GET", &path, &headers, None)?)?.json()?;
        if request.get("state").and_then(Value::as_str) != Some("completed") {
            bail!("a request ended otherwise: {request}");
        }
        let documents = request.get("documents").and_then(Value::as_array);
        for document in documents.into_iter().flatten() {
            let url = document.pointer("/signed/url").and_then(Value::as_str);
            let url = url.context("a document has no address")?;
            let fetched = expect(200, self.api.call("GET", url, &headers, None)?)?;
            let size = document.pointer("/signed/size").and_then(Value::as_u64);
            if size != Some(u64::try_from(fetched.body.len())?) {
                bail!("a signed file came incompletely");
            }
        }
        Ok(())
    }

    fn create(
        &mut self,
        citizen: &Citizen,
        sample: &Sample,
        copies: usize,
    ) -> anyhow::Result<Value> {
        let documents: Vec<_> = (0..copies)
            .map(|place| match sample.kind() {
                Kind::Pdf => json!({"name": format!("{place}.pdf")}),
                Kind::Detached => json!({
                    "name": format!("{place}.bin"),
                    "format": "cades",
                    "packaging": "detached",
                }),
            })
            .collect();
        let metadata = json!({
            "signer": citizen.national_id.as_str(),
            "documents": documents,
        });
        let first = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"request\"\r\nContent-Type: application/json\r\n\r\n{metadata}\r\n"
        );
        let before = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"document\"; filename=\"x\"\r\nContent-Type: application/octet-stream\r\n\r\n"
        );
        let last = format!("--{BOUNDARY}--\r\n");
        let each = u64::try_from(before.len())? + sample.size() + 2;
        let size =
            u64::try_from(first.len() + last.len())? + u64::try_from(copies)?.saturating_mul(each);
        let mut body: Box<dyn Read> = Box::new(first.as_bytes());
        for _ in 0..copies {
            let part = before.as_bytes().chain(sample.reader()).chain(&b"\r\n"[..]);
            body = Box::new(body.chain(part));
        }
        let mut body = body.chain(last.as_bytes());
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let answer = self.api.call(
            "POST",
            "/v1/signature-requests",
            &[&self.authorization],
            Some(Body {
                kind: &kind,
                size,
                reader: &mut body,
            }),
        )?;
        expect(201, answer)?.json()
    }

    fn open(&mut self, path: &str) -> anyhow::Result<Answer> {
        let cookies = self.cookie_header();
        let headers: Vec<_> = cookies.iter().map(String::as_str).collect();
        let answer = self.pages.call("GET", path, &headers, None)?;
        self.keep_cookies(&answer);
        expect(200, answer)
    }

    /// Sends a form and goes where the answer leads.
    fn submit(&mut self, path: &str, filled: &str, wanted: &str) -> anyhow::Result<Answer> {
        let answer = self.post(path, filled)?;
        self.follow(&answer, wanted)
    }

    fn post(&mut self, path: &str, filled: &str) -> anyhow::Result<Answer> {
        let cookies = self.cookie_header();
        let headers: Vec<_> = cookies.iter().map(String::as_str).collect();
        let body = Body {
            kind: "application/x-www-form-urlencoded",
            size: u64::try_from(filled.len())?,
            reader: &mut filled.as_bytes(),
        };
        let answer = self.pages.call("POST", path, &headers, Some(body))?;
        self.keep_cookies(&answer);
        Ok(answer)
    }

    fn follow(&mut self, answer: &Answer, wanted: &str) -> anyhow::Result<Answer> {
        let place = answer.header("location").map(str::to_owned);
        match place {
            Some(place) if place.ends_with(wanted) => self.open(&place),
            place => bail!(
                "{} leads to {place:?} and not to {wanted}: {}",
                answer.status,
                answer.text()
            ),
        }
    }

    fn cookie_header(&self) -> Option<String> {
        let all: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        (!all.is_empty()).then(|| format!("Cookie: {}", all.join("; ")))
    }

    /// Steps that are done are of no more use, and a browser's requests do not go on for days.
    fn keep_cookies(&mut self, answer: &Answer) {
        for (name, value) in answer.cookies() {
            if value.is_empty() || value == "done" {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

fn expect(status: u16, answer: Answer) -> anyhow::Result<Answer> {
    if answer.status != status {
        bail!("{} and not {status}: {}", answer.status, answer.text());
    }
    Ok(answer)
}

/// The hidden field of the page's form.
fn form_token(page: &Answer) -> anyhow::Result<String> {
    let text = page.text();
    let value = text
        .split("name=\"token\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    Ok(value.context("the page has no form")?.to_owned())
}

fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}
