//! A short number that ties the SMS to the page: same number, same request, same documents.

use std::fmt;

use super::algorithm::{Digest, DigestAlgorithm, Hasher};
use super::id::RequestId;

/// Says which encoding is digested, so that it can never be mistaken for another use of SHA-256.
const CONTEXT: &[u8] = b"rubrica fingerprint 1";

/// SHA-256 over a request's identifier and its documents' digests in order.
///
/// Printed as its first 32 bits, `4F2A-91C0`: short enough to compare by eye. It is no secret and proves
/// nothing by itself; the SAD binds the whole digests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint(Digest);

impl Fingerprint {
    /// Over the SHA-256 of each document, in the order of the request.
    pub fn of<'a>(request: RequestId, documents: impl IntoIterator<Item = &'a Digest>) -> Self {
        let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
        hasher.update(CONTEXT);
        hasher.update(request.as_bytes());
        for document in documents {
            hasher.update(document.bytes());
        }
        Self(hasher.finish())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn sha256(data: &[u8]) -> Digest {
        Digest::of(DigestAlgorithm::Sha256, data)
    }

    #[test]
    fn another_request_document_or_order_gives_another_fingerprint() {
        let id: RequestId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        let other: RequestId = "01890a5d-ac96-774b-bcce-b302099a8058".parse().unwrap();
        let (a, b) = (sha256(b"a"), sha256(b"b"));
        let whole = Fingerprint::of(id, [&a, &b]);
        assert_eq!(whole, Fingerprint::of(id, [&a, &b]));
        for different in [
            Fingerprint::of(id, [&b, &a]),
            Fingerprint::of(id, [&a]),
            Fingerprint::of(other, [&a, &b]),
        ] {
            assert_ne!(whole, different);
        }
    }

    #[test]
    fn it_prints_as_two_groups_of_four() {
        let id: RequestId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        let text = Fingerprint::of(id, [&sha256(b"a")]).to_string();
        assert_eq!(text.len(), 9);
        assert_eq!(text.as_bytes()[4], b'-');
        assert_eq!(text, text.to_uppercase());
    }
}
