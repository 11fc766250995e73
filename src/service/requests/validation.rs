//! What an app asked for becomes what can be done. All faults are named at once, each with its place.

use std::time::Duration;

use url::Url;

use super::{NewDocument, NewRequest};
use crate::ades::{cades, pades};
use crate::domain::algorithm::{DigestAlgorithm, KeyAlgorithm, Padding, SignatureScheme};
use crate::domain::app::{App, return_url};
use crate::domain::document::{Format, Packaging, is_media_type};
use crate::domain::identifier::NationalId;
use crate::domain::request::{CadesOptions, DocumentOptions, SignatureOptions, SignaturePolicy};
use crate::domain::text::{self, sentence};
use crate::service::{FieldError, ServiceError, Settings};

/// The shortest lifetime: nobody reads, types a password and receives an SMS in less.
const SHORTEST_LIFETIME: Duration = Duration::from_secs(60);
/// Longest file name in bytes, as file systems have it.
const LONGEST_NAME: usize = 255;
/// Longest address of a signature policy in characters.
const LONGEST_URI: usize = 2000;
const PDF: &str = "application/pdf";

/// A request whose every value can be used.
pub(super) struct Plan {
    pub(super) signer: NationalId,
    pub(super) lifetime: Duration,
    pub(super) return_url: Option<Url>,
    pub(super) documents: Vec<DocumentPlan>,
}

/// A document whose every value can be used. The key of the signer is not known yet.
pub(super) struct DocumentPlan {
    pub(super) name: String,
    pub(super) title: Option<String>,
    pub(super) media_type: String,
    digest: Option<DigestAlgorithm>,
    padding: Option<Padding>,
    signature: SignatureOptions,
}

/// Checks everything that can be known without the signer and the bytes.
pub(super) fn check(
    new: &NewRequest,
    app: &App,
    settings: &Settings,
) -> Result<Plan, ServiceError> {
    let count = u32::try_from(new.documents.len()).unwrap_or(u32::MAX);
    if count > settings.documents_per_request {
        return Err(ServiceError::TooManyDocuments {
            limit: settings.documents_per_request,
        });
    }
    let mut faults = Faults::default();
    if count == 0 {
        faults.add("/documents", "At least one document is needed.");
    }
    let signer = faults.keep(
        "/signer",
        new.signer
            .expose()
            .parse::<NationalId>()
            .map_err(|error| sentence(&error)),
    );
    faults.text("/title", new.title.as_deref());
    let lifetime = new.lifetime.unwrap_or(settings.default_lifetime);
    if lifetime < SHORTEST_LIFETIME || lifetime > settings.longest_lifetime {
        faults.add(
            "/lifetime_seconds",
            format!(
                "Between {} and {} seconds.",
                SHORTEST_LIFETIME.as_secs(),
                settings.longest_lifetime.as_secs()
            ),
        );
    }
    let return_url = new
        .return_url
        .as_deref()
        .and_then(|text| faults.keep("/return_url", allowed_return(text, app)));
    let documents = new
        .documents
        .iter()
        .enumerate()
        .filter_map(|(index, document)| {
            document_plan(&format!("/documents/{index}"), document, &mut faults)
        })
        .collect();
    match (signer, faults.0.is_empty()) {
        (Some(signer), true) => Ok(Plan {
            signer,
            lifetime,
            return_url,
            documents,
        }),
        _ => Err(ServiceError::Invalid(faults.0)),
    }
}

impl DocumentPlan {
    /// Fills in what depends on the signer's key.
    pub(super) fn options(
        &self,
        position: usize,
        key: KeyAlgorithm,
    ) -> Result<DocumentOptions, FieldError> {
        let usual = key.default_scheme();
        let options = DocumentOptions {
            digest: self.digest.unwrap_or(usual.digest),
            padding: self.padding,
            signature: self.signature.clone(),
        };
        let scheme = SignatureScheme {
            padding: options.padding.unwrap_or(usual.padding),
            digest: options.digest,
        };
        if key.supports(scheme) {
            Ok(options)
        } else {
            Err(FieldError::new(
                format!("/documents/{position}/padding"),
                format!(
                    "The signer's key is {key}, which does not sign with {}. Leave the padding out to take \
                     the usual one.",
                    scheme.padding
                ),
            ))
        }
    }
}

fn allowed_return(text: &str, app: &App) -> Result<Url, String> {
    let url = return_url(text).map_err(|error| sentence(&error))?;
    if app.may_return_to(&url) {
        Ok(url)
    } else {
        Err("Not on this app's list of return addresses; an administrator can add it.".to_owned())
    }
}

