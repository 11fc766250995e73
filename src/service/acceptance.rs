//! The mark of acceptance: what a document was when its app sent it is what its signer sees and signs.
//!
//! A document's row says by which digest its bytes are signed. Who can write the database could put another
//! contract's digest there, and the signer would see one document and sign another. So the row carries a keyed
//! digest, made when the document is accepted, over all of it that is signed or shown. Its key is derived from the
//! key of approval links, which is a file of the server and never in the database. It is checked before anything is
//! shown and again before anything is bound to be signed; the bytes themselves are compared with the SHA-256 in it
//! wherever they are read whole, and each block that is read alone with its states in it. A large document is thereby
//! signed without being digested again.

use aws_lc_rs::hmac;

use crate::auth::LinkKey;
use crate::domain::algorithm::DigestAlgorithm;
use crate::domain::canonical::Canonical;
use crate::domain::request::Document;
use crate::domain::secret::SecretBytes;

/// Keeps this key apart from every other that comes from the same one.
const LABEL: &[u8] = b"rubrica document acceptance 1";

/// Makes and checks marks of acceptance. All nodes derive the same.
#[derive(Debug, Clone)]
pub struct AcceptanceKey(SecretBytes<32>);

/// A document's row is not what was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the document is not as it was accepted: its row was changed")]
pub struct NotAsAccepted;

impl AcceptanceKey {
    /// From the key of approval links.
    pub fn derive(from: &LinkKey) -> Self {
        Self(from.derived(LABEL))
    }

    /// The mark of a document as it is now, for its `acceptance_mac`.
    pub fn mark(&self, document: &Document) -> Vec<u8> {
        hmac::sign(&self.key(), &encoded(document))
            .as_ref()
            .to_vec()
    }

    /// Whether it is as it was when it was marked. The comparison takes the same time wherever it differs.
    ///
    /// That a signature by SHA-256 is over the very digest that is shown needs no key, so it is looked at first.
    pub fn check(&self, document: &Document) -> Result<(), NotAsAccepted> {
        if document.options.digest == DigestAlgorithm::Sha256 && document.digest != document.sha256
        {
            return Err(NotAsAccepted);
        }
        hmac::verify(&self.key(), &encoded(document), &document.acceptance_mac)
            .ok()
            .ok_or(NotAsAccepted)
    }

    fn key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.0.expose())
    }
}

/// All of a document that is fixed when it is accepted, but where its bytes lie.
fn encoded(document: &Document) -> Vec<u8> {
    let Document {
        id,
        request,
        position,
        name,
        title,
        media_type,
        options,
        size,
        sha256,
        digest,
        digest_midstate,
        block_states,
        // What becomes of it later, and where its bytes are: these are checked by their digest.
        state: _,
        reason: _,
        detail: _,
        object_key: _,
        signed: _,
        acceptance_mac: _,
    } = document;
    Canonical::new("rubrica accepted document 1")
        .part(id.as_bytes())
        .part(request.as_bytes())
        .part(&position.to_be_bytes())
        .part(name.as_bytes())
        .optional(title.as_deref().map(str::as_bytes))
        .part(media_type.as_bytes())
        .part(&options.encoded())
        .part(&size.to_be_bytes())
        .part(sha256.bytes())
        .part(digest.algorithm().as_str().as_bytes())
        .part(digest.bytes())
        .part(digest_midstate)
        .part(&block_states.encoded())
        .finish()
}
