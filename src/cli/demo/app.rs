//! What an app does, over the REST API and nothing else.

use std::fs::{self, File};
use std::mem;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::{Value, json};
use ureq::Agent;
use ureq::unversioned::multipart::{Form, Part};
use url::Url;

use super::browser::agent;
use super::citizen::Citizen;
use super::documents::{self, Document, Kind};
use super::names::Names;
use super::place::Place;
use super::scene::Scene;
use super::target::{self, Readers};
use super::wire::{ProblemBody, RequestBody};
use crate::domain::algorithm::{DigestAlgorithm, Padding};
use crate::domain::document::{Format, Packaging};
use crate::domain::secret::SecretText;

/// The reason of a file whose bytes cannot be had.
const UNREADABLE: &str = "unreadable";

/// How the documents are to be signed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) format: Option<Format>,
    pub(super) packaging: Packaging,
    pub(super) padding: Option<Padding>,
    pub(super) digest: Option<DigestAlgorithm>,
}

/// The app, with its token.
pub(super) struct Client {
    agent: Agent,
    base: Url,
    token: SecretText,
    document_bytes: u64,
}

/// A signature request that was accepted.
pub(super) struct Request {
    /// Where the citizen approves it.
    pub(super) approval_url: Url,
    url: Url,
    documents: Vec<Document>,
    asked: Asked,
}

/// What became of posting.
pub(super) struct Posted {
    /// `None` when every document was refused.
    pub(super) request: Option<Request>,
    pub(super) refused: Vec<Outcome>,
}

/// What became of one document.
#[derive(Debug)]
pub(super) struct Outcome {
    /// Its place among those that were named.
    pub(super) position: usize,
    pub(super) document: Document,
    pub(super) result: Result<Signed, Refusal>,
}

impl Outcome {
    /// It is not signed.
    fn refused(document: Document, code: &str, detail: String) -> Self {
        Self {
            position: document.position,
            document,
            result: Err(Refusal {
                code: code.to_owned(),
                detail,
            }),
        }
    }
}

/// A signed file.
#[derive(Debug)]
pub(super) struct Signed {
    /// Its name in the folder.
    pub(super) file: String,
    /// Format and level reached, such as `PAdES-BASELINE-B`.
    pub(super) level: String,
    pub(super) format: Format,
    pub(super) packaging: Option<Packaging>,
    pub(super) size: u64,
    pub(super) sha256: String,
}

/// Why a document was not signed.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) code: String,
    pub(super) detail: String,
}

impl Refusal {
    /// The signed file cannot have its place in the folder.
    fn not_writable(why: &anyhow::Error) -> Self {
        Self {
            code: "not_writable".to_owned(),
            detail: format!("{why:#}"),
        }
    }

    /// The signed file would take the place of a file that no demo made, such as one that was to be signed.
    fn would_overwrite(there: &Path) -> Self {
        Self {
            code: "would_overwrite".to_owned(),
            detail: format!(
                "the signed file would be written over {}; choose another folder with --out",
                there.display()
            ),
        }
    }
}

impl Client {
    /// That trusts the demo's server alone.
    pub(super) fn new(scene: &Scene, place: &Place) -> anyhow::Result<Self> {
        Ok(Self {
            agent: agent(&place.certificate())?,
            base: scene.api()?,
            token: scene.token.clone(),
            document_bytes: scene.document_bytes,
        })
    }

    /// Posts the documents as one request. The server refuses a request as a whole and names the documents that are the
    /// reason; they are left out and the rest posted again, until what is left is accepted.
    pub(super) fn post(
        &self,
        citizen: &Citizen,
        mut documents: Vec<Document>,
        asked: Asked,
        place: &Place,
    ) -> anyhow::Result<Posted> {
        let mut refused = Vec::new();
        let originals = originals(&documents);
        self.take_unfit(&mut documents, &mut refused);
        take_unwritable(&mut documents, &mut refused, asked, place, &originals);
        while !documents.is_empty() {
            let problem = match self.try_post(citizen, &documents, asked) {
                Ok(Ok(body)) => {
                    let request = Some(self.accepted(body, documents, asked)?);
                    return Ok(Posted { request, refused });
                }
                Ok(Err(problem)) => problem,
                Err(error) => {
                    take_unreadable(&mut documents, &mut refused)
                        .then_some(())
                        .ok_or(error)?;
                    continue;
                }
            };
            let found = problem.refused_documents();
            if found.is_empty() {
                bail!("the server refuses the request: {}", problem.words());
            }
            // From the last to the first, so that the places of the others stay.
            for one in found.into_iter().rev() {
                if one.place >= documents.len() {
                    bail!("the server refuses the request: {}", problem.words());
                }
                let document = documents.remove(one.place);
                refused.push(Outcome::refused(document, &one.code, one.detail));
            }
        }
        Ok(Posted {
            request: None,
            refused,
        })
    }