fn document_plan(at: &str, new: &NewDocument, faults: &mut Faults) -> Option<DocumentPlan> {
    let before = faults.0.len();
    if let Err(detail) = file_name(&new.name) {
        faults.add(format!("{at}/name"), detail);
    }
    faults.text(format!("{at}/title"), new.title.as_deref());
    let media_type = match new.media_type.as_deref() {
        Some(given) if !is_media_type(given) => {
            faults.add(
                format!("{at}/media_type"),
                "Not a media type such as application/pdf (RFC 6838), without parameters.",
            );
            PDF.to_owned()
        }
        Some(given) => given.to_ascii_lowercase(),
        None => usual_media_type(&new.name).to_owned(),
    };
    let format = new.format.unwrap_or(if media_type == PDF {
        Format::Pades
    } else {
        Format::Cades
    });
    let signature = match format {
        Format::Pades => for_pades(at, new, &media_type, faults),
        Format::Cades => for_cades(at, new, &media_type, faults),
    };
    (faults.0.len() == before).then(|| DocumentPlan {
        name: new.name.clone(),
        title: new.title.clone(),
        media_type,
        digest: new.digest,
        padding: new.padding,
        signature,
    })
}

fn for_pades(
    at: &str,
    new: &NewDocument,
    media_type: &str,
    faults: &mut Faults,
) -> SignatureOptions {
    if media_type != PDF {
        faults.add(
            format!("{at}/format"),
            format!("pades signs PDFs, and this is {media_type}. Ask for cades."),
        );
    }
    if new.packaging.is_some() {
        faults.add(
            format!("{at}/packaging"),
            "A pades signature is always inside the PDF. Leave the packaging out.",
        );
    }
    if new.cades.is_some() {
        faults.add(format!("{at}/cades"), "The format is pades.");
    }
    let options = new.pades.clone().unwrap_or_default();
    policy_uri(&format!("{at}/pades"), options.policy.as_ref(), faults);
    if let Err(error) = pades::Options::try_from(&options) {
        faults.add(
            format!("{at}/pades/{}", error.option),
            sentence(&error.source),
        );
    }
    SignatureOptions::Pades(options)
}

fn for_cades(
    at: &str,
    new: &NewDocument,
    media_type: &str,
    faults: &mut Faults,
) -> SignatureOptions {
    if new.pades.is_some() {
        faults.add(format!("{at}/pades"), "The format is cades.");
    }
    let options = new.cades.clone().unwrap_or_default();
    cades_texts(at, &options, faults);
    if let Err(error) = cades::check_options(&options, Some(media_type)) {
        faults.add(format!("{at}/cades"), sentence(&error));
    }
    SignatureOptions::Cades {
        packaging: new.packaging.unwrap_or(Packaging::Enveloping),
        options,
    }
}

/// The texts that EN 319 122-1 leaves without a limit.
fn cades_texts(at: &str, options: &CadesOptions, faults: &mut Faults) {
    if let Some(location) = &options.location {
        let place = format!("{at}/cades/location");
        faults.text(format!("{place}/country"), location.country.as_deref());
        faults.text(format!("{place}/locality"), location.locality.as_deref());
        for (index, line) in location.postal_address.iter().enumerate() {
            faults.text(format!("{place}/postal_address/{index}"), Some(line));
        }
    }
    policy_uri(&format!("{at}/cades"), options.policy.as_ref(), faults);
}

fn policy_uri(at: &str, policy: Option<&SignaturePolicy>, faults: &mut Faults) {
    let uri = policy.and_then(|policy| policy.uri.as_ref());
    if uri.is_some_and(|uri| uri.chars().count() > LONGEST_URI) {
        faults.add(
            format!("{at}/policy/uri"),
            format!("At most {LONGEST_URI} characters."),
        );
    }
}

fn file_name(name: &str) -> Result<(), &'static str> {
    if name.is_empty() || name.len() > LONGEST_NAME {
        return Err("A file name has 1 to 255 bytes in UTF-8.");
    }
    if name
        .chars()
        .any(|c| text::is_control(c) || matches!(c, '/' | '\\'))
    {
        return Err("A file name has no slash, backslash or control character.");
    }
    if name.trim() != name || matches!(name, "." | "..") {
        return Err("A file name has no space at its ends and is not `.` or `..`.");
    }
    Ok(())
}

fn usual_media_type(name: &str) -> &'static str {
    let ending = name
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_ascii_lowercase());
    match ending.as_deref() {
        Some("pdf") => PDF,
        Some("txt") => "text/plain",
        Some("xml") => "application/xml",
        Some("json") => "application/json",
        Some("csv") => "text/csv",
        Some("html" | "htm") => "text/html",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("zip") => "application/zip",
        Some("odt") => "application/vnd.oasis.opendocument.text",
        Some("docx") => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        _ => "application/octet-stream",
    }
}

#[derive(Default)]
struct Faults(Vec<FieldError>);

impl Faults {
    fn add(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.0.push(FieldError::new(pointer, detail));
    }

    fn keep<T>(&mut self, pointer: &str, value: Result<T, String>) -> Option<T> {
        value.map_err(|detail| self.add(pointer, detail)).ok()
    }

    /// Text that people will read.
    fn text(&mut self, pointer: impl Into<String>, value: Option<&str>) {
        if let Some(Err(error)) = value.map(text::check) {
            self.add(pointer, sentence(&error));
        }
    }
}
