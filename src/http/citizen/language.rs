//! Which language a page speaks: what its address asks for, else what this browser chose before, else what the
//! request was made in that the page is about, else that of the request that this browser was shown last, else the
//! first known language of `Accept-Language`, else Spanish.

use actix_web::HttpRequest;
use actix_web::http::header;
use url::form_urlencoded;

use super::browser::{self, KeptLanguage};
use crate::domain::language::Language;

/// How much a choice weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// In the address, just now: to be remembered.
    Asked(Language),
    /// Remembered.
    Remembered(Language),
    /// Of the request that this browser was shown last: its pages lead to those of the account and of help.
    Followed(Language),
    /// Guessed from the browser's settings; a request's own language goes before it.
    Guessed(Language),
}

impl Choice {
    /// What the browser says.
    pub(super) fn of(request: &HttpRequest) -> Self {
        asked(request.query_string())
            .map(Self::Asked)
            .or_else(|| {
                browser::language(request).map(|kept| match kept {
                    KeptLanguage::Chosen(language) => Self::Remembered(language),
                    KeptLanguage::OfRequest(language) => Self::Followed(language),
                })
            })
            .unwrap_or_else(|| Self::Guessed(accepted(request)))
    }

    /// The language, where nothing else has a say.
    pub(super) fn language(self) -> Language {
        match self {
            Self::Asked(language)
            | Self::Remembered(language)
            | Self::Followed(language)
            | Self::Guessed(language) => language,
        }
    }

    /// The language of a page about a request that was made in `own`.
    pub(super) fn or(self, own: Language) -> Language {
        match self {
            Self::Asked(language) | Self::Remembered(language) => language,
            Self::Followed(_) | Self::Guessed(_) => own,
        }
    }

    /// What the browser has to keep after a page, which may be about a request that was made in `own`.
    pub(super) fn to_keep(self, own: Option<Language>) -> Option<KeptLanguage> {
        match (self, own) {
            (Self::Asked(language), _) => Some(KeptLanguage::Chosen(language)),
            (Self::Followed(known), Some(own)) if known == own => None,
            (Self::Followed(_) | Self::Guessed(_), Some(own)) => Some(KeptLanguage::OfRequest(own)),
            (Self::Remembered(_), _) | (Self::Followed(_) | Self::Guessed(_), None) => None,
        }
    }
}

fn asked(query: &str) -> Option<Language> {
    form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "lang")
        .and_then(|(_, value)| value.parse().ok())
}

/// RFC 9110 section 12.5.4; the highest weight wins, and the earlier of two equal ones.
fn accepted(request: &HttpRequest) -> Language {
    let header = request.headers().get(header::ACCEPT_LANGUAGE);
    let mut best = (0.0, Language::Spanish);
    for range in header
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .split(',')
    {
        let mut parts = range.split(';');
        let Some(language) = parts.next().and_then(|tag| of_tag(tag.trim())) else {
            continue;
        };
        let weight = parts
            .find_map(|part| part.trim().strip_prefix("q="))
            .map_or(1.0, |weight| weight.parse::<f32>().unwrap_or(0.0));
        if weight > best.0 {
            best = (weight, language);
        }
    }
    best.1
}

/// By language tag (BCP 47).
fn of_tag(tag: &str) -> Option<Language> {
    let tag = tag.to_ascii_lowercase();
    match tag.split('-').next()? {
        "es" => Some(Language::Spanish),
        "ca" if tag.contains("valencia") => Some(Language::Valencian),
        "ca" => Some(Language::Catalan),
        "gl" => Some(Language::Galician),
        "eu" => Some(Language::Basque),
        "en" => Some(Language::English),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn guessed(header: &str) -> Language {
        let request = TestRequest::default()
            .insert_header((header::ACCEPT_LANGUAGE, header))
            .to_http_request();
        Choice::of(&request).language()
    }

    #[test]
    fn the_browser_s_settings_are_read_by_weight() {
        for (header, language) in [
            ("", Language::Spanish),
            ("fr", Language::Spanish),
            ("en-GB,en;q=0.9,es;q=0.8", Language::English),
            ("fr,gl;q=0.5,eu;q=0.7", Language::Basque),
            ("ca-ES-valencia", Language::Valencian),
            ("ca-ES", Language::Catalan),
            ("es;q=0,eu;q=0.1", Language::Basque),
            ("en;q=nonsense", Language::Spanish),
        ] {
            assert_eq!(guessed(header), language, "{header}");
        }
    }

    #[test]
    fn the_address_goes_before_the_cookie_and_the_cookie_before_the_request() {
        let basque = KeptLanguage::Chosen(Language::Basque);
        let remembered = TestRequest::default().cookie(basque.cookie());
        assert_eq!(
            Choice::of(&remembered.to_http_request()).or(Language::Galician),
            Language::Basque
        );
        let both = TestRequest::with_uri("/r/x?lang=va&lang=en").cookie(basque.cookie());
        assert_eq!(
            Choice::of(&both.to_http_request()),
            Choice::Asked(Language::Valencian)
        );
        let neither = TestRequest::with_uri("/r/x?lang=klingon");
        assert_eq!(
            Choice::of(&neither.to_http_request()).or(Language::Galician),
            Language::Galician
        );
    }

    #[test]
    fn a_request_s_language_follows_the_browser_until_one_is_chosen() {
        let basque = KeptLanguage::OfRequest(Language::Basque);
        let followed = TestRequest::default()
            .insert_header((header::ACCEPT_LANGUAGE, "es"))
            .cookie(basque.cookie());
        let choice = Choice::of(&followed.to_http_request());
        assert_eq!(choice, Choice::Followed(Language::Basque));
        assert_eq!(choice.language(), Language::Basque);
        assert_eq!(choice.or(Language::Galician), Language::Galician);
        assert_eq!(choice.to_keep(Some(Language::Basque)), None);
        let galician = Some(KeptLanguage::OfRequest(Language::Galician));
        assert_eq!(choice.to_keep(Some(Language::Galician)), galician);
        let chosen = Choice::Remembered(Language::English);
        assert_eq!(chosen.to_keep(Some(Language::Basque)), None);
    }
}
