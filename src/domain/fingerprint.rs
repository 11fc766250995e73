//! A short number that ties the SMS to the page: same number, same request, same documents, signed in the same way.

use std::fmt;

use super::algorithm::{Digest, DigestAlgorithm};
use super::canonical::Canonical;
use super::id::RequestId;
use super::request::Document;

/// Says which encoding is digested, so that it can never be mistaken for another use of SHA-256.
const CONTEXT: &str = "rubrica fingerprint 2";

/// SHA-256 over a request's identifier and, for each document in order, its SHA-256, its media type and
/// [everything that was chosen for its signature](super::request::DocumentOptions::encoded).
///
/// Printed as its first 32 bits, `4F2A-91C0`: short enough to compare by eye. It is no secret and proves
/// nothing by itself; the SAD binds the whole digests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint(Digest);

impl Fingerprint {
    /// Over a request's documents, in the order of the request.
    pub fn of(request: RequestId, documents: &[Document]) -> Self {
        let encoded: Vec<_> = documents.iter().map(encoded).collect();
        let whole = Canonical::new(CONTEXT)
            .part(request.as_bytes())
            .list(encoded.iter().map(Vec::as_slice))
            .finish();
        Self(Digest::of(DigestAlgorithm::Sha256, &whole))
    }

    /// The whole digest, for binding.
    pub fn digest(&self) -> &Digest {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.bytes().iter().take(4).enumerate() {
            if index == 2 {
                f.write_str("-")?;
            }
            write!(f, "{byte:02X}")?;
        }
        Ok(())
    }
}

/// What a signature of this document will cover.
fn encoded(document: &Document) -> Vec<u8> {
    Canonical::new("document")
        .part(document.sha256.bytes())
        .part(document.media_type.as_bytes())
        .part(&document.options.encoded())
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::block_states::BlockStates;
    use crate::domain::document::Packaging;
    use crate::domain::request::{
        CadesOptions, Commitment, DocumentOptions, DocumentState, PadesOptions, SignatureOptions,
    };

    const REQUEST: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    fn document(data: &[u8]) -> Document {
        Document {
            id: REQUEST.parse().unwrap(),
            request: REQUEST.parse().unwrap(),
            position: 0,
            name: "a.txt".to_owned(),
            title: None,
            media_type: "text/plain".to_owned(),
            options: DocumentOptions {
                digest: DigestAlgorithm::Sha256,
                padding: None,
                signature: SignatureOptions::Cades {
                    packaging: Packaging::Detached,
                    options: CadesOptions::default(),
                },
            },
            size: 1,
            sha256: Digest::of(DigestAlgorithm::Sha256, data),
            digest: Digest::of(DigestAlgorithm::Sha256, data),
            digest_midstate: Vec::new(),
            block_states: BlockStates::none(),
            acceptance_mac: Vec::new(),
            object_key: None,
            state: DocumentState::Waiting,
            reason: None,
            detail: None,
            signed: None,
        }
    }

    #[test]
    fn another_request_document_or_order_gives_another_fingerprint() {
        let id: RequestId = REQUEST.parse().unwrap();
        let other: RequestId = "01890a5d-ac96-774b-bcce-b302099a8058".parse().unwrap();
        let (a, b) = (document(b"a"), document(b"b"));
        let both = [a.clone(), b.clone()];
        let whole = Fingerprint::of(id, &both);
        assert_eq!(whole, Fingerprint::of(id, &both));
        for different in [
            Fingerprint::of(id, &[b, a.clone()]),
            Fingerprint::of(id, &[a]),
            Fingerprint::of(other, &both),
        ] {
            assert_ne!(whole, different);
        }
    }

    #[test]
    fn all_that_the_signature_will_say_changes_the_fingerprint() {
        let id: RequestId = REQUEST.parse().unwrap();
        let plain = document(b"a");
        let with = |signature: SignatureOptions| Document {
            options: DocumentOptions {
                signature,
                ..plain.options.clone()
            },
            ..plain.clone()
        };
        let (enveloping, approving, pades, reasoned) = (
            SignatureOptions::Cades {
                packaging: Packaging::Enveloping,
                options: CadesOptions::default(),
            },
            SignatureOptions::Cades {
                packaging: Packaging::Detached,
                options: CadesOptions {
                    commitment: Some(Commitment::ProofOfApproval),
                    ..CadesOptions::default()
                },
            },
            SignatureOptions::Pades(PadesOptions::default()),
            SignatureOptions::Pades(PadesOptions {
                reason: Some("Conforme".to_owned()),
                ..PadesOptions::default()
            }),
        );
        let html = Document {
            media_type: "text/html".to_owned(),
            ..plain.clone()
        };
        let of_other: Vec<_> = [enveloping, approving, pades, reasoned]
            .map(with)
            .into_iter()
            .chain([plain.clone(), html])
            .map(|document| Fingerprint::of(id, &[document]))
            .collect();
        for (index, one) in of_other.iter().enumerate() {
            assert!(!of_other.iter().skip(index + 1).any(|other| other == one));
        }
    }

    #[test]
    fn it_prints_as_two_groups_of_four() {
        let id: RequestId = REQUEST.parse().unwrap();
        let text = Fingerprint::of(id, &[document(b"a")]).to_string();
        assert_eq!(text.len(), 9);
        assert_eq!(text.as_bytes()[4], b'-');
        assert_eq!(text, text.to_uppercase());
    }
}
