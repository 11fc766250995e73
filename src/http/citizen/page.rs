//! What every page shares: its language, its frame, and the way it becomes a response.
//!
//! A page is an askama template with a [`Page`] in it. The templates take their words from here and nowhere
//! else, and everything they print is escaped by askama.

use crate::domain::language::Language;
use crate::messages::{self, Arg};

/// The frame of one page for one person.
pub(super) struct Page {
    language: Language,
    /// Where the page is, so that the language links lead to it again.
    path: String,
    /// The address of the request it is about.
    request: Option<String>,
    /// What the page's forms carry to prove that they came from here.
    token: String,
    /// The number of the HTTP request, for the help desk.
    reference: Option<String>,
    /// Whom to ask, as the operator of the server wrote it.
    help_desk: Option<String>,
}

impl Page {
    /// A page at `path` (which holds no query) in a language, whose forms carry `token`.
    pub(super) fn new(language: Language, path: &str, token: String) -> Self {
        Self {
            language,
            path: path.to_owned(),
            request: None,
            token,
            reference: None,
            help_desk: None,
        }
    }

    /// Puts the page under the address of a request.
    pub(super) fn under(mut self, request: Option<String>) -> Self {
        self.request = request;
        self
    }

    /// The way to a page of the account or to a topic of help, `/account/…` or `/help/…`. From a page about a request
    /// it leads over the request's own address, so that the way back is known.
    pub(super) fn way_to(&self, path: &str) -> String {
        let request = self.request.as_deref().unwrap_or_default();
        format!("{request}{path}")
    }

    /// Names the HTTP request on the page.
    pub(super) fn with_reference(mut self, reference: Option<String>) -> Self {
        self.reference = reference;
        self
    }

    /// Names the help desk on the page.
    pub(super) fn with_help_desk(mut self, help_desk: Option<&str>) -> Self {
        self.help_desk = help_desk.map(str::to_owned);
        self
    }

    /// The language the page speaks.
    pub(super) fn language(&self) -> Language {
        self.language
    }

    /// A message without values.
    pub(super) fn t(&self, id: &str) -> String {
        messages::text(self.language, id, &[])
    }

    /// A message with its values.
    pub(super) fn tv(&self, id: &str, args: &[(&'static str, Arg<'_>)]) -> String {
        messages::text(self.language, id, args)
    }

    /// The value of the page's `lang` attribute (BCP 47).
    pub(super) fn lang(&self) -> &'static str {
        self.language.bcp47()
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    pub(super) fn language_name(&self) -> &'static str {
        name_of(self.language)
    }

    /// The same page in each language.
    pub(super) fn languages(&self) -> Vec<Choice> {
        Language::ALL
            .iter()
            .map(|&language| Choice {
                address: format!("{}?lang={language}", self.path),
                tag: language.bcp47(),
                name: name_of(language),
                current: language == self.language,
            })
            .collect()
    }

    pub(super) fn contact(&self) -> Option<String> {
        let desk = self.help_desk.as_ref()?;
        Some(self.tv("page-contact", &[("desk", Arg::from(desk))]))
    }

    pub(super) fn reference(&self) -> Option<String> {
        let reference = self.reference.as_ref()?;
        Some(self.tv("page-reference", &[("reference", Arg::from(reference))]))
    }
}

/// One entry of the language menu.
pub(super) struct Choice {
    pub(super) address: String,
    pub(super) tag: &'static str,
    pub(super) name: &'static str,
    pub(super) current: bool,
}

/// A language in itself: the one text that is the same in all of them.
fn name_of(language: Language) -> &'static str {
    match language {
        Language::Spanish => "Castellano",
        Language::Catalan => "Català",
        Language::Galician => "Galego",
        Language::Basque => "Euskara",
        Language::Valencian => "Valencià",
        Language::English => "English",
    }
}