    /// Fetches what was signed. Nothing is written over that no demo made.
    pub(super) fn fetch(
        &self,
        request: Request,
        place: &Place,
        originals: &[PathBuf],
    ) -> anyhow::Result<Vec<Outcome>> {
        let mut response = self
            .agent
            .get(request.url.as_str())
            .header("Authorization", self.bearer())
            .call()?;
        let body: RequestBody = response.body_mut().read_json()?;
        if body.documents.len() != request.documents.len() {
            bail!("the server tells of {} documents", body.documents.len());
        }
        let mut names = Names::new();
        let mut outcomes = Vec::new();
        for (document, told) in request.documents.into_iter().zip(body.documents) {
            let packaging = told.packaging.unwrap_or(request.asked.packaging);
            let result = match (told.signed, told.reason) {
                (Some(signed), _) => {
                    let file = names.take(&document.path, told.format, packaging);
                    let url = signed.url.context("a signed document has no address")?;
                    let url = self.base.join(&url)?;
                    let fetched = match obstacle(&file, place, originals) {
                        Some(refusal) => Err(refusal),
                        None => self
                            .download(&url, place, &file, &signed.sha256)
                            .map_err(|error| Refusal::not_writable(&error)),
                    };
                    fetched.map(|()| Signed {
                        file,
                        level: signed.level,
                        format: told.format,
                        packaging: told.packaging,
                        size: signed.size,
                        sha256: signed.sha256,
                    })
                }
                (None, Some(reason)) => Err(Refusal {
                    code: reason.code,
                    detail: reason.detail,
                }),
                (None, None) => Err(Refusal {
                    code: told.state,
                    detail: format!("the request is {}", body.state),
                }),
            };
            outcomes.push(Outcome {
                position: document.position,
                document,
                result,
            });
        }
        Ok(outcomes)
    }

    /// Files that cannot be opened, or that the server would not take for their size, are told of and do not stop the
    /// others.
    fn take_unfit(&self, documents: &mut Vec<Document>, refused: &mut Vec<Outcome>) {
        for document in mem::take(documents) {
            let opened = fs::metadata(&document.path).and_then(|metadata| {
                if metadata.is_file() {
                    File::open(&document.path)?;
                }
                Ok(metadata)
            });
            let (code, detail) = match opened {
                Ok(metadata) if !metadata.is_file() => (UNREADABLE, "not a file".to_owned()),
                Ok(metadata) if metadata.len() > self.document_bytes => (
                    "document_too_large",
                    format!("A document may have {} bytes at most.", self.document_bytes),
                ),
                Ok(_) => {
                    documents.push(document);
                    continue;
                }
                Err(error) => (UNREADABLE, error.to_string()),
            };
            refused.push(Outcome::refused(document, code, detail));
        }
    }

    /// One call; the outer error says that there was no answer.
    fn try_post(
        &self,
        citizen: &Citizen,
        documents: &[Document],
        asked: Asked,
    ) -> anyhow::Result<Result<RequestBody, ProblemBody>> {
        let metadata = json!({
            "signer": citizen.national_id.as_str(),
            "title": "Application for a library card",
            "language": "en",
            "documents": documents
                .iter()
                .map(|document| described(document, asked))
                .collect::<Value>(),
        })
        .to_string();
        let mut form = Form::new().part(
            "request",
            Part::text(&metadata).mime_str("application/json")?,
        );
        for document in documents {
            let part = Part::file(&document.path)
                .with_context(|| format!("{} cannot be read", document.path.display()))?;
            form = form.part("document", part);
        }
        let mut response = self
            .agent
            .post(self.base.join("v1/signature-requests")?.as_str())
            .header("Authorization", self.bearer())
            .send(form)
            .context("the API cannot be reached")?;
        Ok(if response.status().is_success() {
            Ok(response.body_mut().read_json()?)
        } else {
            Err(response.body_mut().read_json()?)
        })
    }

