//! What a browser keeps for us: four kinds of cookies, all `__Host-` (RFC 6265bis section 4.1.3.2), `Secure` and
//! `HttpOnly`, none with anything in it that says who somebody is.
//!
//! - The form cookie, `SameSite=Lax`: random; forms carry a digest of it. Lax, because an approval link is opened
//!   from the app's site, and a page opened so must not plant a second value beside the one of another tab.
//! - The language cookie, `SameSite=Lax`: the one that was chosen, for a year, or else that of the request which was
//!   shown last, until the browser is closed.
//! - The request cookie, `SameSite=Strict`: the approval link from which the citizen went to a page of the account, so
//!   that the last page of it leads back. It lives an hour, and goes when the request is opened again or has ended.
//! - A step cookie for each code step under way, `SameSite=Strict`: it holds the key that opens the waiting
//!   secret, and the time of the access before, which the page shows. It is set by the answer to our own form and is
//!   needed by our own pages only. It goes when the step is finished, or some minutes after its code has expired. A step
//!   of the account leaves a note for some minutes that it is done.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;
use time::OffsetDateTime;

use crate::clock::Ambient;
use crate::domain::id::ChallengeId;
use crate::domain::language::Language;
use crate::domain::secret::{SecretBytes, SecretText};
use crate::service::{BrowserKey, CodeSent};

const FORM: &str = "__Host-rubrica-form";
const LANGUAGE: &str = "__Host-rubrica-language";
const REQUEST: &str = "__Host-rubrica-request";
/// Long enough to look for the receipt and to wait for the codes.
const REQUEST_LIFE: Duration = Duration::hours(1);
/// Before the language of a request, in the place of one that was chosen.
const OF_REQUEST: &str = "request.";
const STEP: &str = "__Host-rubrica-step-";
/// A year.
const LANGUAGE_LIFE: Duration = Duration::days(365);
/// How long a step's cookie outlives its code, so that who is a little late is told that the code has expired and not
/// that the browser is in no step. It lives no longer than that: the server takes nothing from an expired step, and a
/// request that waits for days is approved with a new one.
const STEP_AFTERLIFE: Duration = Duration::minutes(10);
/// What stands in the place of a step that is done.
const DONE: &str = "done";
/// Long enough for the second of two clicks, and to load the last page again.
const DONE_LIFE: Duration = Duration::minutes(10);

/// What proves that a form came from this browser.
#[derive(Clone)]
pub(super) struct FormToken {
    key: SecretBytes<32>,
}

impl FormToken {
    /// For a browser that has none.
    pub(super) fn generate(ambient: &Ambient) -> Self {
        Self {
            key: SecretBytes::new(ambient.random()),
        }
    }

    /// For the hidden field of a form.
    pub(super) fn field(&self) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.key.expose());
        URL_SAFE_NO_PAD.encode(hmac::sign(&key, b"rubrica form 1"))
    }

    /// Whether a form's hidden field was made from it.
    pub(super) fn fits(&self, field: &str) -> bool {
        self.field().as_bytes().ct_eq(field.as_bytes()).into()
    }

    /// Lives as long as the browser is open.
    pub(super) fn cookie(&self) -> Cookie<'static> {
        let value = URL_SAFE_NO_PAD.encode(self.key.expose());
        cookie(FORM.to_owned(), value, SameSite::Lax)
    }
}

/// The browser's form cookie.
pub(super) fn form_token(request: &HttpRequest) -> Option<FormToken> {
    let cookie = request.cookie(FORM)?;
    let bytes = URL_SAFE_NO_PAD.decode(cookie.value()).ok()?;
    SecretBytes::from_slice(&bytes).map(|key| FormToken { key })
}

/// The language that a browser keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeptLanguage {
    /// The citizen's choice.
    Chosen(Language),
    /// Nobody chose; the request that was shown last was made in it.
    OfRequest(Language),
}

impl KeptLanguage {
    /// A choice lives for a year, the other as long as the browser is open.
    pub(super) fn cookie(self) -> Cookie<'static> {
        let kept = |value| cookie(LANGUAGE.to_owned(), value, SameSite::Lax);
        match self {
            Self::Chosen(language) => {
                let mut cookie = kept(language.to_string());
                cookie.set_max_age(LANGUAGE_LIFE);
                cookie
            }
            Self::OfRequest(language) => kept(format!("{OF_REQUEST}{language}")),
        }
    }
}

/// The language that this browser keeps.
pub(super) fn language(request: &HttpRequest) -> Option<KeptLanguage> {
    let cookie = request.cookie(LANGUAGE)?;
    let value = cookie.value();
    match value.strip_prefix(OF_REQUEST) {
        Some(language) => language.parse().ok().map(KeptLanguage::OfRequest),
        None => value.parse().ok().map(KeptLanguage::Chosen),
    }
}

/// The approval link that the browser left for a page of the account. It is as good as any text from outside: whoever
/// uses it has it checked like the one in an address.
pub(super) fn request_left(request: &HttpRequest) -> Option<String> {
    let cookie = request.cookie(REQUEST)?;
    Some(cookie.value().to_owned())
}

/// Keeps the approval link that is left.
pub(super) fn leaving_request(link: &str) -> Cookie<'static> {
    let mut cookie = cookie(REQUEST.to_owned(), link.to_owned(), SameSite::Strict);
    cookie.set_max_age(REQUEST_LIFE);
    cookie
}

