//! Documents of signature requests: one row each. Their bytes are elsewhere.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::cached::Cacheable;
use super::column::{corrupt, count, optional, parsed};
use super::connection::on_either;
use super::moment::{from_micros, to_micros};
use super::schema::{documents, requests};
use super::{AnyConnection, StoreError};
use crate::domain::algorithm::{Digest, DigestAlgorithm, Padding};
use crate::domain::block_states::BlockStates;
use crate::domain::document::Packaging;
use crate::domain::id::{DocumentId, RequestId};
use crate::domain::request::{
    CadesOptions, Document, DocumentOptions, DocumentReason, DocumentState, Kept, PadesOptions,
    RequestState, SignatureOptions, SignedDocument,
};

/// Adds a document.
pub fn insert(connection: &mut AnyConnection, document: &Document) -> Result<(), StoreError> {
    diesel::insert_into(documents::table)
        .values(&Row::try_from(document)?)
        .cached()
        .execute(connection)?;
    Ok(())
}

/// A request's documents in their order.
pub fn of_request(
    connection: &mut AnyConnection,
    request: RequestId,
) -> Result<Vec<Document>, StoreError> {
    let rows: Vec<Row> = on_either!(connection, inner => documents::table
        .filter(documents::request_id.eq(request.to_string()))
        .order(documents::position)
        .select(Row::as_select())
        .load(inner))?;
    rows.into_iter().map(Document::try_from).collect()
}

/// The documents of all requests that are being signed.
pub fn in_signing(connection: &mut AnyConnection) -> Result<Vec<Document>, StoreError> {
    let signing = requests::table
        .filter(requests::state.eq(RequestState::Signing.as_str()))
        .select(requests::id);
    documents::table
        .filter(documents::request_id.eq_any(signing))
        .select(Row::as_select())
        .load(connection)?
        .into_iter()
        .map(Document::try_from)
        .collect()
}

/// By identifier.
pub fn find(
    connection: &mut AnyConnection,
    id: DocumentId,
) -> Result<Option<Document>, StoreError> {
    documents::table
        .find(id.to_string())
        .select(Row::as_select())
        .first(connection)
        .optional()?
        .map(Document::try_from)
        .transpose()
}

/// Notes the signed form of a waiting document.
pub fn mark_signed(
    connection: &mut AnyConnection,
    id: DocumentId,
    signed: &SignedDocument,
) -> Result<(), StoreError> {
    diesel::update(waiting(id))
        .set((
            documents::state.eq(DocumentState::Signed.as_str()),
            documents::signed_object_key.eq(&signed.object_key),
            documents::signed_kept.eq(Some(signed.kept.as_str())),
            documents::signed_size.eq(Some(to_column(signed.size)?)),
            documents::signed_sha256.eq(Some(signed.sha256.bytes())),
            documents::signed_at.eq(Some(to_micros(signed.signed_at))),
        ))
        .cached()
        .execute(connection)?;
    Ok(())
}

/// Notes why a waiting document will not be signed.
pub fn mark_failed(
    connection: &mut AnyConnection,
    id: DocumentId,
    reason: DocumentReason,
    detail: Option<&str>,
) -> Result<(), StoreError> {
    diesel::update(waiting(id))
        .set((
            documents::state.eq(DocumentState::Failed.as_str()),
            documents::reason.eq(Some(reason.as_str())),
            documents::detail.eq(detail),
        ))
        .cached()
        .execute(connection)?;
    Ok(())
}

/// Whether the bytes of any document, original or signed, are kept.
pub fn are_any_kept(connection: &mut AnyConnection) -> Result<bool, StoreError> {
    let kept = documents::object_key
        .is_not_null()
        .or(documents::signed_object_key.is_not_null());
    Ok(
        diesel::select(diesel::dsl::exists(documents::table.filter(kept)))
            .get_result(connection)?,
    )
}

/// Whether any document's bytes, original or signed, are under that key.
pub fn knows_object(connection: &mut AnyConnection, key: &str) -> Result<bool, StoreError> {
    let original: bool = diesel::select(diesel::dsl::exists(
        documents::table.filter(documents::object_key.eq(key)),
    ))
    .get_result(connection)?;
    if original {
        return Ok(true);
    }
    Ok(diesel::select(diesel::dsl::exists(
        documents::table.filter(documents::signed_object_key.eq(key)),
    ))
    .get_result(connection)?)
}

/// Forgets where a request's bytes were, once they are deleted.
pub fn forget_objects(
    connection: &mut AnyConnection,
    request: RequestId,
) -> Result<(), StoreError> {
    diesel::update(documents::table.filter(documents::request_id.eq(request.to_string())))
        .set((
            documents::object_key.eq(None::<String>),
            documents::signed_object_key.eq(None::<String>),
        ))
        .cached()
        .execute(connection)?;
    Ok(())
}

type Waiting = diesel::helper_types::Filter<
    diesel::helper_types::Filter<documents::table, diesel::helper_types::Eq<documents::id, String>>,
    diesel::helper_types::Eq<documents::state, &'static str>,
>;

fn waiting(id: DocumentId) -> Waiting {
    documents::table
        .filter(documents::id.eq(id.to_string()))
        .filter(documents::state.eq(DocumentState::Waiting.as_str()))
}

