//! Bearer tokens of apps: shown once, kept only as a digest.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::clock::Ambient;
use crate::domain::algorithm::{Digest, DigestAlgorithm};
use crate::domain::secret::SecretText;

/// Makes a leaked token easy to find and to recognise, for people and for scanners.
const PREFIX: &str = "rub_";

/// A new token: the prefix and 32 random bytes in base64url. Given to the app's people once.
#[derive(Debug)]
pub struct AppToken(SecretText);

/// SHA-256 over a token. A fast digest is enough, because nobody can guess 32 random bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenHash(Digest);

impl AppToken {
    /// A token nobody has seen.
    pub fn generate(ambient: &Ambient) -> Self {
        let random: [u8; 32] = ambient.random();
        Self(SecretText::new(format!(
            "{PREFIX}{}",
            URL_SAFE_NO_PAD.encode(random)
        )))
    }

    /// What is kept of it.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Digest::of(
            DigestAlgorithm::Sha256,
            self.0.expose().as_bytes(),
        ))
    }

    /// The token itself, to be shown to the administrator once.
    pub fn into_secret(self) -> SecretText {
        self.0
    }
}

impl TokenHash {
    /// Of a token that somebody shows; `None` when it has not the shape of one.
    pub fn of(token: &SecretText) -> Option<Self> {
        let text = token.expose();
        let body = text.strip_prefix(PREFIX)?;
        (URL_SAFE_NO_PAD.decode(body).ok()?.len() == 32)
            .then(|| Self(Digest::of(DigestAlgorithm::Sha256, text.as_bytes())))
    }

    /// The 32 bytes of the digest.
    pub fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_token_has_the_hash_it_was_kept_by() {
        let token = AppToken::generate(&Ambient::system());
        let hash = token.hash();
        let secret = token.into_secret();
        assert!(secret.expose().starts_with("rub_"));
        assert_eq!(TokenHash::of(&secret), Some(hash));
    }

    #[test]
    fn what_is_no_token_is_not_looked_up() {
        for text in ["", "rub_", "rub_AAAA", "Bearer rub_", "x"] {
            assert_eq!(TokenHash::of(&SecretText::new(text.to_owned())), None);
        }
    }
}
