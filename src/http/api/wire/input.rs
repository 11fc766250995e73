//! What an app sends to make a signature request.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::object;
use super::options::{CadesOptions, PadesOptions};
use crate::domain::algorithm::{Digest, DigestAlgorithm, Padding};
use crate::domain::document::{Format, Packaging};
use crate::domain::language::Language;
use crate::domain::request::{Idempotency, IdempotencyKey};
use crate::domain::secret::SecretText;
use crate::http::error::Code;
use crate::http::problem::Problem;
use crate::service::FieldError;
use crate::service::requests::{NewDocument, NewRequest};

/// A signature request to be made.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSignatureRequest {
    /// DNI or NIE of who is to sign.
    #[schema(example = "12345678Z")]
    signer: String,
    /// What the signer reads above the documents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200, example = "Application for a grant")]
    title: Option<String>,
    /// The language of pages and SMS. Without it, the one the signer is registered with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    language: Option<Language>,
    /// How long the request can be approved. Without it, the time the server is set to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 60, example = 86400)]
    lifetime_seconds: Option<u64>,
    /// Where the signer's browser goes at the end. It must be on the app's list: same origin, and a path below. The query
    /// gets two parameters more: `request`, the request's identifier, and `state`, where it stood then. They come from a
    /// browser and prove nothing: read the request before you rely on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "https://sede.example/back?file=77")]
    return_url: Option<String>,
    /// The documents, signed by one approval.
    #[serde(deserialize_with = "object::list")]
    #[schema(min_items = 1)]
    documents: Vec<DocumentInput>,
}

/// A document to be signed.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewDocument)]
struct DocumentInput {
    /// File name, at most 255 bytes in UTF-8.
    #[schema(max_length = 255, example = "application.pdf")]
    name: String,
    /// What the signer reads beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    title: Option<String>,
    /// Its media type. Without it, told by the file name's ending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "application/pdf")]
    media_type: Option<String>,
    /// Signature format. Without it, `pades` for PDFs and `cades` for everything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    format: Option<Format>,
    /// Only for `cades`. Without it, `enveloping`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    packaging: Option<Packaging>,
    /// The digest that is signed. Without it, the usual one for the signer's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<DigestAlgorithm>,
    /// The padding. Without it, the usual one for the signer's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    padding: Option<Padding>,
    /// Only for `pades`.
    #[serde(
        default,
        deserialize_with = "object::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pades: Option<PadesOptions>,
    /// Only for `cades`.
    #[serde(
        default,
        deserialize_with = "object::optional",
        skip_serializing_if = "Option::is_none"
    )]
    cades: Option<CadesOptions>,
    /// The bytes in base64 (RFC 4648 section 4), in a JSON call. In a multipart call they are a part of their own.
    #[serde(default, skip_serializing)]
    #[schema(content_encoding = "base64")]
    content: Option<String>,
}

/// Where the documents' bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contents {
    /// In the JSON itself.
    Inside,
    /// In parts of their own.
    Apart,
}

impl NewSignatureRequest {
    /// Takes the bytes out of the JSON. Whatever is not where it belongs is named.
    pub(crate) fn take_contents(&mut self, contents: Contents) -> Result<Vec<Vec<u8>>, Problem> {
        let mut taken = Vec::new();
        let mut faults = Vec::new();
        for (index, document) in self.documents.iter_mut().enumerate() {
            let fault = match (contents, document.content.take()) {
                (Contents::Apart, None) => continue,
                (Contents::Apart, Some(_)) => {
                    "In a multipart call the content is a part of its own.".to_owned()
                }
                (Contents::Inside, None) => {
                    "The document's bytes in base64 are missing. Send large documents as multipart/form-data."
                        .to_owned()
                }
                (Contents::Inside, Some(text)) => match STANDARD.decode(&text) {
                    Ok(bytes) => {
                        taken.push(bytes);
                        continue;
                    }
                    Err(error) => format!(
                        "Not base64 (RFC 4648 section 4, with padding): {}.",
                        error.to_string().trim_end_matches('.')
                    ),
                },
            };
            faults.push(FieldError::new(
                format!("/documents/{index}/content"),
                fault,
            ));
        }
        if faults.is_empty() {
            Ok(taken)
        } else {
            Err(Problem::new(Code::InvalidRequest).with_fields(faults))
        }
    }

    /// What the use case takes. The contents must have been taken out.
    pub(crate) fn into_request(self, key: Option<IdempotencyKey>) -> Result<NewRequest, Problem> {
        let metadata = serde_json::to_vec(&self).map_err(Problem::internal)?;
        let digest = Digest::of(DigestAlgorithm::Sha256, &metadata);
        Ok(NewRequest {
            signer: SecretText::new(self.signer),
            title: self.title,
            language: self.language,
            lifetime: self.lifetime_seconds.map(Duration::from_secs),
            return_url: self.return_url,
            documents: self.documents.into_iter().map(Into::into).collect(),
            idempotency: key.map(|key| Idempotency {
                key,
                metadata_sha256: digest.bytes().to_vec(),
            }),
        })
    }
}

impl From<DocumentInput> for NewDocument {
    fn from(given: DocumentInput) -> Self {
        Self {
            name: given.name,
            title: given.title,
            media_type: given.media_type,
            format: given.format,
            packaging: given.packaging,
            digest: given.digest,
            padding: given.padding,
            pades: given.pades.map(Into::into),
            cades: given.cades.map(Into::into),
        }
    }
}
