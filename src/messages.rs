//! What is said to citizens, in six languages: Fluent catalogues, one per language, built into the program.
//!
//! Nobody else writes a sentence for a citizen: pages and short messages name a message and give its values. The
//! texts are plain; whoever puts them on a page escapes them. Start reading at [`text`], and at [`sms`] for what
//! is sent to a phone.

pub mod moment;
pub mod sms;

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use crate::domain::language::Language;

/// A value that a message speaks of.
#[derive(Debug, Clone, Copy)]
pub enum Arg<'a> {
    /// Put in as it is.
    Text(&'a str),
    /// Put in as digits; it also chooses between singular and plural.
    Count(u64),
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Arg<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Arg<'_> {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<u32> for Arg<'_> {
    fn from(count: u32) -> Self {
        Self::Count(count.into())
    }
}

/// The message `id` in a language, with its values by name.
///
/// The tests make sure that every message exists everywhere. Should one be missing all the same, the Spanish one
/// is taken, and failing that the identifier itself: a page with an odd word is better than no page.
pub fn text(language: Language, id: &str, args: &[(&'static str, Arg<'_>)]) -> String {
    let wanted = catalogue(language).format(id, args);
    wanted
        .or_else(|| {
            tracing::error!(id, %language, "a message is missing from its catalogue");
            SPANISH.format(id, args)
        })
        .unwrap_or_else(|| id.to_owned())
}

/// True when a language's catalogue has the message.
pub fn exists(language: Language, id: &str) -> bool {
    catalogue(language).bundle.has_message(id)
}

/// One language's messages, parsed.
struct Catalogue {
    bundle: FluentBundle<FluentResource>,
}

impl Catalogue {
    /// The tag chooses the rules for plurals.
    fn new(tag: &str, source: &str) -> Self {
        let locale: LanguageIdentifier = tag.parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![locale]);
        // The invisible marks around values would cost a short message its alphabet; all six languages run from
        // left to right, and so do the values.
        bundle.set_use_isolating(false);
        let resource =
            FluentResource::try_new(source.to_owned()).unwrap_or_else(|(rest, errors)| {
                tracing::error!(?errors, "a message catalogue does not parse");
                rest
            });
        if let Err(errors) = bundle.add_resource(resource) {
            tracing::error!(?errors, "a message catalogue names a message twice");
        }
        Self { bundle }
    }

    fn format(&self, id: &str, args: &[(&'static str, Arg<'_>)]) -> Option<String> {
        let pattern = self.bundle.get_message(id)?.value()?;
        let mut values = FluentArgs::with_capacity(args.len());
        for (name, arg) in args {
            values.set(
                *name,
                match *arg {
                    Arg::Text(text) => FluentValue::from(text),
                    Arg::Count(count) => FluentValue::from(count),
                },
            );
        }
        let mut errors = Vec::new();
        let text = self
            .bundle
            .format_pattern(pattern, Some(&values), &mut errors);
        if !errors.is_empty() {
            // The errors name placeholders only. The values may be secret.
            tracing::error!(id, ?errors, "a message lacks one of its values");
        }
        Some(text.into_owned())
    }
}

fn catalogue(language: Language) -> &'static Catalogue {
    match language {
        Language::Spanish => &SPANISH,
        Language::Catalan => &CATALAN,
        Language::Galician => &GALICIAN,
        Language::Basque => &BASQUE,
        Language::Valencian => &VALENCIAN,
        Language::English => &ENGLISH,
    }
}

static SPANISH: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::new("es", include_str!("messages/es.ftl")));
static CATALAN: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::new("ca", include_str!("messages/ca.ftl")));
static GALICIAN: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::new("gl", include_str!("messages/gl.ftl")));
static BASQUE: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::new("eu", include_str!("messages/eu.ftl")));
static VALENCIAN: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::new("ca", include_str!("messages/va.ftl")));
static ENGLISH: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::new("en", include_str!("messages/en.ftl")));

#[cfg(test)]
mod tests;
