//! An app: an e-government service that asks for signatures.

use std::fmt;
use std::str::FromStr;

use time::OffsetDateTime;
use url::Url;

use super::address::is_private;
use super::id::AppId;
use super::text::is_control;

/// An app as it is registered. Its tokens and certificates are kept apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// Its identifier.
    pub id: AppId,
    /// The name that citizens read on the page and in the SMS.
    pub name: AppName,
    /// Where it may send the citizen's browser back to.
    pub return_urls: Vec<ReturnPrefix>,
    /// When it was registered.
    pub created_at: OffsetDateTime,
    /// Since when it may do nothing.
    pub disabled_at: Option<OffsetDateTime>,
}

impl App {
    /// Whether the browser may be sent to that address.
    pub fn may_return_to(&self, address: &Url) -> bool {
        self.return_urls.iter().any(|prefix| prefix.allows(address))
    }
}

/// A name of 1 to 60 characters on one line, without spaces at its ends. Short, because it goes into an SMS.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AppName(String);

/// The text cannot be an app's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an app's name has 1 to 60 characters, none of them a control character, and no space at its ends"
)]
pub struct InvalidAppName;

impl AppName {
    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AppName {
    type Err = InvalidAppName;

    fn from_str(text: &str) -> Result<Self, InvalidAppName> {
        let fits = (1..=60).contains(&text.chars().count())
            && text.trim() == text
            && !text.chars().any(is_control);
        fits.then(|| Self(text.to_owned())).ok_or(InvalidAppName)
    }
}

impl fmt::Display for AppName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One entry of an app's allow-list: an exact origin (RFC 6454) and the beginning of a path.
///
/// `https://sede.example/done` allows `/done` and `/done/7?x=1`, and not `/done-too`. Plain `http` is for
/// loopback only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnPrefix(Url);

/// Why an address cannot be sent a browser to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidReturnUrl {
    /// Not an absolute URL.
    #[error("not an absolute URL")]
    Syntax(#[source] url::ParseError),
    /// Neither `https` nor `http` to the own machine.
    #[error("the scheme must be https; http only for 127.0.0.1, ::1 and localhost")]
    Scheme,
    /// User name or password inside.
    #[error("a URL with a user name or a password")]
    Credentials,
    /// An encoded slash or backslash, which servers read in different ways.
    #[error("an encoded slash or backslash in the path")]
    HiddenSeparator,
    /// An entry of the allow-list says more than origin and path.
    #[error("an entry of the allow-list has no query and no fragment")]
    NotAPrefix,
}

/// Reads the address a browser is to be sent to. The allow-list is another question.
pub fn return_url(text: &str) -> Result<Url, InvalidReturnUrl> {
    let url = Url::parse(text).map_err(InvalidReturnUrl::Syntax)?;
    let secure = is_private(&url);
    if !secure {
        return Err(InvalidReturnUrl::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(InvalidReturnUrl::Credentials);
    }
    let path = url.path().to_ascii_lowercase();
    if path.contains("%2f") || path.contains("%5c") {
        return Err(InvalidReturnUrl::HiddenSeparator);
    }
    Ok(url)
}

impl ReturnPrefix {
    /// Whether the address has this origin and begins with this path, at a path segment's border.
    pub fn allows(&self, address: &Url) -> bool {
        let prefix = self.0.path();
        let inside = address
            .path()
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || prefix.ends_with('/'));
        self.0.origin() == address.origin() && inside
    }
}

impl FromStr for ReturnPrefix {
    type Err = InvalidReturnUrl;

    fn from_str(text: &str) -> Result<Self, InvalidReturnUrl> {
        let url = return_url(text)?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(InvalidReturnUrl::NotAPrefix);
        }
        Ok(Self(url))
    }
}

impl fmt::Display for ReturnPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(prefix: &str, address: &str) -> bool {
        return_url(address)
            .is_ok_and(|address| prefix.parse::<ReturnPrefix>().unwrap().allows(&address))
    }

    #[test]
    fn a_prefix_allows_its_own_origin_and_path_only() {
        let prefix = "https://sede.example/done";
        for good in [
            "https://sede.example/done",
            "https://SEDE.example:443/done?id=1",
            "https://sede.example/done/7#top",
        ] {
            assert!(allows(prefix, good), "{good}");
        }
        for bad in [
            "https://sede.example/done-too",
            "https://sede.example/",
            "https://sede.example/done/../admin",
            "https://sede.example/done/%2e%2e/admin",
            "https://sede.example/done/..%2fadmin",
            "https://sede.example/done/..%5Cadmin",
            "https://sede.example:444/done",
            "https://sede.example.evil.example/done",
            "https://sede.example@evil.example/done",
            "https://user:pw@sede.example/done",
            "http://sede.example/done",
            "javascript:alert(1)",
            "//sede.example/done",
        ] {
            assert!(!allows(prefix, bad), "{bad}");
        }
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for good in [
            "http://127.0.0.1:8000/",
            "http://localhost/x",
            "http://[::1]/",
        ] {
            assert!(return_url(good).is_ok(), "{good}");
        }
        assert_eq!(
            return_url("http://sede.example/"),
            Err(InvalidReturnUrl::Scheme)
        );
        assert_eq!(
            return_url("http://localhost.evil.example/"),
            Err(InvalidReturnUrl::Scheme)
        );
    }

    #[test]
    fn a_name_fits_on_one_line() {
        assert!("Sede electrónica".parse::<AppName>().is_ok());
        for bad in ["", " a", "a\nb", "a\u{202e}b", &"a".repeat(61)] {
            assert_eq!(bad.parse::<AppName>(), Err(InvalidAppName));
        }
    }
}
