//! One call and its name in logs and answers.

use std::fmt;

use actix_web::http::header::HeaderMap;

use crate::clock::Ambient;

/// The header that carries it, in and out.
pub(super) const HEADER: &str = "x-request-id";

/// Names one call, so that what a caller saw can be found in the log.
///
/// Taken from `X-Request-Id` when that is 1 to 64 letters, digits, `.`, `_` or `-`; made anew otherwise, because
/// anything else could forge lines of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallId(String);

impl CallId {
    /// The caller's name for the call, or a new one.
    pub(super) fn of(headers: &HeaderMap, ambient: &Ambient) -> Self {
        headers
            .get(HEADER)
            .and_then(|value| value.to_str().ok())
            .filter(|text| is_plain(text))
            .map_or_else(
                || Self(hex::encode(ambient.random::<12>())),
                |text| Self(text.to_owned()),
            )
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_plain(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn named(value: &'static str) -> CallId {
        let mut headers = HeaderMap::new();
        headers.insert(
            HeaderName::from_static(HEADER),
            HeaderValue::from_static(value),
        );
        CallId::of(&headers, &Ambient::system())
    }

    #[test]
    fn a_plain_name_is_kept_and_others_are_replaced() {
        assert_eq!(named("sede-2026.1_x").as_str(), "sede-2026.1_x");
        assert_eq!(named("two words").as_str().len(), 24);
        assert_ne!(named(""), named(""));
    }
}
