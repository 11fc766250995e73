//! Signature requests put into store and document store as the API would, so that tests of what follows need no app.

use std::io::Cursor;

use rubrica::documents::Documents;
use rubrica::domain::algorithm::{Digest, DigestAlgorithm};
use rubrica::domain::document::Packaging;
use rubrica::domain::id::{AppId, RequestId, SignerId};
use rubrica::domain::language::Language;
use rubrica::domain::object_key::ObjectKey;
use rubrica::domain::request::{
    CadesOptions, Document, DocumentOptions, DocumentState, PadesOptions, RequestState,
    SignatureOptions, SignatureRequest,
};
use rubrica::service::acceptance::AcceptanceKey;
use rubrica::store::{self, Store, StoreError};
use time::Duration;

use super::server::{TestServer, link_key};

/// A request that waits for approval for an hour; its documents stay for a day.
pub(crate) fn request(server: &TestServer, app: AppId, signer: SignerId) -> SignatureRequest {
    let ambient = server.service().ambient();
    let now = ambient.now();
    SignatureRequest {
        id: ambient.id(),
        app,
        signer,
        state: RequestState::Pending,
        reason: None,
        title: Some("Solicitud".to_owned()),
        language: Language::Spanish,
        return_url: None,
        idempotency: None,
        created_at: now,
        expires_at: now + Duration::hours(1),
        approved_at: None,
        finished_at: None,
        delete_at: now + Duration::hours(1) + Duration::days(1),
        credential: None,
        lease: None,
    }
}

/// A document of a request, with its bytes in the server's document store.
pub(crate) fn document(
    server: &TestServer,
    request: RequestId,
    name: &str,
    bytes: &[u8],
    signature: SignatureOptions,
) -> Document {
    let ambient = server.service().ambient();
    let key = ObjectKey::from_random(ambient.random());
    let stored = object_store(server)
        .put(&key, &mut Cursor::new(bytes), 1 << 30, &mut [])
        .unwrap();
    Document {
        id: ambient.id(),
        request,
        position: 0,
        state: DocumentState::Waiting,
        reason: None,
        detail: None,
        name: name.to_owned(),
        title: None,
        media_type: "text/plain".to_owned(),
        options: DocumentOptions {
            digest: DigestAlgorithm::Sha256,
            padding: None,
            signature,
        },
        size: u64::try_from(bytes.len()).unwrap(),
        sha256: Digest::of(DigestAlgorithm::Sha256, bytes),
        digest_midstate: stored.sha256.midstate(),
        digest: stored.sha256.finish(),
        block_states: stored.blocks,
        acceptance_mac: Vec::new(),
        object_key: Some(key.to_string()),
        signed: None,
    }
}

/// Puts a request with its documents, in order, where the server finds it.
pub(crate) fn keep(store: &Store, request: &SignatureRequest, documents: &[Document]) {
    store
        .write(|connection| {
            store::requests::insert(connection, request)?;
            for (position, document) in documents.iter().enumerate() {
                let position = u32::try_from(position).unwrap();
                let placed = accepted(Document {
                    position,
                    ..document.clone()
                });
                store::documents::insert(connection, &placed)?;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

/// A document with the mark that test servers give to what they accept.
pub(crate) fn accepted(document: Document) -> Document {
    let key = AcceptanceKey::derive(&link_key());
    Document {
        acceptance_mac: key.mark(&document),
        ..document
    }
}

/// The last part of a request's approval address on test servers.
pub(crate) fn link_text(request: RequestId) -> String {
    link_key().text_for(request)
}

/// Where a test server keeps document bytes.
pub(crate) fn object_store(server: &TestServer) -> Documents {
    server.documents().clone()
}

/// A CAdES signature beside the document.
pub(crate) fn detached() -> SignatureOptions {
    SignatureOptions::Cades {
        packaging: Packaging::Detached,
        options: CadesOptions::default(),
    }
}

/// A CAdES signature around the document.
pub(crate) fn enveloping() -> SignatureOptions {
    SignatureOptions::Cades {
        packaging: Packaging::Enveloping,
        options: CadesOptions::default(),
    }
}

/// A signature in the PDF.
pub(crate) fn pades() -> SignatureOptions {
    SignatureOptions::Pades(PadesOptions::default())
}