/// Takes the approval link from the browser.
pub(super) fn back_at_request() -> Cookie<'static> {
    let mut cookie = cookie(REQUEST.to_owned(), String::new(), SameSite::Strict);
    cookie.make_removal();
    cookie
}

/// What a browser holds between the first factor and the code.
pub(super) struct Step {
    /// Which code step.
    pub(super) challenge: ChallengeId,
    /// Opens the waiting secret.
    pub(super) key: BrowserKey,
    /// The access before this one. It is kept here because the account has forgotten it by now, and it is shown to
    /// nobody but this browser.
    pub(super) last_access: Option<OffsetDateTime>,
}

impl Step {
    /// A step that was just begun.
    pub(super) fn begun(sent: CodeSent) -> Self {
        Self {
            challenge: sent.challenge,
            key: sent.browser_key,
            last_access: sent.last_access,
        }
    }

    /// The cookie of the step called `name`, which tells steps in several tabs apart, while its code lives for `left`.
    /// Another code has a life of its own, so the cookie is set anew with it.
    pub(super) fn cookie(&self, name: &str, left: Duration) -> Cookie<'static> {
        let access = self.last_access.map_or(0, OffsetDateTime::unix_timestamp);
        let key = self.key.to_text();
        let value = format!("{}.{}.{access}", self.challenge, key.expose());
        let mut cookie = cookie(format!("{STEP}{name}"), value, SameSite::Strict);
        cookie.set_max_age(left + STEP_AFTERLIFE);
        cookie
    }

    /// The step called `name`, when this browser is in it.
    pub(super) fn of(request: &HttpRequest, name: &str) -> Option<Self> {
        let cookie = request.cookie(&format!("{STEP}{name}"))?;
        let mut parts = cookie.value().splitn(3, '.');
        let challenge = parts.next()?.parse().ok()?;
        let key = BrowserKey::from_text(&SecretText::new(parts.next()?.to_owned()))?;
        let access: i64 = parts.next()?.parse().ok()?;
        Some(Self {
            challenge,
            key,
            last_access: (access != 0)
                .then(|| OffsetDateTime::from_unix_timestamp(access).ok())
                .flatten(),
        })
    }

    /// Takes the key of the step called `name` from the browser and leaves a note that the step is done, so that
    /// the second of two clicks finds its way.
    pub(super) fn done(name: &str) -> Cookie<'static> {
        let mut cookie = cookie(format!("{STEP}{name}"), DONE.to_owned(), SameSite::Strict);
        cookie.set_max_age(DONE_LIFE);
        cookie
    }

    /// Whether the step called `name` was done in this browser a moment ago.
    pub(super) fn is_done(request: &HttpRequest, name: &str) -> bool {
        request
            .cookie(&format!("{STEP}{name}"))
            .is_some_and(|cookie| cookie.value() == DONE)
    }

    /// Takes the step called `name` from the browser.
    pub(super) fn removal(name: &str) -> Cookie<'static> {
        let mut cookie = cookie(format!("{STEP}{name}"), String::new(), SameSite::Strict);
        cookie.make_removal();
        cookie
    }
}

fn cookie(name: String, value: String, same_site: SameSite) -> Cookie<'static> {
    Cookie::build(name, value)
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(same_site)
        .finish()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_field_fits_only_the_cookie_it_was_made_from() {
        let ambient = Ambient::system();
        let (mine, other) = (FormToken::generate(&ambient), FormToken::generate(&ambient));
        let request = TestRequest::default()
            .cookie(mine.cookie())
            .to_http_request();
        let read = form_token(&request).unwrap();
        assert!(read.fits(&mine.field()));
        assert!(!read.fits(&other.field()) && !read.fits(""));
    }

    #[test]
    fn every_cookie_is_for_this_host_alone_and_out_of_reach_of_scripts() {
        let token = FormToken::generate(&Ambient::system());
        for cookie in [
            token.cookie(),
            KeptLanguage::Chosen(Language::Basque).cookie(),
            KeptLanguage::OfRequest(Language::Basque).cookie(),
            leaving_request("x.y"),
            back_at_request(),
            Step::removal("x"),
        ] {
            assert!(cookie.name().starts_with("__Host-"));
            assert_eq!(cookie.path(), Some("/"));
            assert_eq!(cookie.domain(), None);
            assert_eq!(
                (cookie.secure(), cookie.http_only()),
                (Some(true), Some(true))
            );
        }
    }

    #[test]
    fn a_link_is_kept_an_hour_and_no_other_site_can_send_it() {
        let cookie = leaving_request("x.y");
        assert_eq!(cookie.max_age(), Some(Duration::hours(1)));
        assert_eq!(cookie.same_site(), Some(SameSite::Strict));
        let request = TestRequest::default().cookie(cookie).to_http_request();
        assert_eq!(request_left(&request).as_deref(), Some("x.y"));
        assert_eq!(back_at_request().max_age(), Some(Duration::ZERO));
    }

    #[test]
    fn a_step_is_kept_a_little_longer_than_its_code_and_no_longer() {
        let step = Step {
            challenge: Ambient::system().id(),
            key: BrowserKey::from_text(&SecretText::new("A".repeat(43))).unwrap(),
            last_access: None,
        };
        // As long as a code can live at most, of which an hour would not be enough.
        for left in [Duration::minutes(5), Duration::hours(1)] {
            let kept = step.cookie("x", left).max_age().unwrap();
            assert!(kept > left && kept <= left + Duration::minutes(10));
        }
    }
}