/// The options of one format, as they are kept: JSON.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum KeptOptions {
    Pades(PadesOptions),
    Cades(CadesOptions),
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = documents)]
struct Row {
    id: String,
    request_id: String,
    position: i32,
    state: String,
    reason: Option<String>,
    detail: Option<String>,
    name: String,
    title: Option<String>,
    media_type: String,
    format: String,
    packaging: Option<String>,
    digest_algorithm: String,
    padding: Option<String>,
    options: String,
    size: i64,
    sha256: Vec<u8>,
    digest: Vec<u8>,
    digest_midstate: Vec<u8>,
    block_states: Vec<u8>,
    acceptance_mac: Vec<u8>,
    object_key: Option<String>,
    signed_object_key: Option<String>,
    signed_kept: Option<String>,
    signed_size: Option<i64>,
    signed_sha256: Option<Vec<u8>>,
    signed_at: Option<i64>,
}

impl TryFrom<&Document> for Row {
    type Error = StoreError;

    fn try_from(document: &Document) -> Result<Self, StoreError> {
        let options = match &document.options.signature {
            SignatureOptions::Pades(options) => KeptOptions::Pades(options.clone()),
            SignatureOptions::Cades { options, .. } => KeptOptions::Cades(options.clone()),
        };
        let signed = document.signed.as_ref();
        Ok(Self {
            id: document.id.to_string(),
            request_id: document.request.to_string(),
            position: i32::try_from(document.position)
                .map_err(|error| corrupt("a document's position", error))?,
            state: document.state.to_string(),
            reason: document.reason.map(|reason| reason.to_string()),
            detail: document.detail.clone(),
            name: document.name.clone(),
            title: document.title.clone(),
            media_type: document.media_type.clone(),
            format: document.options.format().to_string(),
            packaging: document
                .options
                .packaging()
                .map(|packaging| packaging.to_string()),
            digest_algorithm: document.options.digest.to_string(),
            padding: document.options.padding.map(|padding| padding.to_string()),
            options: serde_json::to_string(&options)
                .map_err(|error| corrupt("a document's options", error))?,
            size: to_column(document.size)?,
            sha256: document.sha256.bytes().to_vec(),
            digest: document.digest.bytes().to_vec(),
            digest_midstate: document.digest_midstate.clone(),
            block_states: document.block_states.encoded(),
            acceptance_mac: document.acceptance_mac.clone(),
            object_key: document.object_key.clone(),
            signed_object_key: signed.and_then(|signed| signed.object_key.clone()),
            signed_kept: signed.map(|signed| signed.kept.to_string()),
            signed_size: signed.map(|signed| to_column(signed.size)).transpose()?,
            signed_sha256: signed.map(|signed| signed.sha256.bytes().to_vec()),
            signed_at: signed.map(|signed| to_micros(signed.signed_at)),
        })
    }
}

impl TryFrom<Row> for Document {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let algorithm: DigestAlgorithm =
            parsed("a document's digest algorithm", &row.digest_algorithm)?;
        let kept: KeptOptions = serde_json::from_str(&row.options)
            .map_err(|error| corrupt("a document's options", error))?;
        let signature = match kept {
            KeptOptions::Pades(options) => SignatureOptions::Pades(options),
            KeptOptions::Cades(options) => SignatureOptions::Cades {
                packaging: parsed::<Packaging>(
                    "a document's packaging",
                    row.packaging.as_deref().unwrap_or_default(),
                )?,
                options,
            },
        };
        let kept = optional::<Kept>(
            "what is kept of a signed document",
            row.signed_kept.as_deref(),
        )?;
        let signed = match (kept, row.signed_size, row.signed_sha256, row.signed_at) {
            (Some(kept), Some(size), Some(sha256), Some(at)) => Some(SignedDocument {
                object_key: row.signed_object_key,
                kept,
                size: from_column(size)?,
                sha256: digest(DigestAlgorithm::Sha256, sha256)?,
                signed_at: from_micros(at)?,
            }),
            _ => None,
        };
        Ok(Self {
            id: parsed("a document's id", &row.id)?,
            request: parsed("a document's request", &row.request_id)?,
            position: count("a document's position", row.position)?,
            state: parsed("a document's state", &row.state)?,
            reason: optional("a document's reason", row.reason.as_deref())?,
            detail: row.detail,
            name: row.name,
            title: row.title,
            media_type: row.media_type,
            options: DocumentOptions {
                digest: algorithm,
                padding: optional::<Padding>("a document's padding", row.padding.as_deref())?,
                signature,
            },
            size: from_column(row.size)?,
            sha256: digest(DigestAlgorithm::Sha256, row.sha256)?,
            digest: digest(algorithm, row.digest)?,
            digest_midstate: row.digest_midstate,
            block_states: BlockStates::decode(&row.block_states)
                .map_err(|error| corrupt("a document's block states", error))?,
            acceptance_mac: row.acceptance_mac,
            object_key: row.object_key,
            signed,
        })
    }
}

#[derive(Debug, thiserror::Error)]
#[error("wrong length for its algorithm")]
struct WrongDigestLength;

fn digest(algorithm: DigestAlgorithm, bytes: Vec<u8>) -> Result<Digest, StoreError> {
    Digest::new(algorithm, bytes).ok_or_else(|| corrupt("a digest", WrongDigestLength))
}

fn to_column(size: u64) -> Result<i64, StoreError> {
    i64::try_from(size).map_err(|error| corrupt("a size", error))
}

fn from_column(size: i64) -> Result<u64, StoreError> {
    u64::try_from(size).map_err(|error| corrupt("a size", error))
}
