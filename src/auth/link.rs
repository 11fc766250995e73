//! The approval link: the address under which a citizen sees one request.
//!
//! It is a capability without a row in the database: the request's identifier and a keyed digest over it. It
//! names no citizen. Having it lets one see the request and its documents; signing takes password and code.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::domain::id::RequestId;
use crate::domain::secret::SecretBytes;

/// Characters of the digest that go into the address: 132 bits.
const SHOWN: usize = 22;
/// Keeps links apart from anything else that may be made with the same key.
const CONTEXT: &[u8] = b"rubrica approval link 1";

/// The key that links are made and checked with. All nodes share it.
#[derive(Debug, Clone)]
pub struct LinkKey(SecretBytes<32>);

/// A link whose digest was checked: the proof that its holder may see this one request with its documents, and approve
/// or decline it. Approving asks for password and code besides. Nothing but [`LinkKey::open`] builds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    request: RequestId,
}

impl LinkKey {
    /// Takes 32 random bytes.
    pub fn new(key: SecretBytes<32>) -> Self {
        Self(key)
    }

    /// The last part of the address, `<request id>.<22 characters>`.
    pub fn text_for(&self, request: RequestId) -> String {
        format!("{request}.{}", self.tag(request))
    }

    /// Checks the last part of an address; `None` when it is not one that [`text_for`](Self::text_for) made.
    pub fn open(&self, text: &str) -> Option<Link> {
        let (id, tag) = text.split_once('.')?;
        let request: RequestId = id.parse().ok()?;
        // One spelling only: a UUID can be written in several ways.
        let fits = self.tag(request).as_bytes().ct_eq(tag.as_bytes());
        (bool::from(fits) && request.to_string() == id).then_some(Link { request })
    }

    /// Another key, for something else than links, by HKDF-SHA256 (RFC 5869) with this label.
    pub fn derived(&self, label: &[u8]) -> SecretBytes<32> {
        let mut key = Zeroizing::new([0; 32]);
        if let Err(error) =
            Hkdf::<Sha256>::new(None, self.0.expose()).expand(label, key.as_mut_slice())
        {
            unreachable!("HKDF-SHA256 gives 32 bytes: {error}");
        }
        SecretBytes::new(*key)
    }

    fn tag(&self, request: RequestId) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.expose());
        let mut context = hmac::Context::with_key(&key);
        context.update(CONTEXT);
        context.update(request.as_bytes());
        let mut text = URL_SAFE_NO_PAD.encode(context.sign());
        text.truncate(SHOWN);
        text
    }
}

impl Link {
    /// The request it is for.
    pub fn request(&self) -> RequestId {
        self.request
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0199c0de-0000-7000-8000-000000000001";

    #[test]
    fn derived_keys_differ_by_label_and_key_and_from_it() {
        let (one, other) = (
            LinkKey::new(SecretBytes::new([1; 32])),
            LinkKey::new(SecretBytes::new([2; 32])),
        );
        let derived = *one.derived(b"a").expose();
        assert_eq!(derived, *one.derived(b"a").expose());
        for different in [one.derived(b"b"), other.derived(b"a"), one.0] {
            assert_ne!(derived, *different.expose());
        }
    }

    #[test]
    fn only_a_link_made_with_the_key_opens() {
        let key = LinkKey::new(SecretBytes::new([1; 32]));
        let text = key.text_for(ID.parse().unwrap());
        assert_eq!(key.open(&text).unwrap().request().to_string(), ID);
        assert_eq!(LinkKey::new(SecretBytes::new([2; 32])).open(&text), None);
        let another = text.replacen("01.", "02.", 1);
        for bad in [
            &another,
            &text.to_uppercase(),
            &text[..text.len() - 1],
            ID,
            "",
            ".",
        ] {
            assert_eq!(key.open(bad), None, "{bad}");
        }
    }
}