    fn accepted(
        &self,
        body: RequestBody,
        documents: Vec<Document>,
        asked: Asked,
    ) -> anyhow::Result<Request> {
        Ok(Request {
            approval_url: body
                .approval_url
                .context("the answer has no approval address")?,
            url: self
                .base
                .join(&format!("v1/signature-requests/{}", body.id))?,
            documents,
            asked,
        })
    }

    fn download(&self, url: &Url, place: &Place, file: &str, sha256: &str) -> anyhow::Result<()> {
        let response = self
            .agent
            .get(url.as_str())
            .header("Authorization", self.bearer())
            .call()?;
        if !response.status().is_success() {
            bail!("{url} answers {}", response.status());
        }
        // A signed document may be larger than the client's usual limit.
        let mut reader = response
            .into_body()
            .into_with_config()
            .limit(u64::MAX)
            .reader();
        place
            .made()
            .write_from(file, &mut reader, sha256, Readers::All)
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token.expose())
    }
}

/// Where the documents are.
pub(super) fn originals(documents: &[Document]) -> Vec<PathBuf> {
    let paths = documents.iter().map(|document| document.path.clone());
    paths.collect()
}

/// Files whose signed form cannot be written, or only over what no demo made, are told of, before anybody is asked to
/// sign them.
fn take_unwritable(
    documents: &mut Vec<Document>,
    refused: &mut Vec<Outcome>,
    asked: Asked,
    place: &Place,
    originals: &[PathBuf],
) {
    for document in mem::take(documents) {
        let format = format_of(&document, asked);
        let file = Names::new().take(&document.path, format, asked.packaging);
        match obstacle(&file, place, originals) {
            None => documents.push(document),
            Some(Refusal { code, detail }) => {
                refused.push(Outcome::refused(document, &code, detail));
            }
        }
    }
}

/// Why a signed file of that name cannot be written: what must not be written over is an original, even one that an
/// earlier demo made, and anything that no demo made.
fn obstacle(file: &str, place: &Place, originals: &[PathBuf]) -> Option<Refusal> {
    let path = place.out().join(file);
    if let Some(original) = target::original_at(&path, originals) {
        return Some(Refusal::would_overwrite(original));
    }
    match place.made().is_foreign(file) {
        Ok(false) => None,
        Ok(true) => Some(Refusal::would_overwrite(&path)),
        Err(error) => Some(Refusal::not_writable(&error)),
    }
}

/// Looks for files that could be opened and not be read to their end; says whether there were any.
fn take_unreadable(documents: &mut Vec<Document>, refused: &mut Vec<Outcome>) -> bool {
    let before = refused.len();
    for document in mem::take(documents) {
        match documents::unreadable(&document.path) {
            None => documents.push(document),
            Some(why) => refused.push(Outcome::refused(document, UNREADABLE, why)),
        }
    }
    refused.len() > before
}

fn format_of(document: &Document, asked: Asked) -> Format {
    asked.format.unwrap_or(match document.kind {
        Kind::Pdf => Format::Pades,
        Kind::Other => Format::Cades,
    })
}

/// One document in the request's metadata. What is left out, the server chooses.
fn described(document: &Document, asked: Asked) -> Value {
    let name = document.path.file_name().map(|name| name.to_string_lossy());
    let format = format_of(document, asked);
    let mut value = json!({
        "name": name.as_deref().unwrap_or("document"),
        "format": format.as_str(),
    });
    // What is asked to be signed as a PDF is said to be one, whatever its name: the server looks at its bytes.
    let media_type = (format == Format::Pades).then_some("application/pdf");
    if let Some(members) = value.as_object_mut() {
        let mut put = |name: &str, text: Option<&str>| {
            if let Some(text) = text {
                members.insert(name.to_owned(), text.into());
            }
        };
        put("title", document.title);
        put("media_type", media_type);
        put("padding", asked.padding.map(Padding::as_str));
        put("digest", asked.digest.map(DigestAlgorithm::as_str));
        if format == Format::Cades {
            put("packaging", Some(asked.packaging.as_str()));
        }
    }
    value
}
